"""Drawing a symbol: logits to a distribution, a random number to a symbol. Temperature, top-k, top-p.

Knows nothing of text, nor of how the logits were made, but how far off they may be: a draw can say that it is not
sure. All arithmetic is in float64. A draw takes one uniform number and picks the symbol in whose part of the
cumulated distribution, in the order of the ids, it falls.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from charlstm.lm.config import SampleConfig

Floats = NDArray[np.float64]


def distribution(logits: ArrayLike, config: SampleConfig, allowed: NDArray[np.bool_] | None = None) -> Floats:
    """Turn logits into the distribution the next symbol is drawn from.

    p_i = exp(z_i / temperature) / sum_j exp(z_j / temperature), after symbols outside `allowed`, outside the top k
    and outside the nucleus (the fewest likeliest symbols that have top_p of the probability, at this temperature)
    are removed, in that order. Temperature 0 puts all mass on the largest logit. Ties go to the lower id.

    Parameters
    ----------
    logits : float array, shape (B, V)
        Unnormalised log probabilities.
    config : SampleConfig
        Temperature in [0, 100]; top_k in [1, V]; top_p in (0, 1].
    allowed : bool array, shape (B, V), optional
        Symbols that may be drawn; each row has at least one True.

    Returns
    -------
    float64 array, shape (B, V)
        Rows sum to 1.

    References
    ----------
    Nucleus: Holtzman et al. 2020, "The Curious Case of Neural Text Degeneration".
    """
    rows = np.array(logits, dtype=np.float64)
    if allowed is not None:
        rows[~allowed] = -np.inf
    for row in rows:
        row[:] = _weights(row, config)[0]
    rows /= rows.sum(axis=1, keepdims=True)
    return rows


def _weights(z: Floats, config: SampleConfig, error: float = 0.0) -> tuple[Floats, bool]:
    """Weights (V,) to draw by, from logits z that are overwritten; and whether logits off by `error` keep the same."""
    sure, best = True, z.argmax()
    z -= z.item(best)
    if config.temperature == 0:
        weights = np.zeros_like(z)
        weights[best] = 1
        return weights, not error or np.count_nonzero(z > -2 * error) == 1
    if config.top_k is not None and config.top_k < len(z):
        order = np.argsort(-z, kind="stable")
        kept, cut = z[order[config.top_k - 1 : config.top_k + 1]].tolist()
        sure = cut == -math.inf or kept - cut > 2 * error
        z[order[config.top_k :]] = -np.inf
    z /= max(config.temperature, 1e-100)  # below, z would overflow
    weights = np.exp(z, z)
    if config.top_p is not None and config.top_p < 1:
        order = np.argsort(-weights, kind="stable")
        mass = weights[order].cumsum()
        mass /= mass[-1]
        last = int(mass.searchsorted(config.top_p))
        slack = _slack(error, config)
        tied = last + 1 < len(mass) and weights[order[last]] <= weights[order[last + 1]] * (1 + slack)
        edges = mass[max(last - 1, 0) : last + 1]
        near = np.abs(edges - config.top_p) <= slack * edges * (1 - edges) + 1e-12
        sure = sure and not tied and not near.any()
        weights[order[last + 1 :]] = 0
    return weights, sure or not error


def _slack(error: float, config: SampleConfig) -> float:
    """exp(2 e / T) - 1: logits off by at most e put a sum F of probabilities off by at most F (1 - F) times this."""
    return math.expm1(min(2 * error / max(config.temperature, 1e-100), 700.0))


def draw(z: Floats, u: float, config: SampleConfig, error: float = 0.0) -> int | None:
    """The symbol that the number u in [0, 1) picks, or None if logits off by `error` might pick another."""
    weights, sure = _weights(z, config, error)
    if not sure:
        return None
    cumulated = np.add.accumulate(weights)
    total = cumulated.item(-1)
    symbol = int(cumulated.searchsorted(u * total, "right"))  # u * total < total, for u is at most 1 - 2**-53
    if error and config.temperature:
        slack = _slack(error, config)
        low = cumulated.item(symbol - 1) / total if symbol else 0.0
        high = cumulated.item(symbol) / total
        if u - low <= slack * low * (1 - low) + 1e-12 or high - u <= slack * high * (1 - high) + 1e-12:
            return None
    return symbol
