"""What logits say: log probabilities, the surprisal at what came, and the entropy of a choice. All in nats, float64.

Knows no text and no network.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def log_softmax(logits: ArrayLike) -> Floats:
    """ln p_i = z_i - ln sum_j exp(z_j) over the last axis, (..., V) -> (..., V)."""
    z = np.array(logits, dtype=np.float64)
    z -= z.max(axis=-1, keepdims=True)
    z -= np.log(np.exp(z).sum(axis=-1, keepdims=True))
    return z


def surprisal(logits: ArrayLike, targets: NDArray[np.integer]) -> Floats:
    """-ln p of each target: (..., V), (...) -> (...)."""
    chosen = np.take_along_axis(log_softmax(logits), np.asarray(targets)[..., None], axis=-1)
    nats: Floats = -chosen[..., 0]
    return nats


def entropy(logits: ArrayLike, temperature: float = 1.0) -> Floats:
    """-sum_i p_i ln p_i of softmax(logits / temperature): (..., V) -> (...)."""
    log_p = log_softmax(np.asarray(logits, dtype=np.float64) / temperature)
    nats: Floats = -(np.exp(log_p) * log_p).sum(axis=-1)
    return nats
