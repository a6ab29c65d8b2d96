"""Laws of a tune as it is seen and heard."""

from __future__ import annotations

import io

import mido
import pytest

from charlstm.ui.shared.drawing import draw
from tests.conftest import TUNES

HORNPIPE = "X:1\nR:hornpipe\nM:4/4\nL:1/8\nK:D\n|:d2fd Adfd|e2ge c4:|"  # it swings


def test_a_tune_without_a_key_is_drawn_where_it_is_and_says_so() -> None:
    drawing = draw.__wrapped__("X:1\nK:none\nABc|", 2)
    assert "stays where it is" in drawing.unmoved
    assert drawing.text == "X:1\nK:none\nABc|"
    assert drawing.midi


def test_a_drawing_in_another_key_is_of_the_same_tune() -> None:
    text = "X:1\n" + TUNES[1]
    here, there = draw.__wrapped__(text), draw.__wrapped__(text, 5)
    assert here.origin == there.origin
    assert [e.onset for e in here.events] == [e.onset for e in there.events]
    assert here.text == text != there.text
    assert here.beats == there.beats
    assert len(here.beats) > 8


def test_its_midi_file_is_what_the_player_sounds() -> None:
    drawing = draw.__wrapped__(HORNPIPE)
    notes = sorted((m.time, m.note) for m in struck(drawing.midi))
    assert [pitch for _, pitch in notes] == [note.pitch for note in drawing.notes]
    assert [time for time, _ in notes] == pytest.approx([note.onset for note in drawing.notes], abs=0.002)


def struck(midi: bytes) -> list[mido.Message]:
    """The notes of a MIDI file, their times in seconds from its beginning."""
    now, notes = 0.0, []
    for message in mido.MidiFile(file=io.BytesIO(midi)):
        now += message.time
        if message.type == "note_on" and message.velocity:
            notes.append(message.copy(time=now))
    return notes


def test_what_cannot_be_drawn_says_why_and_where() -> None:
    drawing = draw.__wrapped__("X:1\nK:D\n%nothing here")
    assert drawing.problem
    assert not drawing.pages
    assert not drawing.midi


def test_events_cover_notes_of_the_text_in_order() -> None:
    text = "X:1\n" + TUNES[1]
    drawing = draw.__wrapped__(text)
    assert [event.onset for event in drawing.events] == sorted(event.onset for event in drawing.events)
    assert all(text[event.start] in "ABCDEFGabcdefg" for event in drawing.events)
    assert {f'id="{event.id}"' in drawing.pages[0][0] for event in drawing.events} == {True}


def test_a_tune_that_costs_too_much_is_a_problem_with_its_place() -> None:
    drawing = draw("X:1\nM:4/4\nL:1/8\nK:D\nA4|" + "{abcdefg}A" * 1190)
    assert "bar 2 has 9,520" in drawing.problem
    assert drawing.bad is not None and not drawing.pages
    assert drawing.events  # what sounds is known all the same


def test_what_sounds_is_struck_once_and_inside_the_tune() -> None:
    """A tie is one note, a repeat sounds twice, the last rest belongs to the tune."""
    drawing = draw.__wrapped__("X:1\nM:4/4\nL:1/4\nQ:1/4=120\nK:C\n|:c-c [ce] z:|")
    bar = [(0.0, 1.0, 72), (1.0, 0.5, 72), (1.0, 0.5, 76)]
    assert [(n.onset, n.duration, n.pitch) for n in drawing.notes] == bar + [(t + 2, d, p) for t, d, p in bar]
    assert drawing.length == 4
    assert {(note.part, 0 < note.velocity <= 1) for note in drawing.notes} == {("melody", True)}
