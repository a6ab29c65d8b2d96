"""Laws of rewriting bars: what stands stays, what comes fits, the rank is the sum it says."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from charlstm.errors import ConfigError
from charlstm.lm.config import SampleConfig
from charlstm.lm.infer.engine import Engine, load
from charlstm.lm.sample.adapter import TuneAdapter
from charlstm.lm.sample.infill import infill
from charlstm.tunes.views.bars import bars
from tests.conftest import TUNES
from tests.memorizing_model import save_weaver

REEL = "X:1\n" + TUNES[0]
# In sixteenths, with ornaments and words: a model of eighths reads another text than stands there.
STRANGE = (
    "X:7\nT:Čardaš\nC:Trad.\nM:4/4\nL:1/16\nK:D\n"
    '|:"D"d4f2d2 {g}A2d2f2d2|e4g2e2 !trill!c2e2g2e2|\nw:la la\nd2f2a2f2 b2a2f2d2|e2d2c2e2 d8:|\n'
)


@pytest.fixture(scope="module")
def weaver(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    return load(save_weaver(tmp_path_factory.mktemp("weaver") / "weaver", TUNES))


@pytest.mark.parametrize("text", [REEL, STRANGE])
@pytest.mark.parametrize(("first", "last"), [(0, 0), (1, 2), (3, 3), (0, 3)])
def test_everything_outside_stays_byte_for_byte_and_every_bar_is_as_long_as_before(
    weaver: Engine, text: str, first: int, last: int
) -> None:
    before = bars(text)
    made = infill(weaver, text, first, last, n=4, seed=2)
    assert len(made.candidates) == 4
    for candidate in made.candidates:
        assert candidate.text[: candidate.start] == text[: before[first].start]
        assert candidate.text[candidate.end :] == text[before[last].end :]
        after = bars(candidate.text)
        assert [(b.duration, b.left, b.right) for b in after] == [(b.duration, b.left, b.right) for b in before]
        for old, new in zip(before[first:last], after[first:last], strict=True):
            gap = candidate.text[new.end : after[after.index(new) + 1].start]
            assert gap == text[old.end : before[before.index(old) + 1].start]  # bar lines and line breaks too
    assert len({c.text for c in made.candidates} | {text}) == 5


def test_the_same_seed_gives_the_same_candidates_and_more_are_the_same_ones_first(weaver: Engine) -> None:
    few = infill(weaver, REEL, 1, 2, n=3, seed=5)
    many = infill(weaver, REEL, 1, 2, n=9, seed=5)
    assert infill(weaver, REEL, 1, 2, n=3, seed=5) == few
    assert {c.text for c in few.candidates} <= {c.text for c in many.candidates}
    assert infill(weaver, REEL, 1, 2, n=3, seed=6) != few


def follows(engine: Engine, text: str, end: int) -> float:
    """log p(what comes after `end`, END | what is before), nats, the obvious way."""
    adapter = TuneAdapter(engine, text)
    read = adapter.before(len(text)).rstrip()
    given = 1 + len(adapter.before(end))
    ids = np.array([engine.vocab.start, *engine.vocab.encode(read), engine.vocab.end])
    logits = engine.exact.run(ids)[0].astype(np.float64)
    log_probs = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    return float(sum(log_probs[t - 1, ids[t]] for t in range(given, len(ids))))


@pytest.mark.parametrize("text", [REEL, STRANGE])
def test_the_rank_is_the_sum_over_the_rest_as_counted_by_brute_force(text: str, weaver: Engine) -> None:
    made = infill(weaver, text, 1, 1, n=5, seed=1)
    sums = [follows(weaver, c.text, c.end) for c in made.candidates]
    assert [c.rest_log_prob for c in made.candidates] == pytest.approx(sums, rel=1e-9)
    assert sums == sorted(sums, reverse=True)
    assert made.rest_log_prob == pytest.approx(follows(weaver, text, bars(text)[1].end), rel=1e-9)


def test_a_network_with_states_ranks_by_brute_force_too(shipped: Engine) -> None:
    made = infill(shipped, REEL, 1, 1, n=4, seed=3)
    assert made.candidates
    sums = [follows(shipped, c.text, c.end) for c in made.candidates]
    assert [c.rest_log_prob for c in made.candidates] == pytest.approx(sums, rel=1e-9)
    assert sums == sorted(sums, reverse=True)
    assert all(b.duration == Fraction(1) for c in made.candidates for b in bars(c.text))


@pytest.fixture(scope="module")
def shipped() -> Engine:
    return load("lstm-150")


def test_bars_that_no_try_fills_are_none_and_said(weaver: Engine) -> None:
    jig = "X:1\n" + TUNES[1]  # the weaver writes bars of eight eighths only
    made = infill(weaver, jig, 0, 0, n=2)
    assert made.candidates == ()
    assert made.misfit == made.tries > 0


def test_at_temperature_0_there_is_one_candidate_at_most(weaver: Engine) -> None:
    made = infill(weaver, REEL, 0, 0, n=5, config=SampleConfig(temperature=0))
    assert len(made.candidates) == 1


@pytest.mark.parametrize(("first", "last"), [(-1, 0), (0, 4), (2, 1), (9, 9)])
def test_bars_that_are_not_there_are_a_sentence(weaver: Engine, first: int, last: int) -> None:
    with pytest.raises(ConfigError, match="bars 1 to 4"):
        infill(weaver, REEL, first, last)


def test_a_tune_without_bars_is_a_sentence(weaver: Engine) -> None:
    with pytest.raises(ConfigError):
        infill(weaver, "X:1\nK:D\n", 0, 0)
