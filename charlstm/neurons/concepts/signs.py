"""Concepts of the body's signs: bar lines, chord symbols, graces, tuplets, accidentals, note lengths."""

from __future__ import annotations

from charlstm.neurons.concepts.concept import Spans, concept, signs_of, tokens_of
from charlstm.neurons.concepts.layout import Layout, length_span


@concept("bar line", "at bar lines")
def bar_line(text: Layout) -> Spans:
    """The signs of bar lines and repeats."""
    return signs_of(text, "bar_line")


@concept("bar line", "just before a bar line")
def before_bar_line(text: Layout) -> Spans:
    """The last character of a bar that a bar line ends: the bar is full, and the model must know it."""
    return [(bar.end - 1, bar.end) for bar, _, _ in text.bars if bar.right]


@concept("line end", "at line ends")
def line_end(text: Layout) -> Spans:
    """Newlines of the body."""
    return signs_of(text, "line_break")


@concept("chord symbol", "in chord symbols")
def chord_symbol(text: Layout) -> Spans:
    """Chord symbols, such as "Am", with their quotation marks."""
    return signs_of(text, "chord_symbol")


@concept("grace", "in grace notes")
def grace(text: Layout) -> Spans:
    """Grace notes, from { to }."""
    opened = [t.start for t in text.tokens if t.kind == "grace_open"]
    closed = [t.end for t in text.tokens if t.kind == "grace_close"]
    return list(zip(opened, closed, strict=False)) if len(opened) == len(closed) else signs_of(text, "grace_open")


@concept("tuplet", "in tuplets")
def in_tuplet(text: Layout) -> Spans:
    """The notes of tuplets, their sign included."""
    return [*signs_of(text, "tuplet"), *tokens_of(e for e in text.events if e.tuplet)]


@concept("accidental", "on accidentals")
def accidental(text: Layout) -> Spans:
    """Sharps, flats and naturals before notes."""
    return [(n.token.start, n.letter) for n in text.notes]


@concept("duration digit", "on note lengths")
def note_length(text: Layout) -> Spans:
    """The digits and slashes that say how long a note or a rest is."""
    return [length_span(e.token) for e in text.events]


@concept("duration digit", "on the signs > and <")
def broken_rhythm(text: Layout) -> Spans:
    """The signs > and < of a dotted pair."""
    return signs_of(text, "broken")
