"""A corpus: the texts a model learns from, split by tune, with what is known of where they came from.

A text is what the network reads, character for character: of a cleaned corpus header and body without X:, of an
"as is" corpus whatever the user gave. Knows nothing of files and of models.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from charlstm.errors import CorpusError
from charlstm.tunes.abc import split_header

PARTS = ("train", "validation", "test")
DEFAULT_CORPUS = "fiddle"


@dataclass(frozen=True)
class Corpus:
    """Texts in three parts. `info` holds JSON values: kept and dropped by book and reason, credits, seed."""

    name: str
    train: Sequence[str]
    validation: Sequence[str]
    test: Sequence[str] = ()
    info: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of all texts, in order, part by part, in hex."""
        digest = hashlib.sha256()
        for part in PARTS:
            for text in getattr(self, part):
                digest.update(text.encode() + b"\0")
            digest.update(b"\1")
        return digest.hexdigest()

    @cached_property
    def characters(self) -> str:
        """The distinct characters of all texts, sorted."""
        return "".join(sorted(set().union(*self.texts)))

    @cached_property
    def headers(self) -> Mapping[str, Mapping[str, int]]:
        """How often each value of M:, K:, R: and L: occurs in the training texts, commonest first."""
        return header_counts(self.train)

    @property
    def terms(self) -> str:
        """Under which terms its tunes may be used, in a few words; "" where nothing is said."""
        return str(self.info.get("terms", ""))

    @property
    def texts(self) -> Iterable[str]:
        """All texts, train first."""
        return (*self.train, *self.validation, *self.test)


def header_counts(texts: Iterable[str], letters: str = "MKRL") -> dict[str, dict[str, int]]:
    """How often each value of some header fields occurs, commonest first: {"M": {"4/4": 1944, ...}, ...}."""
    counts: dict[str, Counter[str]] = {letter: Counter() for letter in letters}
    for text in texts:
        for header_field in split_header(text).fields:
            if header_field.letter in counts:
                counts[header_field.letter][header_field.value] += 1
    return {letter: dict(counter.most_common()) for letter, counter in counts.items()}


def check_name(name: str) -> None:
    """Raise CorpusError unless the name can be a file's."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", name):
        raise CorpusError(f"{name!r} cannot name a corpus; use letters, digits, dots, dashes and underscores.")
