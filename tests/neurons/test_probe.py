from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from charlstm.errors import ConfigError
from charlstm.neurons.concepts.notes import CONCEPTS
from charlstm.neurons.probe import auroc, rank_units
from charlstm.neurons.recording import Activations, Unit
from tests.conftest import TUNES


def planted(text: str, unit: Unit, sign: float, *, seed: int = 0) -> Activations:
    """Noise in 2 layers of 5 units, and one unit that follows the header."""
    values = np.random.default_rng(seed).uniform(-1, 1, (2, len(text), 5)).astype(np.float32)
    values[unit.layer, :, unit.index] += sign * 3 * CONCEPTS["in_header"](text)
    return Activations(text, values)


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


def test_auroc_is_the_share_of_pairs_in_order() -> None:
    """The definition: over all pairs of a character with and one without, ties counted half."""
    rng = np.random.default_rng(1)
    values = rng.integers(0, 6, (4, 60)).astype(np.float32)  # many ties
    labels = rng.random((3, 60)) < 0.3
    slow = [[np.mean([(a > b) + (a == b) / 2 for a in row[on] for b in row[~on]]) for on in labels] for row in values]
    np.testing.assert_allclose(auroc(values, labels), slow)


def test_a_silent_unit_knows_nothing() -> None:
    assert auroc(np.zeros((1, 6)), np.array([[1, 0, 0, 1, 0, 0]], dtype=bool)) == 0.5


def test_a_concept_without_contrast_is_refused() -> None:
    acts = planted(TUNES[0], Unit(0, 0), 1)
    with pytest.raises(ConfigError, match="every"):
        rank_units(acts, lambda text: np.ones(len(text), dtype=bool))
    with pytest.raises(ConfigError, match="no character"):
        rank_units(acts, lambda text: np.zeros(len(text), dtype=bool))
