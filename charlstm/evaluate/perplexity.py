"""Perplexity: between how many symbols a network chooses at each step, at a temperature. Knows nothing of music."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from charlstm.lm.infer.batch import measure_texts
from charlstm.lm.infer.engine import Engine
from charlstm.lm.infer.logits import entropy


def mean_entropy(engine: Engine, texts: Sequence[str], temperature: float) -> NDArray[np.float64]:
    """Mean entropy of the distributions that each text was, or would be, drawn from: (n,), in nats.

    For a text of T characters, with p_t = softmax(logits_t / temperature) the distribution of what follows START and
    its first t characters:

    mean entropy = (1 / (T + 1)) sum over t = 0 ... T of -sum_c p_t(c) ln p_t(c)

    0 is no choice at all; exp of it is the perplexity, the number of equally likely symbols that would be as uncertain.

    Parameters
    ----------
    engine : Engine
    texts : sequence of str
        Model texts. Raises VocabularyError at an unknown character.
    temperature : float
        Above 0.
    """
    measured = measure_texts(engine, texts, lambda logits, _: entropy(logits, temperature))
    return np.array([values.mean() for values in measured])
