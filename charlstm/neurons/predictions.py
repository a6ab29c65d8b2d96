"""Guesses: what a model expected at each place of a text, and how surprised it was by what came. Knows no units.

Karpathy, Johnson and Fei-Fei (2015) print the five likeliest next characters under each character of a text; this is
that, as numbers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LIKELIEST = 5


@dataclass(frozen=True, slots=True)
class Guesses:
    """What a model expected of a text of T characters. Row t: of what follows t characters; row T is of END.

    Attributes
    ----------
    ids : int32 array, shape (T + 1, K)
        The K likeliest symbols, likeliest first; of equals, the lower id.
    chances : float array, shape (T + 1, K)
        Their probabilities.
    surprise : float array, shape (T + 1,)
        -ln p of what came, nats.
    """

    ids: NDArray[np.int32]
    chances: NDArray[np.float64]
    surprise: NDArray[np.float64]

    @property
    def bits(self) -> NDArray[np.float64]:
        """The surprise in bits: nats / ln 2. One bit: it gave what came a chance of one in two."""
        return self.surprise / math.log(2)


def guesses(logits: NDArray[np.floating], came: NDArray[np.integer], *, count: int = LIKELIEST) -> Guesses:
    """The likeliest symbols by p = softmax(logits), and -ln p of those that came.

    Parameters
    ----------
    logits : float array, shape (T + 1, V)
    came : int array, shape (T + 1,)
        The symbol that followed each row: the text's characters, then END.
    count : int
        K; at most V.
    """
    z = np.asarray(logits, dtype=np.float64)
    z = z - z.max(axis=1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    ids = np.argsort(-log_p, axis=1, kind="stable")[:, :count]
    chances = np.exp(np.take_along_axis(log_p, ids, axis=1))
    return Guesses(ids.astype(np.int32), chances, -log_p[np.arange(len(z)), came])
