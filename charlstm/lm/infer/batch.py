"""Many texts read side by side, from any state, with what happens inside: the one reader of whole texts.

The same numbers as a session one symbol at a time, but for float32's rounding; several times faster, because the
products are between matrices. Knows no concept and no ABC. Within a block of n steps of B texts the axes are
(L, n, B, H).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from charlstm.lm.infer.blas import batch_blas_threads
from charlstm.lm.infer.logits import surprisal
from charlstm.lm.infer.model import Model
from charlstm.progress import Progress, Report
from charlstm.tunes.form_plan.plan import FormPlan

if TYPE_CHECKING:
    from charlstm.lm.cells import Array

BATCH_SIZE = 64  # texts of like length: large enough for matrix products, small enough for the cache
BLOCK_ROWS = 1024  # symbols whose input products are made at once: what a block needs stays within some megabytes

Ids = NDArray[np.int32]
# (logits (n, B, V), what came next (n, B)) -> a number for each, (n, B).
Measure = Callable[["Array", Ids], NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Trace:
    """What went on inside while a text of T symbols was read.

    Attributes
    ----------
    h : float array, shape (L, T, H)
        Hidden states, the layers' outputs.
    c : float array, shape (L, T, H), or None
        Cell states, of a cell that has them.
    gates : mapping from a letter to a float array, shape (L, T, H)
        Sigmoid gates in [0, 1], the others in [-1, 1]; empty for a cell without gates.
    """

    h: Array
    c: Array | None
    gates: Mapping[str, Array]

    @property
    def signals(self) -> tuple[str, ...]:
        """What there is of each unit, as CellSpec.signals names it."""
        return ("hidden", *(() if self.c is None else ("cell",)), *self.gates)


@dataclass(frozen=True, slots=True)
class ReadText:
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
    ids: Ids
    trace: Trace
    logits: Array

    @property
    def surprisals(self) -> NDArray[np.float64]:
        """-ln p of each character and of END, nats, shape (T + 1,)."""
        return surprisal(self.logits, self.ids[1:])


@dataclass(frozen=True, slots=True)
class _Block:
    """Steps `start` to `start` + n of the first B texts: h (L, n, B, H); c and gates (L, n, B, G) or None."""

    start: int
    h: Array
    c: Array | None
    gates: Array | None


def read_blocks(
    model: Model,
    rows: Sequence[Ids],
    inputs: Sequence[Ids],
    h: Array,
    c: Array,
    *,
    inside: bool = False,
) -> Iterator[_Block]:
    """Read B texts whose lengths do not rise, so that those still being read are always the first ones.

    Parameters
    ----------
    model : Model
    rows : sequence of B int32 arrays
        The symbols of each.
    inputs : sequence of B int32 arrays, (T, K) each
        The side inputs that go in beside them.
    h, c : float arrays, shape (L, B, H)
        The states to begin with; overwritten with those after each text's end.
    inside : bool
        Whether blocks hold c and the gates too.
    """
    fused, spec, hidden = model.fused, model.config.cell_spec, model.config.hidden_size
    lengths = np.array([len(row) for row in rows])
    start = 0
    while start < lengths.max(initial=0):
        # A block is a stretch in which no text ends, and not too long.
        batch = int((lengths > start).sum())
        n = min(int(lengths[:batch].min()) - start, max(BLOCK_ROWS // batch, 1))
        symbols = np.stack([row[start : start + n] for row in rows[:batch]], axis=1)  # (n, B)
        beside = np.stack([row[start : start + n] for row in inputs[:batch]], axis=1)  # (n, B, K)
        x = fused.first_input([symbols.ravel(), *beside.reshape(n * batch, -1).T])
        block_h = np.empty((len(fused.recurrent), n, batch, hidden), dtype=model.dtype)
        block_c = np.empty_like(block_h) if inside and spec.has_cell_state else None
        block_gates = []
        # A layer after the other, the whole block each: its input is one product, its recurrence a loop over steps.
        for k, (w, b) in enumerate(fused.recurrent):
            if k:
                below, bias = fused.inputs[k - 1]
                x = np.dot(block_h[k - 1].reshape(n * batch, hidden), below) + bias
            steps = x.reshape(n, batch, -1)
            now_h, now_c, gates = h[k, :batch], c[k, :batch], np.empty_like(steps[0])
            advance, intervene = spec.step(w, b, now_h, now_c, gates), model.intervention(k, now_h, gates)
            for t, x_t in enumerate(steps):
                advance(x_t)
                if intervene:
                    intervene()
                block_h[k, t] = now_h
                if block_c is not None:
                    block_c[k, t] = now_c
                if inside:
                    x_t[...] = gates
            block_gates.append(steps)
        yield _Block(start, block_h, block_c, np.stack(block_gates) if inside else None)
        start += n


def run(model: Model, ids: Ids, plan: FormPlan | None = None) -> tuple[Array, Trace]:
    """One text of T symbols from the zero state: logits (T, V), and all that went on."""
    blocks = read_blocks(model, [ids], [model.side_ids(ids, plan)], *_zeros(model, 1), inside=True)
    parts = [_of_text(block, 0) for block in blocks]
    if not parts:
        h, spec = _zeros(model, 0)[0], model.config.cell_spec  # (L, 0, H): of a text of nothing
        parts = [[h, h if spec.has_cell_state else None, np.tile(h, len(spec.gates))]]
    trace = _trace(model, parts)
    return model.fused.decode(trace.h[-1]), trace


def read_texts(
    model: Model,
    texts: Sequence[str],
    *,
    inside: bool = False,
    batch_size: int = BATCH_SIZE,
    report: Report | None = None,
    plans: Sequence[FormPlan | None] | None = None,
) -> Iterator[ReadText]:
    """Read many texts, each from the zero state; by their lengths, so not in their order.

    Parameters
    ----------
    model : Model
        Or an Engine. Its ablations and steering apply.
    texts : sequence of str
        Model texts.
    inside : bool
        Whether c and the gates are recorded too; they take several times the memory.
    batch_size : int
        Texts read side by side.
    report : callable, optional
        Told after each batch how many of the characters are read; it may raise to stop.
    plans : sequence of FormPlan or None, optional
        What each text was written by; else all are read as texts without a plan.

    Raises
    ------
    VocabularyError
        At the first unknown character of any text, before any is read.
    """
    done, total = 0, sum(map(len, texts))
    for places, encoded in _batches(model, texts, batch_size):
        parts: list[list[list[Array | None]]] = [[] for _ in places]
        for block in _read(model, encoded, inside, _plans_of(places, plans)):
            for b in range(block.h.shape[2]):
                parts[b].append(_of_text(block, b))
        for b, place in enumerate(places):
            trace = _trace(model, parts[b])
            parts[b] = []
            yield ReadText(place, encoded[b], trace, model.fused.decode(trace.h[-1]))
        done += sum(len(texts[place]) for place in places)
        if report:
            report(Progress(f"Reading {len(texts)} tunes", done, total))


def measure_texts(
    model: Model,
    texts: Sequence[str],
    measure: Measure,
    *,
    batch_size: int = BATCH_SIZE,
    plans: Sequence[FormPlan | None] | None = None,
) -> list[NDArray[np.float64]]:
    """A number for every target of every text, its characters and END: (T + 1,) each, in the order of the texts.

    Only the numbers are held, so that texts may be long. `plans` as in `read_texts`. Raises VocabularyError as it does.
    """
    results: list[NDArray[np.float64]] = [np.empty(0)] * len(texts)
    for places, encoded in _batches(model, texts, batch_size):
        for place, ids in zip(places, encoded, strict=True):
            results[place] = np.empty(len(ids) - 1)
        for block in _read(model, encoded, False, _plans_of(places, plans)):
            n, batch = block.h.shape[1:3]
            stretch = slice(block.start, block.start + n)
            logits = model.fused.decode(block.h[-1].reshape(n * batch, -1)).reshape(n, batch, -1)
            targets = np.stack([ids[1:][stretch] for ids in encoded[:batch]], axis=1)
            for place, values in zip(places, measure(logits, targets).T, strict=False):
                results[place][stretch] = values
    return results


def read_on(
    model: Model,
    rows: Sequence[Ids],
    read: Sequence[int],
    states: Sequence[tuple[Array, Array | None]],
    logits: Array,
    plans: Sequence[FormPlan | None] | None = None,
) -> Array:
    """Read some texts on to their ends, side by side, each from its own place.

    Parameters
    ----------
    model : Model
    rows : sequence of B int32 arrays
        Whole texts, START left out: side inputs reach into what was read.
    read : sequence of B ints
        How many characters of each were read already.
    states : sequence of B pairs of float arrays, (L, H)
        h and c (None in a cell without it) after those.
    logits : float array, shape (B, V)
        After those; the answer for a text with nothing left to read.
    plans : sequence of FormPlan or None, optional
        What each text was written by.

    Returns
    -------
    float array, shape (B, V)
        Logits after all of each text.
    """
    order = sorted(range(len(rows)), key=lambda b: read[b] - len(rows[b]))
    h = np.stack([states[b][0] for b in order], axis=1).astype(model.dtype)  # (L, B, H)
    c = np.stack([np.zeros_like(h[:, 0]) if (s := states[b][1]) is None else s for b in order], axis=1)
    c = c.astype(model.dtype)
    remaining = [rows[b][read[b] :] for b in order]
    given = _plans_of(order, plans)
    inputs = [model.side_ids(rows[b], plan)[read[b] :] for b, plan in zip(order, given, strict=True)]
    for _ in read_blocks(model, remaining, inputs, h, c):
        pass  # only the states after the last one are wanted
    ends = np.array(logits, dtype=model.dtype)
    longer = [b for b in order if len(rows[b]) > read[b]]
    ends[longer] = model.fused.decode(h[-1, : len(longer)])
    return ends


def _batches(model: Model, texts: Sequence[str], batch_size: int) -> Iterator[tuple[list[int], list[Ids]]]:
    """Places and ids (START, characters, END) of texts of like length, each batch's longest first."""
    vocab = model.vocab
    encoded = [np.concatenate([[vocab.start], vocab.encode(text), [vocab.end]]).astype(np.int32) for text in texts]
    order = sorted(range(len(texts)), key=lambda i: -len(encoded[i]))
    with batch_blas_threads():
        for first in reversed(range(0, len(order), batch_size)):  # short ones first: progress is soon seen
            places = order[first : first + batch_size]
            yield places, [encoded[place] for place in places]


