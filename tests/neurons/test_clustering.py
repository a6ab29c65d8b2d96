from __future__ import annotations

import numpy as np
import pytest

from charlstm.neurons.clustering import alike, correlations, merges


def slow_merges(distances: np.ndarray) -> set[tuple[frozenset[int], float]]:
    """Average linkage by its definition: join the two nearest clusters, over and over."""
    clusters = [frozenset([k]) for k in range(len(distances))]
    found = set()

    def apart(a: frozenset[int], b: frozenset[int]) -> float:
        return float(np.mean([distances[i, j] for i in a for j in b]))

    while len(clusters) > 1:
        pairs = [(apart(a, b), i, j) for i, a in enumerate(clusters) for j, b in enumerate(clusters) if i < j]
        distance, i, j = min(pairs)
        joined = clusters[i] | clusters[j]
        clusters = [c for k, c in enumerate(clusters) if k not in (i, j)] + [joined]
        found.add((joined, round(distance, 9)))
    return found


@pytest.mark.parametrize("seed", range(5))
def test_the_chain_joins_what_the_definition_joins(seed: int) -> None:
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(17, 3))
    distances = np.linalg.norm(points[:, None] - points[None], axis=2)
    members = [frozenset([k]) for k in range(17)]
    found = set()
    for one, other, distance in merges(distances):
        members.append(members[one] | members[other])
        found.add((members[-1], round(distance, 9)))
    assert found == slow_merges(distances)


def test_planted_groups_lie_together() -> None:
    rng = np.random.default_rng(0)
    signals = rng.normal(size=(4, 200))
    group = rng.permutation(np.repeat(np.arange(4), 6))
    values = signals[group] + 0.3 * rng.normal(size=(24, 200))
    order = alike(values)
    assert sorted(order.tolist()) == list(range(24))
    assert (np.diff(group[order]) != 0).sum() == 3


def test_correlations_are_numpys_and_a_row_that_never_moves_has_none() -> None:
    rng = np.random.default_rng(1)
    values = rng.normal(size=(5, 40))
    np.testing.assert_allclose(correlations(values), np.corrcoef(values), atol=1e-12)
    values[2] = 0.25
    found = correlations(values)
    assert found[2].tolist() == [0, 0, 1, 0, 0]
    assert np.isfinite(found).all()


@pytest.mark.parametrize("rows", [0, 1, 2])
def test_few_rows_are_in_some_order(rows: int) -> None:
    assert sorted(alike(np.zeros((rows, 3))).tolist()) == list(range(rows))


def test_equal_rows_come_to_an_end() -> None:
    assert sorted(alike(np.ones((30, 4))).tolist()) == list(range(30))
    assert sorted(alike(np.tile([[0.0, 1, 2]], (30, 1))).tolist()) == list(range(30))
