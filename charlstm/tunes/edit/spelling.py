"""The one spelling of cleaned corpora, mark by mark and field by field: what `clean.py` and `normalize.py` share.

Header fields T R M L K, lengths in eighths, meters as fractions, titles in ASCII. Knows no bars and refuses nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from fractions import Fraction
from functools import lru_cache

from charlstm.tunes.abc import Header, Token, parse_length, parse_meter, parse_note, write_length
from charlstm.tunes.keys import LETTERS

UNIT = Fraction(1, 8)
RHYTHMS = (
    *("slip jig", "hop jig", "jig", "reel", "hornpipe", "polka", "march", "strathspey", "waltz", "air", "slide"),
    *("schottische", "clog", "minuet", "quickstep", "cotillion", "country dance", "highland fling", "long dance"),
)
_LENGTH = re.compile(r"[\d/]*$")
_IN_ASCII = str.maketrans({
    "ß": "ss", "Æ": "AE", "æ": "ae", "Œ": "OE", "œ": "oe", "Ø": "O", "ø": "o", "Ł": "L", "ł": "l", "Þ": "Th", "þ": "th",
    "Đ": "D", "đ": "d", "Ð": "D", "ð": "d", "‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-",
})  # fmt: skip


def header_text(title: str, rhythm: str, meter: str, key: str) -> str:
    """The header of a clean tune: T R M L K in that order, L:1/8, what is empty left out."""
    fields = {"T": title, "R": rhythm, "M": meter, "L": "1/8", "K": key}
    return "".join(f"{letter}:{value}\n" for letter, value in fields.items() if value)


def clean_title(title: str) -> str:
    """A title in ASCII, "X, The" as "The X", the dance after " -- " left out, at most 48 characters."""
    ascii_title = unicodedata.normalize("NFKD", title.translate(_IN_ASCII)).encode("ascii", "ignore").decode()
    ascii_title = re.sub(r"\\.", "", ascii_title).strip(" .\"'")
    ascii_title = re.sub(r"\s+--?\s+[A-Z][\w ]*$", "", ascii_title).strip(" .\"'")
    if ascii_title.isupper():
        ascii_title = re.sub(r"[A-Z][A-Z']*", lambda m: m[0].capitalize(), ascii_title)
    match = re.match(r"(.*), (The|An?)$", ascii_title)
    ascii_title = f"{match[2]} {match[1]}" if match else ascii_title
    ascii_title = re.sub(r"[^A-Za-z0-9 ,.'()&!?-]", "", ascii_title)
    return re.sub(r"\s+", " ", ascii_title).strip()[:48].rstrip()


def find_rhythm(header: Header) -> str:
    """The kind of tune from R:, else from a title ("-- Reel") or from G:; "" if none of them names one."""
    named = [f.value for f in header.fields if f.letter == "R"]
    hints = [f.value for f in header.fields if f.letter in "TG"]
    for value in [*named, *hints]:
        words = value.lower().replace("strathspay", "strathspey")
        for rhythm in RHYTHMS:
            if re.search(rf"\b{rhythm}s?\b" + ("" if value in named else r"\W*$"), words):
                return rhythm
    return ""


def find_meter(header: Header) -> str:
    """The M: value of a clean tune: "4/4" for C and C|; "" where none can be read."""
    value = (header.get("M") or "").replace(" ", "")
    if value in ("C", "C|") or _in_sixteenths(header):
        return "4/4"
    return value if parse_meter(value) else ""


def find_scale(header: Header) -> Fraction:
    """What a tune's lengths are multiplied by to be eighths."""
    return Fraction(1) if _in_sixteenths(header) else header.unit / UNIT


def _in_sixteenths(header: Header) -> bool:
    """Whether it is 2/4 in sixteenths. Its characters are read as 4/4 in eighths: that joins the reels of Ryan's book
    to O'Neill's."""
    return (header.get("M") or "").replace(" ", "") == "2/4" and header.unit == Fraction(1, 16)


@lru_cache(maxsize=4096)
def scaled(text: str, scale: Fraction) -> str:
    """A note or rest token with its length multiplied, in its shortest spelling."""
    note, length = split_length(text)
    return note + write_length(parse_length(length) * scale)


def split_length(text: str) -> tuple[str, str]:
    """A token in two: the note, and the digits and slashes of its length."""
    match = _LENGTH.search(text)
    assert match is not None  # it matches the empty end
    return text[: match.start()], match[0]


def highest(chord: Iterable[Token]) -> Token:
    """The highest note as it is written, accidentals not counted."""

    def height(token: Token) -> tuple[int, int]:
        parts = parse_note(token.text)
        return parts.octave, LETTERS.index(parts.letter)

    return max(chord, key=height)
