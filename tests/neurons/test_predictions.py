from __future__ import annotations

import math

import numpy as np

from charlstm.neurons.predictions import predictions
from charlstm.neurons.recording import replay
from tests.conftest import TUNES, MakeEngine


def test_chances_and_surprise_are_those_of_softmax_by_hand() -> None:
    logits = np.array([[0.0, math.log(3), math.log(4)], [5.0, 5.0, -900.0]])
    found = predictions(logits, np.array([1, 2]), count=2)
    assert found.ids.tolist() == [[2, 1], [0, 1]]  # of equals the lower id
    np.testing.assert_allclose(found.probabilities, [[0.5, 3 / 8], [0.5, 0.5]])
    np.testing.assert_allclose(found.surprisal, [-math.log(3 / 8), 905 + math.log(2)])
    np.testing.assert_allclose(found.bits[0], math.log2(8 / 3))


def test_a_large_logit_overflows_nothing() -> None:
    found = predictions(np.array([[1e4, 0.0]], dtype=np.float32), np.array([0]), count=2)
    assert found.probabilities.tolist() == [[1.0, 0.0]]
    assert found.surprisal.tolist() == [0.0]


def test_a_replay_expects_row_t_after_t_characters(make_engine: MakeEngine) -> None:
    engine = make_engine(num_layers=2, lookback_bars=(1, 0))
    text = TUNES[2]
    found = replay(engine, text).predictions
    assert found.ids.shape == (len(text) + 1, 5)
    state = engine.initial_state()
    symbols = [engine.vocab.start, *engine.vocab.encode(text).tolist()]
    for t, (symbol, came) in enumerate(zip(symbols, [*symbols[1:], engine.vocab.end], strict=True)):
        logits, state = engine.step([symbol], state)
        p = np.exp(logits[0].astype(np.float64))
        p /= p.sum()
        np.testing.assert_allclose(found.probabilities[t], np.sort(p)[::-1][:5], atol=1e-5)
        np.testing.assert_allclose(found.surprisal[t], -np.log(p[came]), atol=1e-4)
