"""Gates: how often they are saturated, and how long a unit remembers. Knows no network and no text.

Saturation is Karpathy, Johnson and Fei-Fei's (2015, figure 2): a gate is *right-saturated* at a character where it is
above 0.9, *left-saturated* where it is below 0.1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LEFT, RIGHT = 0.1, 0.9
_FLOOR = 1e-6  # a gate in float32 may be 0, and its logarithm is asked for


@dataclass(frozen=True, slots=True)
class GateSums:
    """Of a gate of some units, summed over `count` characters; arrays of one shape."""

    left: NDArray[np.float64]
    right: NDArray[np.float64]
    total: NDArray[np.float64]
    logs: NDArray[np.float64]  # natural logarithms
    count: int

    def plus(self, other: GateSums) -> GateSums:
        """The sums over both."""
        return GateSums(
            self.left + other.left,
            self.right + other.right,
            self.total + other.total,
            self.logs + other.logs,
            self.count + other.count,
        )

    @property
    def left_share(self) -> NDArray[np.float64]:
        """Share of characters at which the gate is below 0.1."""
        return self.left / self.count

    @property
    def right_share(self) -> NDArray[np.float64]:
        """Share of characters at which the gate is above 0.9."""
        return self.right / self.count

    @property
    def mean(self) -> NDArray[np.float64]:
        """The gate's mean."""
        return self.total / self.count

    @property
    def half_life(self) -> NDArray[np.float64]:
        """ln 2 / mean of -ln gate, in characters; infinite where the gate never closes.

        An LSTM's c' = f c + i g, so of the old c, the product of the next n values of f is left after n characters:
        exp(-n m) with m the mean of -ln f, half of it after ln 2 / m. The same holds for a GRU's h' = (1 - z) n + z h
        with z. What the unit adds is not counted.
        """
        rate = -self.logs / self.count
        with np.errstate(divide="ignore"):
            return np.where(rate > 0, math.log(2) / rate, np.inf)


def gate_sums(values: NDArray[np.floating]) -> GateSums:
    """The sums of gates in [0, 1] over characters, the axis before the last: (..., T, H) -> (..., H)."""
    values = np.asarray(values)
    logs = np.log(np.maximum(values, _FLOOR))
    sums = [(values < LEFT).sum(axis=-2), (values > RIGHT).sum(axis=-2), values.sum(axis=-2, dtype=np.float64)]
    parts = [np.asarray(part, dtype=np.float64) for part in (*sums, logs.sum(axis=-2, dtype=np.float64))]
    return GateSums(parts[0], parts[1], parts[2], parts[3], values.shape[-2])


def autocorrelation(texts: Sequence[NDArray[np.floating]], lags: int) -> NDArray[np.float64]:
    """Autocorrelation of a unit's values over some texts, at lags 0 to `lags` characters, within texts.

    r_k = mean over pairs k apart in one text of (x_t - m)(x_{t+k} - m), divided by the variance, both about the mean m
    of all; 0 where no text is so long.
    """
    values = np.concatenate([np.asarray(text, dtype=np.float64) for text in texts])
    mean, variance = values.mean(), values.var()
    correlations = np.zeros(lags + 1)
    if variance <= 0:
        return correlations
    for k in range(lags + 1):
        products = [(x[: len(x) - k] - mean) * (x[k:] - mean) for x in texts if len(x) > k]
        if products:
            correlations[k] = np.concatenate(products).mean() / variance
    return correlations


def similarity_half_life(texts: Sequence[NDArray[np.floating]], *, longest: int = 400) -> float:
    """Characters until the autocorrelation first falls to 1/2, between two lags in a straight line.

    For a network without gates: how long its value stays similar, which is not the same as how long it remembers.
    Infinite where it does not fall within `longest` characters; 0 where the value never changes.
    """
    step, lags = 25, 0
    while lags < longest:
        lags = min(lags + step, longest)
        step *= 2
        correlations = autocorrelation(texts, lags)
        if correlations[0] == 0:
            return 0.0
        below = np.flatnonzero(correlations <= 0.5)
        if len(below):
            k = int(below[0])
            return float(k - 1 + (correlations[k - 1] - 0.5) / (correlations[k - 1] - correlations[k]))
    return math.inf
