"""Directions against textbook sums, interventions against what they say, and strength zero against nothing."""

from __future__ import annotations

import numpy as np
import pytest

from charlstm.errors import ConfigError
from charlstm.lm.config import SampleConfig
from charlstm.lm.sample.sampling import sample
from charlstm.neurons.recording import Unit
from charlstm.neurons.steering import Direction, Intervention, direction
from charlstm.neurons.steering import deviations as deviations_of
from tests.conftest import TUNES, MakeEngine


def planted(seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """States that a concept moves along one direction, beside a louder one that has nothing to do with it."""
    rng = np.random.default_rng(seed)
    labels = rng.random(4000) < 0.3
    concept, noise = np.zeros(6), np.zeros(6)
    concept[[1, 4]] = 0.6, -0.8
    noise[[1, 2]] = 0.8, 0.6
    states = 0.3 * labels[:, None] * concept + rng.normal(size=(4000, 1)) * noise + rng.normal(0, 0.05, (4000, 6))
    return states, labels, concept


def test_a_planted_direction_is_found() -> None:
    states, labels, concept = planted()
    means, probe = (direction(states, labels, way=way) for way in ("means", "probe"))
    for found in (means, probe):
        assert np.linalg.norm(found.vector) == pytest.approx(1)
        assert found.deviation == pytest.approx(float((states @ found.vector).std()))
    expected = states[labels].mean(axis=0) - states[~labels].mean(axis=0)
    np.testing.assert_allclose(means.vector, expected / np.linalg.norm(expected))
    assert means.vector @ concept > 0.9
    # The probe looks away from the noise: along it the two classes lie further apart, in deviations.
    apart = [(states[labels].mean(0) - states[~labels].mean(0)) @ d.vector / d.deviation for d in (means, probe)]
    assert apart[1] > apart[0]


def test_a_concept_that_says_nothing_has_no_direction() -> None:
    states, labels, _ = planted()
    for wrong in (np.ones_like(labels), np.zeros_like(labels)):
        with pytest.raises(ConfigError):
            direction(states, wrong)
    with pytest.raises(ConfigError):
        direction(np.ones((4, 2)), np.array([True, False, True, False]))


@pytest.mark.parametrize("cell", ["lstm", "gru", "mingru", "rnn"])
def test_strength_zero_gives_the_same_tunes_byte_for_byte(cell: str, make_engine: MakeEngine) -> None:
    engine = make_engine(cell=cell, num_layers=2, lookback_bars=(1,))
    config = SampleConfig(max_length=80)
    before = sample(engine, config, n=4, seed=3)
    vector = np.linspace(-1, 1, 8) / np.linalg.norm(np.linspace(-1, 1, 8))
    deviations = np.full((2, 8), 0.4)
    nothing = [
        Intervention("steer", (Unit(0, 1), Unit(1, 2)), 0.0),
        Intervention("steer", along=Direction(1, vector, 0.5)),
    ]
    something = [
        Intervention("steer", (Unit(0, 1), Unit(1, 2)), 3.0),
        Intervention("steer", along=Direction(1, vector, 0.5), strength=-4.0),
        Intervention("ablate", (Unit(0, 0), Unit(1, 1), Unit(1, 5))),
        Intervention("clamp", (Unit(0, 0), Unit(1, 1)), 1.0),
    ]
    for intervention in nothing:
        after = sample(intervention.apply(engine, deviations), config, n=4, seed=3)
        assert [(s.text, s.stopped, s.log_probs.tobytes()) for s in after] == [
            (s.text, s.stopped, s.log_probs.tobytes()) for s in before
        ]
    for intervention in something:
        after = sample(intervention.apply(engine, deviations), config, n=4, seed=3)
        assert [s.text for s in after] != [s.text for s in before]
    again = sample(engine, config, n=4, seed=3)  # the shared model is as it was
    assert [s.log_probs.tobytes() for s in again] == [s.log_probs.tobytes() for s in before]


def test_an_intervention_does_what_it_says(make_engine: MakeEngine) -> None:
    engine = make_engine(cell="rnn")
    ids = np.concatenate([[0], engine.vocab.encode(TUNES[0])])
    units = (Unit(0, 2), Unit(0, 5))
    fixed = Intervention("clamp", units, -0.5).apply(engine).run(ids)[1].h[0]
    assert (fixed[:, [2, 5]] == -0.5).all()
    assert not Intervention("ablate", units).apply(engine).run(ids)[1].h[0][:, [2, 5]].any()
    deviations = np.full((1, 8), 0.25)
    before = engine.run(ids[:1])[1].h[0, 0]
    pushed = Intervention("steer", units, 2.0).apply(engine, deviations).run(ids[:1])[1].h[0, 0]
    expected = np.zeros(8)
    expected[[2, 5]] = 0.5
    np.testing.assert_allclose(pushed - before, expected, atol=1e-6)
    along = Direction(0, np.eye(8)[3], 0.3)
    pushed = Intervention("steer", along=along, strength=-2.0).apply(engine).run(ids[:1])[1].h[0, 0]
    np.testing.assert_allclose(pushed - before, -0.6 * np.eye(8)[3], atol=1e-6)


def test_what_cannot_be_done_is_a_sentence(make_engine: MakeEngine) -> None:
    engine = make_engine()
    for make in (
        lambda: Intervention("ablate"),
        lambda: Intervention("clamp", (Unit(0, 1),), 2.0),
        lambda: Intervention("steer", (Unit(0, 1),), float("nan")),
        lambda: Intervention("ablate", along=Direction(0, np.ones(8), 1.0)),
        lambda: Intervention("steer", (Unit(0, 1),), 1.0).apply(engine),
        lambda: Intervention("steer", (Unit(0, 99),), 1.0).apply(engine, np.ones((1, 8))),
        lambda: Intervention("steer", along=Direction(0, np.ones(3), 1.0), strength=1.0).apply(engine),
        lambda: Intervention("steer", along=Direction(7, np.ones(8), 1.0), strength=1.0).apply(engine),
    ):
        with pytest.raises(ConfigError):
            make()


def test_the_spread_is_each_units_own() -> None:
    rows = np.random.default_rng(0).normal(size=(6, 50))
    np.testing.assert_allclose(deviations_of(rows, 2)[1, 2], rows[5].std())
