"""Every length is drawn exactly: the note values of a page add up to the length that was read."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charlstm.score.durations import pieces
from charlstm.tunes.parse.events import Event
from charlstm.tunes.parse.reader import read


def drawn(duration: Fraction, tuplet: tuple[int, int] | None = None) -> list[tuple[str, int, tuple[int, int] | None]]:
    event = Event("rest", 0, 1, Fraction(0), duration, tuplet=tuplet)
    assert sum(piece.quarters for piece in pieces(event)) == duration * 4
    return [(piece.type, piece.dots, piece.tuplet) for piece in pieces(event)]


@pytest.mark.parametrize(
    ("duration", "expected"),
    [
        ("1/8", [("eighth", 0)]),
        ("3/8", [("quarter", 1)]),
        ("7/16", [("quarter", 2)]),
        ("5/8", [("half", 0), ("eighth", 0)]),
        ("9/8", [("whole", 0), ("eighth", 0)]),
        ("2", [("breve", 0)]),
        ("8", [("breve", 2), ("breve", 2), ("whole", 0)]),
    ],
)
def test_note_values(duration: str, expected: list[tuple[str, int]]):
    assert [(name, dots) for name, dots, _ in drawn(Fraction(duration))] == expected


def test_a_tuplet_is_drawn_with_its_own_ratio():
    assert drawn(Fraction(1, 12), (3, 2)) == [("eighth", 0, (3, 2))]
    assert drawn(Fraction(1, 15), (3, 2)) == [("eighth", 0, (15, 8))]  # in a triplet, but no triplet's note
    assert drawn(Fraction(1, 7)) == [("quarter", 0, (7, 4))]  # no tuplet was written: one is made


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(st.from_regex(r"\A(?:\((?:[2-9])(?::[1-9]?){0,2})?[A-G](?:[0-9]{0,3})(?:/[0-9]{0,3})?[<>]?[A-G]/{0,9}\Z"))
def test_whatever_a_text_asks_for_can_be_drawn(text: str):
    for event in read("L:1/16\nK:C\n" + text).events:
        assert sum(piece.quarters for piece in pieces(event)) == event.duration * 4
