"""The meter and the key of a melody, found from its notes. Knows no file and writes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from charlstm.score.midi_import.grid import EIGHTH, TICK, GridNote
from charlstm.score.midi_import.spelling import scale
from charlstm.tunes.keys import LETTERS, Key, key_of, signature

# Meter -> its bar and its beam groups, in eighths.
METERS = {"4/4": (8, 4), "2/4": (4, 2), "3/4": (6, 2), "6/8": (6, 3), "9/8": (9, 3), "12/8": (12, 3)}
_PRIOR = {"4/4": 0.30, "6/8": 0.25, "2/4": 0.0, "3/4": 0.05, "9/8": 0.0, "12/8": -0.25}
_MODES = {0: "major", 2: "dorian", 7: "mixolydian", 9: "minor"}  # semitones of the tonic above the signature's major
_MODE_RANK = {0: 0, 9: 1, 2: 2, 7: 2}  # how likely each is, 0 the likeliest
_NO_MODE_RANK = 9


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
    return key_with(best, _MODES.get((last - 7 * best) % 12, "major"))


def find_meter(notes: Sequence[GridNote], meter: str = "") -> tuple[str, int]:
    """A name of METERS (this one, if it is given) and the ticks before its first full bar, by where bars fit best."""
    choices = [
        (_fit(notes, name, length * EIGHTH, eighths * EIGHTH), name, eighths * EIGHTH)
        for name, (length, _) in METERS.items()
        if meter in ("", name)
        for eighths in range(length)
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
    return sums + 1.5 * on_beat + 0.5 * one_beat + _PRIOR[name] - 0.05 * pickup / TICK
