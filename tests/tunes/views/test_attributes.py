"""What a tune is like: counted by hand on short tunes."""

from __future__ import annotations

import pytest

from charlstm.tunes.views.attributes import Ambitus, note_name, parse_note_name, tune_attributes

HEAD = "X:1\nM:4/4\nL:1/8\nK:D\n"


def test_notes_per_bar_counts_time_not_bar_lines() -> None:
    """A pickup and what completes it are one bar; rests take time and are no notes; tied notes are one."""
    got = tune_attributes(HEAD + "d2|A2 z2 A4|A8-|A2 B4|]")
    assert got.density == pytest.approx(5 / 3)


def test_leaps_are_larger_than_a_third_whatever_the_accidentals() -> None:
    got = tune_attributes(HEAD + "D2 F2 ^F2 A2|A2 d2 D2 _D2|]")  # third, 1, third | 1, fourth, octave, 1
    assert got.leaps == pytest.approx(2 / 7)


def test_range_is_of_staff_positions_without_graces() -> None:
    got = tune_attributes(HEAD + "{c'}[DA]2 B,2 ^b2 A2|]")
    assert str(got.range) == "B3-B5"


def test_a_text_without_notes_is_like_nothing() -> None:
    assert tune_attributes("K:D\n").range is None


@pytest.mark.parametrize("position", range(-14, 28))
def test_a_position_and_its_name_are_the_same(position: int) -> None:
    assert parse_note_name(note_name(position)) == position
    assert str(Ambitus(position, position)).count(note_name(position)) == 2
