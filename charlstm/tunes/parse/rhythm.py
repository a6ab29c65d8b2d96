"""How long the tokens of a body last: note lengths, chords, graces, tuplets and broken rhythm. Knows no pitches.

Durations are Fractions of a whole note.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from charlstm.tunes.abc import Token, default_unit, is_compound, parse_length, parse_meter, parse_note, parse_unit


class Timing(NamedTuple):
    """The time that a token takes. Notes of a chord and graces take none: a chord's time is its chord_close's.

    `member` says what a note is part of: "" itself, "chord" or "grace". `tuplet` is (p, q) where p notes are played
    in the time of q, and None elsewhere.
    """

    duration: Fraction = Fraction(0)  # whole notes
    member: str = ""
    tuplet: tuple[int, int] | None = None


_SILENT, _IN_CHORD, _IN_GRACE = Timing(), Timing(member="chord"), Timing(member="grace")


def timings(tokens: Sequence[Token], unit: Fraction, meter: Fraction | None, *, compound: bool = False) -> list[Timing]:
    """The time of every token, one for each.

    Parameters
    ----------
    tokens : sequence of Token
        From `abc.lex`.
    unit : Fraction
        Unit note length in whole notes, until an L: field in the body changes it.
    meter : Fraction or None
        A bar in whole notes: the length of a `Z`, until an M: field in the body changes it.
    compound : bool
        Whether the beat is divided in three: then (5, (7 and (9 take the time of three notes (ABC 2.1, 4.13).

    Notes
    -----
    Broken rhythm between notes of unequal lengths, as in `A2>B`, is undefined (ABC 2.1, 4.4). It has no effect here,
    as in abc2midi, which is how such tunes are heard; and like there it acts over a bar line.

    A chord or a grace group may go on in the next line, as mail programs break them. One that is not closed before
    the bar or a second line ends is no chord and no grace: its notes count. A tuplet ends with its bar, too.
    """
    closed = _closed(tokens)
    times: list[Timing] = []
    inside = ""  # "chord" or "grace"
    first: Fraction | None = None  # length of the chord's first note, which is the chord's
    before = -1  # index of the last token that takes time
    broken: tuple[Fraction, Fraction] | None = None  # what the notes before and after a > or < are multiplied by
    p, q, left = 1, 1, 0  # the tuplet, and how many of its notes are still to come
    lengths: dict[str, Fraction] = {}  # of notes in this unit, by their text: few differ, and Fractions are slow

    for index, token in enumerate(tokens):
        kind, text = token.kind, token.text
        duration: Fraction | None = None
        silent = _SILENT
        in_tuplet = left > 0
        # What takes time: a note, a rest, and what closes a chord.
        if kind == "note":
            if inside == "grace":
                silent = _IN_GRACE
            elif inside == "chord":
                silent = _IN_CHORD
                first = parse_note(text).length if first is None else first
            elif (duration := lengths.get(text)) is None:
                duration = lengths[text] = parse_note(text).length * unit
        elif kind == "rest" and not inside:
            duration = parse_length(text[1:]) * ((meter or Fraction(1)) if text[0] in "ZX" else unit)
        elif kind == "chord_close" and inside == "chord":
            inside = ""
            duration = None if first is None else first * parse_length(text[1:]) * unit
        # What changes the time of others.
        elif kind == "space":
            pass
        elif kind == "bar_line":
            inside, left = "", 0
        elif kind == "chord_open" and index in closed and not inside:
            inside, first = "chord", None
        elif kind == "grace_open" and index in closed and not inside:
            inside = "grace"
        elif kind == "grace_close" and inside == "grace":
            inside = ""
        elif kind == "tuplet" and not inside:
            p, q, left = parse_tuplet(text, compound)
        elif kind == "broken" and before >= 0 and not inside:
            small = Fraction(1, 2 ** min(len(text), 4))
            broken = (2 - small, small) if text[0] == ">" else (small, 2 - small)
        elif kind in ("field", "inline_field"):
            inside = "" if kind == "field" else inside
            letter, value = token.field
            if letter == "M":
                meter, compound = parse_meter(value), is_compound(value)
            elif letter == "L":
                unit, lengths = parse_unit(value) or default_unit(meter), {}
        if duration is None:
            times.append(silent)
            continue
        # The tuplet shortens it, broken rhythm moves time between it and the note before.
        if left:
            duration = duration * q / p
            left -= 1
        if broken is not None:
            if times[before].duration == duration:
                times[before] = times[before]._replace(duration=duration * broken[0])
                duration *= broken[1]
            broken = None
        before = index
        times.append(Timing(duration, "", (p, q) if p != q and in_tuplet else None))
    return times


def _closed(tokens: Sequence[Token]) -> set[int]:
    """Indices of the chord and grace openings that are closed before the bar or the second line ends."""
    closed: set[int] = set()
    opening: int | None = None
    lines = 0
    for index, token in enumerate(tokens):
        kind = token.kind
        if kind in ("chord_open", "grace_open"):
            opening, lines = index, 0
        elif opening is None:
            continue
        elif kind == "line_break" and not lines:
            lines = 1
        elif kind in ("bar_line", "line_break", "field"):
            opening = None
        elif kind == tokens[opening].kind.replace("open", "close"):
            closed.add(opening)
            opening = None
    return closed


def parse_tuplet(text: str, compound: bool = False) -> tuple[int, int, int]:
    """(p, q, r): p notes in the time of q for the next r notes; what is left open has the standard's default."""
    parts = [int(n[:3]) if n else 0 for n in text[1:].split(":")]
    p = max(parts[0], 1)
    default = {2: 3, 3: 2, 4: 3, 6: 2, 8: 3}.get(p, (3 if compound else 2) if p in (5, 7, 9) else p)
    q = parts[1] if len(parts) > 1 and parts[1] else default
    r = parts[2] if len(parts) > 2 and parts[2] else p
    return p, q, r
