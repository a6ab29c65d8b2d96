"""Hesitation: between how many symbols a network chooses at each step, at a temperature. Knows nothing of music."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from charlstm.lm.config import SampleConfig
from charlstm.lm.infer.engine import Engine
from charlstm.lm.sample.decoding import distribution

BATCH_SIZE = 64  # tunes of like length read side by side


def hesitation(engine: Engine, texts: Sequence[str], temperature: float) -> NDArray[np.float64]:
    """Mean entropy of the distributions that each text was, or would be, drawn from: (n,), in nats.

    For a text of T characters, with p_t = softmax(logits_t / temperature) the distribution of what follows START and
    its first t characters:

    hesitation = (1 / (T + 1)) sum over t = 0 ... T of -sum_c p_t(c) ln p_t(c)

    0 is no choice at all; exp(hesitation) is the number of equally likely symbols that would be as uncertain.

    Parameters
    ----------
    engine : Engine
    texts : sequence of str
        Model texts. Raises VocabularyError at an unknown character.
    temperature : float
        Above 0.
    """
    vocab, config = engine.vocab, SampleConfig(temperature=temperature)
    encoded = [engine.vocab.encode(text) for text in texts]
    order = sorted(range(len(texts)), key=lambda i: len(encoded[i]))
    found = np.zeros(len(texts))
    for first in range(0, len(order), BATCH_SIZE):
        rows = order[first : first + BATCH_SIZE]
        lengths = np.array([len(encoded[i]) + 1 for i in rows])
        ids = np.full((len(rows), lengths.max()), vocab.start, dtype=np.int32)
        for row, i in enumerate(rows):
            ids[row, 1 : lengths[row]] = encoded[i]
        state, sums = engine.initial_state(len(rows)), np.zeros(len(rows))
        for t in range(ids.shape[1]):
            logits, state = engine.step(ids[:, t], state)
            p = distribution(logits, config)
            with np.errstate(divide="ignore", invalid="ignore"):
                entropy = -np.where(p > 0, p * np.log(p), 0.0).sum(axis=1)
            sums += entropy * (t < lengths)
        found[rows] = sums / lengths
    return found
