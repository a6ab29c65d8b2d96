"""Validity: whether a text is a tune that can be played from the page, and if not, why not.

A syntax check: real tunes with their bars shuffled pass it, so it says nothing of music. Bars are counted by
`tunes/views/bars.py`, on the ABC as written. A tune may be valid though it was cut off: whether the model ended it is
known only to who sampled it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from charlstm.tunes.abc import Header, Token, lex, parse_meter, parse_unit, split_header
from charlstm.tunes.keys import parse_key
from charlstm.tunes.views.bars import LEAST_BARS, bars, has_final_bar_line, misfits, repeats_balance


@dataclass(frozen=True)
class Validity:
    """What is wrong with a tune, if anything.

    Attributes
    ----------
    reasons : tuple of str
        One sentence for each fault; empty for a valid tune.
    bars : int
        Bars that hold music.
    bars_filled : float
        Share of them that fill their meter, in [0, 1]; 0 without bars.
    """

    reasons: tuple[str, ...]
    bars: int
    bars_filled: float

    @property
    def valid(self) -> bool:
        """Whether there is no fault."""
        return not self.reasons


def validity(text: str) -> Validity:
    """Check one tune.

    valid = the header has a readable K: and M: (and L:, where there is one), each once
            and there are notes
            and every mark of the body is ABC, every chord and grace group closed
            and every bar holds the meter's duration; a pickup counts with the bar that completes it
            and repeat signs balance
            and the last mark is a final bar line or a repeat sign
            and there are at least 8 bars.

    Parameters
    ----------
    text : str
        One tune, with or without X:.
    """
    header = split_header(text)
    tokens = list(lex(text[header.body_start :], header.body_start))
    tune = bars(text)
    wrong = misfits(tune)
    reasons = [*_header_faults(header), *_mark_faults(tokens)]
    if not any(token.kind == "note" for token in tokens):
        reasons.append("There are no notes.")
    if wrong:
        number = wrong[0] + 1
        bar = tune[wrong[0]]
        more = f", and {len(wrong) - 1} more do not fit" if len(wrong) > 1 else ""
        reasons.append(f"Bar {number} lasts {bar.duration} of a whole note where {bar.expected} is needed{more}.")
    if not repeats_balance(text):
        reasons.append("A repeat is opened and not closed, or closed and not opened.")
    if not has_final_bar_line(text):
        reasons.append("There is no final bar line.")
    if len(tune) < LEAST_BARS:
        reasons.append(f"It has {len(tune)} bars; a tune has {LEAST_BARS} or more.")
    share = 1 - len(wrong) / len(tune) if tune else 0.0
    return Validity(tuple(reasons), len(tune), share)


def _header_faults(header: Header) -> list[str]:
    counts = Counter(field.letter for field in header.fields)
    reasons = [f"The header has {counts[letter]} {letter}: fields." for letter in "MLK" if counts[letter] > 1]
    key, meter, unit = header.get("K"), header.get("M"), header.get("L")
    if key is None:
        reasons.append("The header has no K: field.")
    elif parse_key(key) is None:
        reasons.append(f"K:{key} is not a key.")
    if meter is None:
        reasons.append("The header has no M: field.")
    elif parse_meter(meter) is None:
        reasons.append(f"M:{meter} is not a meter.")
    if unit is not None and parse_unit(unit) is None:
        reasons.append(f"L:{unit} is not a note length.")
    return reasons


def _mark_faults(tokens: list[Token]) -> list[str]:
    counts = Counter(token.kind for token in tokens)
    reasons = []
    if counts["unknown"]:
        first = next(token for token in tokens if token.kind == "unknown")
        reasons.append(f"{first.text!r} at character {first.start + 1} means nothing in ABC.")
    for kind, signs in (("chord", "A chord's brackets"), ("grace", "A grace group's braces")):
        if counts[f"{kind}_open"] != counts[f"{kind}_close"]:
            reasons.append(f"{signs} do not match.")
    return reasons
