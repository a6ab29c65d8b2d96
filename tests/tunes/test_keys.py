"""Keys are read in every spelling the tune books use."""

from __future__ import annotations

import pytest

from charlstm.tunes.keys import key_of, parse_key, printed_key


@pytest.mark.parametrize(
    ("value", "short", "signature"),
    [
        ("G", "G", {"F": 1}),
        ("E Minor", "Em", {"F": 1}),
        ("A Mixolydian", "Amix", {"F": 1, "C": 1}),
        ("Ador", "Ador", {"F": 1}),
        ("Bb", "Bb", {"B": -1, "E": -1}),
        ("HP", "Amix", {"F": 1, "C": 1}),
        ("D exp _b ^f", "D", {"B": -1, "F": 1}),
        ("Dmix ^g", "Dmix", {"F": 1, "G": 1}),
        ("Am^f", "Am", {"F": 1}),
        ("C clef=bass", "C", {}),
    ],
)
def test_spellings(value, short, signature):
    key = parse_key(value)
    assert key is not None and (str(key), dict(key.signature)) == (short, signature)


@pytest.mark.parametrize("value", ["", "none", None, "???", "Hello"])
def test_no_key(value):
    assert parse_key(value) is None


@pytest.mark.parametrize("mode", ["major", "minor", "dorian", "mixolydian", "phrygian", "lydian", "locrian"])
@pytest.mark.parametrize("tonic", "ABCDEFG")
def test_a_written_key_reads_back(tonic, mode):
    key = key_of(tonic, 0, mode)
    assert parse_key(str(key)) == key


def test_a_key_in_print_has_its_sign_and_its_mode_in_words() -> None:
    values = ["Ddor", "Bb", "Bbm", "F#m", "A Mixolydian", "E minor", "D exp _b", "HP", "none", ""]
    printed = ["D dorian", "B♭", "B♭m", "F♯m", "A mixolydian", "Em", "D exp _b", "HP", "none", ""]
    assert [printed_key(value) for value in values] == printed
