"""The longest runs that a query shares with many texts: matching statistics, by a suffix array. Knows no music.

A text is a string over any alphabet: characters of ABC, or a melody's steps.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_PART = "\0"  # parts the texts of an index; queries cannot hold it, see `_clean`
_REACH = 64  # symbols that suffixes are sorted by; a run that goes further is followed from there


class Match(NamedTuple):
    """The longest shared run: its length, where it begins in the query, and in which text of the index."""

    length: int
    start: int
    source: int


class RunIndex:
    """An index over texts that finds the longest run of a query which one of the texts holds too.

    Built once, by sorting all suffixes by doubling (Manber and Myers 1990): about a second for 700,000 characters.
    Takes 8 bytes a character.

    Parameters
    ----------
    texts : sequence of str
        Strings over any alphabet; a run does not go on from one into the next.
    suffixes : array of int, optional
        The sorted `suffixes` of an index over the same texts, so that they are not sorted again.
    """

    def __init__(self, texts: Sequence[str], suffixes: NDArray[np.int32] | None = None) -> None:
        self._text = _PART.join(_clean(text) for text in texts) + _PART
        self._starts = np.cumsum([0, *(len(text) + 1 for text in texts)])[:-1].tolist()
        self.suffixes = _suffix_array(self._text, _REACH).astype(np.int32) if suffixes is None else suffixes
        if len(self.suffixes) != len(self._text):
            raise ValueError("these suffixes are of other texts")
        self._suffixes = (
            self.suffixes.data
        )  # a memoryview, which gives Python's own numbers, which offsets of a string have to be

    def runs(self, query: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """For each of T places of a query, the longest run beginning there and an offset where it occurs: (T,), (T,).

        A run of length 0 has the offset -1.
        """
        text, suffixes, query = self._text, self._suffixes, _clean(query)
        lengths = np.zeros(len(query), dtype=np.int64)
        offsets = np.full(len(query), -1, dtype=np.int64)
        for i in range(len(query)):
            at = bisect_left(suffixes, query[i : i + _REACH], key=lambda p: text[p : p + _REACH])
            for place in suffixes[max(at - 1, 0) : at + 1]:
                length = _common_prefix(query, i, text, place)
                if length > lengths[i]:
                    lengths[i], offsets[i] = length, place
        return lengths, offsets

    def longest(self, query: str) -> Match:
        """The longest run that the query shares with one text; the first one on a tie. Length 0 has source -1."""
        lengths, offsets = self.runs(query)
        if not lengths.any():
            return Match(0, 0, -1)
        start = int(lengths.argmax())
        return Match(int(lengths[start]), start, bisect_left(self._starts, int(offsets[start]) + 1) - 1)


def _clean(text: str) -> str:
    return text.replace(_PART, "\ufffd")


def _common_prefix(a: str, i: int, b: str, j: int) -> int:
    """Length of the longest string that begins at both a[i] and b[j], and does not reach the end of a text of b."""
    length, step = 0, 8
    while step:
        piece = a[i + length : i + length + step]
        if len(piece) == step and b.startswith(piece, j + length):
            length += step
        else:
            step //= 2
    return length


def _suffix_array(text: str, reach: int) -> NDArray[np.int64]:
    """Offsets of a text's suffixes, sorted by their first `reach` characters (a power of two) at least."""
    _, rank = np.unique(np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32), return_inverse=True)
    rank = rank.astype(np.int64) + 1
    width = 1
    while width < reach and rank.max() < len(rank):
        following = np.zeros_like(rank)
        following[:-width] = rank[width:]
        _, rank = np.unique(rank * (len(rank) + 2) + following, return_inverse=True)
        rank = rank.astype(np.int64) + 1
        width *= 2
    return np.argsort(rank, kind="stable")
