"""The timeline: what is heard, when, and from which characters."""

from __future__ import annotations

import pytest

from charlstm.errors import NotationError
from charlstm.score.timeline import MAX_QUARTERS, attacks, clock, timeline
from charlstm.tunes.parse.reader import read

HEADER = "M:4/4\nL:1/8\nK:C\n"


def test_each_sounding_names_its_characters_and_its_note():
    text = HEADER + "|:C2^F2 [EG]4:|"
    for sounding in timeline(text):
        assert sounding.id == f"e{sounding.start}"
        assert text[sounding.start : sounding.end] in ("C2", "^F2", "E", "G")
    assert [(s.pitch, s.onset, s.duration, s.turn) for s in timeline(text)] == [
        (60, 0, 1, 1), (66, 1, 1, 1), (64, 2, 2, 1), (67, 2, 2, 1),
        (60, 4, 1, 2), (66, 5, 1, 2), (64, 6, 2, 2), (67, 6, 2, 2),
    ]  # fmt: skip


def test_overfull_and_underfull_bars_last_as_long_as_they_are():
    assert [s.onset for s in timeline(HEADER + "C8D8|E|F")] == [0, 4, 8, 8.5]


def test_a_tie_is_one_attack_with_two_heads():
    soundings = timeline(HEADER + "C8-|C4 C4|")
    assert [s.goes_on for s in soundings] == [False, True, False]
    assert attacks(soundings) == [(0, 6, 60, 0), (6, 2, 60, 0)]


def test_a_tie_in_a_chord_holds_only_its_note():
    assert attacks(timeline(HEADER + "[CE]4-[CG]4|")) == [(0, 4, 60, 0), (0, 2, 64, 0), (2, 2, 67, 0)]


def test_a_tie_into_a_section_that_is_played_again_is_struck_again():
    text = HEADER + "C8-|:C8:|"
    assert attacks(timeline(text)) == [(0, 8, 60, 0), (8, 4, 60, 0)]


def test_a_tie_into_the_second_ending_holds_where_it_leads():
    text = HEADER + "|:C8-|1 C8:|2 D8|]"
    assert attacks(timeline(text)) == [(0, 8, 60, 0), (8, 4, 60, 0), (12, 4, 62, 0)]


def test_graces_take_their_time_from_the_note_and_the_beat_stays():
    soundings = timeline(HEADER + "{gab}c2 d2")
    assert [s.grace for s in soundings] == [True, True, True, False, False]
    assert soundings[0].onset == 0
    assert soundings[3].onset + soundings[3].duration == pytest.approx(1)
    assert soundings[3].duration >= 0.5
    assert soundings[4].onset == 1


def test_rests_and_chord_symbols_are_silent():
    assert [s.pitch for s in timeline(HEADER + 'z4 "Am"A4|x8|Z|"Zork"B8|')] == [69, 71]


def test_a_unison_sounds_once():
    assert [s.pitch for s in timeline(HEADER + "[CC]4")] == [60]


def test_voices_sound_together():
    text = "X:1\nM:4/4\nL:1/4\nK:C\nV:1\nc4|:d4:|\nV:2\nC4|:D4:|\n"
    assert [(s.onset, s.pitch, s.voice) for s in timeline(text)] == [
        (0, 72, 0), (0, 60, 1), (4, 74, 0), (4, 62, 1), (8, 74, 0), (8, 62, 1),
    ]  # fmt: skip


def test_a_voice_without_repeat_signs_repeats_with_the_first():
    text = "X:1\nM:4/4\nL:1/4\nK:C\nV:1\n|:c4:|d4|\nV:2\nC4|D4|\n"
    assert [s.pitch for s in timeline(text) if s.voice] == [60, 60, 62]
    own = text.replace("C4|D4|", "C4|D4:|")
    assert [s.pitch for s in timeline(own) if s.voice] == [60, 62, 60, 62]


def test_an_overlay_sounds_with_its_measure():
    assert [(s.onset, s.pitch) for s in timeline(HEADER + "C8 & E4 G4|F8|")] == [(0, 60), (0, 64), (2, 67), (4, 65)]


def test_a_tempo_that_changes_counts_from_where_it_stands():
    tune = read("Q:1/4=60\nM:4/4\nL:1/4\nK:C\nCD[Q:1/4=120]EF|\nQ:1/2=30\nG4|")
    beats = clock(tune)
    assert [beats.seconds(quarter) for quarter in (0, 1, 2, 3, 4, 8, 9)] == [0, 1, 2, 2.5, 3, 7, 8]
    assert clock(tune, 120).seconds(8) == 3.5  # twice as fast throughout


def test_a_measure_that_comes_again_has_its_tempo_again():
    tune = read("M:4/4\nL:1/4\nK:C\nQ:1/4=60\n|:C4|[Q:1/4=240]D4:|E4|")
    assert [clock(tune).seconds(4 * n) for n in range(6)] == [0, 4, 5, 9, 10, 11]


def test_a_tune_without_a_tempo_has_the_usual_one_until_there_is_one():
    tune = read("M:4/4\nL:1/4\nK:C\nC4|[Q:1/4=60]D4|")
    assert tune.qpm is None
    assert [clock(tune).seconds(4 * n) for n in range(3)] == [0, 2, 6]
    assert clock(read("K:C\nC")).qpms == (120,)


@pytest.mark.parametrize("field", ["[Q:1/4=0]", "[Q:]", "[Q:1/0=9]", "[Q:999999=999999]", "[Q:1/4=1]" * 50])
def test_no_tempo_stops_the_clock(field: str):
    beats = clock(read(HEADER + f"|:C8|{field}D8&E8|[Q:1/4=90]:|"), 1000)
    assert all(4 <= qpm <= 4000 for qpm in beats.qpms)
    assert 0 < beats.seconds(8) < beats.seconds(16) < 300


def test_the_length_is_bounded():
    long = "|:" + "C128|" * 100 + ":|" * 9
    soundings = timeline(HEADER + long)
    assert max(s.onset + s.duration for s in soundings) <= MAX_QUARTERS


def test_no_music_is_an_error():
    with pytest.raises(NotationError):
        timeline("K:C\n")
