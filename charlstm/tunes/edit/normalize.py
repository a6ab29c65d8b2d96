"""A tune as cleaned corpora spell it, piece by piece: what a network that learned one spelling can read of any tune.

Unlike `clean.py` nothing is refused, and bar lines, line breaks and the order of the bars stay as they are, so that a
place in the tune is a place in what is made of it. A text that has the recipe's spelling comes out unchanged.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from fractions import Fraction

from charlstm.tunes.abc import (
    Token,
    default_unit,
    lex,
    parse_length,
    parse_meter,
    parse_note,
    parse_unit,
    split_header,
    write_length,
)
from charlstm.tunes.edit.clean import UNIT, clean_title, find_rhythm
from charlstm.tunes.keys import parse_key
from charlstm.tunes.parse.rhythm import timed

_KEPT = frozenset(["broken", "tuplet", "tie", "bar_line", "ending", "space", "line_break"])
_PLAIN_TITLE = re.compile(r"[A-Za-z0-9 ,.'()&!?-]{1,48}")
_LENGTH = re.compile(r"[\d/]*$")


def plain_header(text: str) -> str:
    """The header of a tune as T R M L K lines, L:1/8; a tune without a key is in C, with the sign of no key."""
    header = split_header(text)
    key = parse_key(header.get("K"))
    title = header.get("T") or ""
    fields = {
        "T": title if _PLAIN_TITLE.fullmatch(title) else clean_title(title),
        "R": find_rhythm(header),
        "M": _meter(text),
        "L": "1/8",
        "K": "C" if key is None else str(key),
    }
    return "".join(f"{letter}:{value}\n" for letter, value in fields.items() if value)


def plain_scale(text: str) -> Fraction:
    """What the lengths of a tune are multiplied by when it is written in eighths."""
    header = split_header(text)
    meter = parse_meter(header.get("M"))
    unit = parse_unit(header.get("L")) or default_unit(meter)
    return Fraction(1) if _sixteenths(text) else unit / UNIT


def plain_body(tokens: Iterable[Token], scale: Fraction) -> str:
    """The marks of a body, or of a piece of one, in plain spelling.

    Parameters
    ----------
    tokens : iterable of Token
        From `abc.lex`, of whole bars.
    scale : Fraction
        Every length is multiplied by it.

    Returns
    -------
    str
        Notes, rests, ties, tuplets, broken rhythm, bar lines and blanks. Of a chord its highest note; ornaments,
        graces, chord symbols, words, slurs and fields within the tune are left out.
    """
    parts: list[str] = []
    chord: list[Token] = []
    after_field = False
    for token, _, member, _ in timed(tokens, UNIT, None):
        kind = token.kind
        if member == "chord":
            chord.append(token)
        elif kind == "chord_close" and chord:
            top = _LENGTH.sub("", max(chord, key=lambda t: _height(t.text)).text)
            length = parse_note(chord[0].text).length * parse_length(token.text[1:])
            parts.append(top + write_length(length * scale))
            chord = []
        elif kind == "note" and not member:
            parts.append(scaled(token.text, scale))
        elif kind == "rest":
            parts.append(token.text if token.text[0] in "ZX" else scaled("z" + token.text[1:], scale))
        elif kind in _KEPT and not (kind == "line_break" and after_field):  # such a line held nothing else
            blank = {"space": " ", "line_break": "\n"}.get(kind, token.text)
            if not (blank == " " and parts and parts[-1].endswith(" ")):
                parts.append(blank)
        after_field = kind == "field"
    return "".join(parts)


def plain_tune(text: str) -> str:
    """A whole tune in plain spelling, without a last newline."""
    header = split_header(text)
    tokens = lex(text[header.body_start :].rstrip())
    return plain_header(text) + plain_body(tokens, plain_scale(text))


def scaled(text: str, scale: Fraction) -> str:
    """A note or rest token with its length multiplied."""
    if scale == 1:
        return text
    match = _LENGTH.search(text)
    assert match is not None  # it matches the empty end
    return text[: match.start()] + write_length(parse_length(match[0]) * scale)


def scaled_body(body: str, scale: Fraction) -> str:
    """A body with all lengths multiplied, and no other character changed."""
    if scale == 1:
        return body
    return "".join(scaled(t.text, scale) if t.kind in ("note", "rest") else t.text for t in lex(body))


def _meter(text: str) -> str:
    value = (split_header(text).get("M") or "").replace(" ", "")
    if _sixteenths(text):
        return "4/4"
    return {"C": "4/4", "C|": "4/4"}.get(value, value if parse_meter(value) else "")


def _sixteenths(text: str) -> bool:
    """Whether the text is 2/4 in sixteenths: cleaned corpora read the same characters as 4/4 in eighths."""
    header = split_header(text)
    meter = (header.get("M") or "").replace(" ", "")
    unit = parse_unit(header.get("L")) or default_unit(parse_meter(meter))
    return meter == "2/4" and unit == Fraction(1, 16)


def _height(text: str) -> tuple[int, int]:
    parts = parse_note(text)
    return parts.octave, "CDEFGAB".index(parts.letter)
