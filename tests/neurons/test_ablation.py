from __future__ import annotations

import numpy as np
import pytest

from charlstm.lm.infer.engine import Engine
from charlstm.neurons.ablation import EVERYTHING, ablation
from charlstm.neurons.concepts.registry import CONCEPTS
from charlstm.neurons.recording import record_texts, replay
from tests.conftest import TUNES, MakeEngine


@pytest.mark.parametrize("at_mean", [False, True])
def test_the_loss_is_the_difference_of_two_readings(at_mean: bool, make_engine: MakeEngine) -> None:
    engine = make_engine(num_layers=2)
    found = record_texts(engine, TUNES, details=True)
    unit = (0, 5)
    value = float(found.means[unit]) if at_mean else 0.0
    held = engine.ablate([unit], value)
    change = [replay(held, t).predictions.surprisal - replay(engine, t).predictions.surprisal for t in TUNES]
    losses = {loss.name: loss for loss in ablation(engine, found, unit, CONCEPTS, at_mean=at_mean)}
    assert losses[EVERYTHING].increase == pytest.approx(np.concatenate(change).mean(), abs=1e-4)
    assert losses[EVERYTHING].count == sum(len(text) + 1 for text in TUNES)
    for name in ("bar_line", "in_header"):
        labels = [CONCEPTS[name](text) for text in TUNES]
        expected = np.concatenate([c[:-1][label] for c, label in zip(change, labels, strict=True)]).mean()
        assert losses[name].increase == pytest.approx(expected, abs=1e-4)
        assert losses[name].low <= losses[name].increase <= losses[name].high


def test_a_unit_that_says_nothing_costs_nothing(make_engine: MakeEngine) -> None:
    """Its outgoing weights are zero."""
    plain = make_engine()
    weights = {name: array.copy() for name, array in plain.weights.items()}
    weights["rnn.weight_hh_l0"][:, 2] = 0
    weights["decoder.weight"][:, 2] = 0
    engine = Engine(plain.config, plain.vocab, weights)
    found = record_texts(engine, TUNES, details=True)
    losses = ablation(engine, found, (0, 2), CONCEPTS)
    assert max(abs(loss.increase) for loss in losses) < 1e-5


def test_a_unit_that_alone_foretells_a_sign_is_missed_there(make_engine: MakeEngine) -> None:
    """Unit 0 is always up, and its column of the decoder is for bar lines only."""
    plain = make_engine(scale=0.0)
    weights = {name: array.copy() for name, array in plain.weights.items()}
    for gate, bias in zip("ifgo", (9.0, 0.0, 9.0, 9.0), strict=True):
        weights["rnn.bias_ih_l0"]["ifgo".index(gate) * 8] = bias
    weights["decoder.weight"][plain.vocab.ids["|"], 0] = 5.0
    engine = Engine(plain.config, plain.vocab, weights)
    found = record_texts(engine, TUNES, details=True)
    losses = ablation(engine, found, (0, 0), CONCEPTS)
    assert losses[0].name == EVERYTHING
    before = [loss for loss in losses[1:] if loss.increase > 1]
    assert {"bar_line"} == {loss.name for loss in before}
    assert before[0].low > 1
    assert not losses[0].is_clear or losses[0].increase < 0  # all the others are better off without it
