"""Laws of the notes that sound while a tune is seen being written."""

from __future__ import annotations

from pathlib import Path

import pytest

from charlstm.tunes.views.melody import melody_notes
from charlstm.ui.compose.shown_places import written_lengths
from charlstm.ui.compose.watch import written_notes
from charlstm.ui.shared.written_tunes import HEAD
from tests.conftest import TUNES
from tests.pages import address_of, opened


@pytest.mark.parametrize("text", TUNES)
def test_each_written_note_sounds_once_when_it_is_complete(text: str) -> None:
    """Repeats are played twice and written once."""
    shown = HEAD + text
    notes = written_notes(shown, tuple(written_lengths(text, shown)))
    assert [note.pitch for note in notes] == [note.pitch for note in melody_notes(text)]
    for note in notes:
        assert text[note.after] not in " |:\n"  # the last character of a note, not what follows it
        assert note.lasts > 0 and note.wait > 0


def test_what_cannot_be_read_has_no_notes() -> None:
    assert written_notes("X:1\nT:Words\n", tuple(range(1, 13))) == []


def test_the_switch_stands_in_the_address(app_home: Path) -> None:
    app = opened(seed="5")
    assert "watch" not in address_of(app)
    app.toggle(key="compose.watch").set_value(True).run()
    assert not app.exception
    assert address_of(app)["watch"] == "1"
    again = opened(**address_of(app))
    assert again.toggle(key="compose.watch").value
