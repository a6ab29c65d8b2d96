"""ABC text as data: header fields, tunebooks, and the marks of a body as tokens with character offsets.

Tolerant: any text has tokens, and they cover it. How long tokens last and what they sound like is read in `parse/`.
Lengths are multiples of the unit note length, meters and units are Fractions of a whole note.
Source: the ABC music standard 2.1 (abcnotation.com/wiki/abc:standard:v2.1), section numbers in the comments.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from charlstm.errors import NotationError
from charlstm.tunes.keys import Key, parse_key
from charlstm.tunes.mend import LINE_END, is_quoted, mend
from charlstm.tunes.text_strings import decode_escapes


class HeaderField(NamedTuple):
    """One information field; `start` and `end` are its offsets in the text, the newline left out."""

    letter: str
    value: str
    start: int
    end: int


class Header(NamedTuple):
    """The information fields of a text, where its body begins, and what was skipped: offset and sentence."""

    fields: tuple[HeaderField, ...]
    body_start: int
    remarks: tuple[tuple[int, str], ...] = ()

    def get(self, letter: str) -> str | None:
        """The value of the first field of this letter, or None."""
        return next((f.value for f in self.fields if f.letter == letter), None)

    def all(self, letter: str) -> tuple[str, ...]:
        """The values of all fields of this letter."""
        return tuple(f.value for f in self.fields if f.letter == letter)

    @property
    def meter(self) -> Fraction | None:
        """Length of a bar in whole notes; None for M:none, a missing or an unreadable meter."""
        return parse_meter(self.get("M"))

    @property
    def unit(self) -> Fraction:
        """Unit note length in whole notes, by L: or by the meter's default."""
        return parse_unit(self.get("L")) or default_unit(self.meter)

    @property
    def compound(self) -> bool:
        """Whether the beat is divided in three."""
        return is_compound(self.get("M"))

    @property
    def key(self) -> Key | None:
        """The key, or None for none."""
        return parse_key(self.get("K"))


class Token(NamedTuple):
    """A mark of the body: its kind, its characters, and the offset of the first one."""

    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        return self.start + len(self.text)

    @property
    def field(self) -> tuple[str, str]:
        """Letter and value, without its comment, of a "field" or "inline_field"; ("", "") of other tokens."""
        if self.kind not in ("field", "inline_field"):
            return "", ""
        text = self.text[1:-1] if self.kind == "inline_field" else self.text
        return text[0], field_value(text)


class NoteParts(NamedTuple):
    """A note's spelling: accidental ("", "^", "^^", "_", "__", "="), letter A-G, octave (4: C to B from middle C),
    length in unit note lengths."""

    accidental: str
    letter: str
    octave: int
    length: Fraction


_LINE = re.compile(r"[^\n]*\n|[^\n]+\Z")
_FIELD_LINE = re.compile(r"[ \t]*(([A-Za-z+]):(?!\|).*)")
_IGNORED_LINE = re.compile(r"\s*(%.*)?$|<start>\s*$|<end>\s*$")
_FIRST_TUNE = re.compile(r"(?m)^[ \t]*X:[ \t]*\d*[ \t]*$")
_TEXT_FIELDS = "ABCDFGHNORSTWZ"
# Lines that are no fields, then fields, one of them K:. The fields are those of a header, or the lines are words.
_STRAY_LINES = re.compile(
    r"((?:(?![ \t]*[A-Za-z+]:)[^\n]+\n){1,40}?)((?:[ \t]*[A-Za-z+]:[^\n]*\n|[ \t]*%[^\n]*\n)*?)[ \t]*K:"
)
# The same after a field of text, where more words may come between the fields.
_STRAY_WORDS = re.compile(
    r"((?:(?![ \t]*[A-Za-z+]:)[^\n]+\n){1,40})((?:[ \t]*[A-Za-z+]:[^\n]*\n|[^\n|]*\n){0,80}?)[ \t]*K:"
)


