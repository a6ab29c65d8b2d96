"""Drawing a symbol: the distribution by hand, and that a sure draw is sure."""

from __future__ import annotations

import numpy as np
import pytest

from charlstm.lm.config import SampleConfig
from charlstm.lm.sample.decoding import choose, distribution


def test_a_distribution_is_the_definition():
    logits = np.log([[0.1, 0.2, 0.3, 0.4]])
    np.testing.assert_allclose(distribution(logits, SampleConfig()), [[0.1, 0.2, 0.3, 0.4]])
    np.testing.assert_allclose(
        distribution(logits, SampleConfig(temperature=0.5)), np.array([[1, 4, 9, 16]]) / 30, rtol=1e-12
    )
    np.testing.assert_allclose(distribution(logits, SampleConfig(temperature=0)), [[0, 0, 0, 1]])
    np.testing.assert_allclose(distribution(logits, SampleConfig(top_k=2)), [[0, 0, 3 / 7, 4 / 7]])
    np.testing.assert_allclose(distribution(logits, SampleConfig(top_p=0.65)), [[0, 0, 3 / 7, 4 / 7]])
    np.testing.assert_allclose(distribution(logits, SampleConfig(top_p=0.71)), [[0, 2 / 9, 3 / 9, 4 / 9]])
    np.testing.assert_allclose(distribution(logits, SampleConfig(top_p=0.01)), [[0, 0, 0, 1]])
    allowed = np.array([[True, True, False, True]])
    np.testing.assert_allclose(distribution(logits, SampleConfig(top_k=2), allowed), [[0, 1 / 3, 0, 2 / 3]])
    np.testing.assert_allclose(logits, np.log([[0.1, 0.2, 0.3, 0.4]]))  # what was given is not written on


@pytest.mark.parametrize("temperature", [0.0, 1e-9, 1e-300, 0.01, 1.0, 100.0])
def test_a_distribution_is_one_at_any_temperature(temperature):
    logits = np.random.default_rng(0).normal(0, 300, (4, 50)).astype(np.float32)
    rows = distribution(logits, SampleConfig(temperature=temperature, top_k=20, top_p=0.9))
    np.testing.assert_allclose(rows.sum(axis=1), 1)
    assert (rows >= 0).all() and ((rows > 0).sum(axis=1) <= 20).all()
    if temperature < 0.1:
        assert np.array_equal(rows.argmax(axis=1), logits.argmax(axis=1))


def test_ties_go_to_the_lower_id():
    logits = np.zeros((1, 6))
    assert distribution(logits, SampleConfig(temperature=0)).tolist() == [[1, 0, 0, 0, 0, 0]]
    assert np.flatnonzero(distribution(logits, SampleConfig(top_k=2))).tolist() == [0, 1]
    assert np.flatnonzero(distribution(logits, SampleConfig(top_p=0.5))).tolist() == [0, 1, 2]


SETTINGS = [
    {},
    {"temperature": 0.3},
    {"temperature": 0.0},
    {"top_k": 3},
    {"top_p": 0.7},
    {"temperature": 1.7, "top_k": 9, "top_p": 0.9},
]


@pytest.mark.parametrize("settings", SETTINGS)
def test_a_sure_draw_is_the_same_for_all_logits_that_near(settings):
    rng, config, error = np.random.default_rng(4), SampleConfig(**settings), 0.005
    sure = changed = 0
    for _ in range(1500):
        z, u = rng.normal(0, 2, 14), rng.random()
        near = z + rng.choice([-error, error], 14)  # the worst there is
        symbol, other = choose(z.copy(), u, config, error), choose(near, u, config)
        sure += symbol is not None
        changed += choose(z.copy(), u, config) != other
        assert symbol in (None, other)
    assert sure > 1000  # being never sure would be right, and slow
    assert changed > 0  # the law was tested where errors of this size do change draws


def test_a_tie_at_the_edge_of_the_nucleus_is_unsure():
    z = np.array([2.0, 1.001, 1.0, -3.0])  # the second is in, the third out, and they might change places
    for settings in ({"top_p": 0.7}, {"top_k": 2}):
        assert choose(z.copy(), 0.1, SampleConfig(**settings), 0.001) is None
        assert choose(z.copy(), 0.1, SampleConfig(**settings), 0.0001) == 0
    assert choose(np.array([1.0, 1.001]), 0.1, SampleConfig(temperature=0), 0.001) is None


def test_a_number_picks_the_symbol_in_whose_part_it_falls():
    z = np.log([0.25, 0.5, 0.0625, 0.1875])
    picked = [choose(z.copy(), u, SampleConfig()) for u in (0.0, 0.24, 0.26, 0.74, 0.76, 0.81, 0.82, 1 - 2**-53)]
    assert picked == [0, 0, 1, 1, 2, 2, 3, 3]
    masked = np.array([-np.inf, 0.0, -np.inf])
    assert {choose(masked.copy(), u, SampleConfig()) for u in (0.0, 0.5, 1 - 2**-53)} == {1}
