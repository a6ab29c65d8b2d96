"""The form of a tune in words, for those who read no repeat signs: "A (bars 1–8) twice, B (bars 9–17) twice".

Read off the order in which measures are played (`form.py`): what is said here is what is heard.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from string import ascii_uppercase
from typing import NamedTuple

from charlstm.tunes.parse.events import Measure, Reading
from charlstm.tunes.views.bar_numbers import bar_numbers
from charlstm.tunes.views.form import play_order

_TIMES = {1: "once", 2: "twice"}
_NUMBERS = {2: "two", 3: "three", 4: "four", 5: "five", 6: "six", 7: "seven", 8: "eight"}
MOST = 12  # stretches of one part; a longer form is no help in words


@dataclass(frozen=True)
class Section:
    """A part of a tune: measures `first` to `last`, not counted in, under a letter."""

    label: str
    first: int
    last: int
    endings: int  # how many variant endings it has; 0 for none


class _Visit(NamedTuple):
    """A section that is played; `until` is the measure after the last one that is heard."""

    section: Section
    begin: int
    until: int


def sections(measures: Sequence[Measure], parts: str | None = None) -> list[Section]:
    """The parts of one voice: between repeat signs, double bar lines, P: labels and where playing jumps to.

    They are called A, B, C in their order, or as the P: fields of the body call them; one that is an earlier one again
    has its letter, but not right behind it. A pickup belongs to the part
    that it leads into, and variant endings to the part that they end.
    """
    order = play_order(measures, parts)
    # Where a part begins: after a bar line that closes, at one that opens, at a label, and where playing goes on.
    begins = {0}
    for index in range(1, len(measures)):
        before, measure = measures[index - 1], measures[index]
        if before.right.closes or measure.left.begins or measure.part:
            begins.add(index)
    for a, b in pairwise(order):
        if b != a + 1:
            begins |= {b, a + 1}
    begins -= {index for index in begins if index < len(measures) and measures[index].ending}
    begins.discard(len(measures))
    # A pickup, or the rest of a bar that a bar line has cut, is no part of its own.
    edges = [*sorted(begins), len(measures)]
    for edge, following in reversed(list(pairwise(edges))):
        length = sum(measure.duration for measure in measures[edge:following])
        expected = measures[edge].expected
        joined = following if following < len(measures) else edge
        if expected is not None and length < expected and joined in edges:
            edges.remove(joined)
    if edges[0] != 0 or len(edges) < 2:
        edges = [0, *[edge for edge in edges if edge != 0]]
    # Their letters.
    labels = iter(ascii_uppercase)
    found: list[Section] = []
    known: dict[Hashable, str] = {}
    for first, last in pairwise(edges):
        own = next((m.part for m in measures[first:last] if m.part), None)
        again = known.get(music := _music(measures[first:last]), "")
        is_again = again and again != found[-1].label
        label = own[:1] if own else again if is_again else next(labels, "")
        known.setdefault(music, label)
        found.append(Section(label, first, last, sum(bool(m.ending) for m in measures[first:last])))
    return found


def _music(measures: Sequence[Measure]) -> Hashable:
    """What is played in some measures: two parts that have the same are one that comes again."""
    return tuple(
        (measure.ending, *((event.duration, tuple(head.midi for head in event.heads)) for event in measure.events))
        for measure in measures
    )


def form_in_words(reading: Reading) -> str:
    """How often which part of the first voice is played, in their order, with the bar numbers of the score.

    "" where there is nothing to say: of a tune of one part that is played once, and of a form too long for a line.
    """
    parts = reading.get("P")
    found = sections(reading.measures, parts)
    visits = _visits(play_order(reading.measures, parts), found)
    stretches = [
        (section, until, len(list(group)))
        for (section, until), group in groupby((visit.section, visit.until) for visit in visits)
    ]
    # The passes of a section with endings stop at different measures and are one stretch all the same.
    merged: list[tuple[Section, int, int]] = []
    for section, until, times in stretches:
        if merged and merged[-1][0] == section and section.endings:
            merged[-1] = section, max(until, merged[-1][1]), merged[-1][2] + times
        else:
            merged.append((section, until, times))
    if len(merged) > MOST or (len(found) < 2 and sum(times for *_, times in merged) < 2):
        return ""
    numbers = bar_numbers(reading.measures)
    words, said = [], set[int]()
    for section, until, times in merged:
        lead_in = _is_short(reading.measures[section.first]) and section.first + 1 < section.last
        first, last = max(1, numbers[section.first + lead_in]), numbers[section.last - 1]
        name = section.label
        if len(found) > 1 and section.first not in said:
            name += f" (bars {first}–{last})" if last > first else f" (bar {first})"
        said.add(section.first)
        words.append(_in_words(reading.measures, section, name, until, times))
    return ", ".join(words)


def _visits(order: Sequence[int], found: Sequence[Section]) -> list[_Visit]:
    """The order of the measures as sections, one after the other."""
    visits: list[_Visit] = []
    for index in order:
        section = next(s for s in found if s.first <= index < s.last)
        last = visits[-1] if visits else None
        if last is None or last.section != section or index < last.until:
            visits.append(_Visit(section, index, index + 1))
        else:
            visits[-1] = last._replace(until=index + 1)
    return visits


def _is_short(measure: Measure) -> bool:
    return measure.expected is not None and measure.duration < measure.expected


def _in_words(measures: Sequence[Measure], section: Section, name: str, until: int, times: int) -> str:
    """One part and how often it is played: "B twice with two endings"."""
    words = f"{name} {_TIMES.get(times) or f'{_NUMBERS.get(times, times)} times'}"
    if section.endings > 1 and times > 1:
        words += f" with {_NUMBERS.get(section.endings, section.endings)} endings"
    if until < section.last and not any(m.ending for m in measures[until : section.last]):
        marks = {mark.lower().replace(".", "")[:4] for mark in measures[until - 1].marks}
        words = words.removesuffix(" once") + (
            " to Fine" if "fine" in marks else f" to its bar {until - section.first}"
        )
    return words
