"""Bootstrap: how far a number may be off, when whole tunes are what was sampled. Knows no network and no text.

The characters of one tune are alike, so tunes, not characters, are resampled with replacement (Efron and Tibshirani
1993, "An Introduction to the Bootstrap", percentile intervals). A statistic is computed from how often each tune was
drawn, for all resamples at once; scipy.stats.bootstrap, which hands over the resampled values, takes longer.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

LEVEL = 0.95
RESAMPLES = 400  # of an AUROC or a correlation, which are slow
MEAN_RESAMPLES = 1000


class Interval(NamedTuple):
    """The middle 95 % of a statistic over resamples; not a number where no resample has one."""

    low: NDArray[np.float64]
    high: NDArray[np.float64]


class Mean(NamedTuple):
    """Means of G groups, each (G,), with a 95 % interval; not a number where a group has no character."""

    mean: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


def bootstrap(
    statistic: Callable[[NDArray[np.float32]], NDArray[np.floating]],
    tunes: int,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Interval:
    """The 2.5 % and 97.5 % points of a statistic over tunes drawn with replacement.

    Parameters
    ----------
    statistic : callable
        Given how often each tune was drawn, (R, N) whole numbers, it returns (R, ...) values; where one is not a
        number, that resample does not count.
    tunes : int
        N.
    resamples : int
        R.
    seed : int
        Of the drawing.
    """
    values = np.asarray(statistic(_counts(tunes, resamples, seed)), dtype=np.float64)
    columns = values.reshape(resamples, -1)
    edges = np.full((2, columns.shape[1]), np.nan)
    usable = np.isfinite(columns).any(axis=0)
    if usable.any():
        edges[:, usable] = np.nanquantile(columns[:, usable], ((1 - LEVEL) / 2, (1 + LEVEL) / 2), axis=0)
    return Interval(*edges.reshape(2, *values.shape[1:]))


@lru_cache(maxsize=16)
def _counts(tunes: int, resamples: int, seed: int) -> NDArray[np.float32]:
    """How often each tune is in each resample: whole numbers, (R, N), read-only."""
    rng = np.random.default_rng(seed)
    counts = rng.multinomial(tunes, np.full(tunes, 1 / tunes), size=resamples).astype(np.float32)
    counts.flags.writeable = False
    return counts


def mean_over_tunes(sums: ArrayLike, counts: ArrayLike, *, seed: int = 0, resamples: int = MEAN_RESAMPLES) -> Mean:
    """Means over characters, with intervals over tunes: sum of the tunes' sums / sum of their counts.

    Parameters
    ----------
    sums, counts : arrays, shape (N, G)
        Of N tunes and G groups of characters: the sum of what is measured, and how many characters.
    seed : int
        Of the drawing.
    resamples : int
    """
    sums, counts = np.asarray(sums, dtype=np.float64), np.asarray(counts, dtype=np.float64)

    def means(drawn: NDArray[np.floating]) -> NDArray[np.float64]:
        with np.errstate(invalid="ignore", divide="ignore"):
            ratios: NDArray[np.float64] = (drawn @ sums) / (drawn @ counts)
        return ratios

    mean = means(np.ones((1, len(sums))))[0]
    return Mean(mean, *bootstrap(means, len(sums), resamples=resamples, seed=seed))


def sums_by_group(
    tunes: NDArray[np.integer], groups: NDArray[np.integer], values: NDArray[np.floating], shape: tuple[int, int]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sums and counts of values by tune and group, (N, G) each; a group below 0 is left out."""
    inside = groups >= 0
    cells = (tunes * shape[1] + groups)[inside]
    size = shape[0] * shape[1]
    sums = np.bincount(cells, weights=values[inside], minlength=size).astype(np.float64)
    counts = np.bincount(cells, minlength=size).astype(np.float64)
    return sums.reshape(shape), counts.reshape(shape)
