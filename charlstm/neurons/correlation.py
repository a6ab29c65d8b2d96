"""Correlation: rows of values standardised, so that Pearson's correlation of two rows is their mean product."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

STILL = 1e-6  # standard deviation below which a row counts as one that never changes


def standardised(values: NDArray[np.floating]) -> NDArray[np.floating]:
    """Each row of (U, T) less its mean, over its standard deviation; a row that never changes is all zeros."""
    centred = values - values.mean(axis=1, keepdims=True)
    deviation = centred.std(axis=1, keepdims=True)
    rows: NDArray[np.floating] = (centred / np.where(deviation > STILL, deviation, np.inf)).astype(values.dtype)
    return rows


def correlations(own: NDArray[np.floating], others: NDArray[np.floating]) -> NDArray[np.floating]:
    """Pearson's correlation of each of U standardised rows with each of U' others, (U, U'); 0 with one of zeros."""
    products: NDArray[np.floating] = np.dot(own, others.T) / own.shape[1]
    return products
