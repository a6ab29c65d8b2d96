"""Why a character was expected: sums that come out, and occlusion against asking the network again."""

from __future__ import annotations

import math

import numpy as np
import pytest

from charlstm.errors import ConfigError
from charlstm.evaluate.loss import surprisals
from charlstm.neurons.attribution import logit_attribution, occlusion
from tests.conftest import TUNES, MakeEngine

SHAPES = [{}, {"cell": "gru", "num_layers": 2}, {"cell": "rnn", "lookback_bars": (1, 0)}, {"lookback_bars": (1, 2)}]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("position", [0, 7, 50, len(TUNES[0])])
def test_the_votes_add_up_to_the_logit(shape: dict, position: int, make_engine: MakeEngine) -> None:
    engine = make_engine(**shape)
    found = logit_attribution(engine, TUNES[0], position)
    logits, _ = engine.run(np.concatenate([[0], engine.vocab.encode(TUNES[0][:position])]))
    row = logits[-1].astype(np.float64)
    k = engine.vocab.ids[TUNES[0][position]] if position < len(TUNES[0]) else engine.vocab.end
    assert found.symbol == engine.vocab.symbols[k]
    assert found.units.sum() + found.bias == pytest.approx(row[k], abs=1e-5)
    assert found.units.sum() + found.bias == pytest.approx(found.logit, abs=1e-10)
    assert found.centred.sum() + found.centred_bias == pytest.approx(row[k] - row.mean(), abs=1e-5)
    assert found.probability == pytest.approx(math.exp(row[k]) / np.exp(row).sum(), abs=1e-5)
    assert np.ptp(found.units) > 0


def log_probability(engine, before: str, character: str) -> float:  # type: ignore[no-untyped-def]
    return -float(surprisals(engine, [before + character])[0][len(before)])


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("how", ["skip", "replace"])
def test_occlusion_is_asking_again_without_the_character(shape: dict, how: str, make_engine: MakeEngine) -> None:
    engine = make_engine(**shape).steer({0: np.linspace(-0.2, 0.2, 8)})
    text, position = TUNES[0], 60
    effects = occlusion(engine, text, position, how=how, reach=1000)  # type: ignore[arg-type]
    assert effects.shape == (position,)
    whole = log_probability(engine, text[:position], text[position])
    for j in (0, 3, 22, 31, 45, 58, 59):
        instead = ""
        if how == "replace":
            logits = engine.run(np.concatenate([[0], engine.vocab.encode(text[:j])]))[0][-1].copy()
            logits[[0, 1, engine.vocab.ids[text[j]]]] = -np.inf
            instead = engine.vocab.symbols[int(logits.argmax())]
        without = log_probability(engine, text[:j] + instead + text[j + 1 : position], text[position])
        assert effects[j] == pytest.approx(whole - without, abs=1e-4)
    assert np.abs(effects).max() > 1e-3


def test_only_what_is_in_reach_is_tried_and_progress_is_said(make_engine: MakeEngine) -> None:
    engine, seen = make_engine(), []
    effects = occlusion(engine, TUNES[1], 40, reach=10, report=lambda now: seen.append((now.done, now.total)))
    assert not effects[:30].any()
    assert effects[30:].any()
    assert seen[-1] == (10, 10)
    assert np.allclose(effects[30:], occlusion(engine, TUNES[1], 40)[30:], atol=1e-6)


def test_a_character_that_everything_hangs_on_is_found(uniform_engine: object, make_engine: MakeEngine) -> None:
    """A network that only looks at the last character: occluding any other one changes nothing."""
    engine = make_engine(cell="rnn")
    weights = dict(engine.weights)
    weights["rnn.weight_hh_l0"] = np.zeros_like(weights["rnn.weight_hh_l0"])
    forgetful = type(engine)(engine.config, engine.vocab, weights)
    effects = occlusion(forgetful, TUNES[2], 50, how="replace")
    assert not effects[:49].any()
    assert abs(effects[49]) > 0.01
    skipped = occlusion(uniform_engine, TUNES[2], 50)  # type: ignore[arg-type]
    assert np.abs(skipped).max() < 1e-6


def test_what_is_not_there_cannot_be_asked_about(make_engine: MakeEngine) -> None:
    engine = make_engine()
    with pytest.raises(ConfigError):
        logit_attribution(engine, "K:D\n", 5)
    with pytest.raises(ConfigError):
        occlusion(engine, "K:D\n", 0)
