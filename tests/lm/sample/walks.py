"""Walks at random through a guard: texts of characters that it allows, as no network would write them."""

from __future__ import annotations

import random
from collections.abc import Iterator

from charlstm.lm.sample.guard import Guard

CHARACTERS = [chr(code) for code in range(32, 127)] + ["\n"]
MARKS = "|:12-(3><\n/4,'^"  # what needs something later, or is rare


def walk(guard: Guard, draw: random.Random, text: str = "", marks: str = MARKS) -> Iterator[str]:
    """The text after each character that is written behind `text`, which the guard has read; it ends where it may.

    Half of the time some of the marks are tried before all other characters.
    """
    while not (guard.allows("") and draw.random() < 0.2):
        wanted = draw.sample(CHARACTERS, len(CHARACTERS))
        if draw.random() < 0.5:
            wanted = [*draw.sample(marks, len(marks)), *wanted]
        char = next((c for c in wanted if guard.allows(c)), None)
        if char is None:
            assert guard.allows(""), f"a dead end after {text!r}"
            return
        assert guard.read(char)
        text += char
        yield text
