"""Where the lines of a page break: where the text breaks its lines, if that looks good; else where the width is full.

Widths are in Verovio's units (a page of 900 px at scale 40 is 2250 wide). Knows neither music21 nor SVG.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from charlstm.tunes.parse.events import Measure, Reading

# Natural width of music, fitted on 60 tunes of O'Neill, Ryan and Aird (mean error 1.5%).
_LINE, _MEASURE, _EVENT, _TIME, _GRACE, _ACCIDENTAL = 160.0, 26.0, 8.3, 129.5, 22.0, 20.0
FULLEST = 1.05  # of the page: what can still be squeezed in
EMPTIEST = 0.3  # mean of all lines but the last; below, the text's lines say nothing about a page


def measure_width(measure: Measure) -> float:
    """How much room a measure takes when nothing is squeezed or stretched."""
    width = _MEASURE
    for event in measure.events:
        width += _EVENT + _TIME * float(event.duration) ** 0.6 + _GRACE * len(event.graces)
        width += _ACCIDENTAL * any(head.accidental for head in event.heads)
    return width


def system_starts(reading: Reading, page_width: float) -> frozenset[int] | None:
    """Indices of the measures that begin a line, or None to let the engraver fill the width.

    A line of the text that is too long for the page is cut into equal lines.
    """
    # Indices of measures by line of the text; one line says nothing about where to break.
    lines: list[list[int]] = [[]]
    measures = reading.measures
    for index, measure in enumerate(measures):
        lines[-1].append(index)
        if measure.line_end:
            lines.append([])
    lines = [line for line in lines if line]
    if len(lines) < 2:
        return None
    # Cut what is too long for the page; lines that are nearly empty were not meant as lines of a page.
    room = page_width * FULLEST - _LINE
    cut: list[list[int]] = []
    for line in lines:
        cut += _cut([measure_width(measures[index]) for index in line], line, room)
    filled = [sum(measure_width(measures[index]) for index in line) / room for line in cut[:-1]]
    if sum(filled) / len(filled) < EMPTIEST:
        return None
    return frozenset(line[0] for line in cut[1:])


def _cut(widths: Sequence[float], line: Sequence[int], room: float) -> list[list[int]]:
    """A line of measures as few lines of nearly equal widths, each within the room if that can be."""
    count = min(len(line), max(1, -(-int(sum(widths)) // int(room))))
    target = sum(widths) / count
    pieces: list[list[int]] = [[]]
    done = 0.0
    for index, width in zip(line, widths, strict=True):
        if pieces[-1] and len(pieces) < count and done + width / 2 > target * len(pieces):
            pieces.append([])
        pieces[-1].append(index)
        done += width
    return pieces


_PRINT = re.compile(r"\s*<print new-system=\"(?:yes|no)\"\s*/>")
_MEASURE_TAG = re.compile(r"<measure [^>]*>")


def with_system_starts(xml: str, starts: frozenset[int]) -> str:
    """MusicXML whose first part begins a new line at these measures and nowhere else."""
    xml = _PRINT.sub("", xml)
    head, part, rest = xml.partition("</part>")
    count = -1

    def mark(match: re.Match[str]) -> str:
        nonlocal count
        count += 1
        return match[0] + ('<print new-system="yes" />' if count in starts else "")

    return _MEASURE_TAG.sub(mark, head) + part + rest
