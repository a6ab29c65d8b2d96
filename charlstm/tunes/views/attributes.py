"""What a tune is like beside its form: its range, notes per bar, and how many of its intervals are leaps.

Of one voice as written, repeats not played out; of a chord its highest note, no graces; tied notes are one. Knows
nothing of how the tune was made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from charlstm.tunes.abc import split_header
from charlstm.tunes.keys import LETTERS
from charlstm.tunes.parse.place import placed_tokens

THIRD = 2  # staff positions from a note to the one a third away
_MIDDLE = 4  # octave of middle C


class Ambitus(NamedTuple):
    """A range: its lowest and its highest note, both counted in, as staff positions above middle C."""

    lowest: int
    highest: int

    def __str__(self) -> str:
        return f"{note_name(self.lowest)}-{note_name(self.highest)}"


def note_name(position: int) -> str:
    """A staff position in scientific pitch notation: 0 is C4, middle C."""
    return f"{LETTERS[position % 7]}{_MIDDLE + position // 7}"


def parse_note_name(name: str) -> int:
    """The staff position of a letter and an octave, such as D4."""
    return LETTERS.index(name[0].upper()) + 7 * (int(name[1:]) - _MIDDLE)


@dataclass(frozen=True)
class TuneAttributes:
    """What a tune is like.

    Attributes
    ----------
    range : Ambitus or None
        From its lowest to its highest note, as staff positions; None without notes.
    density : float
        Notes per bar: its notes, divided by its duration in bars of its meter (whole notes, where it has none).
    leaps : float
        Share of its intervals that are larger than a third, in staff positions, in [0, 1].
    """

    range: Ambitus | None
    density: float
    leaps: float


def tune_attributes(text: str) -> TuneAttributes:
    """Read them off a tune."""
    positions, duration = _positions(text)
    bars = duration / (split_header(text).meter or 1)
    intervals = [abs(b - a) for a, b in pairwise(positions)]
    return TuneAttributes(
        range=Ambitus(min(positions), max(positions)) if positions else None,
        density=float(len(positions) / bars) if bars else 0.0,
        leaps=sum(interval > THIRD for interval in intervals) / len(intervals) if intervals else 0.0,
    )


def _positions(text: str) -> tuple[Sequence[int], Fraction]:
    """The staff positions of a tune's notes, and its duration in whole notes."""
    positions: list[int] = []
    duration, tied, chord = Fraction(0), False, False
    for placed in placed_tokens(text):
        kind = placed.token.kind
        duration += placed.duration
        if kind == "tie":
            tied = True
        elif kind == "rest":
            tied = False
        elif kind == "chord_close":
            chord, tied = False, False
        elif kind == "note" and placed.member != "grace":
            letter = placed.token.text[placed.letter - placed.token.start].upper()
            position = LETTERS.index(letter) + 7 * (placed.octave - _MIDDLE)
            if placed.member == "chord" and chord:
                positions[-1] = max(positions[-1], position)
            elif not (tied and positions and positions[-1] == position):
                positions.append(position)
            chord, tied = placed.member == "chord", tied and placed.member == "chord"
    return positions, duration
