"""Engine: a trained network in NumPy, to play with on a CPU. One step, a batch, a whole text with states and gates.

Knows no torch, no temperature and no ABC. An engine is never changed after it is made, and keeps no buffers, so all
threads and sessions may share one. Everything before the first layer's recurrence (embeddings, input weights, biases)
depends on a few characters only, and is folded into tables with a row for each.
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from charlstm.errors import ConfigError
from charlstm.lm.cells import GATES, Array, arrange, make_layer
from charlstm.lm.checkpoint import Checkpoint, load_checkpoint
from charlstm.lm.config import ModelConfig
from charlstm.lm.lookback import Lookback, lookback_ids
from charlstm.lm.vocab import Vocab


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
        self.config, self.vocab, self.checkpoint, self.dtype = config, vocab, checkpoint, np.dtype(dtype)
        self._weights = weights
        self._hold({})

        def arranged(name: str, k: int) -> Array:
            return arrange(config.cell, np.asarray(weights[f"rnn.{name}_l{k}"]))

        def ready(array: Array, order: Literal["C", "F"] = "C") -> Array:
            array = np.array(array, dtype=dtype, order=order)
            array.flags.writeable = False
            return array

        depth, hidden = range(config.num_layers), config.hidden_size
        biases = [arranged("bias_ih", k) + arranged("bias_hh", k) for k in depth]
        inner_biases: list[Array] = [np.zeros(0) for _ in depth]
        if config.cell == "gru":  # b_n is added inside the product with the reset gate, so it cannot be folded
            inner_biases = [arranged("bias_hh", k)[2 * hidden :] for k in depth]
            for bias, inner in zip(biases, inner_biases, strict=True):
                bias[2 * hidden :] -= inner
        lags = len(config.lookback_bars)
        embeddings = [weights["embedding.weight"], *[weights["lookback_embedding.weight"] for _ in range(lags)]]
        edges = np.cumsum([config.width, *[config.lookback_size] * lags])[:-1]
        inputs = np.split(arranged("weight_ih", 0), edges, axis=1)
        tables: list[Array] = [np.dot(e, w.T) for e, w in zip(embeddings, inputs, strict=True)]
        tables[0] = tables[0] + biases[0]
        self._tables = [ready(table) for table in tables]  # (V, G) of the character, (V + 1, G) of each lag
        self._inputs = [(ready(arranged("weight_ih", k).T), ready(biases[k])) for k in depth if k]  # of layer 1 on
        # (H, G) and (V, H) transposed are the faster layouts of the two at H = 150 to 512 (OpenBLAS, AVX-512).
        self._recurrent = [(ready(arranged("weight_hh", k).T), ready(inner_biases[k])) for k in depth]
        decoder = np.asarray(weights["embedding.weight" if config.tie_weights else "decoder.weight"], dtype=np.float64)
        if "projection.weight" in weights:
            decoder = decoder @ weights["projection.weight"]
        self._decoder, self._decoder_bias = ready(decoder.T, "F"), ready(np.asarray(weights["decoder.bias"]))
        self._lag_ids: dict[str | None, int] = {None: len(vocab)} | vocab.ids

    @property
    def name(self) -> str:
        """The checkpoint's name, or "" for a network made in memory."""
        return self.checkpoint.name if self.checkpoint else ""

    @cached_property
    def exact(self) -> Engine:
        """The same network in float64 arithmetic, made when first asked for."""
        if self.dtype == np.float64:
            return self
        twin = Engine(self.config, self.vocab, self._weights, checkpoint=self.checkpoint, dtype=np.float64)
        twin._hold(self._held)
        return twin

    @cached_property
    def rounding(self) -> float:
        """How far a logit may be from its exact value, up to a shift of all, which probabilities do not feel.

        Sixteen times the most that was found in reading 256 random symbols with this network, measured when first
        asked for. Logits 20 and more below the best are left out: they are large, and their probability is nothing.
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
        x = self._first_input([ids, *self._lookback(ids).T])
        for k, (w, b) in enumerate(self._recurrent):
            if k:
                x = np.dot(h[k - 1], self._inputs[k - 1][0]) + self._inputs[k - 1][1]
            units, values = self._clamps.get(k, (None, None))
            now_h, now_c, now_gates = np.zeros_like(h[k, :1]), np.zeros_like(c[k, :1]), np.empty_like(x[:1])
            advance = make_layer(config.cell, w, b, now_h, now_c, now_gates)
            for t in range(length):
                advance(x[t : t + 1])
                if units is not None:
                    now_h[:, units] = values
                h[k, t], c[k, t], x[t] = now_h[0], now_c[0], now_gates[0]
            gates.append(x)
        letters = "" if config.cell == "rnn" else GATES[config.cell]
        parts = {g: np.stack([x[:, j * hidden : (j + 1) * hidden] for x in gates]) for j, g in enumerate(letters)}
        logits = np.dot(h[-1], self._decoder) + self._decoder_bias
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
        new = copy.copy(self)
        for measured in ("exact", "rounding"):
            new.__dict__.pop(measured, None)
        new._hold(self._held | {(layer, index): float(held[layer, index]) for layer, index in units})
        return new

    def _hold(self, held: dict[tuple[int, int], float]) -> None:
        """Set which units are held at what value; only while the engine is being made."""
        self._held = held
        self._clamps: dict[int, tuple[list[int], Array]] = {}  # layer -> indices, values
        for layer in {layer for layer, _ in held}:
            indices = sorted(index for k, index in held if k == layer)
            self._clamps[layer] = (indices, np.array([held[layer, j] for j in indices], dtype=self.dtype))

    def _first_input(self, columns: Sequence[Sequence[int] | NDArray[np.int32]]) -> Array:
        """Input product of the first layer, (B, G), from the ids of the character and of each lag, (B,) each."""
        x = self._tables[0].take(columns[0], axis=0)
        for table, ids in zip(self._tables[1:], columns[1:], strict=True):
            x += table.take(ids, axis=0)
        return x

    def _lookback(self, ids: NDArray[np.int32]) -> NDArray[np.int32]:
        """The lookback after each symbol, (T, K); START and END begin a new text."""
        rows = np.full((len(ids), len(self.config.lookback_bars)), len(self.vocab), dtype=np.int32)
        marks = np.flatnonzero(ids <= 1).tolist()
        for start, end in zip([0, *[m + 1 for m in marks]], [*marks, len(ids)], strict=True):
            rows[start:end] = lookback_ids(ids[start:end], self.vocab, self.config.lookback_bars)[1:]
        return rows


class Reader:
    """A network at work on B texts, in place: what `Engine.step` does, without its allocations. For one thread.

    Parameters
    ----------
    engine : Engine
    state : State
        Where to begin; it is copied.
    """

    def __init__(self, engine: Engine, state: State) -> None:
        self._engine = engine
        self.h, self.c, self.lookbacks = state.h.copy(), state.c.copy(), state.lookbacks
        batch_size = state.h.shape[1]
        self._logits = np.empty((batch_size, len(engine.vocab)), dtype=engine.dtype)
        self._inputs = [np.empty((batch_size, w.shape[1]), dtype=engine.dtype) for w, _ in engine._recurrent]
        self.gates = [np.empty_like(x) for x in self._inputs]  # of each layer, (B, G)
        self._layers = [
            make_layer(engine.config.cell, w, b, self.h[k], self.c[k], self.gates[k])
            for k, (w, b) in enumerate(engine._recurrent)
        ]

    @property
    def state(self) -> State:
        """What the network remembers now."""
        return State(self.h.copy(), self.c.copy(), self.lookbacks)

    def read(self, ids: Sequence[int]) -> Array:
        """Read one symbol of each text. The logits after them, (B, V), lie in a buffer that the next call reuses."""
        engine, h = self._engine, self.h
        x = self._first_input(ids)
        for k, advance in enumerate(self._layers):
            if k:
                w, b = engine._inputs[k - 1]
                x = np.add(np.dot(h[k - 1], w, self._inputs[k]), b, self._inputs[k])
            advance(x)
            if k in engine._clamps:
                units, values = engine._clamps[k]
                h[k][:, units] = values
        return np.add(np.dot(h[-1], engine._decoder, self._logits), engine._decoder_bias, self._logits)

    def _first_input(self, ids: Sequence[int]) -> Array:
        """Input product of the first layer, (B, G): rows of the tables, added."""
        engine = self._engine
        columns = [ids]
        if self.lookbacks:
            symbols, lag_ids = engine.vocab.symbols, engine._lag_ids
            fresh = Lookback(engine.config.lookback_bars)
            self.lookbacks = tuple(
                [old.after(symbols[i]) if i > 1 else fresh for i, old in zip(ids, self.lookbacks, strict=True)]
            )
            columns += zip(*[[lag_ids[c] for c in reader.characters] for reader in self.lookbacks], strict=True)
        if len(ids) > 1:
            return engine._first_input(columns)
        x = engine._tables[0][ids[0] : ids[0] + 1]  # a view; a gathered copy would take as long as a ufunc
        for table, (row,) in zip(engine._tables[1:], columns[1:], strict=True):
            x = np.add(x, table[row : row + 1], self._inputs[0])
        return x


def load(name_or_path: str | Path) -> Engine:
    """The engine of a checkpoint: its name in checkpoints/, or its folder. Raises CheckpointError."""
    checkpoint = load_checkpoint(name_or_path)
    return Engine(checkpoint.config, checkpoint.vocab, checkpoint.weights(), checkpoint=checkpoint)
