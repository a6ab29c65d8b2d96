"""A tune as cleaned corpora spell it, piece by piece: what a network that learned one spelling can read of any tune.

Unlike `clean.py` nothing is refused, and bar lines, line breaks and the order of the bars stay as they are, so that a
place in the tune is a place in the result. A text that has the recipe's spelling comes out unchanged.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from fractions import Fraction

from charlstm.tunes.abc import Token, lex, parse_length, parse_note, split_header, write_length
from charlstm.tunes.edit.spelling import (
    UNIT,
    clean_title,
    find_meter,
    find_rhythm,
    find_scale,
    header_text,
    highest,
    scaled,
    split_length,
)
from charlstm.tunes.parse.rhythm import timings

_UNCHANGED = frozenset(["broken", "tuplet", "tie", "bar_line", "ending"])
_PLAIN_TITLE = re.compile(r"[A-Za-z0-9 ,.'()&!?-]{1,48}")


def plain_header(text: str) -> str:
    """The header of a tune as T R M L K lines, L:1/8; a tune without a key is in C, with the sign of no key."""
    header = split_header(text)
    title = header.get("T") or ""
    title = title if _PLAIN_TITLE.fullmatch(title) else clean_title(title)
    return header_text(title, find_rhythm(header), find_meter(header), str(header.key or "C"))


def plain_scale(text: str) -> Fraction:
    """What the lengths of a tune are multiplied by when it is written in eighths."""
    return find_scale(split_header(text))


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
    tokens = list(tokens)
    parts: list[str] = []
    chord: list[Token] = []
    after_field = False  # a line break there ends a line with nothing else
    for token, (_, member, _) in zip(tokens, timings(tokens, UNIT, None), strict=True):
        kind = token.kind
        if member == "chord":
            chord.append(token)
        elif kind == "chord_close" and chord:
            length = parse_note(chord[0].text).length * parse_length(token.text[1:])
            parts.append(split_length(highest(chord).text)[0] + write_length(length * scale))
            chord = []
        elif kind == "note" and not member:
            parts.append(_scaled(token.text, scale))
        elif kind == "rest":
            parts.append(token.text if token.text[0] in "ZX" else _scaled("z" + token.text[1:], scale))
        elif kind == "space" and not (parts and parts[-1].endswith(" ")):
            parts.append(" ")
        elif kind == "line_break" and not after_field:
            parts.append("\n")
        elif kind in _UNCHANGED:
            parts.append(token.text)
        after_field = kind == "field"
    return "".join(parts)


def scaled_body(body: str, scale: Fraction) -> str:
    """A body with all lengths multiplied, and no other character changed."""
    return "".join(_scaled(t.text, scale) if t.kind in ("note", "rest") else t.text for t in lex(body))


def _scaled(text: str, scale: Fraction) -> str:
    """A note or rest; one whose length stays keeps its spelling, too."""
    return text if scale == 1 else scaled(text, scale)
