"""A tune as a value: its information fields and its body, and canonical ABC made of them. Knows no marks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from charlstm.errors import NotationError
from charlstm.tunes.abc import split_header
from charlstm.tunes.mend import LINE_END


@dataclass(frozen=True)
class Tune:
    """A tune as ABC: its information fields in order, the last of them K:, and everything after them."""

    fields: tuple[tuple[str, str], ...]
    body: str

    @cached_property
    def text(self) -> str:
        """Canonical ABC: `letter:value` lines, then the body; `parse_tune(tune.text) == tune`."""
        return "".join(f"{letter}:{value}\n" for letter, value in self.fields) + self.body

    def get(self, letter: str) -> str | None:
        """The value of the first field of this letter, or None."""
        return next((value for name, value in self.fields if name == letter), None)

    @property
    def title(self) -> str:
        return self.get("T") or "Untitled"

    @property
    def meter(self) -> Fraction | None:
        """Length of a bar in whole notes; None for M:none, a missing or an unreadable meter."""
        return split_header(self.text).meter

    @property
    def unit(self) -> Fraction:
        """Unit note length in whole notes, by L: or by the meter's default."""
        return split_header(self.text).unit


def parse_tune(text: str) -> Tune:
    """Read one tune. Comments and blank lines of the header, `<start>` and `<end>` lines go.

    Raises
    ------
    NotationError
        If there is no music after the header.
    """
    text = re.sub(LINE_END, "\n", text)
    header = split_header(text)
    body = re.sub(r"(?m)^<end>\s*$", "", text[header.body_start :]).strip("\n")
    if not body.strip():
        raise NotationError("there is no music after the header", line=text.count("\n") + 1)
    return Tune(tuple((f.letter, f.value) for f in header.fields), body)
