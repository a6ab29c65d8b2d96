"""How a duration is drawn: as note values, dots and tuplets. Quarter notes; knows no pitches.

A length that no single note value has (5/8, say) is drawn as several, tied. One that no dots can make (1/7) gets a
tuplet of its own, so that every Fraction is exact on the page.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any, NamedTuple

from charlstm.tunes.events import Event

_TYPES = {
    Fraction(8): "maxima", Fraction(4): "longa", Fraction(2): "breve", Fraction(1): "whole", Fraction(1, 2): "half",
    Fraction(1, 4): "quarter", Fraction(1, 8): "eighth", Fraction(1, 16): "16th", Fraction(1, 32): "32nd",
    Fraction(1, 64): "64th", Fraction(1, 128): "128th", Fraction(1, 256): "256th", Fraction(1, 512): "512th",
    Fraction(1, 1024): "1024th",
}  # fmt: skip
_DOTS = {1: 0, 3: 1, 7: 2}  # numerator of a dotted value -> dots


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
        from music21 import duration

        made = duration.Duration(type=self.type, dots=self.dots)
        if self.tuplet:
            made.appendTuplet(duration.Tuplet(*self.tuplet, self.type))
        return made


def pieces(event: Event) -> list[Piece]:
    """The note values that draw an event, longest first; their `quarters` add up to its duration."""
    tuplet, written = event.tuplet, event.written
    odd = written.denominator
    while odd % 2 == 0:
        odd //= 2
    if odd > 1:  # not a sum of note values: a tuplet of its own
        normal = 1 << (odd.bit_length() - 1)
        tuplet, written = (odd, normal), event.duration * odd / normal
    return [Piece(*_value(value), tuplet, value) for value in _split(written)]


def _value(value: Fraction) -> tuple[str, int]:
    dots = _DOTS[value.numerator] if value.numerator in _DOTS else 0
    head = value * Fraction(1 << dots, (1 << (dots + 1)) - 1)
    return _TYPES[head], dots


def _split(written: Fraction) -> list[Fraction]:
    """Whole notes as a sum of single or dotted note values: 5/8 = 1/2 + 1/8, 7/8 = double-dotted 1/2."""
    found: list[Fraction] = []
    while written:
        value = next(
            head * Fraction((1 << (dots + 1)) - 1, 1 << dots)
            for head in _TYPES
            for dots in (2, 1, 0)
            if head * Fraction((1 << (dots + 1)) - 1, 1 << dots) <= written
            and head / (1 << dots) in _TYPES
        )
        found.append(value)
        written -= value
    return found
