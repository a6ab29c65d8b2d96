"""Incipits: the first bars of a tune on one short line, by which players know it. Words and signs are left out."""

from __future__ import annotations

import zlib
from dataclasses import replace

from charlstm.errors import NotationError
from charlstm.score.engrave import OPTIONS, check_cost
from charlstm.score.engraver import draw_pages
from charlstm.score.notation import to_musicxml, to_score
from charlstm.tunes.parse.events import Event, Measure, Reading
from charlstm.tunes.views.bar_numbers import bar_numbers

BARS = 2
SCALE = 30  # percent of Verovio's size
_MAX_EVENTS = 48  # more do not fit on a line


def first_bars(reading: Reading, bars: int = BARS) -> Reading:
    """The first voice's first full bars with the pickup before them, and nothing but notes and rests.

    Fewer bars, where they hold more than fits on a line. Raises NotationError where one bar does.
    """
    voice = reading.voices[0]
    measures: list[Measure] = []
    for measure, number in zip(voice.measures, bar_numbers(voice.measures), strict=True):
        if number > bars or sum(len(m.events) for m in (*measures, measure)) > _MAX_EVENTS:
            break
        bare = tuple(map(_bare, measure.events))
        measures.append(replace(measure, events=bare, overlays=(), ending=(), part=None, marks=(), line_end=False))
    if not measures:
        raise NotationError("this tune begins with a bar that is too long for one line")
    cut = replace(voice, name="", measures=tuple(measures))
    return replace(reading, voices=(cut,), tempos=(), words=(), inner_fields=(), directives=())


def _bare(event: Event) -> Event:
    return replace(event, decorations=(), chord_symbols=(), annotations=(), lyrics=())


def engrave_incipit(reading: Reading) -> str:
    """The first two bars of a tune as SVG, as wide as they are. Raises NotationError."""
    cut = first_bars(reading)
    check_cost(cut)
    options = OPTIONS | {
        "breaks": "none", "adjustPageWidth": True, "pageWidth": 60000, "scale": SCALE, "header": "none",
        "pageMarginTop": 0, "pageMarginBottom": 0, "pageMarginLeft": 0,
        "xmlIdSeed": zlib.crc32(reading.text.encode("utf-8", "replace")) % 2**31 or 1,  # the same tune, the same ids
    }  # fmt: skip
    return draw_pages(to_musicxml(to_score(cut)), options)[0]
