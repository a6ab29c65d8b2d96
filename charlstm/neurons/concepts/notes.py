"""Concepts: named labellings of a text, one truth value a character, to hold units against. CONCEPTS has them all.

The first line of a concept's docstring is its definition, the one that the page shows. Here are the header, the signs
of the body and the notes; bars, sections and kinds of tunes are in `phrases.py`. Knows nothing of networks.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from types import MappingProxyType

from charlstm.neurons.concepts.label import Collection, Concept, Spans, letters_of, tokens_of
from charlstm.neurons.concepts.layout import Layout, length_span
from charlstm.neurons.concepts.phrases import PHRASES

LEAP = 7  # semitones: a fifth
_FOUND = Collection()
_put = _FOUND.put


def _signs(text: Layout, *kinds: str) -> Spans:
    return [(token.start, token.end) for token in text.tokens if token.kind in kinds]


# ---- header ---------------------------------------------------------------------------------------------------------


@_put("header", "text")
def in_header(text: Layout) -> Spans:
    """The information fields, up to and with the newline of K:."""
    return [(0, text.body.start)]


@_put("body", "text")
def in_body(text: Layout) -> Spans:
    """Everything after the header."""
    return [text.body]


@_put("header field", "header")
def in_title(text: Layout) -> Spans:
    """The value of T:, without the letter and the colon."""
    return [(f.start + 2, f.end) for f in text.header.fields if f.letter == "T"]


@_put("header field", "header")
def in_rhythm_field(text: Layout) -> Spans:
    """The R: line of the header."""
    return _fields(text, "R")


@_put("header field", "header")
def in_meter_field(text: Layout) -> Spans:
    """The M: line of the header."""
    return _fields(text, "M")


@_put("header field", "header")
def in_unit_field(text: Layout) -> Spans:
    """The L: line of the header."""
    return _fields(text, "L")


@_put("header field", "header")
def in_key_field(text: Layout) -> Spans:
    """The K: line of the header."""
    return _fields(text, "K")


def _fields(text: Layout, letter: str) -> Spans:
    return [(f.start, f.end) for f in text.header.fields if f.letter == letter]


# ---- signs of the body ----------------------------------------------------------------------------------------------


@_put("bar line")
def bar_line(text: Layout) -> Spans:
    """The signs of bar lines and repeats."""
    return _signs(text, "bar_line")


@_put("bar line")
def before_bar_line(text: Layout) -> Spans:
    """The last character of a bar that a bar line ends: the bar is full, and the model must know it."""
    return [(bar.end - 1, bar.end) for bar, _, _ in text.bars if bar.right]


@_put("line end")
def line_end(text: Layout) -> Spans:
    """Newlines of the body."""
    return _signs(text, "line_break")


@_put("chord symbol")
def chord_symbol(text: Layout) -> Spans:
    """Chord symbols, such as "Am", with their quotation marks."""
    return _signs(text, "chord_symbol")


@_put("grace")
def grace(text: Layout) -> Spans:
    """Grace notes, from { to }."""
    opened = [t.start for t in text.tokens if t.kind == "grace_open"]
    closed = [t.end for t in text.tokens if t.kind == "grace_close"]
    return list(zip(opened, closed, strict=False)) if len(opened) == len(closed) else _signs(text, "grace_open")


@_put("tuplet")
def in_tuplet(text: Layout) -> Spans:
    """The notes of tuplets, their sign included."""
    return [*_signs(text, "tuplet"), *tokens_of(e for e in text.events if e.tuplet)]


@_put("accidental")
def accidental(text: Layout) -> Spans:
    """Sharps, flats and naturals before notes."""
    return [(n.token.start, n.letter) for n in text.notes]


@_put("duration digit")
def note_length(text: Layout) -> Spans:
    """The digits and slashes that say how long a note or a rest is."""
    return [length_span(e.token) for e in text.events]


@_put("duration digit")
def broken_rhythm(text: Layout) -> Spans:
    """The signs > and < of a dotted pair."""
    return _signs(text, "broken")


# ---- notes ----------------------------------------------------------------------------------------------------------


@_put("note letter")
def note(text: Layout) -> Spans:
    """The letters of notes."""
    return letters_of(text.notes)


def _note_letter(letter: str) -> None:
    def spans(text: Layout) -> Spans:
        return letters_of(n for n in text.notes if text.text[n.letter].upper() == letter)

    spans.__name__ = f"note_{letter.lower()}"
    spans.__doc__ = f"The notes {letter}, in any octave, among all note letters."
    _put("note letter", "letters")(spans)


for _letter in "CDEFGAB":
    _note_letter(_letter)


@_put("note letter", "letters")
def tonic(text: Layout) -> Spans:
    """The notes on the letter of the key, such as D in K:Dmix."""
    return letters_of(n for n in text.notes if text.key and text.text[n.letter].upper() == text.key.tonic)


@_put("octave", "letters")
def low_note(text: Layout) -> Spans:
    """The letters of notes below the G above middle C."""
    return letters_of(n for n in text.notes if n.pitch < 67)


@_put("octave", "letters")
def high_note(text: Layout) -> Spans:
    """The letters of notes from the C above middle C up."""
    return letters_of(n for n in text.notes if n.octave > 4)


@_put("octave", "letters")
def very_high_note(text: Layout) -> Spans:
    """The letters of notes from the second G above middle C up."""
    return letters_of(n for n in text.notes if n.pitch >= 79)


@_put("leap", "events")
def after_leap(text: Layout) -> Spans:
    """The note that a leap of a fifth or more, up or down, leads to."""
    notes = [n for n in text.notes if not n.member]
    return [(now.letter, now.token.end) for last, now in pairwise(notes) if abs(now.pitch - last.pitch) >= LEAP]


CONCEPTS: Mapping[str, Concept] = MappingProxyType({**_FOUND, **PHRASES})
