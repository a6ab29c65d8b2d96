"""Engine: a trained network in NumPy, to play with on a CPU. One step, a batch, a whole text with states and gates.

Knows no torch, no temperature and no ABC. An engine is never changed after it is made, and keeps no buffers, so all
threads and sessions may share one; what works in place is a Reader (lm/infer/session.py), one for each text or batch.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from charlstm.errors import ConfigError
from charlstm.lm.cells import GATES, Array, make_layer
from charlstm.lm.config import ModelConfig
from charlstm.lm.infer.lookback import Lookback, lookback_ids
from charlstm.lm.infer.session import Reader, State
from charlstm.lm.infer.weights import fold
from charlstm.lm.store.checkpoint import Checkpoint, load_checkpoint
from charlstm.lm.vocab import Vocab


@dataclass(frozen=True, slots=True)
class Trace:
    """What went on inside while a text of T symbols was read.

    Attributes
    ----------
    h : float array, shape (L, T, H)
        Hidden states, the layers' outputs.
    c : float array, shape (L, T, H), or None
        Cell states of an LSTM.
    gates : mapping from a letter to a float array, shape (L, T, H)
        i f o in [0, 1] and g in [-1, 1] of an LSTM; r z in [0, 1] and n in [-1, 1] of a GRU; empty for an RNN.
    """

    h: Array
    c: Array | None
    gates: Mapping[str, Array]


class Engine:
    """A network's weights, folded for reading and writing text.

    Parameters
    ----------
    config : ModelConfig
        Shape of the network.
    vocab : Vocab
        Its V symbols.
    weights : mapping from name to float array
        PyTorch's names, shapes and gate order, as in checkpoint.tensor_shapes.
    checkpoint : Checkpoint, optional
        Where the weights are from.
    dtype : float32 or float64
        Of the arithmetic.
    """

    def __init__(
        self,
        config: ModelConfig,
        vocab: Vocab,
        weights: Mapping[str, Array],
        *,
        checkpoint: Checkpoint | None = None,
        dtype: type[np.floating] = np.float32,
    ) -> None:
        self.config, self.vocab, self.weights, self.checkpoint = config, vocab, weights, checkpoint
        self.dtype = np.dtype(dtype)
        self.folded = fold(config, weights, self.dtype)
        self.lag_ids: dict[str | None, int] = {None: len(vocab)} | vocab.ids  # what a lookback reads -> id
        self._change({}, {})

    @property
    def name(self) -> str:
        """The checkpoint's name, or "" for a network made in memory."""
        return self.checkpoint.name if self.checkpoint else ""

    @cached_property
    def exact(self) -> Engine:
        """The same network in float64 arithmetic, made when first asked for."""
        if self.dtype == np.float64:
            return self
        twin = Engine(self.config, self.vocab, self.weights, checkpoint=self.checkpoint, dtype=np.float64)
        twin._change(self._held, self._pushes)
        return twin

    @cached_property
    def rounding(self) -> float:
        """How far a logit may be from its exact value, up to a shift of all, which probabilities do not feel.

        Sixteen times the most that was found in reading 256 random symbols with this network, measured when first
        asked for; that was five to ten times the most found in texts of the network's own, for networks of 64 to
        512 units with logits off by 2e-6 to 3e-5. Logits 20 and more below the best are left out: they are large,
        and their probability is nothing.
        """
        if self.dtype == np.float64:
            return 0.0
        ids = np.random.default_rng(0).integers(2, len(self.vocab), 256)
        logits = self.exact.run(ids)[0]
        likely = logits > logits.max(axis=1, keepdims=True) - 20
        error = self.run(ids)[0] - logits
        error -= error.mean(axis=1, keepdims=True, where=likely)
        return 16 * float(np.abs(error, where=likely, out=np.zeros_like(error)).max()) + 1e-7

    def initial_state(self, batch_size: int = 1) -> State:
        """The state before anything was read: zeros, and nothing to look back at."""
        h = np.zeros((self.config.num_layers, batch_size, self.config.hidden_size), dtype=self.dtype)
        lags = self.config.lookback_bars
        return State(h, h.copy(), (Lookback(lags),) * batch_size if lags else ())

    def step(self, ids: ArrayLike, state: State) -> tuple[Array, State]:
        """Read one symbol of each text.

        Parameters
        ----------
        ids : int array, shape (B,)
            START before the first character of a text; it also begins a new text for the lookback.
        state : State
            Of the B texts; it is not changed.

        Returns
        -------
        logits : float array, shape (B, V)
            Unnormalised log probabilities of the next symbol.
        state : State
            After these symbols.
        """
        reader = Reader(self, state)
        return reader.read(np.asarray(ids).tolist()), State(reader.h, reader.c, reader.lookbacks)

    def run(self, ids: ArrayLike) -> tuple[Array, Trace]:
        """Read a whole text from the initial state.

        The same as repeated `step`, faster, and with a record of what went on inside. Nothing is put before `ids`:
        for the losses and states of training, begin them with START.

        Parameters
        ----------
        ids : int array, shape (T,)

        Returns
        -------
        logits : float array, shape (T, V)
            Row t: the next symbol's, after ids[:t + 1].
        trace : Trace
            h, c and gates, (L, T, H) each.
        """
        ids, config = np.asarray(ids, dtype=np.int32), self.config
        length, hidden = len(ids), config.hidden_size
        h = np.empty((config.num_layers, length, hidden), dtype=self.dtype)
        c, gates = np.empty_like(h), []
        x = self.folded.first_input([ids, *self._lookback(ids).T])
        for k, (w, b) in enumerate(self.folded.recurrent):
            if k:
                below, bias = self.folded.inputs[k - 1]
                x = np.dot(h[k - 1], below) + bias
            now_h, now_c, now_gates = np.zeros_like(h[k, :1]), np.zeros_like(c[k, :1]), np.empty_like(x[:1])
            advance = make_layer(config.cell, w, b, now_h, now_c, now_gates)
            change = self.change_of(k, now_h, now_gates)
            for t in range(length):
                advance(x[t : t + 1])
                if change:
                    change()
                h[k, t], c[k, t], x[t] = now_h[0], now_c[0], now_gates[0]
            gates.append(x)
        letters = "" if config.cell == "rnn" else GATES[config.cell]
        parts = {g: np.stack([x[:, j * hidden : (j + 1) * hidden] for x in gates]) for j, g in enumerate(letters)}
        logits = np.dot(h[-1], self.folded.decoder) + self.folded.decoder_bias
        return logits, Trace(h, c if config.cell == "lstm" else None, parts)

    def ablate(
        self,
        units: Collection[tuple[int, int]],
        value: float | Literal["mean"] = 0.0,
        *,
        means: ArrayLike | None = None,
    ) -> Engine:
        """A new engine in which the outputs h of some units are held at a value, at every symbol.

        Parameters
        ----------
        units : collection of (layer, index)
            The units to hold; those of an earlier `ablate` stay held.
        value : float or "mean"
            What to hold them at; "mean" takes each unit's own from `means`.
        means : float array, shape (L, H), optional
            Recorded means of h; needed for "mean".

        Raises
        ------
        ConfigError
            If a unit does not exist, or the means are missing or misshapen.
        """
        shape = (self.config.num_layers, self.config.hidden_size)
        for layer, index in units:
            if not (0 <= layer < shape[0] and 0 <= index < shape[1]):
                known = f"layers are 0 to {shape[0] - 1}, indices 0 to {shape[1] - 1}"
                raise ConfigError("units", f"there is no unit {layer}:{index}; {known}.")
        if value == "mean":
            if means is None or np.shape(means) != shape:
                raise ConfigError("means", f"holding units at their mean needs their recorded means, shape {shape}.")
            held = np.asarray(means, dtype=np.float64)
        else:
            held = np.full(shape, value, dtype=np.float64)
        if not np.isfinite(held).all():
            raise ConfigError("value", "a unit can be held at a finite number only.")
        return self._changed(self._held | {(k, j): float(held[k, j]) for k, j in units}, self._pushes)

    def push(self, vectors: Mapping[int, ArrayLike]) -> Engine:
        """A new engine in which a vector is added to the outputs h of a layer, at every symbol.

        h' = cell(h, x) + v, and h' is what the decoder, the layer above and the next step read. A GRU carries z h
        on to the next step, where the push would add up; there h' = cell(h, x) + (1 - z) v.

        Parameters
        ----------
        vectors : mapping from layer to float array, shape (H,)
            What to add; those of an earlier `push` stay and add up. A vector of zeros changes nothing. A unit that
            `ablate` holds is held all the same.

        Raises
        ------
        ConfigError
            If a layer does not exist, or a vector is misshapen or not finite.
        """
        pushes = dict(self._pushes)
        for layer, vector in vectors.items():
            v = np.asarray(vector, dtype=np.float64)
            if not 0 <= layer < self.config.num_layers:
                raise ConfigError(
                    "vectors", f"there is no layer {layer}; layers are 0 to {self.config.num_layers - 1}."
                )
            if v.shape != (self.config.hidden_size,) or not np.isfinite(v).all():
                raise ConfigError("vectors", f"a push is {self.config.hidden_size} finite numbers, one a unit.")
            pushes[layer] = pushes.get(layer, 0.0) + v
        return self._changed(self._held, {k: v for k, v in pushes.items() if v.any()})

    @property
    def changes(self) -> tuple[dict[tuple[int, int], float], dict[int, NDArray[np.float64]]]:
        """What `ablate` and `push` have changed: units and what they are held at, layers and what is added."""
        return dict(self._held), dict(self._pushes)

    def _changed(self, held: dict[tuple[int, int], float], pushes: dict[int, NDArray[np.float64]]) -> Engine:
        new = copy.copy(self)
        for measured in ("exact", "rounding"):
            new.__dict__.pop(measured, None)
        new._change(held, pushes)
        return new

    def _change(self, held: dict[tuple[int, int], float], pushes: dict[int, NDArray[np.float64]]) -> None:
        """Set which units are held at what value and what is added; only while the engine is being made."""
        self._held, self._pushes = held, pushes
        self._held_units: dict[int, tuple[list[int], Array]] = {}  # layer -> indices, values
        for layer in {layer for layer, _ in held}:
            indices = sorted(index for k, index in held if k == layer)
            self._held_units[layer] = (indices, np.array([held[layer, j] for j in indices], dtype=self.dtype))

    def change_of(self, layer: int, h: Array, gates: Array) -> Callable[[], None] | None:
        """What `ablate` and `push` do to a layer's h, (B, H), in place after each step; None where they do nothing."""
        units, values = self._held_units.get(layer, (None, None))
        vector = self._pushes[layer].astype(self.dtype) if layer in self._pushes else None
        if units is None and vector is None:
            return None
        size = self.config.hidden_size
        z = gates[:, size : 2 * size] if self.config.cell == "gru" else None

        def change() -> None:
            if vector is not None:
                np.add(h, vector if z is None else (1 - z) * vector, h)
            if units is not None:
                h[:, units] = values

        return change

    def _lookback(self, ids: NDArray[np.int32]) -> NDArray[np.int32]:
        """The lookback after each symbol, (T, K); START and END begin a new text."""
        rows = np.full((len(ids), len(self.config.lookback_bars)), len(self.vocab), dtype=np.int32)
        marks = np.flatnonzero(ids <= 1).tolist()
        for start, end in zip([0, *[m + 1 for m in marks]], [*marks, len(ids)], strict=True):
            rows[start:end] = lookback_ids(ids[start:end], self.vocab, self.config.lookback_bars)[1:]
        return rows


def load(name_or_path: str | Path) -> Engine:
    """The engine of a checkpoint: its name in checkpoints/, or its folder. Raises CheckpointError."""
    checkpoint = load_checkpoint(name_or_path)
    return Engine(checkpoint.config, checkpoint.vocab, checkpoint.weights(), checkpoint=checkpoint)
