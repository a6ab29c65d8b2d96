"""Contents: what a collection of tunes is made of, counted: meters, keys, rhythms, lengths, characters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from charlstm.tunes.abc import split_header
from charlstm.tunes.corpus.model import header_counts

BINS = 24  # of lengths
_MARKS = {" ": "blank", "\n": "new line"}


@dataclass(frozen=True)
class Contents:
    """Counts over the texts of a collection.

    Attributes
    ----------
    tunes, characters, shortest, longest : int
    meters, keys, rhythms : mapping
        Value of the field -> tunes, commonest first.
    lengths : sequence of (int, int, int)
        From so many characters, below so many, tunes.
    symbols : mapping
        Character of the bodies -> how often, commonest first; blank and new line by their names.
    """

    tunes: int
    characters: int
    shortest: int
    longest: int
    meters: Mapping[str, int]
    keys: Mapping[str, int]
    rhythms: Mapping[str, int]
    lengths: Sequence[tuple[int, int, int]]
    symbols: Mapping[str, int]


def contents(texts: Sequence[str]) -> Contents:
    """Count the contents of some model texts; the longest hundredth shares the last bin of lengths."""
    fields = header_counts(texts)
    sizes = sorted(len(text) for text in texts)
    symbols: Counter[str] = Counter()
    for text in texts:
        symbols.update(text[split_header(text).body_start :])
    return Contents(
        tunes=len(texts),
        characters=sum(sizes),
        shortest=sizes[0] if sizes else 0,
        longest=sizes[-1] if sizes else 0,
        meters=fields["M"],
        keys=fields["K"],
        rhythms=fields["R"],
        lengths=_lengths(sizes),
        symbols={_MARKS.get(symbol, symbol): count for symbol, count in symbols.most_common()},
    )


def _lengths(sizes: Sequence[int]) -> list[tuple[int, int, int]]:
    if not sizes:
        return []
    usual = sizes[int(0.99 * (len(sizes) - 1))]
    step = max(10, 10 * -(-usual // (10 * BINS)))  # whole tens
    counts = Counter(min(size, usual) // step for size in sizes)
    return [(place * step, (place + 1) * step, counts[place]) for place in range(usual // step + 1)]
