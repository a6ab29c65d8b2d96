"""InferenceSession: a network reading some texts, in place, one symbol of each at a time. The fast CPU path.

Knows no temperature and no ABC. A session is for one thread; the model it runs is shared.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from charlstm.lm.infer.inputs.side_inputs import SideInputs
from charlstm.lm.infer.model import Model
from charlstm.tunes.form_plan.plan import FormPlan

if TYPE_CHECKING:
    from charlstm.lm.cells import Array


class State(NamedTuple):
    """What a network remembers of B texts: a value, never changed by a step.

    Attributes
    ----------
    h, c : float array, shape (L, B, H)
        Hidden and cell state of each layer; c is all zeros in a cell without one.
    inputs : tuple of SideInputs
        Of each text; empty in a network without side inputs.
    """

    h: Array
    c: Array
    inputs: tuple[SideInputs, ...]

    def take(self, rows: Sequence[int]) -> State:
        """The state of some of the texts, in the order given."""
        inputs = tuple(self.inputs[b].copied() for b in rows) if self.inputs else ()
        return State(self.h[:, rows], self.c[:, rows], inputs)


def initial_state(model: Model, batch_size: int = 1) -> State:
    """The state before anything was read: zeros, and nothing to look back at."""
    h = np.zeros((model.config.num_layers, batch_size, model.config.hidden_size), dtype=model.dtype)
    inputs = [model.side_inputs() for _ in range(batch_size)]
    return State(h, h.copy(), tuple(one for one in inputs if one is not None))


class InferenceSession:
    """A network reading B texts, in place: what `Engine.step` does, without its allocations. For one thread.

    Parameters
    ----------
    model : Model
        Or an Engine, which is one.
    state : State
        Where to begin; it is copied.
    """

    def __init__(self, model: Model, state: State) -> None:
        self.h, self.c = state.h.copy(), state.c.copy()
        self.inputs = [one.copied() for one in state.inputs]
        self._model = model
        batch_size = state.h.shape[1]
        inputs = [np.empty((batch_size, w.shape[1]), dtype=model.dtype) for w, _ in model.fused.recurrent]
        self.gates = [np.empty_like(x) for x in inputs]  # of each layer, (B, G)
        self._first, self._top = inputs[0], self.h[-1]
        # Of each layer: its step, the intervention on its output, and from layer 1 on its input: h, w, b, x.
        self._layers = [
            (
                model.config.cell_spec.step(w, b, self.h[k], self.c[k], self.gates[k]),
                model.intervention(k, self.h[k], self.gates[k]),
                (self.h[k - 1], *model.fused.inputs[k - 1], inputs[k]) if k else None,
            )
            for k, (w, b) in enumerate(model.fused.recurrent)
        ]
        self._decoder, self._bias = model.fused.decoder, model.fused.decoder_bias
        self._logits = np.empty((batch_size, len(model.vocab)), dtype=model.dtype)

    @property
    def state(self) -> State:
        """What the network remembers now."""
        return State(self.h.copy(), self.c.copy(), tuple(one.copied() for one in self.inputs))

    def read(self, ids: Sequence[int]) -> Array:
        """Read one symbol of each text. The logits after them, (B, V), lie in a buffer that the next call reuses."""
        x = self._first_input(ids)
        for advance, intervene, below in self._layers:
            if below:
                h, w, b, x = below
                np.add(np.dot(h, w, x), b, x)
            advance(x)
            if intervene:
                intervene()
        return np.add(np.dot(self._top, self._decoder, self._logits), self._bias, self._logits)

    def _first_input(self, ids: Sequence[int]) -> Array:
        """Input product of the first layer, (B, G): rows of the tables, added."""
        model = self._model
        columns = [ids, *self._side_ids(ids)] if self.inputs else [ids]
        if len(ids) > 1:
            return model.fused.first_input(columns)
        x = model.fused.tables[0][ids[0] : ids[0] + 1]  # a view; a gathered copy would take as long as a ufunc
        for table, (row,) in zip(model.fused.tables[1:], columns[1:], strict=True):
            x = np.add(x, table[row : row + 1], self._first)
        return x

    def _side_ids(self, ids: Sequence[int]) -> Iterable[Sequence[int]]:
        """Move the side inputs of the texts on; the ids of each column, (B,) each."""
        symbols, end = self._model.vocab.symbols, self._model.vocab.end
        for b, i in enumerate(ids):
            if i > end:
                self.inputs[b].read(symbols[i])
            elif (fresh := self._model.side_inputs(self.inputs[b].plan)) is not None:
                self.inputs[b] = fresh  # START and END begin a new text
        return zip(*[one.ids() for one in self.inputs], strict=True)

    def set_plan(self, row: int, plan: FormPlan | None) -> None:
        """Give a text, whose body has not begun, a plan; a network that reads none passes over it."""
        if self.inputs:
            self.inputs[row].set_plan(plan)
