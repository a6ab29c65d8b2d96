"""A form plan read off a tune: its bars compared as text, and the bar lines between them.

A bar begins and ends as in bar lookback (lm/infer/inputs/lookback.py): with its first character that is no sign, and at
the bar line. Only tunes whose bar lines are those of cleaned corpora have a plan. Knows no network.
"""

from __future__ import annotations

import re
from dataclasses import replace
from difflib import SequenceMatcher
from typing import NamedTuple

from charlstm.errors import ConfigError
from charlstm.tunes.abc import split_header
from charlstm.tunes.form_plan.plan import LINES, MOST_BARS, REACH, FormPlan, PlanBar, PlanPart
from charlstm.tunes.keys import LETTERS
from charlstm.tunes.views.bars import bars as bars_of

ALIKE = 0.6  # difflib's ratio from which on a bar is a variant of another one
_GAP = re.compile(r"(?::*\|)[|:\][123 \n]*")
_NOTE = re.compile(r"[A-Ga-g]")


class WrittenBar(NamedTuple):
    """A bar as it stands in a text: where its music begins and ends, and the bar line after it."""

    start: int
    end: int
    line: str


def written_bars(text: str) -> tuple[str, list[WrittenBar]]:
    """What stands before the first bar of a body, and the bars."""
    body = split_header(text).body_start
    opening = re.compile(r"[|:\][123 \n]*").match(text, body)
    start = body if opening is None else opening.end()
    before = text[body:start]
    bars: list[WrittenBar] = []
    while start < len(text):
        gap = _GAP.search(text, start)
        if gap is None:
            bars.append(WrittenBar(start, len(text.rstrip()), ""))
            break
        bars.append(WrittenBar(start, gap.start(), gap[0]))
        start = gap.end()
    return before, bars


def read_plan(text: str) -> FormPlan | None:
    """The plan of a tune; None if its bar lines are none of a plan's, or it has no bars or too many.

    A bar that was there before is a return; else one that is at least 0.6 like one of the 16 bars before, by difflib's
    ratio of their characters, is a variant of the likest of them, the latest of several; else it is new.
    """
    opening, written = written_bars(text)
    lines = [bar.line.rstrip(" ") if bar.line.strip(" ") not in ("|1", ":|2") else bar.line for bar in written]
    if not 0 < len(written) <= MOST_BARS or any(line not in LINES for line in lines):
        return None
    header = split_header(text)
    tonic = header.key.tonic if header.key else None
    music = [text[bar.start : bar.end].strip() for bar in written]
    measured = [(bar.start, bar.duration) for bar in bars_of(text)]
    if [len([start for start, _ in measured if bar.start <= start < bar.end]) for bar in written] != [1] * len(written):
        return None

    # Each bar by itself.
    bars: list[PlanBar] = []
    seen: dict[str, int] = {}
    for number, content in enumerate(music):
        length = measured[number][1]
        kind = PlanBar("return", seen[content]) if content in seen else _likeness(number, music, seen)
        seen.setdefault(content, number)
        before = lines[number - 1] if number else ""
        ending = {"|1 ": 1, ":|2 ": 2}.get(before, 0)
        short = None if length == header.meter else length
        bars.append(replace(kind, length=short, ending=ending, breaks=lines[number] == "|\n"))

    # Parts end at section lines; a part is repeated that opens with `|:`.
    lead_in = lines[0] == "|:"
    parts: list[PlanPart] = []
    first, repeated = 0, opening.endswith("|:") or lead_in
    for number, line in enumerate(lines):
        if line in (":|\n|:", ":|\n", ":|", "||\n|:", "||\n", "|]"):
            bars[number] = replace(bars[number], degree=_degree(music[number], tonic))
            parts.append(PlanPart(tuple(bars[first : number + 1]), repeated))
            first, repeated = number + 1, line.endswith("|:")
        elif line == ":|2 ":
            bars[number] = replace(bars[number], degree=_degree(music[number], tonic))
    if first < len(bars):
        return None
    try:
        plan = FormPlan(tuple(parts), lead_in).canonical()
    except ConfigError:
        return None
    return plan if (plan.opening, list(plan.lines)) == (opening, lines) else None


def _likeness(number: int, music: list[str], seen: dict[str, int]) -> PlanBar:
    """A bar that was not there before: like one of the last ones, or new."""
    matcher = SequenceMatcher(None, autojunk=False)
    matcher.set_seq2(music[number])
    best, of = ALIKE, None
    for earlier in range(number - 1, max(number - 1 - REACH, -1), -1):
        matcher.set_seq1(music[earlier])
        least = best if of is None else best + 1e-9
        if matcher.real_quick_ratio() >= least and matcher.quick_ratio() >= least:
            ratio = matcher.ratio()
            if ratio >= least:
                best, of = ratio, seen[music[earlier]]
    return PlanBar() if of is None else PlanBar("variant", of)


def _degree(content: str, tonic: str | None) -> int | None:
    """The degree of the last note of some music, 1 to 7."""
    notes = _NOTE.findall(content)
    if not notes or tonic is None:
        return None
    return (LETTERS.index(notes[-1].upper()) - LETTERS.index(tonic)) % 7 + 1
