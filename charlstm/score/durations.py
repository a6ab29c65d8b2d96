"""How a duration is drawn: as note values, dots and tuplets. Knows no pitches.

A length that no single note value has (5/8, say) is drawn as several, tied. One that no dots can make (1/7) gets a
tuplet of its own, so that every Fraction is exact on the page.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any, NamedTuple

from music21 import duration

from charlstm.tunes.parse.events import Event

_TYPES = ("breve", "whole", "half", "quarter", "eighth", "16th", "32nd", "64th", "128th", "256th", "512th", "1024th")
_DOTTED = (Fraction(1), Fraction(3, 2), Fraction(7, 4))
# Whole notes -> (music21's name, dots), longest first; the last dot is worth no less than a 1024th.
_VALUES = {
    Fraction(2, 1 << index) * _DOTTED[dots]: (name, dots)
    for index, name in enumerate(_TYPES)
    for dots in (2, 1, 0)
    if index + dots < len(_TYPES)
}


class Piece(NamedTuple):
    """One note value of the page."""

    type: str  # music21's name
    dots: int
    tuplet: tuple[int, int] | None
    written: Fraction  # whole notes

    @property
    def quarters(self) -> Fraction:
        """How long it lasts, in quarter notes."""
        return self.written * 4 * (Fraction(self.tuplet[1], self.tuplet[0]) if self.tuplet else 1)

    def duration(self) -> Any:
        """A new music21 Duration."""
        value = duration.Duration(type=self.type, dots=self.dots)
        if self.tuplet:
            value.appendTuplet(duration.Tuplet(*self.tuplet, self.type))
        return value


def pieces(event: Event) -> list[Piece]:
    """The note values that draw an event, longest first; their `quarters` add up to its duration."""
    tuplet, written = event.tuplet, event.written
    if written.denominator & (written.denominator - 1):  # not a sum of note values: a tuplet of its own
        odd = event.duration.denominator
        odd //= odd & -odd  # without its factors of 2
        normal = 1 << (odd.bit_length() - 1)
        tuplet, written = (odd, normal), event.duration * odd / normal
    return [Piece(*_VALUES[value], tuplet, value) for value in _split(written)]


def _split(written: Fraction) -> list[Fraction]:
    """Whole notes as a sum of single or dotted note values: 5/8 = 1/2 + 1/8, 7/8 = a double-dotted 1/2."""
    values: list[Fraction] = []
    while written:
        values.append(next(value for value in _VALUES if value <= written))
        written -= values[-1]
    return values