@lru_cache(maxsize=64)
def split_header(text: str) -> Header:
    """Find the information fields at the head of a tune, and the offset at which its body begins.

    The header ends after the first `K:` line (ABC 2.1, 3), or before the first line that is neither a field, a
    comment nor blank, so that a text without a key is read too. A `+:` line continues the field before it (3.3), and
    so does a line of words after H: or another field of text, or after a backslash, as older files have it (10.1).
    """
    mended = mend(text).text
    fields: list[HeaderField] = []
    remarks: list[tuple[int, str]] = []
    at = 0

    def extend(value: str) -> None:
        last = fields[-1]
        fields[-1] = last._replace(value=f"{last.value.removesuffix(chr(92)).rstrip()} {value}".strip())

    while line := _LINE.match(mended, at):
        bare = line[0].rstrip("\n")
        # A field, or more of the one before it.
        if match := _FIELD_LINE.match(bare):
            if match[2] == "+":
                if not fields:
                    break
                extend(field_value(match[1]))
            else:
                start = at + match.start(1)
                end = at + len(text[at : line.end()].rstrip("\r\n"))
                fields.append(HeaderField(match[2], field_value(match[1]), start, end))
        # Another line: the first of the music, or words between the fields, or before the tune.
        elif not _IGNORED_LINE.match(bare):
            lines = _STRAY_WORDS if fields and fields[-1].letter in _TEXT_FIELDS else _STRAY_LINES
            stray = lines.match(mended, at) if fields else None
            if not fields and (first := _FIRST_TUNE.search(mended, at)):
                remarks.append((at, "what comes before X: is not part of the tune; it was skipped"))
                at = first.start()
                continue
            if stray is None:
                break
            words, following = stray.groups()
            last = fields[-1]
            if last.value.endswith("\\") or last.letter == "H":
                extend(" ".join(words.split()))
            elif last.letter in _TEXT_FIELDS and "|" not in words:
                extend(" ".join(words.split()))
                remarks.append((at, f"this line is not an information field; it was read as more of {last.letter}:"))
            elif words.count("\n") == 1 and re.search(r"(?m)^[ \t]*[^MLQKPVwW%]:", following):
                remarks.append((at, "this line is not an information field; it was skipped"))
            else:
                break
            at += len(words)
            continue
        at = line.end()
        if match and match[2] == "K":
            break
    decoded = (f._replace(value=decode_escapes(f.value)) if f.letter in _TEXT_FIELDS else f for f in fields)
    return Header(tuple(decoded), at, tuple(remarks))


def field_value(field: str) -> str:
    """`K: D % once` to `D`: what stands behind an information field's letter and colon, its comment left out."""
    return re.sub(r"(^|\s)%.*$", "", re.sub(r"\\[ \t]*\n", " ", field[2:]).strip()).rstrip()


_LENGTH = r"\d*(?:/+\d*)?"
_BAR = r":*[|\[]?\|+[\]:]*:*|:*\|+[\[\]]?:*|::+|\[\||:+(?=\s|$)"
_MARKS: tuple[tuple[str, str], ...] = (  # the commonest first, but what begins alike in the order of preference
    ("note", rf"(?:\^{{1,2}}|_{{1,2}}|=)?[A-Ga-g][,']*{_LENGTH}"),
    ("space", r"[ \t]+"),
    ("continuation", r"\\[ \t]*(?:%[^\n]*)?\r?\n"),
    ("comment", r"%[^\n]*"),
    ("line_break", r"\r?\n|\r"),
    ("inline_field", r"\[[A-Za-z]:[^\]\n]*\]"),
    ("annotation", r'"[\^_<>@][^"\n]*"'),
    ("chord_symbol", r'"[^"\n]*"'),
    ("decoration", r"![^!\n|\s][^!\n|]*!|\+[a-zA-Z.<>()0-9]+\+|[~HIJKLMNOPQRSTUVWhijklmnopqrstuvw]|\.(?![(\-])"),
    ("rest", rf"[zxZX]{_LENGTH}"),
    ("spacer", rf"y{_LENGTH}"),
    ("tuplet", r"\(\d+(?::\d*){0,2}"),
    ("bar_line", _BAR),
    ("ending", r"\[\d+(?:[,\-]\d+)*"),
    ("chord_open", r"\["),
    ("chord_close", rf"\]{_LENGTH}"),
    ("slur_open", r"\.?\("),
    ("slur_close", r"\)"),
    ("grace_open", r"\{/?"),
    ("grace_close", r"\}"),
    ("broken", r">+|<+"),
    ("tie", r"\.?-"),
    ("overlay", r"&+"),
    ("backquote", r"`+"),
    ("unknown", r"."),
)
_LEX = re.compile("|".join(f"(?P<{kind}>{pattern})" for kind, pattern in _MARKS), re.DOTALL)
_ENDING_DIGITS = re.compile(r"\d+(?:[,\-]\d+)*")
_BODY_FIELD = re.compile(  # words that end in a backslash go on in the next line, as in older files
    r"[wWHNTCZ]:(?:[^\n]*\\[ \t]*\n(?![A-Za-z+]:|%|[ \t]*\n))*[^\n]*|[A-Za-z+]:[^\n]*"
)
KINDS = frozenset(kind for kind, _ in _MARKS) | {"field"}


