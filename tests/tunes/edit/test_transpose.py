"""A tune in another key: every note as far away as the others, the key spelled with the fewest accidentals."""

from __future__ import annotations

import pytest

from charlstm.errors import ConfigError, NotationError
from charlstm.score.timeline import timeline
from charlstm.tunes.abc import split_header
from charlstm.tunes.edit.transpose import FARTHEST, keys_around, transposed
from charlstm.tunes.keys import parse_key
from charlstm.tunes.parse.reader import read
from tests.conftest import TUNES

CHORDS = 'X:1\nM:4/4\nL:1/8\nK:Em\n"Em"^D|"B7/D#"E2 =f2 [K:G]{g}a4|\n'
VOICES = "X:1\nM:4/4\nL:1/8\nK:G\nV:1\nGABc defg|[K:D]c8|\nV:2\nG,4 F4|[K:D]f8|\nV:1\ncdec d4|\n"


def pitches(text: str) -> list[int]:
    return [sounding.pitch for sounding in timeline(read(text))]


@pytest.mark.parametrize("text", [*(f"X:1\n{tune}" for tune in TUNES[:4]), CHORDS, VOICES])
def test_every_note_moves_alike_and_the_key_has_few_accidentals(text: str) -> None:
    before, old = pitches(text), parse_key(split_header(text).get("K"))
    for semitones in (-24, -12, -7, -5, -3, -2, -1, 1, 2, 3, 4, 6, 8, 11, 12, 24):
        moved = transposed(text, semitones)
        assert [b - a for a, b in zip(before, pitches(moved), strict=True)] == [semitones] * len(before)
        new = parse_key(split_header(moved).get("K"))
        assert old is not None and new is not None
        assert new.mode == old.mode
        assert (new.semitone - old.semitone - semitones) % 12 == 0
        assert abs(new.fifths) <= 7
        assert keys_around(text, [semitones]) == {semitones: str(new)}


def test_chord_symbols_and_inner_keys_move_too() -> None:
    assert transposed(CHORDS, 2) == 'X:1\nM:4/4\nL:1/8\nK:F#m\n"F#m"^E|"C#7/E#"F2 =g2 [K:A]{a}b4|\n'
    assert transposed(CHORDS, 0) == CHORDS


@pytest.mark.parametrize(
    "text", ["X:1\nM:4/4\nABc|", "X:1\nK:none\nABc|", "X:1\nK:HP\nABc|", "X:1\nK:D\nA^/B|", "", "K:D\n"]
)
def test_what_has_no_key_for_sure_stays_and_says_so(text: str) -> None:
    with pytest.raises(NotationError, match="stays where it is"):
        transposed(text, 2)
    assert keys_around(text, range(3)) == {}


def test_too_far_is_refused() -> None:
    with pytest.raises(ConfigError, match="semitones"):
        transposed(CHORDS, FARTHEST + 1)
