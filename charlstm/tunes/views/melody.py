"""A tune as the line of its sounding notes: pitch and duration, for comparing tunes whatever their key.

Reads one voice as written, repeats not played out; of a chord its highest note, no graces. Pitches are MIDI numbers,
durations Fractions of a whole note. Knows nothing of scores.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from charlstm.tunes.parse.place import placed_tokens

Step = tuple[int, tuple[int, int]]


class MelodyNote(NamedTuple):
    """A note of the line, and the characters that write it: from its first to behind its last, ties included."""

    pitch: int
    duration: Fraction
    start: int
    end: int


def melody_notes(text: str) -> list[MelodyNote]:
    """The notes of a tune in order, with their places in the text; notes of one pitch that are tied are one."""
    notes: list[MelodyNote] = []
    chord: list[int] = []
    chord_start = 0
    tied = False
    for note in placed_tokens(text):
        kind, start = note.token.kind, note.token.start
        if kind == "note" and not note.member:
            pitch = note.pitch
        elif kind == "note":
            if note.member == "chord":
                chord.append(note.pitch)
            continue
        elif kind == "chord_close" and chord:
            pitch, chord, start = max(chord), [], chord_start
        else:
            if kind == "chord_open":
                chord_start = start
            tied = bool(notes) if kind == "tie" else tied and kind != "rest"
            continue
        if tied and notes[-1].pitch == pitch:
            last = notes[-1]
            notes[-1] = MelodyNote(pitch, last.duration + note.duration, last.start, note.token.end)
        else:
            notes.append(MelodyNote(pitch, note.duration, start, note.token.end))
        tied = False
    return notes


def melody(text: str) -> list[tuple[int, Fraction]]:
    """The notes of a tune as (MIDI pitch, duration), in order."""
    return [(note.pitch, note.duration) for note in melody_notes(text)]


def steps(notes: Sequence[tuple[int, Fraction] | MelodyNote]) -> list[Step]:
    """What stays the same in another key and at another speed, from each note to the next: the interval in semitones
    and the ratio of the durations as (numerator, denominator)."""
    return [(b[0] - a[0], _ratio(b[1], a[1])) for a, b in pairwise(notes)]


@lru_cache(maxsize=4096)
def _ratio(above: Fraction, below: Fraction) -> tuple[int, int]:
    return (above / below).as_integer_ratio() if below else (0, 1)
