"""Lyrics under notes: the syllables of a w: line and the notes they fall on. Source: ABC standard 2.1, section 5.1."""

from __future__ import annotations

import bisect
import re
from collections.abc import Sequence
from fractions import Fraction

from charlstm.tunes.text_strings import decode_escapes

_MARK = re.compile(r"\\[-_*|~]|[^\s\-_*|~\\]+|[\-_*|~\\]|\s+")


def underlay(line: str, onsets: Sequence[Fraction], bar_ends: Sequence[Fraction]) -> list[tuple[int, str]]:
    """Pair a w: line's syllables with notes.

    Parameters
    ----------
    line : str
        Value of the w: field: blanks and `-` part syllables, `_` holds the last one for a note, `*` skips a note, `~`
        is a blank within a syllable, `|` goes on at the next bar; behind a backslash each of them is a character.
    onsets : sequence of Fraction
        When each note of the line of music begins, in whole notes.
    bar_ends : sequence of Fraction
        When each bar ends, rising.

    Returns
    -------
    list of (int, str)
        Index of a note and its syllable; a hyphen at its end says that the word goes on. Syllables that have no note
        have indices from len(onsets) on.
    """
    pairs: list[tuple[int, str]] = []
    note, syllable = 0, ""  # the next note, and the syllable so far

    def put(end: str = "") -> bool:
        """Put the syllable under the next note; False where there is none."""
        nonlocal note, syllable
        if not syllable:
            return False
        pairs.append((note, syllable + end))
        note, syllable = note + 1, ""
        return True

    for mark in _MARK.findall(decode_escapes(line)):
        if mark[0] == "\\" and len(mark) == 2:
            syllable += mark[1]
        elif mark == "~":
            syllable += " "
        elif mark == "-":
            if not put("-"):  # a further hyphen holds the syllable for another note
                note += 1
        elif mark in ("_", "*"):
            put()
            note += 1
        elif mark == "|":
            put()
            if 0 < note <= len(onsets):
                bar = bisect.bisect_right(bar_ends, onsets[note - 1])
                note = bisect.bisect_left(onsets, bar_ends[bar]) if bar < len(bar_ends) else len(onsets)
        elif mark.isspace():
            put()
        elif mark != "\\":
            syllable += mark
    put()
    return pairs
