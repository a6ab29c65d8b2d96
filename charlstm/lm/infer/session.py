"""Reader: a network at work on some texts, in place, one symbol of each at a time. The fast CPU path.

Knows no temperature and no ABC. A Reader is for one thread; the Engine it works for is shared.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from charlstm.lm.cells import Array, make_layer
from charlstm.lm.infer.lookback import Lookback

if TYPE_CHECKING:
    from charlstm.lm.infer.engine import Engine


class State(NamedTuple):
    """What a network remembers of B texts: a value, never changed by a step.

    Attributes
    ----------
    h, c : float array, shape (L, B, H)
        Hidden and cell state of each layer; c is all zeros but in an LSTM.
    lookbacks : tuple of Lookback
        The reader of each text; empty in a network without lookback.
    """

    h: Array
    c: Array
    lookbacks: tuple[Lookback, ...]

    def take(self, rows: Sequence[int]) -> State:
        """The state of some of the texts, in the order given."""
        lookbacks = tuple(self.lookbacks[b] for b in rows) if self.lookbacks else ()
        return State(self.h[:, rows], self.c[:, rows], lookbacks)


class Reader:
    """A network at work on B texts, in place: what `Engine.step` does, without its allocations. For one thread.

    Parameters
    ----------
    engine : Engine
    state : State
        Where to begin; it is copied.
    """

    def __init__(self, engine: Engine, state: State) -> None:
        self.h, self.c, self.lookbacks = state.h.copy(), state.c.copy(), state.lookbacks
        self._engine = engine
        batch_size = state.h.shape[1]
        inputs = [np.empty((batch_size, w.shape[1]), dtype=engine.dtype) for w, _ in engine.folded.recurrent]
        self.gates = [np.empty_like(x) for x in inputs]  # of each layer, (B, G)
        self._first, self._top = inputs[0], self.h[-1]
        # Of each layer: how to move it on, how its output is changed, and from layer 1 on its input: h, w, b, x.
        self._layers = [
            (
                make_layer(engine.config.cell, w, b, self.h[k], self.c[k], self.gates[k]),
                engine.change_of(k, self.h[k], self.gates[k]),
                (self.h[k - 1], *engine.folded.inputs[k - 1], inputs[k]) if k else None,
            )
            for k, (w, b) in enumerate(engine.folded.recurrent)
        ]
        self._decoder, self._bias = engine.folded.decoder, engine.folded.decoder_bias
        self._logits = np.empty((batch_size, len(engine.vocab)), dtype=engine.dtype)

    @property
    def state(self) -> State:
        """What the network remembers now."""
        return State(self.h.copy(), self.c.copy(), self.lookbacks)

    def read(self, ids: Sequence[int]) -> Array:
        """Read one symbol of each text. The logits after them, (B, V), lie in a buffer that the next call reuses."""
        x = self._first_input(ids)
        for advance, change, below in self._layers:
            if below:
                h, w, b, x = below
                np.add(np.dot(h, w, x), b, x)
            advance(x)
            if change:
                change()
        return np.add(np.dot(self._top, self._decoder, self._logits), self._bias, self._logits)

    def _first_input(self, ids: Sequence[int]) -> Array:
        """Input product of the first layer, (B, G): rows of the tables, added."""
        engine = self._engine
        columns = [ids, *self._look_back(ids)] if self.lookbacks else [ids]
        if len(ids) > 1:
            return engine.folded.first_input(columns)
        x = engine.folded.tables[0][ids[0] : ids[0] + 1]  # a view; a gathered copy would take as long as a ufunc
        for table, (row,) in zip(engine.folded.tables[1:], columns[1:], strict=True):
            x = np.add(x, table[row : row + 1], self._first)
        return x

    def _look_back(self, ids: Sequence[int]) -> Iterable[Sequence[int]]:
        """Move the readers of the texts on; the lookback ids of each lag, (B,) each."""
        engine = self._engine
        symbols, lag_ids = engine.vocab.symbols, engine.lag_ids
        fresh = Lookback(engine.config.lookback_bars)
        self.lookbacks = tuple(
            [reader.after(symbols[i]) if i > 1 else fresh for i, reader in zip(ids, self.lookbacks, strict=True)]
        )
        return zip(*[[lag_ids[c] for c in reader.characters] for reader in self.lookbacks], strict=True)
