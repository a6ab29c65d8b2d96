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
    """Of a gate of some units, summed over `count` characters.

    `sums` has shape (4, ...): characters below 0.1, characters above 0.9, values, and their natural logarithms.
    """

    sums: NDArray[np.float64]
    count: int

    def plus(self, other: GateSums) -> GateSums:
        """The sums over both."""
        return GateSums(self.sums + other.sums, self.count + other.count)

    @property
    def left_share(self) -> NDArray[np.float64]:
        """Share of characters at which the gate is below 0.1."""
        return self._mean(0)

    @property
    def right_share(self) -> NDArray[np.float64]:
        """Share of characters at which the gate is above 0.9."""
        return self._mean(1)

    @property
    def mean(self) -> NDArray[np.float64]:
        """The gate's mean."""
        return self._mean(2)

    @property
    def half_life(self) -> NDArray[np.float64]:
        """ln 2 / mean of -ln gate, in characters; infinite where the gate never closes.

        An LSTM's c' = f c + i g, so of the old c, the product of the next n values of f is left after n characters:
        exp(-n m) with m the mean of -ln f, half of it after ln 2 / m. The same holds for a GRU's h' = (1 - z) n + z h
        with z. What the unit adds is not counted.
        """
        rate = -self._mean(3)
        with np.errstate(divide="ignore"):
            return np.where(rate > 0, math.log(2) / rate, np.inf)

    def _mean(self, which: int) -> NDArray[np.float64]:
        mean: NDArray[np.float64] = self.sums[which] / self.count
        return mean


def gate_sums(values: NDArray[np.floating]) -> GateSums:
    """The sums of gates in [0, 1] over characters, the axis before the last: (..., T, H) -> (..., H)."""
    logs = np.log(np.maximum(values, _FLOOR))
    parts = (values < LEFT, values > RIGHT, values, logs)
    return GateSums(np.array([part.sum(axis=-2, dtype=np.float64) for part in parts]), values.shape[-2])


def autocorrelation(texts: Sequence[NDArray[np.floating]], lags: int) -> NDArray[np.float64]:
    """Autocorrelation of a unit's values over some texts, at lags 0 to `lags` characters, within texts.

    r_k = mean over pairs k apart in one text of (x_t - m)(x_{t+k} - m), divided by the variance, both about the mean m
    of all; 0 where no text is so long.
    """
    values = np.concatenate(texts).astype(np.float64)
    mean, variance = values.mean(), values.var()
    sums, pairs = np.zeros(lags + 1), np.zeros(lags + 1)
    for text in texts:
        centred = text.astype(np.float64) - mean
        products = np.correlate(centred, centred, "full")[len(text) - 1 :][: lags + 1]
        sums[: len(products)] += products
        pairs[: len(products)] += len(text) - np.arange(len(products))
    return sums / np.maximum(pairs, 1) / variance if variance > 0 else sums


def similarity_half_life(texts: Sequence[NDArray[np.floating]], *, longest: int = 400) -> float:
    """Characters until the autocorrelation first falls to 1/2, between two lags in a straight line.

    For a network without gates: how long its value stays similar, which is not the same as how long it remembers.
    Infinite where it does not fall within `longest` characters; 0 where the value never changes.
    """
    correlations = autocorrelation(texts, longest)
    if correlations[0] == 0:
        return 0.0
    below = np.flatnonzero(correlations <= 0.5)
    if not len(below):
        return math.inf
    k = int(below[0])
    return float(k - 1 + (correlations[k - 1] - 0.5) / (correlations[k - 1] - correlations[k]))
