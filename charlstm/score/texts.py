"""The lines of text of a tune: those that stand above a bar, and those that stand below the tune."""

from __future__ import annotations

import textwrap
from bisect import bisect_left
from dataclasses import dataclass

from charlstm.score.signs import MAX_LINE, printable
from charlstm.tunes.parse.events import Reading
from charlstm.tunes.text_strings import decode_escapes

_DIRECTIVES = ("text", "center", "right", "begintext")


@dataclass(frozen=True)
class Texts:
    """Lines of text, from the top down."""

    above: dict[int, list[str]]  # index of a measure -> T: within the tune, %%text, %%center, %%begintext before it
    below: list[str]  # those that no bar comes after, and the words (W:)


def texts_of(reading: Reading) -> Texts:
    """The texts of a tune by the measures of its first voice."""
    lines = [(field.start, field.value) for field in reading.inner_fields if field.letter == "T"]
    lines += [(d.start, line) for d in reading.directives if d.name in _DIRECTIVES for line in d.value.split("\n")]
    starts = [measure.start for measure in reading.measures]
    above: dict[int, list[str]] = {}
    below: list[str] = []
    for start, line in sorted(lines, key=lambda line: line[0]):
        if text := printable(decode_escapes(line.removeprefix("%%"))).strip():
            place = bisect_left(starts, start)
            (above.setdefault(place, []) if place < len(starts) else below).extend(textwrap.wrap(text, MAX_LINE))
    return Texts(above, below + [printable(line.strip()) for line in reading.words])
