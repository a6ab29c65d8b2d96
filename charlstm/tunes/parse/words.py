"""Lyrics under notes: the syllables of a w: line and the notes they fall on. Source: ABC standard 2.1, section 5.1."""

from __future__ import annotations

import bisect
import re
from collections.abc import Sequence
from fractions import Fraction

_SYLLABLE = re.compile(r"\\-|[^\s\-_*|~\\]+|[\-_*|~\\]|\s+")


def underlay(line: str, onsets: Sequence[Fraction], bar_ends: Sequence[Fraction]) -> list[tuple[int, str]]:
    """Pair a w: line's syllables with notes.

    Parameters
    ----------
    line : str
        Value of the w: field: blanks and `-` part syllables, `_` holds the last one for a note, `*` skips a note, `~`
        is a blank within a syllable, `|` goes on at the next bar.
    onsets : sequence of Fraction
        When each note of the line of music begins, in whole notes.
    bar_ends : sequence of Fraction
        When each bar ends, rising.

    Returns
    -------
    list of (int, str)
        Index of a note and its syllable; a hyphen at its end says that the word goes on.
    """
    found: list[tuple[int, str]] = []
    at, text = 0, ""

    def put(syllable: str) -> None:
        nonlocal at
        if at < len(onsets):
            found.append((at, syllable))
        at += 1

    for mark in _SYLLABLE.findall(line):
        if mark == "\\-":
            text += "-"
        elif mark == "~":
            text += " "
        elif mark == "-":
            if text:
                put(text + "-")
                text = ""
            else:  # a further hyphen holds the syllable for another note
                at += 1
        elif mark == "_" or mark == "*":
            if text:
                put(text)
                text = ""
            at += 1
        elif mark == "|":
            if text:
                put(text)
                text = ""
            if 0 < at <= len(onsets):
                bar = bisect.bisect_right(bar_ends, onsets[at - 1])
                at = bisect.bisect_left(onsets, bar_ends[bar]) if bar < len(bar_ends) else len(onsets)
        elif mark.isspace():
            if text:
                put(text)
                text = ""
        elif mark != "\\":
            text += mark
    if text:
        put(text)
    return found
