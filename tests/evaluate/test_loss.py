from __future__ import annotations

import math

import numpy as np
import pytest

from charlstm.errors import CorpusError, VocabularyError
from charlstm.evaluate.loss import loss, surprisals
from charlstm.lm.infer.engine import Engine
from tests.conftest import TUNES, MakeEngine


def slow_surprisals(engine: Engine, text: str) -> list[float]:
    """The definition: one character after the other, one tune at a time."""
    state, symbols, nats = engine.initial_state(), [engine.vocab.start, *engine.vocab.encode(text)], []
    for symbol, target in zip(symbols, [*symbols[1:], engine.vocab.end], strict=True):
        logits, state = engine.step([symbol], state)
        z = logits[0].astype(float)
        nats.append(float(np.log(np.exp(z).sum()) - z[target]))
    return nats


def test_uniform_logits_cost_the_logarithm_of_the_vocabulary(uniform_engine: Engine) -> None:
    found = loss(uniform_engine, TUNES)
    assert found.all.nats_per_character == pytest.approx(math.log(len(uniform_engine.vocab)))
    assert found.all.bits_per_character == pytest.approx(math.log2(len(uniform_engine.vocab)))


@pytest.mark.parametrize("lookback", [(), (1, 2)])
def test_batches_agree_with_the_definition(make_engine: MakeEngine, lookback: tuple[int, ...]) -> None:
    engine = make_engine(lookback_bars=lookback, num_layers=2)
    for text, nats in zip(TUNES, surprisals(engine, TUNES, batch_size=4), strict=True):
        np.testing.assert_allclose(nats, slow_surprisals(engine, text), rtol=1e-4, atol=1e-4)


def test_header_and_body_are_all(tiny_engine: Engine) -> None:
    """Header: up to and with the newline of K:. Body: the rest, and END."""
    text = TUNES[0]
    header = text.index("K:D\n") + 4
    found = loss(tiny_engine, [text])
    assert (found.header.characters, found.body.characters) == (header, len(text) - header + 1)
    assert found.header.nats == pytest.approx(sum(slow_surprisals(tiny_engine, text)[:header]), rel=1e-4)
    assert found.all.nats == pytest.approx(found.header.nats + found.body.nats)
    assert found.all.characters == len(text) + 1


def test_a_long_tune_weighs_more_than_a_short_one(tiny_engine: Engine) -> None:
    short, long = "K:D\nA|]", TUNES[3]
    parts = [loss(tiny_engine, [text]).all for text in (short, long)]
    together = loss(tiny_engine, [short, long]).all
    assert together.nats_per_character == pytest.approx(sum(p.nats for p in parts) / sum(p.characters for p in parts))


def test_an_unknown_character_raises_or_leaves_its_tune_out(tiny_engine: Engine) -> None:
    strange = "K:D\nA€|]"
    with pytest.raises(VocabularyError, match="€"):
        loss(tiny_engine, [TUNES[0], strange])
    found = loss(tiny_engine, [TUNES[0], strange], unknown="skip")
    assert (found.tunes, found.skipped) == (1, 1)
    assert found.all == loss(tiny_engine, [TUNES[0]]).all
    with pytest.raises(VocabularyError):
        loss(tiny_engine, [strange], unknown="skip")


def test_no_tunes_is_an_error_and_no_header_is_none(tiny_engine: Engine) -> None:
    with pytest.raises(CorpusError):
        loss(tiny_engine, [])
    assert loss(tiny_engine, ["A2|]"]).to_dict()["header"]["nats_per_character"] is None
