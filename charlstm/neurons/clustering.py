"""Clustering: rows of values ordered so that similar rows are neighbours, for a picture of all units at once.

Rows are clustered by average linkage on 1 - correlation (Sokal and Michener 1958) and the leaves ordered so that
neighbours are as similar as the tree allows (Bar-Joseph, Gifford and Jaakkola 2001). Knows no units and no text.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from charlstm.neurons.correlation import correlations, standardised


def similarity_order(values: NDArray[np.floating]) -> NDArray[np.intp]:
    """The order of U rows, (U, T), in which similar ones are neighbours: a permutation, shape (U,)."""
    from scipy.cluster.hierarchy import leaves_list, linkage  # here, because it takes half a second to import
    from scipy.spatial.distance import squareform

    if len(values) < 2:
        return np.arange(len(values))
    rows = standardised(values.astype(np.float64))
    distances = squareform(1 - np.clip(correlations(rows, rows), -1, 1), checks=False)
    order: NDArray[np.intp] = leaves_list(linkage(distances, "average", optimal_ordering=True)).astype(np.intp)
    return order
