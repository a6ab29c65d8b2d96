from __future__ import annotations

import numpy as np
import pytest

from charlstm.neurons.bootstrap import mean_of_tunes, sums_by


def test_the_mean_is_over_characters_and_the_interval_over_tunes() -> None:
    found = mean_of_tunes([[10.0, 0], [0.0, 3]], [[10, 0], [5, 1]])
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
        found = mean_of_tunes(sums, np.full((40, 1), 50), seed=seed, resamples=300)
        held += bool(found.low[0] <= 0 <= found.high[0])
    assert 175 <= held <= 199


def test_a_group_without_characters_is_not_a_number() -> None:
    found = mean_of_tunes([[0.0, 1.0]], [[0, 1]])
    assert np.isnan([found.mean[0], found.low[0], found.high[0]]).all()
    assert found.mean[1] == 1


def test_sums_by_tune_and_group_leave_out_what_is_in_none() -> None:
    sums, counts = sums_by(np.array([0, 0, 1, 1]), np.array([1, 1, 0, -1]), np.array([1.0, 2.0, 5.0, 9.0]), (2, 2))
    assert sums.tolist() == [[0, 3], [5, 0]]
    assert counts.tolist() == [[0, 2], [1, 0]]
