"""Layout: where each sign, note, beat and bar of a text lies, found once for all concepts. Knows no networks.

Signs, durations and bars are those of `tunes/`. Any text has a layout; one that is no tune has an empty one.
Durations are Fractions of a whole note. Voices and overlays are not told apart.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from charlstm.tunes.abc import Header, Token, default_unit, parse_meter, parse_note, parse_unit, split_header
from charlstm.tunes.keys import ALTERATIONS, SEMITONES, Key, parse_key
from charlstm.tunes.parse.rhythm import is_compound, timed
from charlstm.tunes.views.bars import Bar, bars, body_tokens


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


class Placed(NamedTuple):
    """A note, a rest, or what closes a chord: its token, its bar (-1: none), and when it begins in it.

    `letter` is the place of a note's letter, -1 of others; `pitch` its MIDI number. `member` is "chord" or "grace"
    where a note takes no time of its own.
    """

    token: Token
    bar: int
    onset: Fraction
    letter: int = -1
    pitch: int = 0
    octave: int = 0  # as written; 4: C to B from middle C
    member: str = ""
    tuplet: bool = False


@dataclass(frozen=True)
class Layout:
    """What concepts look at."""

    text: str
    header: Header
    tokens: tuple[Token, ...]
    bars: tuple[NumberedBar, ...]
    events: tuple[Placed, ...]
    beat: Fraction  # a quarter without meter
    key: Key | None

    @property
    def body(self) -> Span:
        return Span(self.header.body_start, len(self.text))

    @property
    def notes(self) -> tuple[Placed, ...]:
        """The events that are notes, graces and those of chords too."""
        return tuple(event for event in self.events if event.letter >= 0)

    def field(self, letter: str) -> str:
        """The value of a header field; "" where there is none."""
        return self.header.get(letter) or ""


@lru_cache(maxsize=256)
def layout(text: str) -> Layout:
    """The layout of a text; kept for a while, since all concepts ask for it in a row."""
    header = split_header(text)
    key = parse_key(header.get("K"))
    numbered = tuple(_numbered(bars(text), len(text)))
    events = tuple(_placed(text, header, key, [n.bar.start for n in numbered]))
    return Layout(text, header, body_tokens(text), numbered, events, beat_of(header.get("M")), key)


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


def _placed(text: str, header: Header, key: Key | None, starts: list[int]) -> list[Placed]:
    """The events of a body, each with its bar, its onset and its pitch."""
    meter = parse_meter(header.get("M"))
    unit = parse_unit(header.get("L")) or default_unit(meter)
    signature = key.signature if key else {}
    found: list[Placed] = []
    onset, altered = Fraction(0), dict[str, int]()
    for token, duration, member, tuplet in timed(body_tokens(text), unit, meter, compound=is_compound(header.get("M"))):
        if token.kind == "bar_line":
            onset, altered = Fraction(0), {}
        elif duration or member or token.kind in ("note", "rest"):
            bar = bisect_right(starts, token.start) - 1
            if token.kind == "note":
                accidental, letter, octave, _ = parse_note(token.text)
                if accidental:
                    altered[letter] = ALTERATIONS[accidental]
                pitch = 12 * (octave + 1) + SEMITONES[letter] + altered.get(letter, signature.get(letter, 0))
                at = token.start + len(accidental)
                found.append(Placed(token, bar, onset, at, pitch, octave, member, tuplet is not None))
            else:
                found.append(Placed(token, bar, onset, tuplet=tuplet is not None))
            onset += duration
    return found


def length_span(token: Token) -> Span:
    """The digits and slashes that end a note's, a rest's or a chord's token; empty where there are none."""
    match = re.search(r"[\d/]*$", token.text)
    assert match is not None  # it matches nothing, too
    return Span(token.start + match.start(), token.end)
