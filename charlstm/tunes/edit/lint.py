"""A tune proof-read: everything the reader stumbles over, with its line and column, and bars of a wrong length.

Knows no page and no model. The sentences are for the tune's author.
"""

from __future__ import annotations

from fractions import Fraction

from charlstm.errors import NotationError
from charlstm.tunes.abc import parse_meter, split_header
from charlstm.tunes.parse.events import Remark
from charlstm.tunes.parse.reader import read
from charlstm.tunes.views.bar_numbers import printed_bars
from charlstm.tunes.views.bars import misfits

MOST = 60  # remarks; a text with more is not a tune


def proofread(text: str) -> list[Remark]:
    """The remarks on a tune, in the order of the text.

    Parameters
    ----------
    text : str
        One tune as ABC; any text is accepted.

    Returns
    -------
    list of Remark
        At most MOST. The reader's own, and one for each bar that does not fill its meter.
    """
    try:
        remarks = list(read(text).remarks)
    except NotationError as error:
        line, column = error.line or 1, error.column or 1
        lines = text.split("\n")
        start = sum(len(before) + 1 for before in lines[: line - 1]) + column - 1
        return [Remark(line, column, min(start, len(text)), error.reason)]
    printed = printed_bars(text)
    for index in misfits(printed.bars):
        bar = printed.bars[index]
        assert bar.expected is not None  # a free bar fits
        much = "more" if bar.duration > bar.expected else "less"
        sentence = f"{_name(printed.numbers[index])} holds {_length(bar.duration)}, {much} than {_length(bar.expected)}"
        remarks.append(remark_at(text, bar.start, sentence))
    header = split_header(text)
    meter = header.get("M")
    if header.get("K") is None:
        remarks.append(remark_at(text, 0, "there is no K: line; a header ends with its key, such as K:D"))
    if meter is None:
        remarks.append(remark_at(text, 0, "there is no M: line, so no bar can be checked; write M:4/4 or the like"))
    elif parse_meter(meter) is None and meter.strip().lower() not in ("none", ""):
        place = next(f.start for f in header.fields if f.letter == "M")
        remarks.append(remark_at(text, place, f"{meter!r} is not a meter; write M:4/4, M:6/8 or M:none"))
    return sorted(remarks, key=lambda remark: remark.start)[:MOST]


def remark_at(text: str, start: int, message: str) -> Remark:
    """A remark on a place, its line and column counted from 1."""
    before = text[:start]
    return Remark(before.count("\n") + 1, start - before.rfind("\n"), start, message)


def _length(duration: Fraction) -> str:
    """A duration in eighths where it is some: 7/8, 3/4 as 6/8; else as it is."""
    eighths = duration * 8
    return f"{eighths}/8" if eighths.denominator == 1 else str(duration)


def _name(number: int) -> str:
    """A bar as one finds it in the score."""
    return f"bar {number}" if number else "the pickup"
