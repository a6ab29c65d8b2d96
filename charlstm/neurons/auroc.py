"""AUROC: how well values tell the characters that have a label from those that lack it. Knows no network and no text.

AUROC is the probability that a labelled character has a higher value than an unlabelled one, ties counted half: the
Mann-Whitney U statistic over its maximum. 1 is a perfect detector, 0 one that is always lower there, 0.5 is chance. It
does not depend on the scale or spread of the values (Hanley and McNeil 1982).

Axis letters: U units, T characters, C labellings, N characters among which a label is asked about. Many units are
ranked at once by threads: sorting and matrix products release Python's lock.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from charlstm.neurons.bootstrap import bootstrap

BINS = 256  # of a bootstrapped unit's values: an AUROC moves by less than 0.002
_BLOCK = 64  # units whose ranks are in float64 at a time; of fewer units threads cost more than they save
Item = TypeVar("Item")
Result = TypeVar("Result")


def auroc(values: NDArray[np.floating], labels: NDArray[np.bool_]) -> NDArray[np.float64]:
    """AUROC of each of U rows of values for each of C labellings.

    Parameters
    ----------
    values : float array, shape (U, T)
    labels : bool array, shape (C, T) or (T,)

    Returns
    -------
    float array, shape (U, C)
        In [0, 1]; not a number where a labelling has no character, or all of them.
    """
    weights = np.atleast_2d(labels).T.astype(np.float64)
    return auroc_of_ranks(centred_ranks(dense_ranks(values)), weights)


def auroc_of_ranks(ranks: NDArray[np.float32], weights: NDArray[np.floating]) -> NDArray[np.float64]:
    """AUROC from ranks: 1/2 + s / (n m), s the sum of the centred ranks of n labelled characters, m without the label.

    Parameters
    ----------
    ranks : float array, shape (U, N)
        From `centred_ranks`.
    weights : float array, shape (N, C)
        1 where a character has the label, else 0. The sums are of its type: float64 is exact, float32 is off by about
        1e-6 in the AUROC.
    """
    have = (np.ones(len(weights), weights.dtype) @ weights).astype(np.float64)  # whole numbers: exact in float32 too
    pairs = have * (len(weights) - have)
    step = len(ranks) if ranks.dtype == weights.dtype else _BLOCK  # of a copy in float64 never all at once
    blocks = [ranks[k : k + step].astype(weights.dtype, copy=False) for k in range(0, len(ranks), step)]
    sums = np.concatenate([np.dot(block, weights) for block in blocks])
    scores: NDArray[np.float64] = 0.5 + sums / np.where(pairs > 0, pairs, np.nan)
    return scores


def dense_ranks(values: NDArray[np.floating]) -> NDArray[np.int32]:
    """The place of each value among the distinct values of its row, from 0: (U, T), all that `centred_ranks` needs.

    scipy.stats.rankdata(row, "dense") - 1, in a quarter of the time.
    """
    ranks = np.empty(values.shape, dtype=np.int32)

    def sort(row: int) -> None:
        line, places = values[row], ranks[row]
        order = np.argsort(line)
        ordered = line[order]
        places[order[:1]] = 0
        places[order[1:]] = np.cumsum(ordered[1:] != ordered[:-1])

    in_threads(sort, range(len(values)), least=_BLOCK)
    return ranks


def centred_ranks(dense: NDArray[np.int32], among: NDArray[np.integer] | None = None) -> NDArray[np.float32]:
    """Ranks from 1, ties sharing their mean rank, less the mean (N + 1) / 2: (U, N), exact to one half.

    scipy.stats.rankdata(values[:, among], axis=1) less its mean; counting needs no second sort for each choice of
    characters.

    Parameters
    ----------
    dense : int array, shape (U, T)
        From `dense_ranks`.
    among : int array, shape (N,), optional
        The characters that are ranked among each other; all by default.
    """
    count = dense.shape[1] if among is None else len(among)
    ranks = np.empty((len(dense), count), dtype=np.float32)

    def rank(row: int) -> None:
        places = dense[row] if among is None else dense[row, among]
        ties = np.bincount(places)
        table = (np.cumsum(ties) - (ties - 1) / 2 - (count + 1) / 2).astype(np.float32)
        table.take(places, out=ranks[row], mode="clip")  # the default mode would write to a buffer first

    in_threads(rank, range(len(dense)), least=_BLOCK)
    return ranks


def auroc_interval(
    values: NDArray[np.floating], labels: NDArray[np.bool_], tune: NDArray[np.integer], tunes: int
) -> tuple[float, float]:
    """The 95 % bootstrap interval of one unit's AUROC over tunes: (low, high), not a number if no sample has one.

    The values are counted in 256 equal parts of their range for each tune and label, so that a resampled AUROC is a
    sum over bins: U = sum over bins of have (lack below + lack here / 2).

    Parameters
    ----------
    values : float array, shape (N,)
        The unit's values; of ranks the bins are about equally filled.
    labels : bool array, shape (N,)
    tune : int array, shape (N,)
        Which of the tunes each character is of.
    tunes : int
        How many tunes there are.
    """
    low, high = float(values.min()), float(values.max())
    bins = np.minimum(((values - low) * (BINS / max(high - low, 1e-9))).astype(np.int64), BINS - 1)
    cells = tune.astype(np.int64) * BINS + bins
    counts = [
        np.bincount(cells[labels == want], minlength=tunes * BINS).reshape(-1, BINS).astype(np.float32)
        for want in (True, False)
    ]

    def scores(drawn: NDArray[np.float32]) -> NDArray[np.floating]:
        have, lack = (drawn @ count for count in counts)
        below = np.cumsum(lack, axis=1) - lack / 2
        pairs = (have.sum(axis=1) * lack.sum(axis=1)).astype(np.float64)
        resampled: NDArray[np.floating] = (have * below).sum(axis=1) / np.where(pairs > 0, pairs, np.nan)
        return resampled

    interval = bootstrap(scores, tunes)
    return float(interval.low), float(interval.high)


def directed(auroc: float, chosen: float) -> float:
    """An AUROC in the direction of another: of a unit chosen because it is low there, 1 - AUROC."""
    return auroc if chosen >= 0.5 else 1 - auroc


def in_threads(function: Callable[[Item], Result], items: Iterable[Item], *, least: int = 2) -> list[Result]:
    """The function of each item, in their order, by a thread a core; of fewer items than `least` without threads."""
    items = list(items)
    if len(items) < least:
        return [function(item) for item in items]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with ThreadPoolExecutor(min(cores, 8)) as pool:
        return list(pool.map(function, items))
