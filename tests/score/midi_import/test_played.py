"""What is played becomes the bars that were meant: onsets on the grid, bars full, nothing lost without reason."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest

from charlstm.errors import NotationError
from charlstm.score.midi_import.grid import PlayedNote
from charlstm.score.midi_import.played import bars_played, plain_meter
from charlstm.tunes.keys import parse_key
from charlstm.tunes.parse.reader import read
from charlstm.tunes.views.bars import bars

D = parse_key("D")
METERS = ["4/4", "6/8", "2/4", "3/4", "9/8", "12/8", "2/2", "3/2", "5/4", "7/8"]


def sounding(text, meter="4/4"):
    """(onset, duration, pitch) of the notes of some bars, in quarter notes; a tied note is one."""
    notes = []
    for event in read(f"X:1\nM:{meter}\nL:1/8\nK:D\n{text}\n").events:
        for head in event.heads:
            onset, length = 4 * event.onset, 4 * event.duration
            if head.tied:
                notes[-1] = (notes[-1][0], notes[-1][1] + length, notes[-1][2])
            else:
                notes.append((onset, length, head.midi))
    return notes


def line(meter, seed):
    """A line of full bars by chance, in eighths and longer: (onset, duration, pitch) in quarter notes."""
    rng, at, end = random.Random(seed), Fraction(0), 16 * Fraction(meter)
    notes = []
    while at < end:
        length = min(rng.choice([Fraction(1, 2), Fraction(1), Fraction(1), Fraction(3, 2)]), end - at)
        notes.append((at, length, rng.choice([62, 64, 66, 67, 69, 71, 73, 74])))
        at += length
    return notes


@pytest.mark.parametrize("meter", METERS)
def test_what_is_stepped_in_comes_out_exactly(meter):
    meant = line(meter, seed=1)
    written = bars_played([PlayedNote(float(t), float(t + d), p) for t, d, p in meant], meter, D)
    assert sounding(written.text, meter) == meant
    assert written.notes == len(meant)


@pytest.mark.parametrize("meter", METERS)
def test_four_full_bars_whatever_is_played(meter):
    rng = random.Random(meter)
    for _ in range(12):
        times = sorted(rng.uniform(-0.5, 20) for _ in range(rng.randrange(30)))
        notes = [PlayedNote(t, t + rng.uniform(0.05, 3), rng.randrange(55, 85)) for t in times]
        text = bars_played(notes, meter, D).text
        found = bars(f"X:1\nM:{meter}\nL:1/8\nK:D\n{text}\n")
        assert [bar.duration for bar in found] == 4 * [Fraction(meter)]
        assert {bar.right for bar in found} == {"|"}


@pytest.mark.parametrize("seed", range(4))
def test_an_uneven_hand_is_moved_onto_the_grid(seed):
    """Onsets up to a twentieth of a second off at 120 a minute, notes played short: the same rhythm is written."""
    rng, meant = random.Random(seed), line("4/4", seed)
    played = [
        PlayedNote(float(t) + rng.uniform(-0.1, 0.1), float(t + d) - rng.uniform(0.05, 0.3), p) for t, d, p in meant
    ]
    assert sounding(bars_played(played, "4/4", D).text) == meant


def test_a_downbeat_that_comes_early_is_on_it_and_what_is_beyond_the_end_is_cut():
    written = bars_played([PlayedNote(-0.2, 1, 62), PlayedNote(15, 19, 69), PlayedNote(16.5, 17, 74)], "4/4", D)
    notes = sounding(written.text)
    assert (notes[0][0], notes[0][2]) == (0, 62)
    assert notes[-1] == (15, 1, 69)
    assert len(notes) == written.notes == 2


def test_of_notes_that_sound_together_the_highest_is_written():
    chord = [PlayedNote(0, 4, 62), PlayedNote(0, 4, 66), PlayedNote(0.01, 4, 69)]
    assert [pitch for *_, pitch in sounding(bars_played(chord, "4/4", D).text)] == [69]


def test_silence_is_rests_and_counts_no_notes():
    written = bars_played([], "6/8", bars=2)
    assert (written.notes, sounding(written.text, "6/8")) == (0, [])
    assert len(bars(f"X:1\nM:6/8\nL:1/8\nK:C\n{written.text}\n")) == 2


def test_the_key_is_found_where_none_is_given_and_kept_where_one_is():
    scale = [PlayedNote(i, i + 1, p) for i, p in enumerate([67, 69, 71, 72, 74, 76, 78, 79, 74, 71, 67, 67])]
    assert str(bars_played(scale, "4/4").key) == "G"
    flat = bars_played([PlayedNote(0, 1, 65)], "4/4", D)
    assert flat.key == D and flat.text.startswith("=F2")


def test_meters_are_spelled_as_two_numbers_and_free_ones_refused():
    assert [plain_meter(m) for m in ("C", "C|", "6/8", " 3 / 4 ")] == ["4/4", "2/2", "6/8", "3/4"]
    for meter in (None, "", "none", "2+3/8", "0/4", "4/3"):
        with pytest.raises(NotationError, match="meter"):
            plain_meter(meter)
