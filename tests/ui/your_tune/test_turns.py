"""Take turns: what a visitor plays and what a model answers is one tune, bar after bar."""

from __future__ import annotations

from fractions import Fraction

import pytest

from charlstm.score.midi_import.grid import PlayedNote
from charlstm.score.midi_import.played import bars_played
from charlstm.tunes.keys import parse_key
from charlstm.tunes.views.bars import bars, misfits
from charlstm.ui.your_tune.keyboard import MAX_NOTES, Played, _played
from charlstm.ui.your_tune.turns import Place, notes_from, with_bars
from tests.conftest import TUNES
from tests.ui.your_tune.test_page import pressed, text_of, your_tune

EIGHTHS = tuple(PlayedNote(i / 2, i / 2 + 0.5, (62, 66, 69, 74)[i % 4]) for i in range(32))


@pytest.mark.parametrize(
    "sent",
    [
        None, "x", {}, {"turn": "1", "notes": [], "length": 0}, {"turn": 1, "notes": None, "length": 0},
        {"turn": 1, "notes": [], "length": "4"}, {"turn": 1, "notes": [], "length": float("inf")},
        {"turn": 1, "notes": [], "length": float("nan")},
    ],
)  # fmt: skip
def test_what_no_keyboard_sends_is_nothing(sent):
    assert _played(sent) is None


def test_notes_that_no_keyboard_plays_are_left_out():
    notes = [
        [62, 0, 1],
        [5, 0, 1],
        [62, 1, 1],
        [62, 2, 1],
        ["62", 0, 1],
        [62.5, 0, 1],
        [True, 0, 1],
        [62, 0],
        "abc",
        None,
    ]
    played = _played({"turn": 3, "notes": notes, "length": 4, "done": True})
    assert played == Played(3, (PlayedNote(0.0, 1.0, 62),), 4.0, True)
    many = _played({"turn": 1, "notes": [[62, i / 100, i / 100 + 1] for i in range(2000)], "length": 4})
    assert len(many.notes) == MAX_NOTES and not many.done


@pytest.mark.parametrize("unit", ["1/8", "1/16", "1/4"])
def test_played_bars_come_after_the_tune_in_its_own_unit(unit):
    tune = f"X:1\nM:4/4\nL:{unit}\nK:D\nd|]\n"
    place = Place("4/4", parse_key("D"), Fraction(unit))
    text = with_bars(tune, bars_played(EIGHTHS, "4/4", place.key), place)
    assert text.startswith(tune.partition("|]")[0])
    assert [bar.duration for bar in bars(text)[1:]] == 4 * [1]
    assert [n.pitch for n in notes_from(text, text.index("||"))] == [n.pitch for n in EIGHTHS]


def test_a_new_tune_has_the_meter_and_the_key_that_was_found():
    text = with_bars("", bars_played(EIGHTHS, "4/4"), Place("4/4", None))
    assert text.startswith("X:1\nT:") and "\nM:4/4\nL:1/8\nK:D\nDFAd DFAd|" in text
    assert not misfits(bars(text))


def test_the_notes_of_an_answer_are_heard_from_its_own_beginning():
    text = "X:1\nM:4/4\nL:1/8\nK:D\nD8|\nd4-d2z2|e8|\n"
    assert notes_from(text, text.index("d4")) == (PlayedNote(0, 3, 74), PlayedNote(4, 8, 76))


@pytest.mark.usefixtures("two_models")
def test_a_turn_is_played_answered_and_taken_back():
    app = your_tune()
    app.toggle(key="your_tune.turns").set_value(True).run()
    app.selectbox(key="your_tune.model").set_value("weaver").run()
    app.session_state["your_tune.turns.played"] = Played(1, EIGHTHS, 16.0, True)
    app.run()
    assert not app.exception
    text = text_of(app)
    assert "K:D\nDFAd DFAd|DFAd DFAd|DFAd DFAd|DFAd DFAd|\n" in text
    assert len(bars(text)) == 8 and not misfits(bars(text))
    assert app.session_state["your_tune.turns.number"] == 2
    answer = app.session_state["your_tune.turns.answer"]
    assert answer and answer[-1].end <= 16
    # The next turn goes on from there; one that is cut short is filled to its bar.
    app.session_state["your_tune.turns.played"] = Played(2, EIGHTHS[:5], 2.5, True)
    app.run()
    assert text_of(app).startswith(text) and len(bars(text_of(app))) == 13
    pressed(app, "your_tune.undo")
    assert text_of(app) == text
    pressed(app, "your_tune.turns.new")
    assert text_of(app) == ""


@pytest.mark.usefixtures("two_models")
def test_a_turn_without_a_note_changes_nothing():
    app = your_tune()
    app.toggle(key="your_tune.turns").set_value(True).run()
    app.session_state["your_tune.turns.played"] = Played(1, (), 16.0, True)
    app.run()
    assert not app.exception and text_of(app) == ""


@pytest.mark.usefixtures("two_models")
def test_a_model_that_finds_no_bars_says_so_and_what_was_played_stays():
    app = your_tune()
    app.toggle(key="your_tune.turns").set_value(True).run()
    app.selectbox(key="your_tune.model").set_value("weaver").run()
    app.selectbox(key="your_tune.turns.meter").set_value("7/8").run()
    app.toggle(key="your_tune.guard").set_value(False).run()
    app.session_state["your_tune.turns.played"] = Played(1, EIGHTHS[:14], 7.0, True)
    app.run()
    assert len(bars(text_of(app))) == 2
    assert any("no four bars that fit" in warning.value for warning in app.warning)


@pytest.mark.usefixtures("two_models")
def test_always_playable_an_answer_comes_from_any_model():
    app = your_tune()
    app.toggle(key="your_tune.turns").set_value(True).run()
    app.selectbox(key="your_tune.model").set_value("weaver").run()
    app.selectbox(key="your_tune.turns.meter").set_value("7/8").run()
    app.session_state["your_tune.turns.played"] = Played(1, EIGHTHS[:14], 7.0, True)
    app.run()
    assert not app.exception and len(bars(text_of(app))) == 6 and not misfits(bars(text_of(app)))


@pytest.mark.usefixtures("two_models")
def test_in_free_time_there_are_no_turns():
    app = your_tune(TUNES[0].replace("M:4/4", "M:none"))
    app.toggle(key="your_tune.turns").set_value(True).run()
    assert not app.exception
    assert any("cannot be counted in" in info.value for info in app.info)
