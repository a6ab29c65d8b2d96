"""Ornaments: small notes of the right pitches, in the time and with the characters of the note they decorate."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import pytest

from charlstm.score.ornaments import ORNAMENTS, ornament
from charlstm.score.performance import perform
from charlstm.score.timeline import timeline
from charlstm.tunes.parse.reader import read

HEADER = "X:1\nM:4/4\nL:1/8\nK:G\n"


def pitches(body: str) -> list[int]:
    return [note.pitch for note in perform(read(HEADER + body)).notes]


@pytest.mark.parametrize("name", sorted(ORNAMENTS))
def test_small_notes_fill_the_time_of_their_note_without_a_gap(name: str) -> None:
    lengths = [Fraction(1, 32), Fraction(1, 8), Fraction(3, 8), Fraction(1, 7), Fraction(1), Fraction(4)]
    for length, qpm in product(lengths, [40, 200]):
        pieces = ornament((name,), length, qpm)
        durations = [piece.duration for piece in pieces]
        assert [piece.onset for piece in pieces] == [sum(durations[:k], Fraction(0)) for k in range(len(pieces))]
        assert sum(durations) == length and min(durations) > 0, (length, qpm)
        assert {piece.steps for piece in pieces} & {1, -1}
        assert pieces[-1].steps == 0  # it ends on the main note


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("~A3", "A B A G A"),  # the neighbours are the scale's
        ("~E2", "F# E D E"),
        ("!turn!B4", "C B A B"),
        ("!invertedturn!B4", "A B C B"),
        ("ME4", "E D E"),
        ("PE4", "E F# E"),
        ("JB4", "A B"),
        ("T^c2", "C# D C#"),
    ],
)
def test_ornaments_have_the_notes_of_the_scale(body: str, expected: str) -> None:
    names = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"]
    found = [names[pitch % 12] for pitch in pitches(body)]
    assert found[: len(expected.split())] == expected.split()


def test_a_trill_alternates_and_a_slow_one_is_as_fast() -> None:
    slow, usual = (perform(read(f"X:1\nL:1/4\nQ:1/4={qpm}\nK:C\nTc4")).notes for qpm in (60, 120))
    assert [note.pitch for note in usual] == [72, 74] * 7 + [72]
    assert len(slow) == 31


def test_small_notes_keep_the_id_and_the_characters_of_their_note() -> None:
    text = HEADER + "~A3 [EG]3 !turn![EG]2"
    for sounding in timeline(text, ornaments=True):
        assert sounding.id == f"e{sounding.start}"
        assert text[sounding.start] in "AEG"
    chord = [s.pitch for s in timeline(text, ornaments=True) if s.onset >= 3]
    assert chord.count(64) == 1  # the lower note is held
    assert set(chord) == {64, 69, 67, 66}


def test_what_is_not_decorated_is_as_it_was() -> None:
    text = HEADER + "|:{ga}A2-A2 [CE]4|1 !p!B8:|2 !fermata!G8|]"
    assert timeline(text, ornaments=True) == timeline(text)


def test_staccato_is_short_and_an_accent_loud_and_the_cursor_stays() -> None:
    performance = perform(read(HEADER + "A2 .A2 LA2 !wedge!A2|.A4-A4|"))
    plain, short, loud, shortest, tied = performance.notes
    assert [note.duration for note in (plain, short, loud, shortest, tied)] == [1, 0.5, 1, pytest.approx(0.3), 4]
    assert loud.velocity > plain.velocity == short.velocity
    assert [s.duration for s in performance.soundings] == [1, 1, 1, 1, 2, 2]


def test_no_ornament_leaves_the_pitches_of_midi() -> None:
    assert all(0 <= pitch <= 127 for pitch in pitches("T" + "C" + "," * 9 + "2 T" + "c" + "'" * 9 + "2 ~[Cc'''']3"))
