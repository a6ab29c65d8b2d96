"""Evidence: what all units did over some tunes beside what each concept says there; and its AUROCs, many at once.

Axis letters: U units of all layers, T characters of all tunes, C concepts, N characters among which a concept is
asked. The work is shared among the processor's cores by threads: sorting and matrix products let them run.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from charlstm.lm.infer.batch import read_texts
from charlstm.lm.infer.engine import Engine
from charlstm.neurons.concepts.label import WITHIN, Concept, Labels, domain
from charlstm.neurons.probe import midranks, places

BLOCK = 16  # units ranked at a time
Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True, eq=False)
class Annotations:
    """What the concepts say of some tunes: it depends on the texts alone.

    Attributes
    ----------
    texts : tuple of str
    labels : bool array, shape (C, T)
    among : mapping from a key of WITHIN to an int array, shape (N,)
        The characters, by their number in the joined texts, among which concepts of this kind are asked.
    tune : int32 array, shape (T,)
        Which tune each character is of.
    """

    texts: tuple[str, ...]
    labels: Labels
    among: dict[str, NDArray[np.int64]]
    tune: NDArray[np.int32]


def annotate(texts: Sequence[str], concepts: Iterable[Concept]) -> Annotations:
    """Label all characters of some tunes."""
    concepts = list(concepts)
    kinds = list(WITHIN)
    labels, inside = [], []
    for text in texts:  # text after text, so that each is laid out once
        labels.append(np.array([concept(text) for concept in concepts]).reshape(len(concepts), -1))
        inside.append(np.array([domain(text, kind) for kind in kinds]))
    found = np.concatenate(inside, axis=1)
    among = {kind: np.flatnonzero(row) for kind, row in zip(kinds, found, strict=True)}
    tune = np.repeat(np.arange(len(texts), dtype=np.int32), [len(text) for text in texts])
    return Annotations(tuple(texts), np.concatenate(labels, axis=1), among, tune)


def values_of(engine: Engine, texts: Sequence[str]) -> NDArray[np.float32]:
    """Hidden states of all units over the joined texts, (U, T)."""
    starts = np.concatenate([[0], np.cumsum([len(text) for text in texts])])
    units = engine.config.num_layers * engine.config.hidden_size
    values = np.empty((units, int(starts[-1])), dtype=np.float32)
    for reading in read_texts(engine, texts):
        states = reading.trace.h[:, 1:].transpose(0, 2, 1).reshape(units, -1)
        values[:, starts[reading.index] : starts[reading.index + 1]] = states
    return values


def places_of(values: NDArray[np.float32]) -> NDArray[np.int32]:
    """Each unit's values as their places among its distinct ones, (U, T): all that ranks need."""
    found = np.empty(values.shape, dtype=np.int32)

    def sort(row: int) -> None:
        found[row] = places(values[row])

    in_threads(sort, range(len(values)))
    return found


def centred_ranks(where: NDArray[np.int32], among: NDArray[np.int64]) -> NDArray[np.float32]:
    """Ranks among some characters, less their mean (N + 1) / 2: (U, N), exact to one half in float32."""
    ranks = np.empty((len(where), len(among)), dtype=np.float32)
    whole = len(among) == where.shape[1]

    def rank(row: int) -> None:
        ranks[row] = midranks(where[row] if whole else where[row, among]) - (len(among) + 1) / 2

    in_threads(rank, range(len(where)))
    return ranks


def aurocs(ranks: NDArray[np.float32], labels: Labels) -> NDArray[np.float64]:
    """AUROC of every unit for every labelling, (U, C), from centred ranks (U, N) and labels (C, N).

    With s the sum of the centred ranks over the n characters that have the concept and m that lack it,
    AUROC = 1/2 + s / (n m), the same as in `probe.auroc`.
    """
    weights = np.ascontiguousarray(labels.T, dtype=np.float64)

    def sums(first: int) -> NDArray[np.float64]:
        found: NDArray[np.float64] = np.dot(ranks[first : first + BLOCK].astype(np.float64), weights)
        return found

    pairs = pairs_of(labels)
    with np.errstate(invalid="ignore", divide="ignore"):
        scores: NDArray[np.float64] = 0.5 + np.concatenate(in_threads(sums, range(0, len(ranks), BLOCK))) / pairs
    return scores


def aurocs_of_moved(
    ranks: NDArray[np.float32], weights: NDArray[np.float32], order: NDArray[np.int64], pairs: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The same for labels moved to other characters: `weights` is labels.T, (N, C), `order` from `nulls.other_tunes`.

    Sums in float32, off by about 1e-6.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        scores: NDArray[np.float64] = 0.5 + np.dot(ranks, weights.take(order, axis=0)) / pairs
    return scores


def pairs_of(labels: Labels) -> NDArray[np.float64]:
    """How many pairs of a character with each concept and one without it there are, (C,)."""
    have = labels.sum(axis=1).astype(np.float64)
    pairs: NDArray[np.float64] = have * (labels.shape[1] - have)
    return pairs


def in_threads(function: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """The function of each item, in their order, by as many threads as there are cores for this process."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with ThreadPoolExecutor(min(cores, 8)) as pool:
        return list(pool.map(function, items))
