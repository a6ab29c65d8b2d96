"""A tune as the line of its sounding notes: pitch and duration, for comparing tunes whatever their key.

Reads one voice as written, repeats not played out; of a chord its highest note, no graces. Pitches are MIDI numbers,
durations Fractions of a whole note. Knows nothing of scores.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from itertools import pairwise

from charlstm.tunes.abc import default_unit, parse_meter, parse_note, parse_unit, split_header
from charlstm.tunes.keys import ALTERATIONS, SEMITONES, parse_key
from charlstm.tunes.parse.rhythm import is_compound, timed
from charlstm.tunes.views.bars import body_tokens

Step = tuple[int, tuple[int, int]]


def melody(text: str) -> list[tuple[int, Fraction]]:
    """The notes of a tune as (MIDI pitch, duration), in order.

    Accidentals hold to the end of the bar, in every octave (ABC 2.1, 11.3, the default of propagate-accidentals); a
    note tied to one of the same pitch is one note with it.
    """
    header = split_header(text)
    meter_text = header.get("M")
    meter = parse_meter(meter_text)
    unit = parse_unit(header.get("L")) or default_unit(meter)
    key = parse_key(header.get("K"))
    signature = dict(key.signature) if key else {}
    altered: dict[str, int] = {}
    notes: list[tuple[int, Fraction]] = []
    chord: list[int] = []
    tied = False
    for token, duration, member, _ in timed(body_tokens(text), unit, meter, compound=is_compound(meter_text)):
        if token.kind == "bar_line":
            altered.clear()
        elif token.kind == "note" and member != "grace":
            accidental, letter, octave, _ = parse_note(token.text)
            if accidental:
                altered[letter] = ALTERATIONS[accidental]
            alteration = altered.get(letter, signature.get(letter, 0))
            pitch = 12 * (octave + 1) + SEMITONES[letter] + alteration
            if member == "chord":
                chord.append(pitch)
                continue
        elif token.kind == "chord_close" and chord:
            pitch = max(chord)
            chord = []
        elif token.kind == "tie":
            tied = bool(notes)
            continue
        elif token.kind in ("field", "inline_field") and token.text.strip("[").startswith("K:"):
            key = parse_key(token.text.strip("[]")[2:])
            signature = dict(key.signature) if key else {}
            continue
        else:
            if token.kind == "rest":
                tied = False
            continue
        if token.kind == "bar_line":
            continue
        if tied and notes and notes[-1][0] == pitch:
            notes[-1] = (pitch, notes[-1][1] + duration)
        else:
            notes.append((pitch, duration))
        tied = False
    return notes


def steps(notes: list[tuple[int, Fraction]]) -> list[Step]:
    """What stays the same in another key and at another speed, from each note to the next: the interval in semitones
    and the ratio of the durations as (numerator, denominator)."""
    return [(b[0] - a[0], _ratio(b[1], a[1])) for a, b in pairwise(notes)]


@lru_cache(maxsize=4096)
def _ratio(above: Fraction, below: Fraction) -> tuple[int, int]:
    return (above / below).as_integer_ratio() if below else (0, 1)
