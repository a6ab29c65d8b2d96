"""The measures of a voice: filled with events, closed by bar lines, variant endings and parts.

Knows events by their index in the voice and their duration only.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from charlstm.tunes.abc import parse_meter
from charlstm.tunes.keys import Key
from charlstm.tunes.parse.events import BarLine, Event, Measure
from charlstm.tunes.parse.marks import merged

NAVIGATION = re.compile(r"(segno|coda|fine|D\.?C\.?|D\.?S\.?|dacapo|dacoda|dalsegno)", re.IGNORECASE)
Opening = tuple[str | None, Key | None, str]  # meter, key and clef where a measure begins


class Measures:
    """Measures as they come: those that are closed, and the one in the making.

    Attributes
    ----------
    time : Fraction
        Where the next event begins, in whole notes.
    part : str or None
        The P: label that begins with the measure in the making.
    marks : list of str
        Signs in it that lead through the tune, such as "segno" or "D.C.".
    """

    def __init__(self) -> None:
        self.time = Fraction(0)
        self._closed: list[Measure] = []
        self._indices: list[list[list[int]]] = []  # of each closed measure: its layers' events
        self._left = BarLine()
        self._onset = Fraction(0)
        self._reset()

    def _reset(self) -> None:
        self._layers: list[list[int]] = [[]]
        self._reach = self._onset  # where the longest layer ends
        self._start: int | None = None
        self._opening: Opening = (None, None, "treble")
        self._ending: tuple[int, ...] = ()
        self.part: str | None = None
        self.marks: list[str] = []

    @property
    def empty(self) -> bool:
        """Whether the measure in the making has no event yet."""
        return not self._layers[0]

    @property
    def ends(self) -> list[Fraction]:
        """Where each closed measure ends, in whole notes."""
        return [measure.onset + measure.duration for measure in self._closed]

    def add(self, index: int, start: int, duration: Fraction, opening: Opening) -> None:
        """Put in the event of this index, which begins at this offset of the text."""
        if self._start is None:
            self._start, self._opening = start, opening
        self._layers[-1].append(index)
        self.time += duration
        self._reach = max(self._reach, self.time)

    def begin_overlay(self) -> None:
        """Begin another layer of the measure."""
        self._layers.append([])
        self.time = self._onset

    def begin_ending(self, passes: tuple[int, ...], start: int, opening: Opening) -> None:
        """Begin a variant ending."""
        if self._start is None:
            self._start = start
        self._ending, self._opening = passes, opening

    def close(self, bar: BarLine, end: int) -> None:
        """End the measure in the making, which has an event, at this bar line."""
        meter, key, clef = self._opening
        assert self._start is not None
        duration = self._reach - self._onset
        self._closed.append(
            Measure(
                self._start, end, self._onset, duration, (), (), meter, key, self._left, bar, ending=self._ending,
                part=self.part, marks=tuple(self.marks), clef=clef,
            )
        )  # fmt: skip
        self._indices.append(self._layers)
        self._onset = self.time = self._reach
        self._left = bar
        self._reset()

    def merge_bar_line(self, bar: BarLine) -> None:
        """Take a bar line without music before it together with the last one."""
        self._left = merged(self._left, bar)
        if self._closed:
            last = self._closed[-1]
            self._closed[-1] = replace(last, right=merged(last.right, bar))
            self.mark_last()

    def mark_last(self) -> None:
        """Give signs that end a measure but stand after its bar line, `:|!fine!|`, to the measure they end."""
        late = [mark for mark in self.marks if not mark.lower().startswith(("segno", "coda"))]
        if late and self._closed:
            self._closed[-1] = replace(self._closed[-1], marks=(*self._closed[-1].marks, *late))
            self.marks = [mark for mark in self.marks if mark not in late]

    def end_line(self) -> None:
        """Note that the text has a line break here."""
        if self._closed and self.empty:
            self._closed[-1] = replace(self._closed[-1], line_end=True)

    def result(self, events: Sequence[Event]) -> tuple[Measure, ...]:
        """The closed measures with their events; the first is a pickup if it is short and not alone."""
        measures = []
        for number, (measure, layers) in enumerate(zip(self._closed, self._indices, strict=True)):
            first, *overlays = [tuple(events[index] for index in layer) for layer in layers]
            expected = parse_meter(measure.meter)
            pickup = number == 0 and len(self._closed) > 1 and expected is not None and measure.duration < expected
            measures.append(replace(measure, events=first, overlays=tuple(overlays), pickup=pickup))
        return tuple(measures)
