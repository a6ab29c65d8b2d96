"""Decorations as they are played: rolls, trills, turns, mordents as small notes; staccato and accents.

An ornament makes several notes of one, all within its time. Pitches move by steps of the key's scale. Source of the
names: ABC standard 2.1, section 4.14; a roll is played as abc2midi plays it. Knows no voices and no seconds.
"""

from __future__ import annotations

from collections.abc import Collection
from fractions import Fraction
from typing import NamedTuple

from charlstm.tunes.keys import LETTERS, SEMITONES, Key
from charlstm.tunes.parse.events import Head

CUT = Fraction(1, 32)  # whole notes; the grace notes inside a roll, and the note a slide comes from
EIGHTH = Fraction(1, 8)
SHAKE = Fraction(1, 16)  # whole notes; each note of a trill or a turn where the tempo is not slow
SLOW = 90.0  # quarter notes per minute; at or below, they are half as long
ACCENT, STACCATO, STACCATISSIMO = 1.25, 0.5, 0.3
_NEIGHBOURS = {  # the small notes before the main one, in steps of the scale
    "turn": (1, 0, -1), "turnx": (1, 0, -1), "invertedturn": (-1, 0, 1), "invertedturnx": (-1, 0, 1),
    "mordent": (0, -1), "lowermordent": (0, -1), "uppermordent": (0, 1), "pralltriller": (0, 1),
}  # fmt: skip
_TRILLS = ("trill", "trill(")
ORNAMENTS = frozenset({"roll", "slide", *_TRILLS, *_NEIGHBOURS})


class Piece(NamedTuple):
    """One note of an ornament, in whole notes from where the decorated note begins."""

    onset: Fraction
    duration: Fraction
    steps: int  # of the scale above the written note


def ornament(decorations: Collection[str], duration: Fraction, qpm: float) -> list[Piece]:
    """The notes that the first ornament among some decorations makes of a note of this duration; [] where none is."""
    name = next((name for name in decorations if name in ORNAMENTS), None)
    shake = min(SHAKE if qpm > SLOW else SHAKE / 2, duration / 4)
    if name in _TRILLS:
        count = int(duration / shake)
        count -= 1 - count % 2  # it ends on the main note
        return _pieces([(shake, number % 2) for number in range(count)], duration)
    if name == "roll":
        return _roll(duration)
    if name == "slide":
        return _pieces([(min(CUT, duration / 2), -1), (duration, 0)], duration)
    if name is None:
        return []
    return _pieces([*((shake, steps) for steps in _NEIGHBOURS[name]), (duration, 0)], duration)


def velocity(decorations: Collection[str]) -> float:
    """How much louder than others a note with these decorations is."""
    return ACCENT if {"accent", ">", "emphasis", "marcato", "^"} & set(decorations) else 1.0


def gate(decorations: Collection[str]) -> float:
    """The part of its time that a note with these decorations sounds."""
    if "wedge" in decorations:
        return STACCATISSIMO
    return STACCATO if "staccato" in decorations else 1.0


def moved(head: Head, key: Key | None, steps: int) -> int:
    """The MIDI pitch so many steps of the key's scale above a note; 0 steps is the note with its accidental."""
    if not steps:
        return head.midi
    octaves, place = divmod(LETTERS.index(head.step) + steps, 7)
    letter = LETTERS[place]
    alteration = key.signature.get(letter, 0) if key else 0
    return 12 * (head.octave + octaves + 1) + SEMITONES[letter] + alteration


def _roll(duration: Fraction) -> list[Piece]:
    """The note, the same cut from above, the same tapped from below: `~G3` as `G{A}G{F}G`; a short one without more."""
    if duration < 2 * EIGHTH:
        cut = min(CUT, duration / 4)
        return _pieces([(cut, 1), (duration, 0)], duration)
    main = duration - 2 * EIGHTH
    first = [(main, 0)] if main else []
    return _pieces([*first, (CUT, 1), (EIGHTH - CUT, 0), (CUT, -1), (EIGHTH - CUT, 0)], duration)


def _pieces(lengths: list[tuple[Fraction, int]], duration: Fraction) -> list[Piece]:
    """Notes of these lengths one after the other; the last one lasts as long as the decorated note."""
    pieces: list[Piece] = []
    onset = Fraction(0)
    for length, steps in lengths:
        pieces.append(Piece(onset, length, steps))
        onset += length
    pieces[-1] = pieces[-1]._replace(duration=duration - pieces[-1].onset)
    return pieces
