"""Bulk: many texts read side by side, fast, with what went on inside each. For corpora; knows no concept and no ABC.

The same numbers as `Engine.run` text by text, but for float32's rounding; several times faster, because the products
of the recurrence are between matrices.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from charlstm.lm.cells import GATES, Advance, Array, make_layer
from charlstm.lm.infer.engine import Engine, Trace
from charlstm.lm.infer.lookback import lookback_ids

BATCH_SIZE = 64  # texts of like length: large enough for matrix products, small enough for the cache


@dataclass(frozen=True, slots=True)
class Reading:
    """A text of T characters as a network read it, START first; row t of what follows is after t characters.

    Attributes
    ----------
    index : int
        Which of the texts.
    ids : int32 array, shape (T + 2,)
        START, the characters, END.
    trace : Trace
        h, and c and gates where they were asked for, (L, T + 1, H) each; row 0 is after START.
    logits : float array, shape (T + 1, V)
        Row t: of what follows t characters.
    """

    index: int
    ids: NDArray[np.int32]
    trace: Trace
    logits: Array

    @property
    def surprises(self) -> NDArray[np.float64]:
        """-ln p of each character and of END, nats, shape (T + 1,)."""
        z = self.logits.astype(np.float64)
        z -= z.max(axis=1, keepdims=True)
        nats: NDArray[np.float64] = np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(z)), self.ids[1:]]
        return nats


def read_texts(
    engine: Engine,
    texts: Sequence[str],
    *,
    inside: bool = False,
    batch_size: int = BATCH_SIZE,
    progress: Callable[[int, int], None] | None = None,
) -> Iterator[Reading]:
    """Read many texts, each from the initial state; by their lengths, so not in their order.

    Parameters
    ----------
    engine : Engine
        Units that it holds or pushes are held and pushed.
    texts : sequence of str
        Model texts.
    inside : bool
        Whether c and the gates are kept too; they take several times the memory.
    batch_size : int
        Texts read side by side.
    progress : callable, optional
        Called after each batch with the characters read so far and their number; it may raise to stop.

    Raises
    ------
    VocabularyError
        At the first unknown character of any text, before any is read.
    """
    vocab = engine.vocab
    encoded = [np.concatenate([[vocab.start], vocab.encode(text), [vocab.end]]).astype(np.int32) for text in texts]
    order = sorted(range(len(texts)), key=lambda i: -len(encoded[i]))
    done, total = 0, sum(map(len, texts))
    for first in reversed(range(0, len(order), batch_size)):  # short ones first: progress is soon seen
        rows = order[first : first + batch_size]
        yield from _read_batch(engine, rows, [encoded[i] for i in rows], inside)
        done += sum(len(texts[i]) for i in rows)
        if progress:
            progress(done, total)


def _read_batch(engine: Engine, rows: list[int], encoded: list[NDArray[np.int32]], inside: bool) -> Iterator[Reading]:
    """Read texts whose lengths do not rise, so that those still being read are always the first rows."""
    config, vocab, folded = engine.config, engine.vocab, engine.folded
    lengths = np.array([len(ids) - 1 for ids in encoded])  # steps: START and the characters
    steps, batch, size = int(lengths[0]), len(encoded), config.hidden_size
    symbols = np.full((steps, batch), vocab.end, dtype=np.int32)
    back = np.full((len(config.lookback_bars), steps, batch), len(vocab), dtype=np.int32)
    for b, ids in enumerate(encoded):
        symbols[: lengths[b], b] = ids[:-1]
        if config.lookback_bars:
            back[:, : lengths[b], b] = lookback_ids(ids[1:-1], vocab, config.lookback_bars).T
    alive = [int((lengths > t).sum()) for t in range(steps)]
    h = np.empty((config.num_layers, steps, batch, size), dtype=engine.dtype)
    c = np.empty_like(h) if inside and config.cell == "lstm" else None
    kept = [np.empty((steps, batch, w.shape[1]), dtype=engine.dtype) for w, _ in folded.recurrent] if inside else []
    for k, (w, b_n) in enumerate(folded.recurrent):
        now_h, now_c = np.zeros((batch, size), dtype=engine.dtype), np.zeros((batch, size), dtype=engine.dtype)
        gates = np.empty((batch, w.shape[1]), dtype=engine.dtype)
        going = -1
        for t in range(steps):
            if alive[t] != going:  # rows are contiguous: a view of the first ones is as fast as an array of its own
                going = alive[t]
                views = now_h[:going], now_c[:going], gates[:going]
                advance = make_layer(config.cell, w, b_n, *views)
                change = engine.change_of(k, views[0], views[2])
            if k:
                below, bias = folded.inputs[k - 1]
                x = np.dot(h[k - 1, t, :going], below) + bias
            else:
                x = folded.first_input([symbols[t, :going], *back[:, t, :going]])
            advance(x)
            if change:
                change()
            h[k, t, :going] = views[0]
            if c is not None:
                c[k, t, :going] = views[1]
            if inside:
                kept[k][t, :going] = views[2]
    letters = GATES[config.cell] if inside and config.cell != "rnn" else ""
    for b, index in enumerate(rows):
        n = int(lengths[b])
        parts = {g: np.stack([x[:n, b, j * size : (j + 1) * size] for x in kept]) for j, g in enumerate(letters)}
        states = h[:, :n, b]
        logits = np.dot(states[-1], folded.decoder) + folded.decoder_bias
        yield Reading(index, encoded[b], Trace(states, None if c is None else c[:, :n, b], parts), logits)


def read_from(
    engine: Engine,
    rows: Sequence[NDArray[np.int32]],
    read: Sequence[int],
    states: Sequence[tuple[Array, Array | None]],
    logits: Array,
) -> Array:
    """Go on reading some texts side by side, each from its own place, to their ends.

    Parameters
    ----------
    engine : Engine
    rows : sequence of B int32 arrays
        Whole texts, START left out: a lookback reaches into what was read.
    read : sequence of B ints
        How many characters of each were read already.
    states : sequence of B pairs of float arrays, (L, H)
        h and c (None but in an LSTM) after those.
    logits : float array, shape (B, V)
        After those; the answer for a text with nothing left to read.

    Returns
    -------
    float array, shape (B, V)
        Logits after all of each text.
    """
    config, folded = engine.config, engine.folded
    left = np.array([len(row) - n for row, n in zip(rows, read, strict=True)])
    order = np.argsort(-left, kind="stable")
    h = np.stack([states[b][0] for b in order], axis=1).astype(engine.dtype)  # (L, B, H)
    c = np.stack([np.zeros_like(h[:, 0]) if (s := states[b][1]) is None else s for b in order], axis=1)
    c = c.astype(engine.dtype)
    steps = int(left.max(initial=0))
    symbols = np.zeros((steps, len(rows)), dtype=np.int32)
    back = np.zeros((len(config.lookback_bars), steps, len(rows)), dtype=np.int32)
    for column, b in enumerate(order.tolist()):
        symbols[: left[b], column] = rows[b][read[b] :]
        if config.lookback_bars:
            back[:, : left[b], column] = lookback_ids(rows[b], engine.vocab, config.lookback_bars)[read[b] + 1 :].T
    going = -1
    layers: list[tuple[Advance, Callable[[], None] | None]] = []
    for t in range(steps):
        alive = int((left > t).sum())
        if alive != going:
            going, layers = alive, []
            for k, (w, b_n) in enumerate(folded.recurrent):
                gates = np.empty((going, w.shape[1]), dtype=engine.dtype)
                advance = make_layer(config.cell, w, b_n, h[k, :going], c[k, :going], gates)
                layers.append((advance, engine.change_of(k, h[k, :going], gates)))
        x = folded.first_input([symbols[t, :going], *back[:, t, :going]])
        for k, (advance, change) in enumerate(layers):
            if k:
                below, bias = folded.inputs[k - 1]
                x = np.dot(h[k - 1, :going], below) + bias
            advance(x)
            if change:
                change()
    found = np.array(logits, dtype=engine.dtype)
    some = order[left[order] > 0]
    found[some] = np.dot(h[-1, : len(some)], folded.decoder) + folded.decoder_bias
    return found
