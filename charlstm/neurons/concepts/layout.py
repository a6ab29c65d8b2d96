"""Layout: where each sign, note, beat and bar of a text lies, found once for all concepts. Knows no networks.

A view of the one parse, `charlstm.tunes.parse.place`. Any text has a layout; one that is no tune has an empty one.
Durations are Fractions of a whole note. Voices and overlays are not told apart.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from charlstm.tunes.abc import Header, Token, body_tokens, is_compound, parse_meter, split_header
from charlstm.tunes.keys import Key
from charlstm.tunes.parse.place import PlacedToken, placed_tokens
from charlstm.tunes.views.bars import Bar, bars


class Span(NamedTuple):
    """Characters from `start` up to, not with, `end`."""

    start: int
    end: int


class NumberedBar(NamedTuple):
    """A bar, its span with the bar line after it, and its number in its section, from 1; a pickup has 0.

    A second ending takes the numbers of the first one.
    """

    bar: Bar
    span: Span
    number: int


@dataclass(frozen=True)
class Layout:
    """What concepts look at."""

    text: str
    header: Header
    tokens: tuple[Token, ...]
    bars: tuple[NumberedBar, ...]
    events: tuple[PlacedToken, ...]  # notes, rests, and what closes a chord
    beat: Fraction  # a quarter without meter
    key: Key | None

    @property
    def body(self) -> Span:
        return Span(self.header.body_start, len(self.text))

    @property
    def notes(self) -> tuple[PlacedToken, ...]:
        """The events that are notes, graces and those of chords too."""
        return tuple(event for event in self.events if event.letter >= 0)

    def field(self, letter: str) -> str:
        """The value of a header field; "" where there is none."""
        return self.header.get(letter) or ""


@lru_cache(maxsize=256)
def layout(text: str) -> Layout:
    """The layout of a text; kept for a while, since all concepts ask for it in a row."""
    header = split_header(text)
    numbered = tuple(_numbered(bars(text), len(text)))
    events = tuple(p for p in placed_tokens(text) if p.duration or p.token.kind in ("note", "rest"))
    return Layout(text, header, body_tokens(text), numbered, events, beat_of(header.get("M")), header.key)


def beat_of(meter: str | None) -> Fraction:
    """A beat in whole notes: three of the meter's units where they go in threes, else one; a quarter without meter."""
    if parse_meter(meter) is None or meter is None or "/" not in meter:
        return Fraction(1, 4)
    unit = Fraction(1, int(meter.split("/")[1].strip(" )")))
    return 3 * unit if is_compound(meter) else unit


def is_pickup(bar: Bar) -> bool:
    """Whether a bar opens a section and is shorter than its meter; an ending opens none."""
    return bar.opens and not bar.ending and bar.expected is not None and bar.duration < bar.expected


def _numbered(found: list[Bar], length: int) -> list[NumberedBar]:
    """Number the bars of each section."""
    numbered, number, before_ending = [], 0, 0
    ends = [bar.start for bar in found[1:]] + [length]
    for bar, end in zip(found, ends, strict=False):  # no bars, one end
        if bar.ending:
            if bar.ending.startswith("1"):
                before_ending = number
            else:
                number = before_ending
        elif bar.opens:
            number = 0
        if is_pickup(bar):
            numbered.append(NumberedBar(bar, Span(bar.start, end), 0))
            continue
        number += 1
        numbered.append(NumberedBar(bar, Span(bar.start, end), number))
    return numbered


def length_span(token: Token) -> Span:
    """The digits and slashes that end a note's, a rest's or a chord's token; empty where there are none."""
    match = re.search(r"[\d/]*$", token.text)
    assert match is not None  # it matches nothing, too
    return Span(token.start + match.start(), token.end)
