"""Laws of what the player is sent: notes as numbers, and the octaves that they need, each once."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charlstm.ui.shared import player
from charlstm.ui.shared.drawing import Note, draw
from charlstm.ui.shared.player import PARTS, notes_json, sound_tune

SECONDS = st.floats(0, 600)
NOTES = st.builds(Note, SECONDS, SECONDS, st.integers(0, 127), st.floats(0, 1), st.sampled_from(PARTS))


@settings(deadline=None)  # a busy machine
@given(st.lists(NOTES, max_size=20))
def test_notes_as_numbers_are_the_notes(notes: list[Note]) -> None:
    """To a tenth of a millisecond, a thousandth of full loudness, and through JSON."""
    for note, (onset, lasts, pitch, velocity, part) in zip(
        notes, json.loads(json.dumps(notes_json(notes))), strict=True
    ):
        assert (pitch, PARTS[part]) == (note.pitch, note.part)
        assert (onset, lasts) == pytest.approx((note.onset, note.duration), abs=1e-4)
        assert velocity == pytest.approx(note.velocity, abs=1e-3)


def test_a_tune_of_a_minute_is_a_few_kilobytes() -> None:
    drawing = draw.__wrapped__("X:1\nM:4/4\nL:1/8\nK:D\n" + '|:"D"d2fd Adfd|"A"e2ge cege:|' * 8)
    assert drawing.length > 60
    assert len(json.dumps(notes_json(drawing.notes))) < 40_000


def test_each_octave_of_each_part_is_asked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(player, "_send_octaves", lambda needed, *, key: asked.append((needed, key)))
    sound_tune(draw.__wrapped__('X:1\nM:4/4\nL:1/4\nK:C\n|:"C"C c c\' C|"G"C c c\' C:|'), key="p")
    ((needed, key),) = asked
    assert key == "p.sound"
    assert needed == sorted(set(needed))
    assert {octave for program, octave in needed if program == 0} == {5, 6, 7}  # the melody's: a piano
    assert {program for program, _ in needed} == {0, 24, 32}
