"""How long the marks of a body last: note lengths, chords, graces, tuplets and broken rhythm.

Durations are Fractions of a whole note. One implementation for bar arithmetic and for the score. Knows no pitches.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from charlstm.tunes.abc import Token, default_unit, parse_length, parse_meter, parse_note, parse_unit

_COMPOUND_UNITS = (6, 9, 12, 15)
_NONE = Fraction(0)


class Timed(NamedTuple):
    """A token and the time it takes. Notes of a chord and graces take none: a chord's time is its chord_close's.

    `member` says what a note is part of: "" itself, "chord" or "grace". `tuplet` is (p, q) where p notes are played
    in the time of q, and None elsewhere.
    """

    token: Token
    duration: Fraction  # whole notes
    member: str = ""
    tuplet: tuple[int, int] | None = None


def timed(
    tokens: Iterable[Token],
    unit: Fraction,
    meter: Fraction | None,
    *,
    compound: bool = False,
    unequal: bool = True,
    over_lines: bool = False,
) -> list[Timed]:
    """Give every token its duration, in order, none left out.

    Parameters
    ----------
    tokens : iterable of Token
        From `abc.lex`.
    unit : Fraction
        Unit note length in whole notes, until an L: field in the body changes it.
    meter : Fraction or None
        A bar in whole notes: the length of a `Z`, until an M: field in the body changes it.
    compound : bool
        Whether the beat is divided in three: then (5, (7 and (9 take the time of three notes (ABC 2.1, 4.13).
    unequal : bool
        Whether broken rhythm acts between notes of unequal lengths, as in `A2>B`, which the standard leaves open
        (4.4), and ends at a bar line. False is how players have it: unequal notes stay, bar lines make no difference.
    over_lines : bool
        Whether a chord may go on in the next line, as mail programs break them.

    Notes
    -----
    A chord or a grace group that is not closed before the bar or the line ends is no chord and no grace: its notes
    count. A tuplet goes on over bar lines until its notes are used up.
    """
    tokens = list(tokens)
    closed = _closed(tokens, over_lines)
    found: list[Timed] = []
    place: list[int] = []  # indices into `found` of what takes time, for broken rhythm
    inside, left = "", 0
    first: Fraction | None = None
    broken: tuple[Fraction, Fraction] | None = None  # what the note before and the note after are multiplied by
    p, q = 1, 1

    def lengthen(factor: Fraction) -> None:
        last = found[place[-1]]
        found[place[-1]] = last._replace(duration=last.duration * factor)

    def take(token: Token, duration: Fraction) -> None:
        nonlocal broken, left
        if left:
            duration = duration * q / p
            left -= 1
        if broken is not None:
            if unequal:
                duration *= broken[1]
            elif found[place[-1]].duration == duration:
                lengthen(broken[0])
                duration *= broken[1]
            broken = None
        found.append(Timed(token, duration, "", (p, q) if p != q and in_tuplet else None))
        place.append(len(found) - 1)

    for index, token in enumerate(tokens):
        kind = token.kind
        in_tuplet = left > 0
        if kind == "note" and inside != "grace":
            length = parse_note(token.text).length
            if inside == "chord":
                first = length if first is None else first
                found.append(Timed(token, _NONE, "chord"))
            else:
                take(token, _times(length, unit))
        elif kind == "note":
            found.append(Timed(token, _NONE, "grace"))
        elif kind == "rest" and not inside:
            length = parse_length(token.text[1:])
            take(token, length * ((meter or Fraction(1)) if token.text[0] in "ZX" else unit))
        elif kind == "chord_open" and index in closed and not inside:
            inside, first = "chord", None
            found.append(Timed(token, _NONE))
        elif kind == "chord_close" and inside == "chord":
            inside = ""
            if first is None:
                found.append(Timed(token, _NONE))
            else:
                take(token, first * parse_length(token.text[1:]) * unit)
        elif kind == "grace_open" and index in closed and not inside:
            inside = "grace"
            found.append(Timed(token, _NONE))
        else:
            if kind == "grace_close" and inside == "grace":
                inside = ""
            elif kind == "tuplet" and not inside:
                p, q, left = _tuplet(token.text, compound)
            elif kind == "broken" and place and not inside:
                small = Fraction(1, 2 ** min(len(token.text), 4))
                broken = (2 - small, small) if token.text[0] == ">" else (small, 2 - small)
                if unequal:
                    lengthen(broken[0])
            elif kind in ("bar_line", "field"):
                inside, broken = "", None if unequal else broken
            if kind in ("inline_field", "field"):
                letter, value = token.text.strip("[]")[0], token.text.strip("[]")[2:]
                if letter == "M":
                    meter, compound = parse_meter(value), is_compound(value)
                elif letter == "L":
                    unit = parse_unit(value) or default_unit(meter)
            found.append(Timed(token, _NONE))
    return found


@lru_cache(maxsize=1024)
def _times(length: Fraction, unit: Fraction) -> Fraction:
    """Their product; few differ, and Fractions are slow."""
    return length * unit


def is_compound(meter: str | None) -> bool:
    """Whether a meter's beat is divided in three: 6/8, 9/8, 12/8 and their like."""
    top = (meter or "").split("/")[0].strip()
    return top.isdigit() and int(top) in _COMPOUND_UNITS


def _closed(tokens: list[Token], over_lines: bool) -> set[int]:
    """Indices of the chord and grace openings that are closed before the bar or the line ends."""
    closed: set[int] = set()
    opening: int | None = None
    lines = 0
    for index, token in enumerate(tokens):
        if token.kind in ("chord_open", "grace_open"):
            opening, lines = index, 0
        elif token.kind == "line_break" and over_lines and not lines:
            lines = 1
        elif token.kind in ("bar_line", "line_break", "field"):
            opening = None
        elif opening is not None and token.kind == tokens[opening].kind.replace("open", "close"):
            closed.add(opening)
            opening = None
    return closed


def _tuplet(text: str, compound: bool) -> tuple[int, int, int]:
    """(p, q, r): p notes in the time of q for the next r notes; what is left open has the standard's default."""
    parts = [int(n[:3]) if n else 0 for n in text[1:].split(":")]
    p = max(parts[0], 1)
    default = {2: 3, 3: 2, 4: 3, 6: 2, 8: 3}.get(p, (3 if compound else 2) if p in (5, 7, 9) else p)
    q = parts[1] if len(parts) > 1 and parts[1] else default
    r = parts[2] if len(parts) > 2 and parts[2] else p
    return p, q, r
