"""Concepts of bars: the place in a bar, and the number of a bar in its section.

A repeat sign, a double or a final bar line ends a section; pickups have no number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction

from charlstm.neurons.concepts.concept import Spans, concept, tokens_of
from charlstm.neurons.concepts.layout import Layout
from charlstm.tunes.parse.place import PlacedToken


def _in_bars(text: Layout) -> Iterable[PlacedToken]:
    """The events of bars that are no pickups."""
    return (e for e in text.events if e.bar >= 0 and text.bars[e.bar].number)


def _length(text: Layout, event: PlacedToken) -> Fraction:
    """What the event's bar lasts by the meter; without meter, what it holds."""
    bar = text.bars[event.bar].bar
    return bar.expected or bar.duration


@concept("first beat", "on the first beat of the bar", "events")
def first_beat(text: Layout) -> Spans:
    """The notes and rests that begin within the first beat of a bar; a pickup has none."""
    return tokens_of(e for e in _in_bars(text) if e.onset < text.beat)


@concept("place in the bar", "on the last beat of the bar", "events")
def last_beat(text: Layout) -> Spans:
    """The notes and rests that begin within the last beat of a bar, pickups left out."""
    return tokens_of(e for e in _in_bars(text) if e.onset >= _length(text, e) - text.beat)


@concept("place in the bar", "in the second half of the bar", "events")
def second_half(text: Layout) -> Spans:
    """The notes and rests that begin in the second half of a bar, pickups left out."""
    return tokens_of(e for e in _in_bars(text) if 2 * e.onset >= _length(text, e))


@concept("place in the bar", "between beats", "events")
def off_beat(text: Layout) -> Spans:
    """The notes and rests that begin between two beats, pickups left out."""
    return tokens_of(e for e in _in_bars(text) if e.onset % text.beat)


def _bars(text: Layout, holds: Callable[[int], bool]) -> Spans:
    """The bars, each with the bar line after it, whose number in their section is such."""
    return [bar.span for bar in text.bars if bar.number and holds(bar.number)]


@concept("bar number", "in even-numbered bars")
def even_bar(text: Layout) -> Spans:
    """Every second bar of a section: 2, 4, 6 ..., each with the bar line after it."""
    return _bars(text, lambda number: number % 2 == 0)


@concept("bar number", "in bar 1 of each phrase")
def first_of_four(text: Layout) -> Spans:
    """Bars 1, 5, 9 ... of a section: the first of each four."""
    return _bars(text, lambda number: number % 4 == 1)


@concept("bar number", "in bar 4 of each phrase")
def fourth_of_four(text: Layout) -> Spans:
    """Bars 4, 8, 12 ... of a section: the last of each four."""
    return _bars(text, lambda number: number % 4 == 0)


@concept("bar number", "in bars 5 to 8 of each eight")
def second_four(text: Layout) -> Spans:
    """Bars 5 to 8 of each eight of a section."""
    return _bars(text, lambda number: (number - 1) % 8 >= 4)
