"""Swing: the first half of a beat longer than the second, for all that sounds and all that follows it.

A `Swing` moves moments of the timeline, so notes, chords, the cursor and the metronome stay together. Knows no seconds.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import zip_longest

from charlstm.errors import ConfigError
from charlstm.score.beats import counted_measures
from charlstm.tunes.abc import is_compound, parse_meter
from charlstm.tunes.parse.events import Measure, Reading

STRAIGHT, HORNPIPE = 50.0, 60.0  # percent of a beat that its first half takes
PERCENT = (50, 75)  # from straight to a dotted rhythm
_DOTTED = 0.1  # share of a tune's notes from which it is written in dotted rhythms, and swings as written


@dataclass(frozen=True)
class Swing:
    """Which beats swing, in quarter notes, and the part of them, in (0, 1), that their first half takes."""

    starts: tuple[float, ...]  # rising, each a beat at least after the one before
    length: float  # of a beat
    share: float

    def __call__(self, quarters: float) -> float:
        """When a moment of the timeline is heard, in quarter notes; a beat begins and ends where it did."""
        index = bisect_right(self.starts, quarters) - 1
        if index < 0:
            return quarters
        start, length = self.starts[index], self.length
        place = (quarters - start) / length
        if place >= 1:
            return quarters
        if place < 0.5:
            return start + 2 * place * self.share * length
        return start + (self.share + (2 * place - 1) * (1 - self.share)) * length

    def straight(self, quarters: float) -> float:
        """The moment of the timeline that is heard then: the inverse of a call."""
        index = bisect_right(self.starts, quarters) - 1
        place = (quarters - self.starts[index]) / self.length if index >= 0 else 1.0
        if place >= 1:
            return quarters
        even = place / self.share / 2 if place < self.share else 0.5 + (place - self.share) / (1 - self.share) / 2
        return self.starts[index] + even * self.length


def swing_of(reading: Reading, percent: float | None = None) -> Swing | None:
    """The swing of a tune; None for none.

    Parameters
    ----------
    reading : Reading
    percent : float, optional
        Of a beat, how much its first half takes, in [50, 75]; without it that of the rhythm, see `usual_swing`.

    Raises
    ------
    ConfigError
        If the percentage is out of its range.
    """
    percent = usual_swing(reading) if percent is None else percent
    if not PERCENT[0] <= percent <= PERCENT[1]:
        raise ConfigError("swing", f"{percent:g} percent are outside {PERCENT[0]} to {PERCENT[1]}")
    if percent == STRAIGHT:
        return None
    beat = swung_beat(reading)
    begins = list(_swung_beats(reading, beat))
    # A beat that the next measure cuts short stays as it is.
    starts = [float(a) * 4 for a, b in zip_longest(begins, begins[1:]) if b is None or a + beat <= b]
    return Swing(tuple(starts), float(beat) * 4, percent / 100) if starts else None


def can_swing(reading: Reading) -> bool:
    """Whether a tune has a beat whose halves can be uneven."""
    return next(_swung_beats(reading, swung_beat(reading)), None) is not None


def _swung_beats(reading: Reading, beat: Fraction) -> Iterator[Fraction]:
    """When the beats begin that have two halves, in whole notes of the played-out tune."""
    for counted in counted_measures(reading):
        if not _swings(counted.measure):
            continue
        tuplets = _tuplets(counted.measure)
        number = -(-counted.passed // beat)
        if not counted.time and counted.passed % beat:  # a pickup that begins inside a beat
            number -= 1
        while number * beat < counted.passed + counted.measure.duration:
            start = number * beat - counted.passed
            if not any(begin < start + beat and start < end for begin, end in tuplets):
                yield counted.time + start
            number += 1


def usual_swing(reading: Reading) -> float:
    """60 percent for a hornpipe in even notes; 50, straight, for one in dotted rhythms and for all others."""
    if "hornpipe" not in (reading.get("R") or "").lower():
        return STRAIGHT
    beat = swung_beat(reading)
    notes = [event for event in reading.events if event.heads]
    dotted = sum(event.duration == beat * 3 / 4 for event in notes)
    return STRAIGHT if dotted > _DOTTED * len(notes) else HORNPIPE


def swung_beat(reading: Reading) -> Fraction:
    """The beat whose halves are uneven, in whole notes: a quarter, or an eighth where most notes are sixteenths."""
    lengths = Counter(event.duration for event in reading.events if event.heads)
    usual = max(lengths, key=lambda length: lengths[length], default=Fraction(1, 8))
    return Fraction(1, 8) if usual <= Fraction(1, 16) else Fraction(1, 4)


def _swings(measure: Measure) -> bool:
    """Whether a measure's beats have two halves: in 4/4, 2/4, 3/4, C, C|, not in 6/8 or 7/8."""
    meter = (measure.meter or "").strip()
    return parse_meter(meter) is not None and not is_compound(meter) and not meter.endswith(("/8", "/16"))


def _tuplets(measure: Measure) -> list[tuple[Fraction, Fraction]]:
    """From where to where a measure's tuplets last, from its beginning: their notes are even."""
    return [
        (event.onset - measure.onset, event.onset + event.duration - measure.onset)
        for event in measure.events
        if event.tuplet is not None
    ]