def lex(body: str, start: int = 0) -> Iterator[Token]:
    """Cut a body into tokens that cover it: "".join(t.text for t in lex(body)) == body.

    Parameters
    ----------
    body : str
        Tune body; any text is accepted.
    start : int
        Offset of the body in the text, added to every token's `start`.

    Yields
    ------
    Token
        In order. Kinds: those of `KINDS`. A field line inside the body is one token "field"; digits right after
        a bar line, or `[1`, are an "ending" (ABC 2.1, 4.9); a letter that stands for a decoration is one (4.14).
    """
    at, line_start, after_bar = 0, True, False
    while at < len(body):
        if line_start and (match := _BODY_FIELD.match(body, at)) and not _looks_like_music(match[0]):
            kind = "field"
        elif after_bar and (match := _ENDING_DIGITS.match(body, at)):
            kind = "ending"
        else:
            match = _LEX.match(body, at)
            assert match is not None and match.lastgroup is not None  # "unknown" takes any character
            kind = match.lastgroup
        yield Token(kind, match[0], start + at)
        after_bar = kind == "bar_line" or (after_bar and kind == "space")
        line_start = kind in ("line_break", "continuation") or (line_start and kind == "space")
        at = match.end()


@lru_cache(maxsize=32)
def body_tokens(text: str) -> tuple[Token, ...]:
    """The tokens of a tune's body; kept for a while, since a tune is asked several questions in a row."""
    header = split_header(text)
    return tuple(lex(mend(text).text[header.body_start :], header.body_start))


def _looks_like_music(line: str) -> bool:
    """`A:|` and `G::c` at a line's start are a note before a repeat sign, not an information field."""
    return (line[0] in "ABCDEFGabcdefgzx" and line[1:3] in (":|", "::", ":]")) or line[:2] in ("z:", "x:")


_NOTE = re.compile(r"(\^{1,2}|_{1,2}|=)?([A-Ga-g])([,']*)(.*)$", re.DOTALL)


@lru_cache(maxsize=4096)  # a tune has few different notes, and this is the readers' hot spot
def parse_note(text: str) -> NoteParts:
    """Read a "note" token, such as `^f'3/2`. Raises NotationError for any other text."""
    match = _NOTE.match(text)
    if match is None:
        raise NotationError(f"{text!r} is not a note")
    accidental, letter, marks, length = match.groups()
    octave = 4 + letter.islower() + marks.count("'") - marks.count(",")
    return NoteParts(accidental or "", letter.upper(), octave, parse_length(length))


@lru_cache(maxsize=1024)
def parse_length(text: str) -> Fraction:
    """A length as a multiple of the unit note length: "" 1, "3/2" 3/2, "/" 1/2, "//" 1/4, "/3" 1/3 (ABC 2.1, 4.3).

    A denominator of nought is read as if it were not there.
    """
    above, slashes, below = re.match(r"(\d*)(/*)(\d*)", text[:24]).groups()  # type: ignore[union-attr]
    top = int(above[:6]) if above else 1
    bottom = int(below[:6]) if below else 2 ** min(len(slashes), 10)
    return Fraction(top, bottom or 1)


def write_pitch(letter: str, octave: int) -> str:
    """A letter "A" to "G" in its octave, 4 from middle C up: C, in 3, C in 4, c in 5, c' in 6."""
    return letter + "," * (4 - octave) if octave < 5 else letter.lower() + "'" * (octave - 5)


def write_length(length: Fraction) -> str:
    """The shortest spelling of a length: 1 "", 1/2 "/", 1/4 "/4", 3/2 "3/2"."""
    top = "" if length.numerator == 1 else str(length.numerator)
    bottom = {1: "", 2: "/" if top == "" else "/2"}.get(length.denominator, f"/{length.denominator}")
    return top + bottom


