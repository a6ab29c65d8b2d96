"""Characters that a model does not know: which they are, and what can take their place. Knows no ABC."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from charlstm.lm.vocab import Vocab

_NEAREST = {
    "’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "\t": " ", "ß": "ss", "Æ": "AE", "æ": "ae", "ø": "o",
    "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "ð": "d", "þ": "th", "…": "...",
}  # fmt: skip


def unknown_characters(text: str, vocab: Vocab) -> list[str]:
    """The characters of a text that a model does not know, each once, in code point order."""
    return sorted(set(text) - set(vocab.ids))


def name_characters(characters: Iterable[str], *, most: int = 12) -> str:
    """Characters in a line to be read: the unprintable by their code points, the last ones counted."""
    characters = list(characters)
    shown = " ".join(c if c.isprintable() and not c.isspace() else f"U+{ord(c):04X}" for c in characters[:most])
    return f"{shown} and {len(characters) - most} more" if len(characters) > most else shown


def without_unknown(text: str, vocab: Vocab, *, nearest: bool) -> str:
    """A text of known characters only: the others are left out, or replaced by their nearest known spelling."""

    def known(character: str) -> str:
        if character in vocab.ids:
            return character
        spelt = _NEAREST.get(character) or unicodedata.normalize("NFKD", character)
        return "".join(c for c in spelt if c in vocab.ids) if nearest else ""

    return "".join(map(known, text))
