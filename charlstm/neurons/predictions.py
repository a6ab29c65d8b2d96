"""Predictions: the likeliest next symbols at each position of a text, and how surprising what came was. No units.

Karpathy, Johnson and Fei-Fei (2015) print the five likeliest next characters under each character of a text; this is
that, as numbers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from charlstm.lm.infer.logits import log_softmax

TOP = 5


@dataclass(frozen=True, slots=True)
class Predictions:
    """What a model predicted of a text of T characters. Row t: of what follows t characters; row T is of END.

    Attributes
    ----------
    ids : int32 array, shape (T + 1, K)
        The K likeliest symbols, likeliest first; of equals, the lower id.
    probabilities : float array, shape (T + 1, K)
        Their probabilities.
    surprisal : float array, shape (T + 1,)
        -ln p of what came, in nats.
    """

    ids: NDArray[np.int32]
    probabilities: NDArray[np.float64]
    surprisal: NDArray[np.float64]

    @property
    def bits(self) -> NDArray[np.float64]:
        """The surprisal in bits: nats / ln 2. One bit: what came had a probability of 1/2."""
        return self.surprisal / math.log(2)


def predictions(logits: NDArray[np.floating], targets: NDArray[np.integer], *, count: int = TOP) -> Predictions:
    """The likeliest symbols by p = softmax(logits), and -ln p of those that came.

    Parameters
    ----------
    logits : float array, shape (T + 1, V)
    targets : int array, shape (T + 1,)
        The symbol that followed each row: the text's characters, then END.
    count : int
        K; at most V.
    """
    log_p = log_softmax(logits)
    ids = np.argsort(-log_p, axis=1, kind="stable")[:, :count]
    probabilities = np.exp(np.take_along_axis(log_p, ids, axis=1))
    return Predictions(ids.astype(np.int32), probabilities, -log_p[np.arange(len(log_p)), targets])
