"""The guard of one bar that is written into a tune: the characters that fill it, whatever stands around it.

A bar as long as it must be, that no tie, triplet or broken rhythm leads out of. Its bar line is not its own. Knows no
network.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from fractions import Fraction

from charlstm.lm.sample.guard_body import Body, known_lengths, known_letters

ROOM = 40  # characters within which a bar can be filled from anywhere
_TIE = re.compile(r"(?<![\^_=])([A-G],{0,2}|[a-g]'{0,2})[0-9/]*-[|:\][123 \n]*\Z")


class BarGuard:
    """What a bar may go on with.

    Parameters
    ----------
    symbols : collection of str
        The characters that the model knows.
    quarters : int or None
        Its duration, in quarters of the unit note length; None: any.
    before : str
        What the model has read: a tie at its end asks for a note.
    on_beat : bool
        Whether > and < may stand on a beat only, as in hornpipes.
    room : int
        Characters within which it is full.
    """

    def __init__(
        self, symbols: Collection[str], quarters: int | None, *, before: str, on_beat: bool = False, room: int
    ) -> None:
        self._body = Body(
            quarters,
            known_lengths(symbols),
            on_beat,
            known_letters(symbols),
            is_first_bar=False,
            bars=1,
            least_bars=0,
            has_note=True,
            ties_over=False,
        )
        self._body.tied = tied_note(before)
        self._room = room

    def allows(self, char: str) -> bool:
        """Whether this character may come next; a bar line's, or "", asks whether the bar may end."""
        if char in ("", "|", ":"):
            return self._body.mode != "start" and self._body.copied().step("|")
        after = self._body.copied()
        if not after.step(char):
            return False
        return self._room > ROOM or len(after.closing()) < self._room

    def agrees(self, char: str) -> bool:
        """Nothing is planned within a bar."""
        return True

    def read(self, char: str) -> None:
        """Take one more character, which is allowed."""
        self._room -= 1
        self._body.step(char)


def tied_note(text: str) -> str:
    """The note that a tie at the end of a text asks for, a letter with its octave marks; "" for none."""
    match = _TIE.search(text)
    return match[1] if match else ""


def quarters_of(duration: Fraction, unit: Fraction) -> int | None:
    """A duration in quarters of a unit note length; None if that is no whole number."""
    quarters = 4 * duration / unit
    return quarters.numerator if quarters.denominator == 1 else None
