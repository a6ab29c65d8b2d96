"""Concepts of the header: which of its fields a character is in."""

from __future__ import annotations

from charlstm.neurons.concepts.concept import Spans, concept
from charlstm.neurons.concepts.layout import Layout


@concept("header", "in the header", "text")
def in_header(text: Layout) -> Spans:
    """The information fields, up to and including the newline of K:."""
    return [(0, text.body.start)]


@concept("body", "in the music", "text")
def in_body(text: Layout) -> Spans:
    """Everything after the header."""
    return [text.body]


@concept("header field", "in the title", "header")
def in_title(text: Layout) -> Spans:
    """The value of T:, without the letter and the colon."""
    return [(f.start + 2, f.end) for f in text.header.fields if f.letter == "T"]


@concept("header field", "in the R: line", "header")
def in_rhythm_field(text: Layout) -> Spans:
    """The R: line of the header."""
    return _fields(text, "R")


@concept("header field", "in the M: line", "header")
def in_meter_field(text: Layout) -> Spans:
    """The M: line of the header."""
    return _fields(text, "M")


@concept("header field", "in the L: line", "header")
def in_unit_field(text: Layout) -> Spans:
    """The L: line of the header."""
    return _fields(text, "L")


@concept("header field", "in the K: line", "header")
def in_key_field(text: Layout) -> Spans:
    """The K: line of the header."""
    return _fields(text, "K")


def _fields(text: Layout, letter: str) -> Spans:
    return [(f.start, f.end) for f in text.header.fields if f.letter == letter]
