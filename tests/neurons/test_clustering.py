from __future__ import annotations

import numpy as np
import pytest

from charlstm.neurons.clustering import similarity_order


def test_planted_groups_lie_together() -> None:
    rng = np.random.default_rng(0)
    signals = rng.normal(size=(4, 200))
    group = rng.permutation(np.repeat(np.arange(4), 6))
    values = signals[group] + 0.3 * rng.normal(size=(24, 200))
    order = similarity_order(values)
    assert sorted(order.tolist()) == list(range(24))
    assert (np.diff(group[order]) != 0).sum() == 3


@pytest.mark.parametrize("rows", [0, 1, 2])
def test_few_rows_are_in_some_order(rows: int) -> None:
    assert sorted(similarity_order(np.zeros((rows, 3))).tolist()) == list(range(rows))


def test_equal_rows_come_to_an_end() -> None:
    assert sorted(similarity_order(np.ones((30, 4))).tolist()) == list(range(30))
    assert sorted(similarity_order(np.tile([[0.0, 1, 2]], (30, 1))).tolist()) == list(range(30))
