"""A tune of the library: its text, what it was made with, and what the visitor says of it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from charlstm.tunes.abc import split_header, split_tunebook

MAX_NAME = 80  # characters
MAX_NOTE = 2000  # characters
HOW = {"composed": "Composed", "continued": "Continued", "rewritten": "Rewritten", "own": "Your own"}


@dataclass(frozen=True)
class LibraryTune:
    """A tune of a visitor.

    Attributes
    ----------
    number : int
        Its row; no two tunes of any visitor share it.
    text : str
        The tune as ABC, its X: line included.
    name : str
        What the visitor calls it; at first its title.
    how : str
        A name of HOW.
    settings : mapping
        What it was made with, as JSON values: model, temperature, seed, ... Of a composed tune, its address's.
    starred : bool
        Whether it is kept.
    rating : int
        Stars from 1 to 5; 0: not rated.
    note : str
        The visitor's own words.
    tags : sequence of str
        The visitor's own, in lower case.
    """

    number: int
    text: str
    name: str
    how: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    starred: bool = False
    rating: int = 0
    note: str = ""
    tags: Sequence[str] = ()

    @property
    def titled(self) -> str:
        """The tune as ABC with its name as its title: what is shown and exported; `text` stays as it was written."""
        if self.name == title_of(self.text):
            return self.text
        name = re.sub(r"[%\\]|&(?=[#\w]+;)", r"\\\g<0>", self.name)  # as a text string: not a comment, no accent
        header = split_header(self.text)
        title = next((field for field in header.fields if field.letter == "T"), None)
        if title is not None:
            return f"{self.text[: title.start]}T:{name}{self.text[title.end :]}"
        first_line, _, rest = self.text.partition("\n")
        return f"{first_line}\nT:{name}\n{rest}"

    @property
    def words(self) -> str:
        """What a search looks at: name, title, key, meter, rhythm, model, tags and note, in lower case."""
        header = split_header(self.text)
        fields = [header.get(letter) or "" for letter in "TKMRC"]
        words = [self.name, *fields, str(self.settings.get("model", "")), HOW.get(self.how, ""), *self.tags, self.note]
        return " ".join(words).lower()


def numbered(text: str) -> str:
    """A tune with an X: line and without blank lines at its ends."""
    first = next(iter(split_tunebook(text)), "")
    return first if first.startswith("X:") else f"X:1\n{first}"


def title_of(text: str) -> str:
    """A tune's title, or "Untitled"."""
    return (split_header(text).get("T") or "Untitled")[:MAX_NAME]


def clean_tags(tags: Sequence[str]) -> tuple[str, ...]:
    """Tags as they were typed, without blanks around them, each once in whatever case; twenty at most."""
    cleaned = (" ".join(tag.split())[:40] for tag in tags)
    by_name: dict[str, str] = {}
    for tag in filter(None, cleaned):
        by_name.setdefault(tag.casefold(), tag)
    return tuple(by_name.values())[:20]
