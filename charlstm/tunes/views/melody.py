"""A tune as the line of its sounding notes: pitch and duration, for comparing tunes whatever their key.

Reads one voice as written, repeats not played out; of a chord its highest note, no graces. Pitches are MIDI numbers,
durations Fractions of a whole note. Knows nothing of scores.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from itertools import pairwise

from charlstm.tunes.parse.place import placed_tokens

Step = tuple[int, tuple[int, int]]


def melody(text: str) -> list[tuple[int, Fraction]]:
    """The notes of a tune as (MIDI pitch, duration), in order; notes of one pitch that are tied are one."""
    notes: list[tuple[int, Fraction]] = []
    chord: list[int] = []
    tied = False
    for note in placed_tokens(text):
        kind = note.token.kind
        if kind == "note" and not note.member:
            pitch = note.pitch
        elif kind == "note":
            if note.member == "chord":
                chord.append(note.pitch)
            continue
        elif kind == "chord_close" and chord:
            pitch, chord = max(chord), []
        else:
            tied = bool(notes) if kind == "tie" else tied and kind != "rest"
            continue
        if tied and notes[-1][0] == pitch:
            notes[-1] = (pitch, notes[-1][1] + note.duration)
        else:
            notes.append((pitch, note.duration))
        tied = False
    return notes


def steps(notes: list[tuple[int, Fraction]]) -> list[Step]:
    """What stays the same in another key and at another speed, from each note to the next: the interval in semitones
    and the ratio of the durations as (numerator, denominator)."""
    return [(b[0] - a[0], _ratio(b[1], a[1])) for a, b in pairwise(notes)]


@lru_cache(maxsize=4096)
def _ratio(above: Fraction, below: Fraction) -> tuple[int, int]:
    return (above / below).as_integer_ratio() if below else (0, 1)
