"""Concepts of sections: repeats, endings, cadences, and the end of the tune."""

from __future__ import annotations

from charlstm.neurons.concepts.concept import Spans, concept, tokens_of
from charlstm.neurons.concepts.layout import Layout
from charlstm.tunes.views.bars import is_section_line

NEAR_END = 16  # characters: about the last bar


@concept("repeat", "in repeated sections")
def in_repeat(text: Layout) -> Spans:
    """The music between |: and :|, or from the tune's beginning to a first :| without |:."""
    repeats = []
    start: int | None = text.body.start
    for token in text.tokens:
        if token.kind == "bar_line":
            if token.text.startswith(":") and start is not None:
                repeats.append((start, token.start))
                start = None
            if token.text.endswith(":"):
                start = token.end
    return repeats


@concept("repeat", "in the last bar before a repeat sign")
def before_repeat_end(text: Layout) -> Spans:
    """The last bar before a :|, without the sign."""
    return [(bar.start, bar.end) for bar, _, _ in text.bars if bar.right.startswith(":")]


@concept("repeat", "in the second part of the tune")
def second_part(text: Layout) -> Spans:
    """Everything after the first repeat sign, double or final bar line that music stands before."""
    first = next((span.end for bar, span, number in text.bars if number and bar.closes), len(text.text))
    return [(first, len(text.text))]


@concept("ending", "in first endings")
def first_ending(text: Layout) -> Spans:
    """A first ending, from its number to the sign that closes it."""
    return _endings(text, "1")


@concept("ending", "in second endings")
def second_ending(text: Layout) -> Spans:
    """A second ending, from its number to the sign that closes it."""
    return _endings(text, "2")


def _endings(text: Layout, number: str) -> Spans:
    endings = []
    start: int | None = None
    for token in text.tokens:
        if token.kind == "ending":
            start = token.start if token.text.strip("[").startswith(number) else None
        elif token.kind == "bar_line" and start is not None and is_section_line(token.text):
            endings.append((start, token.end))
            start = None
    return endings if start is None else [*endings, (start, len(text.text))]


@concept("cadence", "in cadences", "events")
def cadence(text: Layout) -> Spans:
    """The notes of the last two beats before a section ends: in :|, || or |], or with the tune."""
    closing = ((e, text.bars[e.bar].bar) for e in text.events if e.bar >= 0)
    return tokens_of(e for e, bar in closing if bar.closes and e.onset >= bar.duration - 2 * text.beat)


@concept("near the end", "near the end of the tune")
def near_end(text: Layout) -> Spans:
    """The last 16 characters of the text, about its last bar."""
    return [(max(len(text.text) - NEAR_END, text.body.start), len(text.text))]
