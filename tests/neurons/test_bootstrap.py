from __future__ import annotations

import numpy as np
import pytest

from charlstm.neurons.bootstrap import bootstrap, mean_over_tunes, sums_by_group


def test_the_mean_is_over_characters_and_the_interval_over_tunes() -> None:
    found = mean_over_tunes([[10.0, 0], [0.0, 3]], [[10, 0], [5, 1]])
    assert found.mean[0] == pytest.approx(10 / 15)
    assert (found.low[0], found.high[0]) == (0.0, 1.0)  # two tunes: one of them drawn twice
    assert (found.mean[1], found.low[1], found.high[1]) == (3, 3, 3)


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    """200 draws of 40 tunes with means of their own: 95 % intervals, fewer for so few tunes."""
    rng = np.random.default_rng(0)
    held = 0
    for seed in range(200):
        means = rng.normal(size=(40, 1))
        sums = means * 50 + rng.normal(size=(40, 1)) * 50**0.5
        found = mean_over_tunes(sums, np.full((40, 1), 50), seed=seed, resamples=300)
        held += bool(found.low[0] <= 0 <= found.high[0])
    assert 175 <= held <= 199


def test_a_group_without_characters_is_not_a_number() -> None:
    found = mean_over_tunes([[0.0, 1.0]], [[0, 1]])
    assert np.isnan([found.mean[0], found.low[0], found.high[0]]).all()
    assert found.mean[1] == 1


def test_sums_by_tune_and_group_leave_out_what_is_in_none() -> None:
    sums, counts = sums_by_group(
        np.array([0, 0, 1, 1]), np.array([1, 1, 0, -1]), np.array([1.0, 2.0, 5.0, 9.0]), (2, 2)
    )
    assert sums.tolist() == [[0, 3], [5, 0]]
    assert counts.tolist() == [[0, 2], [1, 0]]


def test_the_interval_is_that_of_a_mean() -> None:
    """Against the normal approximation, which holds for 400 numbers; and it is the same each time."""
    values = np.random.default_rng(2).normal(1.0, 2.0, (400, 3))
    low, high = bootstrap(lambda drawn: drawn @ values / 400, 400, resamples=2000)
    error = 1.96 * values.std(axis=0) / 20
    np.testing.assert_allclose(low, values.mean(axis=0) - error, atol=0.03)
    np.testing.assert_allclose(high, values.mean(axis=0) + error, atol=0.03)
    assert (bootstrap(lambda drawn: drawn @ values / 400, 400, resamples=2000).low == low).all()


def test_resamples_without_a_value_do_not_count() -> None:
    low, high = bootstrap(lambda drawn: np.where(drawn[:, 0] > 0, 7.0, np.nan), 3)
    assert (low, high) == (7, 7)
    assert np.isnan(bootstrap(lambda drawn: np.full(len(drawn), np.nan), 3)).all()
