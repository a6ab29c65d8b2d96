"""Swing in a MIDI file: notes whose halves of the beat are uneven, all in the same way, are made even.

A file that swings by two thirds is left alone: it reads as triplets, as one by three quarters reads as dotted notes.
Knows no pitches.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence

from charlstm.score.midi_import.grid import TICK, PlayedNote
from charlstm.score.midi_import.meter_and_key import Bar, beat_length
from charlstm.score.swing import Swing

LOWEST, HIGHEST = 0.52, 0.73  # part of a beat that its first half takes
_TRIPLET = 2 / 3
_NEAR = 0.005  # of a beat
_MOSTLY = 0.8  # of the notes off the beat


def straightened(notes: Sequence[PlayedNote], bars: Sequence[Bar]) -> tuple[list[PlayedNote], float]:
    """The notes without their swing.

    Parameters
    ----------
    notes : sequence of PlayedNote
        By onset.
    bars : sequence of Bar
        In ticks of the grid, by time.

    Returns
    -------
    list of PlayedNote, float
        The same notes where nothing swings; and the part of a beat that its first half took, 0 where nothing swings.
    """
    usual_meter = Counter(bar.meter for bar in bars).most_common(1)[0][0]
    if beat_length(usual_meter) % TICK:
        return list(notes), 0.0
    for beat in (1.0, 0.5):  # quarter notes: eighths or sixteenths in pairs
        starts = list(_beats(bars, beat))
        places = [_place(note.onset, starts, beat) for note in notes]
        off_beat = [place for place in places if _NEAR < place < 1 - _NEAR]
        counts = Counter(round(place, 2) for place in off_beat if LOWEST < place < HIGHEST)
        if not counts:
            continue
        usual = counts.most_common(1)[0][0]
        swung = [place for place in off_beat if abs(place - usual) < 2 * _NEAR]
        share = sum(swung) / len(swung)
        if len(swung) < _MOSTLY * len(off_beat) or abs(share - _TRIPLET) < 2 * _NEAR:
            continue
        # Only the beats that swing: the triplets among them are even.
        uneven = {
            starts[bisect_right(starts, moment) - 1]
            for note in notes
            for moment in (note.onset, note.end)
            if abs(_place(moment, starts, beat) - share) < 2 * _NEAR
        }
        even = Swing(tuple(sorted(uneven)), beat, share).straight
        return [note._replace(onset=even(note.onset), end=even(note.end)) for note in notes], share
    return list(notes), 0.0


def _beats(bars: Sequence[Bar], beat: float) -> Iterator[float]:
    """When the beats of all bars begin, in quarter notes; a bar that is cut has its last beats."""
    for bar in bars:
        start, end = bar.start / TICK, bar.end / TICK
        start = end - beat * -(-(end - start) // beat)
        yield from (start + number * beat for number in range(round((end - start) / beat)))


def _place(moment: float, starts: Sequence[float], beat: float) -> float:
    """Where in its beat a moment lies, in [0, 1); 0 outside of all."""
    index = bisect_right(starts, moment + _NEAR * beat) - 1
    place = (moment - starts[index]) / beat if index >= 0 else 0.0
    return max(0.0, place) if place < 1 else 0.0
