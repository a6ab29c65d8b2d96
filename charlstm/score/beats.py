"""The beats of a tune as it is heard: what a metronome strikes. Knows no sound.

Compound meters (6/8, 9/8, 12/8) are counted in groups of three, others by the meter's lower number; `C|` in halves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from charlstm.score.timeline import clock, played_measures
from charlstm.tunes.parse.events import Measure, Reading, Voice

if TYPE_CHECKING:
    from charlstm.score.swing import Swing

MAX_BEATS = 4000


class Beat(NamedTuple):
    """One beat. A pickup's beats are the last of their bar."""

    time: float  # seconds
    place: int  # in its bar, from 0, the strong one
    of: int  # beats of the bar
    seconds: float  # until the next beat of this bar


class CountedMeasure(NamedTuple):
    """A measure as it is heard, in whole notes, and how much of its bar is over where it begins."""

    time: Fraction
    place: int  # of the written measure in its voice
    measure: Measure
    passed: Fraction
    bar: Fraction  # the length that its meter says


def counted_measures(reading: Reading, voice: Voice | None = None) -> Iterator[CountedMeasure]:
    """The measures of a voice, the first without one, that have a meter, repeats played out.

    A measure that is too short or too long is counted from its first note; a short one that completes the one before
    it, from where that one stopped; a pickup from its bar's end.
    """
    measures = (voice or reading.voices[0]).measures
    left_over = Fraction(0)  # of the bar that the short measure before began, whole notes
    for time, index in played_measures(reading, voice):
        measure = measures[index]
        bar = measure.expected
        if meter_beat(measure.meter) is None or bar is None:
            left_over = Fraction(0)
            continue
        passed = _passed(measure, bar, left_over, at_start=not time)
        left_over = passed + measure.duration if passed + measure.duration < bar else Fraction(0)
        yield CountedMeasure(time, index, measure, passed, bar)


def beats(reading: Reading, qpm: float | None = None, swing: Swing | None = None) -> list[Beat]:
    """When each beat falls, repeats played out.

    Parameters
    ----------
    reading : Reading
        Its first voice counts. Measures without a meter have no beats.
    qpm : float, optional
        Quarter notes per minute to begin with, as in `timeline.clock`.
    swing : Swing, optional

    Returns
    -------
    list of Beat
        By time, at most 4,000.
    """
    seconds = clock(reading, qpm, swing).seconds
    struck: list[Beat] = []
    for time, _, measure, passed, bar in counted_measures(reading):
        if len(struck) > MAX_BEATS:
            break
        beat = meter_beat(measure.meter)
        assert beat is not None
        count = max(1, round(bar / beat))
        number = -(-passed // beat)  # the first beat that falls into this measure
        while number * beat < passed + measure.duration:
            start = time + number * beat - passed
            begins, ends = seconds(float(start) * 4), seconds(float(start + beat) * 4)
            struck.append(Beat(begins, int(number) % count, count, ends - begins))
            number += 1
    return struck[:MAX_BEATS]


def _passed(measure: Measure, bar: Fraction, left_over: Fraction, *, at_start: bool) -> Fraction:
    """How much of its bar is over when a measure begins: of a pickup all but itself, of an ordinary one nothing."""
    if measure.duration >= bar:
        return Fraction(0)
    if left_over and left_over + measure.duration <= bar:
        return left_over
    return bar - measure.duration if measure.pickup or at_start else Fraction(0)


def meter_beat(meter: str | None) -> Fraction | None:
    """The beat of a meter in whole notes: 1/4 in 4/4, 3/8 in 6/8, 1/2 in C|; None for none."""
    if meter is None:
        return None
    if meter.strip() in ("C", "C|"):
        return Fraction(1, 2 if meter.strip() == "C|" else 4)
    match = re.fullmatch(r"\(?\s*(\d+(?:\s*\+\s*\d+)*)\s*\)?\s*/\s*(\d+)\s*", meter)
    if match is None or not int(match[2]):
        return None
    upper, lower = sum(map(int, match[1].split("+"))), int(match[2])
    if "+" not in match[1] and lower >= 8 and upper > 3 and upper % 3 == 0:
        return Fraction(3, lower)
    return Fraction(1, lower)
