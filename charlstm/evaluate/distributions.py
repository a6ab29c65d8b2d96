"""Distributions: what notes many tunes have, how far from each other and how long, and the rhythms of their bars.

Counts of values, and how far apart two sets of tunes are in them. Knows nothing of how the tunes were made.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import groupby, pairwise

from charlstm.tunes.abc import split_header
from charlstm.tunes.keys import parse_key
from charlstm.tunes.parse.place import placed_tokens
from charlstm.tunes.views.melody import melody_notes

DISTRIBUTIONS: Mapping[str, str] = {
    "pitch": "notes above the tonic, octaves taken together",
    "interval": "semitones from a note to the next",
    "length": "length of a note, in whole notes",
    "rhythm": "rhythm of a bar: its lengths, in eighth notes",
}
DEGREES = ("1", "b2", "2", "b3", "3", "4", "#4", "5", "b6", "6", "b7", "7")  # by semitones above the tonic
OCTAVE = 12  # larger intervals count as "more"
OTHER = "other"
Counts = Mapping[str, Mapping[str, int]]  # name -> value -> how often


def count(texts: Iterable[str]) -> dict[str, Counter[str]]:
    """How often each value occurs in some tunes, by the names of DISTRIBUTIONS.

    pitch     (p - tonic) mod 12 of each note p, as a degree of DEGREES; tunes without a readable K: are left out
    interval  p_(i+1) - p_i, from -12 to 12, beyond that "below -12" or "above 12"
    length    a note's duration, ties added up, as a fraction of a whole note
    rhythm    the durations of a bar's notes and rests in order, rests as z, in eighth notes
    """
    counts: dict[str, Counter[str]] = {name: Counter() for name in DISTRIBUTIONS}
    for text in texts:
        notes = melody_notes(text)
        key = parse_key(split_header(text).get("K"))
        if key is not None:
            counts["pitch"].update(DEGREES[(note.pitch - key.semitone) % 12] for note in notes)
        counts["interval"].update(_interval(b.pitch - a.pitch) for a, b in pairwise(notes))
        counts["length"].update(str(note.duration) for note in notes)
        counts["rhythm"].update(_rhythms(text))
    return counts


def _interval(semitones: int) -> str:
    if abs(semitones) <= OCTAVE:
        return f"{semitones:+d}" if semitones else "0"
    return f"above {OCTAVE}" if semitones > 0 else f"below -{OCTAVE}"


def _rhythms(text: str) -> Iterable[str]:
    timed = [placed for placed in placed_tokens(text) if placed.duration]
    for _, bar in groupby(timed, key=lambda placed: placed.bar):
        lengths = (("z" if placed.token.kind == "rest" else "", 8 * placed.duration) for placed in bar)
        yield " ".join(f"{rest}{length}" for rest, length in lengths)


def shares(counts: Mapping[str, int]) -> dict[str, float]:
    """Counts as shares that sum to 1; nothing for no counts."""
    total = sum(counts.values())
    return {value: number / total for value, number in counts.items()} if total else {}


def distance(a: Mapping[str, int], b: Mapping[str, int]) -> float:
    """Total variation of two distributions: sum over the values of |a(v) - b(v)| / 2, in [0, 1]; nan if one is empty.

    The share of the notes of one that would have to be other ones for it to be the other.
    """
    p, q = shares(a), shares(b)
    if not p or not q:
        return float("nan")
    return sum(abs(p.get(value, 0.0) - q.get(value, 0.0)) for value in p.keys() | q.keys()) / 2


def half_distance(texts: Sequence[str]) -> dict[str, float]:
    """The distances between every other tune and the rest: what two samples of one corpus differ by."""
    first, second = count(texts[::2]), count(texts[1::2])
    return {name: distance(first[name], second[name]) for name in DISTRIBUTIONS}


def ordered(name: str, counts: Mapping[str, int], *, most: int = 25) -> list[str]:
    """The values of a distribution in the order in which they are drawn.

    Degrees and intervals go up; lengths too; rhythms, of which there are thousands, are the commonest, and only
    `most` of anything are named: the rest is OTHER.
    """
    if name == "pitch":
        return list(DEGREES)
    if name == "interval":
        inside = [_interval(n) for n in range(-OCTAVE, OCTAVE + 1)]
        return [f"below -{OCTAVE}", *inside, f"above {OCTAVE}"]
    common = [value for value, _ in Counter(counts).most_common(most)]
    return sorted(common, key=Fraction) if name == "length" else common


def in_order(order: Sequence[str], counts: Mapping[str, int]) -> dict[str, float]:
    """The shares of some values in their order, and of all others together as OTHER."""
    known = shares(counts)
    named = {value: known.get(value, 0.0) for value in order}
    return {**named, OTHER: max(1 - sum(named.values()), 0.0)} if known else {**named, OTHER: 0.0}
