"""Texts from mails, web pages and word processors, mended character for character, so that every offset stays.

Line ends become newlines, quote marks and a byte order mark blanks, `%%begintext` blocks one comment, and in music
lines HTML entities and printers' signs become the ABC characters that they stand for. Most texts need nothing of it.
"""

from __future__ import annotations

import html
import re
from functools import lru_cache
from typing import NamedTuple

LINE_END = r"\r{0,2}\n|\r"  # LF, CR LF, CR, and CR CR LF, which a conversion run twice leaves; nothing else
_TO_MEND = re.compile(
    r"[\r\ufeff\u00a0\u2013\u2014\u2018\u2019\u201c-\u201f\u266d-\u266f]|&[\w#]|^[ \t]*>|%%begin|\+[\^_=A-Ga-g]",
    re.MULTILINE,
)
_BLOCK = re.compile(  # closed, or up to an empty line
    r"^%%begin(?P<kind>\w+)[^\n]*\n(?:.*?^(?P<end>%%end(?P=kind)[^\n]*$)|.*?(?=^[ \t]*$|\Z))", re.MULTILINE | re.DOTALL
)
_OUTSIDE_TEXT = re.compile(r"^(?![ \t]*(?:[A-Za-z+]:(?!\||:)|%))[^\n]*", re.MULTILINE)  # lines of music
_ENTITY = re.compile(r"&(?:#\d{1,6}|#x[0-9a-fA-F]{1,6}|[A-Za-z]\w{1,30});")
_QUOTED = re.compile(r'"[^"\n]*"|\[[A-Za-z]:[^\]\n]*\]')
_OLD_CHORD = re.compile(r"\+(?!f+\+)((?:[\^_=]{0,2}[A-Ga-g][,']*[\d/]*){2,})\+")
_SIGNS = str.maketrans("\u201c\u201d\u201e\u201f\u2018\u2019\u2013\u2014\u266d\u266e\u266f", '""""\'\'--_=^')


class Mended(NamedTuple):
    """A text of the same length, and what was changed in it that its author may want to know: offset and sentence."""

    text: str
    remarks: tuple[tuple[int, str], ...] = ()


@lru_cache(maxsize=64)
def mend(text: str) -> Mended:
    """The text as it is read."""
    if not _TO_MEND.search(text):
        return Mended(text)
    remarks: list[tuple[int, str]] = []
    mended = (
        re.sub(LINE_END, lambda match: " " * (len(match[0]) - 1) + "\n", text)
        .replace("\ufeff", " ")
        .replace("\u00a0", " ")
    )
    if is_quoted(mended):
        remarks.append((0, "the lines of this text are quoted; their > were skipped"))
        mended = re.sub(r"(?m)^[ \t]*>[ \t>]*", lambda match: match[0].replace(">", " "), mended)
    for block in _BLOCK.finditer(mended):
        if block["end"] is None:
            kind = block["kind"]
            remarks.append((block.start(), f"%%begin{kind} has no %%end{kind}; it was read up to the next empty line"))
    mended = _BLOCK.sub(lambda match: match[0].replace("\n", " ", match[0].rstrip("\n").count("\n")), mended)
    key = re.search(r"(?m)^[ \t]*K:", mended)  # before it there is no music, but there may be words
    head = key.start() if key else 0
    music = _OUTSIDE_TEXT.sub(lambda match: _mended_music(match[0], head + match.start(), remarks), mended[head:])
    return Mended(mended[:head] + music, tuple(remarks))


def is_quoted(text: str) -> bool:
    """Whether lines begin with a mail's quote mark, and X: or K: is among them; music never begins with a `>`."""
    return re.search(r"(?m)^[ \t]*(?:>[ \t]?)+[XK]:", text) is not None


def _mended_music(line: str, start: int, remarks: list[tuple[int, str]]) -> str:
    """A line of music: entities as what they stand for, filled up with backquotes, which ABC skips (4.7)."""

    def character(match: re.Match[str]) -> str:
        decoded = html.unescape(match[0]).translate(_SIGNS)
        if decoded == match[0] or len(decoded) != 1:
            return match[0]
        remarks.append((start + match.start(), f"{match[0]} is HTML; it was read as {decoded}"))
        filling = "`" * (len(match[0]) - 1)
        return filling + decoded if line.count(match[0], 0, match.start()) % 2 == 0 else decoded + filling

    mended = _ENTITY.sub(character, line)
    straight = mended.translate(_SIGNS)
    # What is written between quotation marks, or in a field, stays as it is.
    for first, last in [match.span() for match in _QUOTED.finditer(straight)]:
        straight = straight[: first + 1] + mended[first + 1 : last - 1] + straight[last - 1 :]
    changed = next((place for place, (a, b) in enumerate(zip(mended, straight, strict=True)) if a != b), None)
    if changed is not None:
        sentence = f"{mended[changed]} is a sign of printed text; it was read as {straight[changed]}"
        remarks.append((start + changed, sentence))
    for chord in _OLD_CHORD.finditer(straight):
        remarks.append((start + chord.start(), f"{chord[0]} is a chord of ABC 1; it was read as [{chord[1]}]"))
    return _OLD_CHORD.sub(r"[\1]", straight)
