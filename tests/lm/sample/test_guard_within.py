"""The guard where a model writes into or behind somebody's tune: what comes out can be played, whatever stood there."""

from __future__ import annotations

import pytest

from charlstm.evaluate.validity import validity
from charlstm.lm.config import SampleConfig
from charlstm.lm.infer.engine import Engine, load
from charlstm.lm.sample.adapter import written_places
from charlstm.lm.sample.continuation import answer, continue_tune
from charlstm.lm.sample.guard_bar import tied_note
from charlstm.lm.sample.infill import infill
from charlstm.lm.vocab import Vocab
from charlstm.tunes.views.bars import bars, misfits
from tests.conftest import TUNES as TEXTS
from tests.conftest import MakeEngine
from tests.lm.sample.writing import whole

WILD = SampleConfig(temperature=1.5, guard=True, max_length=500)
REEL = (
    "X:1\nT:For a test\nR:reel\nM:4/4\nL:1/8\nK:D\n|:dc|d2 fd A2 fd|e2 ge B2-ge|(3fga fd e>d cB|A2 d2 d2:|\n"
    "|:fg|a2 fa g2 eg|f2 df e2 dc|1 d2 fd g2-ge|g2 d2 d2:|2 d2 fd edcB|A2 d2 d2|]\n"
)
JIG = (
    "X:1\nR:jig\nM:6/8\nL:1/8\nK:G\nG3 GAB|A3 ABd|edd gdd|edB dBA|\nG3 GAB|A3 ABd|edB dBA|G3 G3||\ngdd edd|gdd edB|]\n"
)
# What no guard would write: chords, graces, chord symbols, words, a bar that does not fill, another unit.
FREE = (
    'X:1\nM:3/4\nL:1/4\nK:Am\n"Am"[Ac]2 {d}e|[1 c!trill!B A|A2 z|"E7"^G/F/ E2|\n'
    "(A/B/c/d/) e|[Ae]3|A2 A|c3:|\nA B c|B4|A3-|\n"
)

TUNES = {"reel": REEL, "jig": JIG, "free": FREE}


@pytest.mark.parametrize("name", TUNES)
def test_every_try_of_an_infill_fits(uniform_engine: Engine, name: str) -> None:
    """Also behind a bar that a tie leads out of, in a pickup, in an ending and in a unit that is not the model's."""
    text = TUNES[name]
    wrong = set(misfits(bars(text)))
    for first in range(len(bars(text))):
        last = min(first + 1, len(bars(text)) - 1)
        written = infill(uniform_engine, text, first, last, n=2, config=WILD, seed=first)
        assert written.misfit == 0 and len(written.candidates) == 2
        for one in written.candidates:
            assert set(misfits(bars(one.text))) <= wrong and (wrong or validity(one.text).valid)
            assert one.overruled and all(one.start <= place < one.end for place, _ in one.overruled)


@pytest.mark.parametrize("name", TUNES)
@pytest.mark.parametrize("seed", range(3))
def test_a_continuation_can_be_played_and_ends(uniform_engine: Engine, name: str, seed: int) -> None:
    text = TUNES[name]
    wrong = misfits(bars(text))
    for keep in range(0, len(bars(text)) + 1, 3):
        _, continued = whole(continue_tune(uniform_engine, text, keep, config=WILD, seed=seed))
        assert continued.sample.stopped == "end"
        assert [bar for bar in misfits(bars(continued.text)) if bar >= keep] == [], (keep, continued.text)
        if not wrong:
            assert validity(continued.text).valid, (keep, continued.text, validity(continued.text).reasons)
        places = [place for place, _ in continued.overruled]
        assert places == sorted(places) and len(set(places)) > 1 and places[0] >= continued.start


def test_a_tie_over_a_bar_line_is_answered_and_none_is_left(make_engine: MakeEngine) -> None:
    engine = make_engine(scale=0.0, vocab=Vocab.of([*TEXTS, "A-"]))
    text = "X:1\nM:4/4\nL:1/8\nK:D\nd2 fd A2 B2-|B2 ge B2 ge|f2 d2 f2 d2|e4 c4-|\n"
    written = infill(engine, text, 1, 1, n=12, config=WILD)
    assert len(written.candidates) == 12
    for one in written.candidates:
        assert one.text[one.start : one.end].startswith("B") and not one.text[: one.end].endswith("-")
        assert len({place for place, _ in one.overruled}) > 1
    for opening in ("d2 fd", "[Ad]2 fd"):  # the guard follows it; the guard takes it up at the last bar line
        start = text.replace("d2 fd", opening, 1)
        for seed in range(6):
            _, continued = whole(continue_tune(engine, start, 4, config=WILD, seed=seed))
            assert continued.text[continued.start :].lstrip("|: \n").startswith("c"), continued.text


@pytest.mark.parametrize("name", ["reel", "jig"])
def test_an_answer_says_where_it_was_overruled(uniform_engine: Engine, name: str) -> None:
    answered = answer(uniform_engine, TUNES[name], 2, config=WILD, seed=1)
    assert answered.overruled and all(answered.start <= place < len(answered.text) for place, _ in answered.overruled)


@pytest.mark.parametrize("model", ["lstm-512", "lstm-form", "gru-250", "rnn-250"])
def test_shipped_models_carry_on_and_rewrite(model: str) -> None:
    engine = load(model)
    for name, text in TUNES.items():
        keep = len(bars(text)) - 2
        _, continued = whole(continue_tune(engine, text, keep, config=WILD, seed=1))
        assert continued.sample.stopped == "end" and max(misfits(bars(continued.text)), default=-1) < keep, name
        assert infill(engine, text, 2, 3, n=2, config=WILD).misfit == 0


def test_an_answer_always_comes(uniform_engine: Engine) -> None:
    answered = answer(uniform_engine, JIG, 4, config=WILD, seed=3)
    assert len(bars(answered.text)) == len(bars(JIG)) + 4 and not misfits(bars(answered.text))


@pytest.mark.parametrize(
    ("text", "note"),
    [("A2 B,2-|", "B,"), ("c'3/2-|\n", "c'"), ("^c-|", ""), ("A-:|2 ", "A"), ("A|", ""), ("A-A", ""), ("", "")],
)
def test_a_tie_at_the_end_asks_for_its_note(text: str, note: str) -> None:
    assert tied_note(text) == note


def test_places_move_with_what_was_written_in_another_unit() -> None:
    assert written_places("A2B c/", "A4B2 c") == [0, 1, 2, 4, 5, 5]
    assert written_places("AB", "AB") == [0, 1]
