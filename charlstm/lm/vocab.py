"""Vocab: the characters of a model, and START and END, as ids.

START and END are single symbols that no text can contain, so a tune that holds the word "<start>" is only text.
Knows nothing of ABC.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from charlstm.errors import VocabularyError

START = "<start>"
END = "<end>"


@dataclass(frozen=True)
class Vocab:
    """The ordered symbols of a model: START, END, then single characters; a symbol's place is its id.

    Parameters
    ----------
    symbols : tuple of str
        V symbols; `symbols[0]` is START, `symbols[1]` is END, the rest are one character each, without repeats.
    """

    symbols: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.symbols[:2] != (START, END):
            raise ValueError("a vocabulary begins with <start> and <end>")
        if len(set(self.symbols)) != len(self.symbols) or any(len(s) != 1 for s in self.symbols[2:]):
            raise ValueError("the symbols of a vocabulary are single characters, each once")

    @classmethod
    def of(cls, texts: Iterable[str]) -> Vocab:
        """The vocabulary of all characters in `texts`, in code point order."""
        return cls((START, END, *sorted(set().union(*texts))))

    start = 0
    end = 1

    def __len__(self) -> int:
        return len(self.symbols)

    @cached_property
    def ids(self) -> dict[str, int]:
        """Character -> id, without START and END."""
        return {symbol: i for i, symbol in enumerate(self.symbols) if i > 1}

    @cached_property
    def written(self) -> tuple[str, ...]:
        """What each symbol writes: itself, but START and END nothing."""
        return ("", "", *self.symbols[2:])

    def encode(self, text: str) -> NDArray[np.int32]:
        """Ids of a text's T characters, shape (T,). Raises VocabularyError at the first unknown one."""
        ids = self.ids
        try:
            return np.array([ids[c] for c in text], dtype=np.int32)
        except KeyError as unknown:
            character = unknown.args[0]
            raise VocabularyError(character, text.index(character), len(self) - 2) from None

    def decode(self, ids: Iterable[int]) -> str:
        """The text of some ids; START and END write nothing."""
        return "".join(self.symbols[i] for i in ids if i > 1)