def parse_meter(value: str | None) -> Fraction | None:
    """A meter's bar in whole notes: "6/8" 3/4, "C" 1, "C|" 1, "2+3/8" 5/8; None for "none" or what cannot be read."""
    value = (value or "").strip()
    if value in ("C", "C|", "c", "c|"):
        return Fraction(1)
    match = re.match(r"\(?(\d{1,3}(?:\s*\+\s*\d{1,3})*)\)?\s*/\s*(\d{1,3})\s*$", value)
    if match is None:
        return None
    beats, unit = sum(int(n) for n in match[1].split("+")), int(match[2])
    return Fraction(beats, unit) if beats and unit else None


def is_compound(meter: str | None) -> bool:
    """Whether a meter's beat is divided in three: 6/8, 9/8, 12/8 and their like."""
    top = (meter or "").split("/")[0].strip()
    return top.isdigit() and int(top) in (6, 9, 12, 15)


def parse_unit(value: str | None) -> Fraction | None:
    """The value of an L: field in whole notes, or None if it is not a fraction above 0."""
    match = re.match(r"(\d{1,3})\s*(?:/\s*(\d{1,4}))?\s*$", (value or "").strip())
    if match is None or int(match[1]) == 0 or int(match[2] or 1) == 0:
        return None
    return Fraction(int(match[1]), int(match[2] or 1))


def default_unit(meter: Fraction | None) -> Fraction:
    """The unit note length where L: is missing: 1/16 for meters below 3/4, else 1/8 (ABC 2.1, 3.1.7)."""
    return Fraction(1, 16) if meter is not None and meter < Fraction(3, 4) else Fraction(1, 8)


def split_tunebook(text: str) -> list[str]:
    """The tunes of a tunebook, each from its X: line on, or between `<start>` and `<end>`; a lone tune is one.

    Indented and quoted lines move to the margin. The fields of the file header (ABC 2.1, 2.2.2), which is what stands
    before the first tune and an empty line, are given to the tunes that do not have them; other text before the first
    tune goes, and so does what holds only blanks.
    """
    text = re.sub(LINE_END, "\n", text.removeprefix("\ufeff"))
    if is_quoted(text):
        text = re.sub(r"(?m)^[ \t]*(?:>[ \t]?)+", "", text)
    if "<start>" in text:
        pieces = [piece.split("<end>")[0] for piece in text.split("<start>")[1:]]
    else:
        starts = [m.start() for m in re.finditer(r"(?m)^[ \t]*X:", text)]
        pieces = [text[a:b] for a, b in zip(starts, [*starts[1:], len(text)], strict=True)] if starts else [text]
        if starts and (defaults := _file_header(text[: starts[0]])):
            pieces = [_with_defaults(piece, defaults) for piece in pieces]
    return [stripped for piece in pieces if (stripped := _at_the_margin(piece.strip("\n").rstrip()))]


def _at_the_margin(tune: str) -> str:
    """A tune whose X: line is indented, without that indent."""
    indent = re.match(r"[ \t]+(?=X:)", tune)
    return re.sub(rf"(?m)^{indent[0]}", "", tune) if indent else tune


_FILE_FIELDS = "ABCDFGHILMmNORrSUZ"  # those that a file header may have (ABC 2.1, 3)


def _file_header(text: str) -> list[tuple[str, str]]:
    """The fields of a file header as (letter or directive, line); [] if there is anything else in it."""
    head, blank, _ = text.lstrip("\n").partition("\n\n")
    lines = [line for line in head.split("\n") if line.strip()]
    if not blank or not all(re.match(r"[A-Za-z+]:|%", line) for line in lines):
        return []
    fields = [(line[0], line) for line in lines if line[1:2] == ":" and line[0] in _FILE_FIELDS]
    return fields + [(line.split()[0], line) for line in lines if re.match(r"%%(?!abc|begin|end)\w", line)]


def _with_defaults(tune: str, defaults: list[tuple[str, str]]) -> str:
    """A tune with the file header's fields that it does not have itself, behind its X: and T: lines."""
    header = split_header(tune)
    own = {field.letter for field in header.fields}
    lines = [line for name, line in defaults if (name not in tune if name.startswith("%%") else name not in own)]
    at = next((f.start for f in header.fields if f.letter not in "XT"), header.body_start)
    return tune[:at] + "".join(f"{line}\n" for line in lines) + tune[at:]
