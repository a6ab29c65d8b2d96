"""The tablature of a tune: which notes have one, and that a key which is said to fit does."""

from __future__ import annotations

import pytest

from charlstm.errors import ConfigError
from charlstm.score.tablature.fingering import FARTHEST, tablature
from charlstm.score.tablature.instruments import INSTRUMENTS
from charlstm.tunes.edit.transpose import transposed
from charlstm.tunes.keys import parse_key
from charlstm.tunes.parse.reader import read

LOW = "X:1\nM:4/4\nL:1/8\nK:D\nA,2|:d2fd Adfd|e2ge z2{b}c2|d4-d4|[Ac]4 D4:|\n"


def test_what_is_struck_has_a_fingering_and_nothing_else():
    notes = tablature(read(LOW), "whistle-d").notes
    text = [LOW[note.heads[0]] for note in notes]
    assert text == list("AdfdAdfdegecdAD")  # no rest, no grace, no tied note
    assert [len(note.heads) for note in notes][-2:] == [2, 1]


def test_of_a_chord_that_is_tied_on_the_new_note_counts():
    notes = tablature(read("K:D\n[Ad]2-[Af]2|\n"), "mandolin").notes
    assert len(notes) == 2


def test_the_first_voice_alone_is_fingered():
    duet = "K:D\nV:1\nV:2 clef=bass\nV:1\nd2f2|\nV:2\nD,2D,2|\n"
    fingered = tablature(read(duet), "whistle-d")
    assert (len(fingered.notes), fingered.unplayable) == (2, 0)


@pytest.mark.parametrize("name", ["whistle-d", "whistle-g", "fiddle", "guitar"])
def test_in_a_key_that_fits_all_can_be_played_and_in_no_other(name):
    fingered = tablature(read(LOW), name)
    assert fingered.semitones
    for semitones in range(-FARTHEST, FARTHEST + 1):
        moved = tablature(read(transposed(LOW, semitones)), name)
        assert (moved.unplayable == 0) == (semitones in fingered.semitones)


def test_the_best_key_has_the_fewest_half_covered_holes():
    flats = "X:1\nL:1/8\nK:Eb\nE2GB e2dc|B2AG F2E2|\n"
    fingered = tablature(read(flats), "whistle-d")
    assert fingered.unplayable == 0 < fingered.half_holed
    assert tablature(read(transposed(flats, fingered.semitones[0])), "whistle-d").half_holed == 0


def test_a_tune_of_three_octaves_fits_no_whistle():
    wide = tablature(read("K:D\nD,2D2d2d'2|\n"), "whistle-d")
    assert (wide.semitones, wide.unplayable) == ((), 1)


def test_an_instrument_that_is_not_there_is_named_with_those_that_are():
    with pytest.raises(ConfigError, match=r"kazoo.*whistle-d.*mandolin"):
        tablature(read(LOW), "kazoo")


def test_every_instrument_says_what_it_assumes():
    assert all(i.label and i.about.endswith(".") for i in INSTRUMENTS.values())


def test_a_key_that_fits_is_a_usual_one_where_there_is_one() -> None:
    for key in ("D", "Bm", "Amix"):
        high = f"X:1\nM:4/4\nL:1/8\nK:{key}\nDdc'd'|d8|]"
        best, *others = tablature(read(high), "fiddle").semitones
        moved = parse_key(read(transposed(high, best)).get("K"))
        assert others and moved is not None and -1 <= moved.fifths <= 3
