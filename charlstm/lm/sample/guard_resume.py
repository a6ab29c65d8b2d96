"""A guard that takes up a tune in the middle: from a text that it did not follow, the state at its last bar line.

For tunes with chords, graces, words or bars that do not fill: what stands there stays, and what comes can be played.
Knows no network.
"""

from __future__ import annotations

import re
from fractions import Fraction

from charlstm.lm.sample.guard_bar import quarters_of, tied_note
from charlstm.lm.sample.guard_body import Body
from charlstm.tunes.abc import split_header
from charlstm.tunes.form_plan.reading import written_bars
from charlstm.tunes.views.bars import bars

_RESUMED = "resumed"  # a plain bar line, behind which music or a new line may come
_SIGNS = re.compile(r"[A-Ga-gz^_=|]")


def resume(body: Body, text: str, unit: Fraction) -> str:
    """Bring a body that has not begun to the last bar line of a text.

    Parameters
    ----------
    body : Body
    text : str
        A whole header and a part of a body.
    unit : Fraction
        The unit note length, in whole notes.

    Returns
    -------
    str
        What stands behind the last bar line.
    """
    opening, written = written_bars(text)
    if not written or not written[0].line:
        return text[split_header(text).body_start :]
    durations = [(bar.start, bar.duration) for bar in bars(text)]
    body.has_note = bool(durations)
    _go_on(body, opening)
    for bar in written:
        if not bar.line:
            return text[bar.start :]
        duration = sum((d for start, d in durations if bar.start <= start < bar.end), Fraction(0))
        body.fill = quarters_of(duration, unit) or body.full or 0
        _pass_line(body, bar.line)
    body.signs = len(_SIGNS.findall(text.rpartition("\n")[2]))
    body.tied = tied_note(text)
    return ""


def _pass_line(body: Body, line: str) -> None:
    """A bar is over: what its bar line closes and opens."""
    is_section = any(sign in line for sign in (":", "||", "]"))
    body.end_bar(section=is_section)
    if ":|" in line or "::" in line:
        body.is_open, body.was_opened = False, True
        body.ending = body.ending if "2" in line else 0
    elif is_section:
        body.ending = 0
    _go_on(body, line)


def _go_on(body: Body, line: str) -> None:
    """What may come behind a bar line, and what it opens."""
    body.mode, body.line = "start" if line.endswith("\n") or not line else "line", _RESUMED if line else ""
    if "|:" in line or "::" in line:
        body.is_open, body.was_opened, body.line = True, True, "|:"
    elif ending := next((digit for digit in "12" if digit in line), ""):
        body.mode, body.line, body.ending = "space" if line[-1] in " \n" else "ending", "", int(ending)
        if ending == "2":
            body.is_first_bar, body.is_ending_bar, body.pickup = False, True, body.kept_pickup
    elif ":|" in line:
        body.line = ":|"
    elif "||" in line or "]" in line:
        body.line = "||"
