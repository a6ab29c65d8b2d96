"""A text that is written character by character, taken as a whole."""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeVar

T = TypeVar("T")


def whole(writing: Generator[str, None, T]) -> tuple[str, T]:
    """The characters of a generator, joined, and what it returns at its end."""
    text = ""
    while True:
        try:
            text += next(writing)
        except StopIteration as end:
            return text, end.value
