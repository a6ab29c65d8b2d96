"""Swing: one clock for notes, chords, the cursor, the metronome and the MIDI file."""

from __future__ import annotations

import pytest

from charlstm.errors import ConfigError
from charlstm.score.beats import beats
from charlstm.score.performance import perform
from charlstm.score.swing import Swing, can_swing, swing_of, usual_swing
from charlstm.tunes.parse.reader import read

HORNPIPE = "X:1\nR:hornpipe\nM:4/4\nL:1/8\nK:G\n"


def onsets(text: str, swing: float | None = None) -> list[float]:
    return [note.onset for note in perform(read(text), swing=swing).notes if note.part == "melody"]


def test_a_hornpipe_swings_and_a_reel_does_not() -> None:
    assert onsets(HORNPIPE + "GABc defg|") == pytest.approx([0, 0.6, 1, 1.6, 2, 2.6, 3, 3.6])
    assert onsets(HORNPIPE.replace("hornpipe", "reel") + "GABc|") == [0, 0.5, 1, 1.5]
    assert usual_swing(read(HORNPIPE + "G>AB>c d>ef>g|")) == 50  # written out


def test_triplets_and_what_has_no_halves_stay_even() -> None:
    assert onsets(HORNPIPE + "(3GAB cd e4|") == pytest.approx([0, 1 / 3, 2 / 3, 1, 1.6, 2])
    jig = "X:1\nM:6/8\nL:1/8\nK:G\nGAB cde|"
    assert swing_of(read(jig), 66) is None


@pytest.mark.parametrize("meter", ["4/4", "C|", "2/4", "3/4", "6/8", "7/8", "none"])
def test_a_tune_can_swing_where_a_beat_of_it_does(meter: str) -> None:
    for body in ("GABc defg|", "|:D|GABc defg:|", "(3GAB(3cde|", "G/A/B/c/ d/e/f/g/|"):
        reading = read(f"X:1\nM:{meter}\nL:1/8\nK:G\n{body}")
        assert can_swing(reading) == (swing_of(reading, 75) is not None)


def test_sixteenths_in_two_four_swing_in_pairs() -> None:
    assert onsets("X:1\nR:Hornpipe\nM:2/4\nL:1/16\nK:G\nGABc defg|") == pytest.approx(
        [0, 0.3, 0.5, 0.8, 1, 1.3, 1.5, 1.8]
    )


def test_a_pickup_of_half_a_beat_comes_late_and_bars_stay() -> None:
    assert onsets(HORNPIPE + "|:D|GABc defg|g2 g2 g2 g:|")[:2] == pytest.approx([0.1, 0.5])
    assert onsets(HORNPIPE + "|:D|GABc defg|g2 g2 g2 g:|")[12:15] == pytest.approx([7.5, 8.1, 8.5])


def test_moments_keep_their_order_and_beats_their_place() -> None:
    swing = swing_of(read(HORNPIPE + "|:D|GABc (3def ga|g2 g2 g2|]GABc defg|A8:|"), 75)
    assert swing is not None
    moments = [k / 16 for k in range(-4, 600)]
    heard = [swing(moment) for moment in moments]
    assert heard == sorted(heard)
    assert [swing.straight(moment) for moment in heard] == pytest.approx(moments)
    assert [swing(start) for start in swing.starts] == list(swing.starts)


def test_events_beats_and_notes_share_the_clock() -> None:
    reading = read(HORNPIPE + '"G"GABc "D"defg|[Q:1/4=60]"G"GABc defg|')
    performance = perform(reading, 120, swing=62)
    melody = [note for note in performance.notes_in_seconds() if note.part == "melody"]
    assert [performance.clock.seconds(s.onset) for s in performance.soundings] == pytest.approx(
        [n.onset for n in melody]
    )
    struck = [beat.time for beat in beats(reading, 120, performance.clock.swing)]
    assert struck == pytest.approx([n.onset for n in melody][::2])
    chords = {round(note.onset, 6) for note in performance.notes_in_seconds() if note.part == "bass"}
    assert chords < {round(time, 6) for time in struck}


def test_a_swing_out_of_range_says_so() -> None:
    for percent in (49, 76, float("nan")):
        with pytest.raises(ConfigError, match="swing"):
            swing_of(read("K:C\nC"), percent)
    assert swing_of(read("K:C\nC"), 50) is None


def test_outside_of_its_beats_nothing_moves() -> None:
    swing = Swing((4.0,), 1.0, 0.6)
    assert [swing(q) for q in (0.5, 4.0, 4.5, 5.0, 5.5)] == [0.5, 4.0, pytest.approx(4.6), 5.0, 5.5]
