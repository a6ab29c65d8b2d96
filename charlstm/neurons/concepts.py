"""Concepts: named labellings of a text, one truth value a character, to hold units against.

A concept is a function of the text alone: T characters in, (T,) out. Knows nothing of networks. Marks and their
durations are those of `tunes/`; a text that is no tune has labels too, most of them false.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from charlstm.tunes.abc import Token, default_unit, lex, parse_meter, parse_note, parse_unit, split_header
from charlstm.tunes.bars import bars
from charlstm.tunes.rhythm import Timed, is_compound, timed

Labels = NDArray[np.bool_]
Concept = Callable[[str], Labels]

NEAR_END = 16  # characters: about the last bar


def _spans(text: str, spans: Iterable[tuple[int, int]]) -> Labels:
    """True from each start up to, not with, each end."""
    labels = np.zeros(len(text), dtype=bool)
    for start, end in spans:
        labels[start:end] = True
    return labels


def _tokens(text: str) -> list[Token]:
    start = split_header(text).body_start
    return list(lex(text[start:], start))


def _timed(text: str) -> list[Timed]:
    header = split_header(text)
    meter = parse_meter(header.get("M"))
    unit = parse_unit(header.get("L")) or default_unit(meter)
    return timed(_tokens(text), unit, meter, compound=is_compound(header.get("M")))


def in_header(text: str) -> Labels:
    """The information fields, up to and with the newline of K:."""
    return _spans(text, [(0, split_header(text).body_start)])


def in_body(text: str) -> Labels:
    """Everything after the header."""
    return ~in_header(text)


def in_title(text: str) -> Labels:
    """The value of T:, without the letter and the colon."""
    fields = split_header(text).fields
    return _spans(text, [(f.start + 2, f.end) for f in fields if f.letter == "T"])


def in_key_field(text: str) -> Labels:
    """The K: line of the header."""
    return _spans(text, [(f.start, f.end) for f in split_header(text).fields if f.letter == "K"])


def bar_line(text: str) -> Labels:
    """The signs of bar lines and repeats."""
    return _spans(text, [(t.start, t.end) for t in _tokens(text) if t.kind == "bar_line"])


def line_end(text: str) -> Labels:
    """Newlines of the body."""
    return _spans(text, [(t.start, t.end) for t in _tokens(text) if t.kind == "line_break"])


def note(text: str) -> Labels:
    """The letters of notes."""
    return _spans(text, [(t.start + len(a), t.start + len(a) + 1) for t, a in _notes(text)])


def high_note(text: str) -> Labels:
    """The letters of notes from the C above middle C up."""
    notes = [(t, a) for t, a in _notes(text) if parse_note(t.text).octave > 4]
    return _spans(text, [(t.start + len(a), t.start + len(a) + 1) for t, a in notes])


def accidental(text: str) -> Labels:
    """Sharps, flats and naturals before notes."""
    return _spans(text, [(t.start, t.start + len(a)) for t, a in _notes(text)])


def _notes(text: str) -> list[tuple[Token, str]]:
    """The notes and their accidentals."""
    return [(t, parse_note(t.text).accidental) for t in _tokens(text) if t.kind == "note"]


def note_length(text: str) -> Labels:
    """The digits and slashes that say how long a note or a rest is."""
    sounding = [t for t in _tokens(text) if t.kind in ("note", "rest", "chord_close")]
    lengths = [(t, re.search(r"[\d/]*$", t.text)) for t in sounding]
    return _spans(text, [(t.start + match.start(), t.end) for t, match in lengths if match])


def in_tuplet(text: str) -> Labels:
    """The notes of tuplets, their sign included."""
    return _spans(text, [(m.token.start, m.token.end) for m in _timed(text) if m.tuplet or m.token.kind == "tuplet"])


def first_beat(text: str) -> Labels:
    """The notes and rests that begin within the first beat of a bar; a pickup has none."""
    header = split_header(text)
    beat = _beat(header.get("M"))
    pickups = {bar.start for bar in bars(text) if bar.opens and bar.expected and bar.duration < bar.expected}
    spans = []
    onset, upbeat, starts = Fraction(0), False, True
    for token, duration, member, _ in _timed(text):
        if token.kind == "bar_line":
            onset, starts = Fraction(0), True
        elif duration or member:
            if starts:
                upbeat, starts = token.start in pickups, False
            if onset < beat and not upbeat:
                spans.append((token.start, token.end))
            onset += duration
    return _spans(text, spans)


def _beat(meter: str | None) -> Fraction:
    """A beat in whole notes: three of the meter's units where they go in threes, else one; a quarter without meter."""
    bar = parse_meter(meter)
    if bar is None or meter is None or "/" not in meter:
        return Fraction(1, 4)
    unit = Fraction(1, int(re.split(r"/", meter)[1]))
    return 3 * unit if is_compound(meter) else unit


def in_repeat(text: str) -> Labels:
    """The music between |: and :|, or from the tune's beginning to a first :| without |:."""
    labels = np.zeros(len(text), dtype=bool)
    start: int | None = split_header(text).body_start
    for token in _tokens(text):
        if token.kind == "bar_line":
            if token.text.startswith(":") and start is not None:
                labels[start : token.start] = True
                start = None
            if token.text.endswith(":"):
                start = token.end
    return labels


def near_end(text: str) -> Labels:
    """The last 16 characters of the text."""
    return _spans(text, [(max(len(text) - NEAR_END, 0), len(text))])


CONCEPTS: Mapping[str, Concept] = MappingProxyType(
    {
        "in_header": in_header,
        "in_body": in_body,
        "in_title": in_title,
        "in_key_field": in_key_field,
        "bar_line": bar_line,
        "line_end": line_end,
        "first_beat": first_beat,
        "in_repeat": in_repeat,
        "in_tuplet": in_tuplet,
        "note": note,
        "high_note": high_note,
        "accidental": accidental,
        "note_length": note_length,
        "near_end": near_end,
    }
)
