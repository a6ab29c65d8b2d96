from __future__ import annotations

import math

import numpy as np
import pytest

from charlstm.neurons.gates import autocorrelation, gate_sums, similarity_half_life
from charlstm.neurons.recording import record, record_texts
from tests.conftest import TUNES, MakeEngine


def test_saturation_is_the_share_below_a_tenth_and_above_nine_tenths() -> None:
    values = np.array([[[0.05, 0.95], [0.1, 0.95], [0.5, 0.9], [0.0, 1.0]]])
    sums = gate_sums(values)
    np.testing.assert_allclose(sums.left_share, [[0.5, 0]])
    np.testing.assert_allclose(sums.right_share, [[0, 0.75]])
    np.testing.assert_allclose(sums.mean, values.mean(axis=1))


def test_a_gate_that_keeps_a_share_has_the_half_life_of_that_share() -> None:
    sums = gate_sums(np.full((1, 50, 3), [0.5, 0.5**0.1, 1.0]))
    np.testing.assert_allclose(sums.half_life, [[1, 10, math.inf]])
    left = np.prod(np.full(10, 0.5**0.1))  # ten characters later
    assert left == pytest.approx(0.5)


def test_a_gate_that_shuts_for_once_has_a_finite_memory() -> None:
    assert 0 < gate_sums(np.array([[[0.0], [1.0]]])).half_life[0, 0] < 1


@pytest.mark.parametrize(("cell", "gate"), [("lstm", "f"), ("gru", "z")])
def test_sums_over_many_texts_are_those_of_all_their_characters(cell: str, gate: str, make_engine: MakeEngine) -> None:
    engine = make_engine(cell=cell, num_layers=2, scale=3.0)
    found = record_texts(engine, TUNES, details=True).gates[gate]
    every = np.concatenate([record(engine, text, kind=gate).values for text in TUNES], axis=1).astype(np.float64)
    np.testing.assert_allclose(found.left_share, (every < 0.1).mean(axis=1), atol=0.01)
    np.testing.assert_allclose(found.mean, every.mean(axis=1), atol=1e-4)
    np.testing.assert_allclose(found.half_life, math.log(2) / -np.log(every.clip(1e-6)).mean(axis=1), rtol=0.01)


def test_autocorrelation_by_its_definition() -> None:
    rng = np.random.default_rng(0)
    texts = [rng.normal(size=n) for n in (30, 5, 17)]
    every = np.concatenate(texts)
    found = autocorrelation(texts, 6)
    for k in range(7):
        pairs = [(x[t] - every.mean()) * (x[t + k] - every.mean()) for x in texts for t in range(len(x) - k)]
        assert found[k] == pytest.approx(np.mean(pairs) / every.var())
    assert found[0] == pytest.approx(1)


def test_a_slow_wave_stays_like_itself_for_a_sixth_of_its_period() -> None:
    wave = np.sin(np.arange(6000) * 2 * math.pi / 60)  # its autocorrelation is cos(2 pi k / 60): 1/2 at 10
    assert similarity_half_life([wave]) == pytest.approx(10, abs=0.1)
    assert similarity_half_life([np.ones(50)]) == 0
    assert similarity_half_life([np.repeat([1.0, -1.0], 2000)]) == math.inf
