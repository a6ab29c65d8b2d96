"""Meter and key of a melody: bars counted from what the file names, or found from the notes. Writes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from charlstm.score.midi_import.grid import EIGHTH, TICK, GridNote
from charlstm.score.midi_import.spelling import scale
from charlstm.tunes.keys import LETTERS, Key, key_of, signature

# The meters that are looked for where a file names none: how likely each is beforehand.
_PRIOR = {"4/4": 0.30, "6/8": 0.25, "2/4": 0.0, "3/4": 0.05, "9/8": 0.0, "12/8": -0.25}
METERS = (*_PRIOR, "2/2", "3/2", "3/8", "5/4", "6/4", "7/8")  # that can be asked for
MODES = {0: "major", 2: "dorian", 7: "mixolydian", 9: "minor"}  # semitones of the tonic above the signature's major
_MODE_RANK = {0: 0, 9: 1, 2: 2, 7: 2}  # how likely each is, 0 the likeliest
_NO_MODE_RANK = 9


class Bar(NamedTuple):
    """A bar in ticks of the grid, as its meter has it; the music in it may begin later."""

    start: int
    end: int
    meter: str


def bar_length(meter: str) -> int:
    """Ticks of a bar of a meter, such as "6/8"."""
    return int(Fraction(meter) * 4 * TICK)


def beat_length(meter: str) -> int:
    """Ticks of the beat that is divided, and kept under one beam: three eighths in compound meters."""
    upper, lower = map(int, meter.split("/"))
    if lower >= 8 and upper > 3 and upper % 3 == 0:
        return 4 * TICK * 3 // lower
    return max(4 * TICK // lower, EIGHTH)


def beam_length(meter: str) -> int:
    """Ticks that are written without a blank: half a bar of 4/4, a beat, or a whole bar of 3/8, 5/8, 7/8."""
    beat = beat_length(meter)
    if beat < TICK:
        return bar_length(meter)
    return 2 * TICK if meter in ("4/4", "2/2") else beat


def count_bars(meters: Sequence[tuple[int, str]], end: int) -> Iterator[Bar]:
    """The bars of a file until one holds its end: each meter counts from its tick; the bar before it may be cut."""
    ends = [tick for tick, _ in meters[1:]] + [max(end, meters[-1][0] + 1)]
    for (start, meter), stop in zip(meters, ends, strict=True):
        length = bar_length(meter)
        is_last = stop == ends[-1]
        for at in range(start, stop, length):
            yield Bar(at, at + length if is_last else min(at + length, stop), meter)


def key_with(fifths: int, mode: str) -> Key:
    """The key with so many sharps (above 0) or flats (below) and this mode."""
    tonics = [(letter, alteration) for letter in LETTERS for alteration in (0, 1, -1)]
    return next(key for key in (key_of(*tonic, mode) for tonic in tonics) if key.fifths == fifths)


def find_key(notes: Sequence[GridNote]) -> Key:
    """The signature that most of the sounding time agrees with, and the mode that the last note ends in."""
    weights: Counter[int] = Counter()
    for note in notes:
        weights[note.pitch % 12] += note.end - note.onset
    last = notes[-1].pitch % 12

    # A little is forgiven for a likelier last note: 2 % of the time may be passing notes.
    def misfit(fifths: int) -> tuple[float, int]:
        in_scale = scale(signature(fifths))
        rank = _MODE_RANK.get((last - 7 * fifths) % 12, _NO_MODE_RANK)
        inside = sum(weight for pitch, weight in weights.items() if pitch in in_scale)
        return 0.02 * weights.total() * rank - inside, abs(fifths - 1)

    best = min(range(-5, 7), key=misfit)
    return key_with(best, MODES.get((last - 7 * best) % 12, "major"))


def key_that_ends(key: Key, pitch: int) -> Key | None:
    """The dorian or mixolydian key of this major key's signature whose tonic the pitch is, else None.

    MIDI files name major and minor keys only: of a dorian tune they name the signature's major.
    """
    mode = MODES.get((pitch - 7 * key.fifths) % 12, "major")
    return key_with(key.fifths, mode) if key.mode == "major" and mode in ("dorian", "mixolydian") else None


def find_meter(notes: Sequence[GridNote], meter: str = "") -> tuple[str, int]:
    """A meter (this one, if it is given) and the ticks before its first full bar, by where bars fit best."""
    choices = [
        (_fit(notes, name, bar_length(name), pickup), name, pickup)
        for name in ([meter] if meter else _PRIOR)
        for pickup in range(0, bar_length(name), EIGHTH)
    ]
    _, name, pickup = max(choices, key=lambda choice: choice[0])
    return name, pickup


def _fit(notes: Sequence[GridNote], name: str, bar: int, pickup: int) -> float:
    """How well bar lines of a meter fall: higher is better. The weights were set on tunes of the corpus."""
    begin, end = notes[0].onset + pickup, notes[-1].end
    lengths = {n.onset: n.end - n.onset for n in notes}
    lines = range(begin, max(end - bar, begin) + 1, bar)
    # Bars begin where notes begin, and long notes rather than short ones; the last bar is full with the pickup.
    struck = sum(t in lengths for t in lines) / len(lines)
    weight = sum(min(lengths.get(t, 0), 2 * TICK) for t in lines) / len(lines) / TICK
    mean = sum(min(d, 2 * TICK) for d in lengths.values()) / len(lengths) / TICK
    closes = (end - begin) % bar in (0, bar - pickup)
    # Bars sound alike in rhythm, beside each other and two apart.
    shapes: list[list[int]] = [[] for _ in lines]
    for onset in lengths:
        if 0 <= onset - begin < bar * len(lines):
            shapes[(onset - begin) // bar].append((onset - begin) % bar)
    alike = sum(a == b for a, b in pairwise(shapes)) / max(1, len(shapes) - 1)
    alike_but_one = sum(a == b for a, b in zip(shapes, shapes[2:], strict=False)) / max(1, len(shapes) - 2)
    # Notes begin on beats, and many last one.
    beat = 3 * EIGHTH if name.endswith("/8") else 2 * EIGHTH
    beats = range(begin, begin + bar * len(lines), beat)
    on_beat = sum(t in lengths for t in beats) / len(beats)
    one_beat = sum(d == beat for d in lengths.values()) / len(lengths)
    sums = 2.0 * struck + 0.6 * (weight - mean) + 0.8 * closes + 0.4 * alike + 0.3 * alike_but_one
    return sums + 1.5 * on_beat + 0.5 * one_beat + _PRIOR.get(name, 0.0) - 0.05 * pickup / TICK
