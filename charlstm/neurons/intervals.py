"""Intervals of an AUROC: how much it would change had other tunes been read (charlstm.neurons.bootstrap).

Source: Efron and Tibshirani 1993, "An Introduction to the Bootstrap", percentile intervals.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from charlstm.neurons.concepts.label import Labels

BINS = 256  # values are kept as one of so many equally filled bins: an AUROC moves by less than 0.002
LEVEL = 0.95


def auroc_interval(
    ranks: NDArray[np.floating], labels: Labels, tune: NDArray[np.int32], draws: NDArray[np.float32]
) -> tuple[float, float]:
    """The middle 95 % of a unit's AUROC over draws of tunes: (low, high), not a number where it has no meaning.

    Parameters
    ----------
    ranks : float array, shape (N,)
        The unit's values or their ranks.
    labels : bool array, shape (N,)
    tune : int array, shape (N,)
        Which tune each character is of, below the number of tunes.
    draws : float array, shape (D, tunes)
        From `bootstrap.draws_of`.
    """
    low, high = float(ranks.min()), float(ranks.max())
    bins = np.minimum(((ranks - low) * (BINS / max(high - low, 1e-9))).astype(np.int64), BINS - 1)
    cells = tune.astype(np.int64) * BINS + bins
    count = draws.shape[1] * BINS
    have, lack = (
        draws @ np.bincount(cells[labels == want], minlength=count).reshape(-1, BINS).astype(np.float32)
        for want in (True, False)
    )
    below = np.cumsum(lack, axis=1) - lack / 2
    n, m = have.sum(axis=1), lack.sum(axis=1)
    usable = (n > 0) & (m > 0)
    if not usable.any():
        return float("nan"), float("nan")
    scores = (have * below).sum(axis=1)[usable] / (n * m)[usable].astype(np.float64)
    edges = np.quantile(scores, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(edges[0]), float(edges[1])