def _plans_of(places: Sequence[int], plans: Sequence[FormPlan | None] | None) -> list[FormPlan | None]:
    """The plans of some of the texts."""
    return [None if plans is None else plans[place] for place in places]


def _read(model: Model, encoded: Sequence[Ids], inside: bool, plans: Sequence[FormPlan | None]) -> Iterator[_Block]:
    """Read texts from the zero state, all but their END."""
    rows = [ids[:-1] for ids in encoded]
    inputs = [model.side_ids(row, plan) for row, plan in zip(rows, plans, strict=True)]
    return read_blocks(model, rows, inputs, *_zeros(model, len(rows)), inside=inside)


def _zeros(model: Model, batch: int) -> tuple[Array, Array]:
    shape = (model.config.num_layers, batch, model.config.hidden_size)
    return np.zeros(shape, dtype=model.dtype), np.zeros(shape, dtype=model.dtype)


def _of_text(block: _Block, b: int) -> list[Array | None]:
    """Copies of h, c and gates of one text of a block, (L, n, ...) each."""
    return [None if array is None else array[:, :, b].copy() for array in (block.h, block.c, block.gates)]


def _trace(model: Model, parts: Sequence[Sequence[Array | None]]) -> Trace:
    """The trace of one text from what its blocks hold of it: h, c and gates, (L, n, ...) each."""
    h, c, gates = (None if column[0] is None else np.concatenate(column, axis=1) for column in zip(*parts, strict=True))
    assert h is not None
    letters = model.config.cell_spec.recorded_gates
    if gates is None or not letters:
        return Trace(h, c, {})
    by_gate = np.split(gates, len(letters), axis=2)
    return Trace(h, c, {letter: np.ascontiguousarray(part) for letter, part in zip(letters, by_gate, strict=True)})
