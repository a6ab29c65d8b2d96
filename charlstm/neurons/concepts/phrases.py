"""Phrases: the concepts of bars, sections and kinds of tunes, a part of CONCEPTS. See `concepts.py`.

Bars are numbered in their section, which a repeat sign, a double or a final bar line ends; pickups have no number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction

from charlstm.neurons.concepts.label import Collection, Spans, tokens_of
from charlstm.neurons.concepts.layout import Layout
from charlstm.tunes.abc import is_compound
from charlstm.tunes.parse.place import PlacedToken
from charlstm.tunes.views.bars import is_section_line

NEAR_END = 16  # characters: about the last bar
PHRASES = Collection()
_put = PHRASES.put


# ---- place in the bar -----------------------------------------------------------------------------------------------


def _in_bars(text: Layout) -> Iterable[PlacedToken]:
    """The events of bars that are no pickups."""
    return (e for e in text.events if e.bar >= 0 and text.bars[e.bar].number)


def _length(text: Layout, event: PlacedToken) -> Fraction:
    """What the event's bar lasts by the meter; without meter, what it holds."""
    bar = text.bars[event.bar].bar
    return bar.expected or bar.duration


@_put("first beat", "events")
def first_beat(text: Layout) -> Spans:
    """The notes and rests that begin within the first beat of a bar; a pickup has none."""
    return tokens_of(e for e in _in_bars(text) if e.onset < text.beat)


@_put("place in the bar", "events")
def last_beat(text: Layout) -> Spans:
    """The notes and rests that begin within the last beat of a bar, pickups left out."""
    return tokens_of(e for e in _in_bars(text) if e.onset >= _length(text, e) - text.beat)


@_put("place in the bar", "events")
def second_half(text: Layout) -> Spans:
    """The notes and rests that begin in the second half of a bar, pickups left out."""
    return tokens_of(e for e in _in_bars(text) if 2 * e.onset >= _length(text, e))


@_put("place in the bar", "events")
def off_beat(text: Layout) -> Spans:
    """The notes and rests that begin between two beats, pickups left out."""
    return tokens_of(e for e in _in_bars(text) if e.onset % text.beat)


# ---- bars of a section ----------------------------------------------------------------------------------------------


def _bars(text: Layout, holds: Callable[[int], bool]) -> Spans:
    """The bars, each with the bar line after it, whose number in their section is such."""
    return [bar.span for bar in text.bars if bar.number and holds(bar.number)]


@_put("bar number")
def even_bar(text: Layout) -> Spans:
    """Every second bar of a section: 2, 4, 6 ..., each with the bar line after it."""
    return _bars(text, lambda number: number % 2 == 0)


@_put("bar number")
def first_of_four(text: Layout) -> Spans:
    """The bars 1, 5, 9 ... of a section: the first of each four."""
    return _bars(text, lambda number: number % 4 == 1)


@_put("bar number")
def fourth_of_four(text: Layout) -> Spans:
    """The bars 4, 8, 12 ... of a section: the last of each four."""
    return _bars(text, lambda number: number % 4 == 0)


@_put("bar number")
def second_four(text: Layout) -> Spans:
    """The bars 5 to 8 of each eight of a section."""
    return _bars(text, lambda number: (number - 1) % 8 >= 4)


# ---- sections -------------------------------------------------------------------------------------------------------


@_put("repeat")
def in_repeat(text: Layout) -> Spans:
    """The music between |: and :|, or from the tune's beginning to a first :| without |:."""
    found = []
    start: int | None = text.body.start
    for token in text.tokens:
        if token.kind == "bar_line":
            if token.text.startswith(":") and start is not None:
                found.append((start, token.start))
                start = None
            if token.text.endswith(":"):
                start = token.end
    return found


@_put("repeat")
def before_repeat_end(text: Layout) -> Spans:
    """The last bar before a :|, without the sign."""
    return [(bar.start, bar.end) for bar, _, _ in text.bars if bar.right.startswith(":")]


@_put("repeat")
def second_part(text: Layout) -> Spans:
    """Everything after the first repeat sign, double or final bar line that music stands before."""
    first = next((span.end for bar, span, number in text.bars if number and bar.closes), len(text.text))
    return [(first, len(text.text))]


@_put("ending")
def first_ending(text: Layout) -> Spans:
    """A first ending, from its number to the sign that closes it."""
    return _endings(text, "1")


@_put("ending")
def second_ending(text: Layout) -> Spans:
    """A second ending, from its number to the sign that closes it."""
    return _endings(text, "2")


def _endings(text: Layout, number: str) -> Spans:
    found = []
    start: int | None = None
    for token in text.tokens:
        if token.kind == "ending":
            start = token.start if token.text.strip("[").startswith(number) else None
        elif token.kind == "bar_line" and start is not None and is_section_line(token.text):
            found.append((start, token.end))
            start = None
    return found if start is None else [*found, (start, len(text.text))]


@_put("cadence", "events")
def cadence(text: Layout) -> Spans:
    """The notes of the last two beats before a section ends: in :|, || or |], or with the tune."""
    closing = ((e, text.bars[e.bar].bar) for e in text.events if e.bar >= 0)
    return tokens_of(e for e, bar in closing if bar.closes and e.onset >= bar.duration - 2 * text.beat)


@_put("near the end")
def near_end(text: Layout) -> Spans:
    """The last 16 characters of the text, about its last bar."""
    return [(max(len(text.text) - NEAR_END, text.body.start), len(text.text))]


# ---- kinds of tunes: the whole body of a tune, or nothing -----------------------------------------------------------


@_put("meter")
def compound_meter(text: Layout) -> Spans:
    """The body of a tune whose beat goes in threes: 6/8, 9/8, 12/8."""
    return _body_if(text, is_compound(text.field("M")))


@_put("meter")
def triple_meter(text: Layout) -> Spans:
    """The body of a tune with three beats in a bar: 3/4, 3/8, 3/2, 9/8."""
    return _body_if(text, text.field("M").split("/")[0].strip() in ("3", "9"))


@_put("rhythm")
def reel(text: Layout) -> Spans:
    """The body of a tune whose R: field says reel."""
    return _body_if(text, "reel" in text.field("R").lower())


@_put("rhythm")
def jig(text: Layout) -> Spans:
    """The body of a tune whose R: field says jig, of any kind."""
    return _body_if(text, "jig" in text.field("R").lower())


@_put("rhythm")
def hornpipe(text: Layout) -> Spans:
    """The body of a tune whose R: field says hornpipe."""
    return _body_if(text, "hornpipe" in text.field("R").lower())


@_put("mode")
def minor_mode(text: Layout) -> Spans:
    """The body of a tune with a minor third: minor, dorian or phrygian by its K: field."""
    return _body_if(text, text.key is not None and text.key.mode in ("minor", "dorian", "phrygian"))


def _body_if(text: Layout, holds: bool) -> Spans:
    return [text.body] if holds else []
