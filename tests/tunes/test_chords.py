"""Chord symbols: what the ABC standard and printed books write is read, words are not."""

from __future__ import annotations

import pytest

from charlstm.tunes.chords import KINDS, SILENCE, parse_chord


@pytest.mark.parametrize(
    ("text", "notes", "bass"),
    [
        ("G", "G B D", "G"), ("Am7", "A C E G", "A"), ("D/F#", "D F# A", "F#"), ("Bbmaj7", "A# D F A", "A#"),
        ("F#dim", "F# A C", "F#"), ("C♯m", "C# E G#", "C#"), ("E♭", "D# G A#", "D#"), ("Gsus4", "G C D", "G"),
        ("Emin", "E G B", "E"), ("C+", "C E G#", "C"), ("Bø", "B D F A", "B"), ("A7/e", "A C# E G", "E"),
        ("G(Em)", "G B D", "G"), ("(Am)", "A C E", "A"), ("C;F", "C E G", "C"), ("Am/G", "A C E G", "G"),
        ("C6/9", "C E G A D", "C"), ("Cm(maj7)", "C D# G B", "C"),
    ],
)  # fmt: skip
def test_a_chord_has_its_notes(text: str, notes: str, bass: str) -> None:
    names = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"]
    chord = parse_chord(text)
    assert chord is not None
    assert {names[pitch] for pitch in chord.pitch_classes} == set(notes.split())
    assert names[chord.bass] == bass


@pytest.mark.parametrize(
    "text", ["", "Zork", "slow", "1st time", "Fine", "H", "g", "Gzz", "/G", "G/", "N", "C#b", "A" * 99]
)
def test_words_are_no_chords(text: str) -> None:
    assert parse_chord(text) is None


@pytest.mark.parametrize("text", ["N.C.", "NC", "n.c.", "N. C.", "(N.C.)"])
def test_no_chord_is_silence(text: str) -> None:
    assert parse_chord(text) == SILENCE
    assert not SILENCE.pitch_classes


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_moves_with_its_root(kind: str) -> None:
    c, d = parse_chord(f"C{kind}"), parse_chord(f"D{kind}")
    assert c is not None and d is not None
    assert {(pitch + 2) % 12 for pitch in c.pitch_classes} == d.pitch_classes
    assert c.tones == tuple(sorted(c.tones))
