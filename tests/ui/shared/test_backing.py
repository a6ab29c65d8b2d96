"""Backing and swing on the pages: in what is shown and heard, in the address, and in the tune when it is asked for."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from charlstm.tunes.harmony.backing import harmonize, has_chords, insertions, with_insertions
from charlstm.ui.compose.shown_places import shown_spans
from charlstm.ui.shared.backing import Shown
from charlstm.ui.shared.drawing import draw
from charlstm.ui.shared.sound import parse_backing, parse_swing
from tests.conftest import TUNES
from tests.pages import address_of, opened, switch_to

REEL = "X:1\n" + TUNES[0]
HORNPIPE = REEL.replace("R:reel", "R:hornpipe") if "R:reel" in REEL else REEL.replace("\nM:", "\nR:hornpipe\nM:", 1)


def test_an_address_asks_for_backing_and_swing() -> None:
    assert [parse_backing(text) for text in ("1", "0", "yes", "")] == [True, False, None, None]
    assert [parse_swing(text) for text in ("60", "50", "75", "49", "76", "6", "600", "-5", "६०")] == [
        60, 50, 75, None, None, None, None, None, None,
    ]  # fmt: skip


def test_characters_are_found_again_between_the_chords() -> None:
    inserted = insertions(REEL)
    shown = Shown(with_insertions(REEL, inserted), inserted)
    for start in range(0, len(REEL) - 3, 3):
        a, b = shown.moved(start, start + 2)
        assert shown.text[a] == REEL[start] and shown.text[b - 1] == REEL[start + 1]
    body = TUNES[0].index("|:")
    spans = shown_spans(TUNES[0], shown.text)[body:]
    assert "".join(shown.text[a:b] for a, b in spans) == TUNES[0][body:]


def test_a_drawing_with_backing_sounds_and_prints_the_chords() -> None:
    plain, backed = draw.__wrapped__(REEL), draw.__wrapped__(harmonize(REEL))
    assert {note.part for note in plain.notes} == {"melody"}
    assert {note.part for note in backed.notes} == {"melody", "chord", "bass"}
    assert [n for n in backed.notes if n.part == "melody"] == list(plain.notes)
    assert len(backed.midi) > len(plain.midi)
    assert backed.pages[600] != plain.pages[600]


def test_swing_moves_events_notes_and_beats_together() -> None:
    even, uneven = draw.__wrapped__(REEL), draw.__wrapped__(REEL, swing=66)
    assert [e.onset for e in uneven.events] == pytest.approx([n.onset for n in uneven.notes])
    moved = [abs(a.onset - b.onset) > 0.01 for a, b in zip(even.events, uneven.events, strict=True)]
    assert any(moved) and not all(moved)
    assert [beat[0] for beat in even.beats] == pytest.approx([beat[0] for beat in uneven.beats])
    assert draw.__wrapped__(HORNPIPE).events != draw.__wrapped__(HORNPIPE, swing=50).events


def test_compose_shows_backing_and_the_address_brings_it_back(app_home: Path) -> None:
    app = opened(seed="5")
    assert "backing" not in address_of(app)
    app.toggle(key="sound.backing").set_value(True).run()
    assert not app.exception
    assert address_of(app)["backing"] == "1"
    again = opened(**(address_of(app) | {"swing": "66"}))
    assert again.toggle(key="sound.backing").value is True
    assert address_of(again)["swing"] == "66"


@pytest.mark.usefixtures("two_models")
def test_chords_are_written_into_a_tune_when_asked() -> None:
    app = AppTest.from_file(str(Path(__file__).parents[3] / "charlstm" / "ui" / "script.py"), default_timeout=120)
    switch_to(app, "your_tune").run()
    document = app.session_state["your_tune.document"]
    document.put(REEL)
    app.run()
    app.toggle(key="sound.backing").set_value(True).run()
    assert not app.exception
    assert document.text == REEL  # until it is asked for
    app.button(key="your_tune.write_chords").click().run()
    assert not app.exception
    assert document.text == harmonize(REEL) and has_chords(document.text)
    assert app.toggle(key="sound.backing").disabled
