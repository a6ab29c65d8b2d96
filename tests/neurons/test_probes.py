from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy.optimize import minimize

from charlstm.errors import ConfigError
from charlstm.neurons.auroc import auroc
from charlstm.neurons.concepts.registry import CONCEPTS
from charlstm.neurons.probes import ProbeFitter, fit_logistic, forward_selection, rank_units
from charlstm.neurons.recording import Activations, Unit
from tests.conftest import TUNES


def planted(text: str, unit: Unit, sign: float, *, seed: int = 0) -> Activations:
    """Noise in 2 layers of 5 units, and one unit that follows the header."""
    values = np.random.default_rng(seed).uniform(-1, 1, (2, len(text), 5)).astype(np.float32)
    values[unit.layer, :, unit.index] += sign * 3 * CONCEPTS["in_header"](text)
    return Activations((text,), values)


@pytest.mark.parametrize(("sign", "score"), [(1, 1.0), (-1, 0.0)])
def test_a_planted_unit_is_ranked_first(sign: float, score: float) -> None:
    """By rising or by falling, in any layer."""
    best = rank_units(planted(TUNES[0], Unit(1, 3), sign), CONCEPTS["in_header"])
    assert best[0] == (Unit(1, 3), score)
    assert best[0].selectivity == 1
    assert len(best) == 10
    assert all(a.selectivity >= b.selectivity for a, b in pairwise(best))


def test_several_texts_are_pooled() -> None:
    several = [planted(text, Unit(0, 2), 1, seed=k) for k, text in enumerate(TUNES)]
    assert rank_units(several, CONCEPTS["in_header"], top=1)[0] == (Unit(0, 2), 1.0)


def test_a_concept_without_contrast_is_refused() -> None:
    acts = planted(TUNES[0], Unit(0, 0), 1)
    with pytest.raises(ConfigError, match="every"):
        rank_units(acts, lambda text: np.ones(len(text), dtype=bool))
    with pytest.raises(ConfigError, match="no character"):
        rank_units(acts, lambda text: np.zeros(len(text), dtype=bool))


def test_units_are_taken_in_the_order_of_what_they_explain() -> None:
    """The slow way: after each choice, the least-squares residual of every unit that could come next."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(7, 200)) + rng.normal(size=200)  # all alike to some degree
    x -= x.mean(axis=1, keepdims=True)
    y = x[2] - 0.7 * x[5] + 0.3 * x[0] + rng.normal(size=200)
    y -= y.mean()
    chosen: list[int] = []
    for _ in range(4):
        left = {k: np.linalg.lstsq(x[[*chosen, k]].T, y, rcond=None)[1][0] for k in range(len(x)) if k not in chosen}
        chosen.append(min(left, key=left.__getitem__))
    assert forward_selection(x @ x.T, x @ y, 4) == chosen


def test_a_copy_is_not_taken_twice_and_a_silent_unit_never() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(3, 100))
    x[1], x[2] = x[0], 0
    assert forward_selection(x @ x.T, x @ x[0], 3) == [0]


def test_the_logistic_fit_is_where_the_slope_is_nought() -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=(3, 500))
    truth = np.array([1.5, -2.0, 0.0])
    y = rng.random(500) < 1 / (1 + np.exp(-(truth @ x - 0.5)))
    w = fit_logistic(x, y)
    p = 1 / (1 + np.exp(-(w[:-1] @ x + w[-1])))
    assert np.abs(x @ (p - y) + w[:-1]).max() < 0.5  # penalty 1: its slope is w
    np.testing.assert_allclose(w[:-1], truth, atol=0.5)
    np.testing.assert_allclose(fit_logistic(x, y, w), w, atol=0.01)  # going on from there changes nothing


def test_the_logistic_fit_is_scipys() -> None:
    rng = np.random.default_rng(4)
    x = rng.normal(size=(4, 800))
    y = rng.random(800) < 1 / (1 + np.exp(-(np.array([2.0, 0, -1, 0.3]) @ x - 2)))

    def cost(w: np.ndarray) -> float:
        return float(np.logaddexp(0, np.where(y, -1, 1) * (w[:-1] @ x + w[-1])).sum() + w[:-1] @ w[:-1] / 2)

    np.testing.assert_allclose(fit_logistic(x, y), minimize(cost, np.zeros(5)).x, atol=1e-3)


def test_classes_that_are_apart_have_finite_weights() -> None:
    x = np.concatenate([np.full(50, -1.0), np.full(50, 1.0)])[None]
    weights = fit_logistic(x, x[0] > 0)
    assert np.isfinite(weights).all()
    assert weights[0] > 1


def test_more_units_tell_a_spread_concept_better_and_one_tells_its_own() -> None:
    """Spread: the label is the sign of a sum of eight units. Own: it is the sign of one."""
    rng = np.random.default_rng(3)
    x = rng.normal(size=(20, 4000)).astype(np.float32)
    labels = np.array([x[:8].sum(axis=0) > 0, x[11] > 0])
    fitter = ProbeFitter(x[:, :2000])
    spread, own = (fitter.fit(label, sizes=(1, 2, 8)) for label in labels[:, :2000])
    scores = [auroc((weights @ x[units, 2000:])[None], labels[0, 2000:])[0, 0] for units, weights in spread]
    assert all(after > before + 0.05 for before, after in pairwise(scores))
    assert scores[-1] > 0.98
    assert set(spread[-1][0]) == set(range(8))
    assert own[0][0] == [11]
    assert auroc((own[0][1] @ x[[11], 2000:])[None], labels[1, 2000:])[0, 0] == pytest.approx(1)
