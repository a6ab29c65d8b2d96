"""Clustering: rows of values ordered so that similar rows are neighbours, for a picture of all units at once.

Rows are clustered by average linkage on 1 - correlation (Sokal and Michener 1958) and the leaves ordered so that
neighbours are as similar as the tree allows (Bar-Joseph, Gifford and Jaakkola 2001). Knows no units and no text.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import squareform


def correlations(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Pearson's correlation of each pair of U rows, (U, U); 0 with a row that never changes, 1 with itself."""
    rows = np.asarray(values, dtype=np.float64)
    rows = rows - rows.mean(axis=1, keepdims=True)
    norms = np.sqrt((rows * rows).sum(axis=1))
    moving = norms > 1e-9 * max(1.0, float(norms.max(initial=0)))
    rows = np.where(moving[:, None], rows / np.where(moving, norms, 1)[:, None], 0)
    products: NDArray[np.float64] = np.clip(rows @ rows.T, -1, 1)
    np.fill_diagonal(products, 1)
    return products


def similarity_order(values: NDArray[np.floating]) -> NDArray[np.intp]:
    """The order of U rows, (U, T), in which similar ones are neighbours: a permutation, shape (U,)."""
    if len(values) < 2:
        return np.arange(len(values))
    distances = squareform(1 - correlations(values), checks=False)
    order: NDArray[np.intp] = leaves_list(linkage(distances, "average", optimal_ordering=True)).astype(np.intp)
    return order
