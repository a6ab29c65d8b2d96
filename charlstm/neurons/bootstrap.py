"""Bootstrap: how far a mean over characters may be off, when whole tunes are what was drawn by chance.

Characters of one tune are alike, so tunes, not characters, are drawn anew (Efron and Tibshirani 1993, the ratio of two
sums): a mean over characters is the sum of the tunes' sums divided by the sum of their counts.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

RESAMPLES = 1000


class Mean(NamedTuple):
    """Means of G groups, each (G,), with a 95 % interval; not a number where a group has no character."""

    mean: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


def draws_of(tunes: int, *, draws: int = 400, seed: int = 0) -> NDArray[np.float32]:
    """How often each of some tunes is in each of several draws with replacement: whole numbers, (draws, tunes)."""
    rng = np.random.default_rng(seed)
    return rng.multinomial(tunes, np.full(tunes, 1 / tunes), size=draws).astype(np.float32)


def mean_of_tunes(sums: ArrayLike, counts: ArrayLike, *, seed: int = 0, resamples: int = RESAMPLES) -> Mean:
    """mean = sum of the tunes' sums / sum of their counts; low and high: the 2.5 % and 97.5 % points of the same,
    over tunes drawn with replacement.

    Parameters
    ----------
    sums, counts : arrays, shape (N, G)
        Of N tunes and G groups of characters: the sum of what is measured, and how many characters.
    seed : int
        Of the drawing.
    """
    sums, counts = np.asarray(sums, dtype=np.float64), np.asarray(counts, dtype=np.float64)
    tunes = len(sums)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = sums.sum(axis=0) / counts.sum(axis=0)
        drawn = draws_of(tunes, draws=resamples, seed=seed).astype(np.float64)
        means = (drawn @ sums) / (drawn @ counts)
    low, high = np.full_like(mean, np.nan), np.full_like(mean, np.nan)
    some = np.isfinite(mean)
    if some.any():
        low[some], high[some] = np.nanquantile(means[:, some], (0.025, 0.975), axis=0)
    return Mean(mean, low, high)


def sums_by(
    tunes: NDArray[np.integer], groups: NDArray[np.integer], values: NDArray[np.floating], shape: tuple[int, int]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sums and counts of values by tune and group, (N, G) each; a group below 0 is left out."""
    place = tunes * shape[1] + groups
    kept = groups >= 0
    size = shape[0] * shape[1]
    sums = np.bincount(place[kept], weights=values[kept], minlength=size).astype(np.float64)
    counts = np.bincount(place[kept], minlength=size).astype(np.float64)
    return sums.reshape(shape), counts.reshape(shape)
