"""Novelty: how much of a tune is copied, from where, and how much is new. Knows nothing of models.

Two views of one question. *Notes*: a tune's melody as steps of (interval in semitones, ratio of lengths), so that a
copy in another key or written in other lengths is still a copy. *Characters*: its text as it stands. Both are
strings over some alphabet, and both use one index: for each place of a query, the longest run that begins there
and occurs in the corpus (its *matching statistics*), found in a suffix array.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from charlstm.tunes.abc import split_header
from charlstm.tunes.corpus.model import Corpus
from charlstm.tunes.views.melody import melody, steps

LONGEST_SUBSTRING = 50  # characters; nearly all longer substrings of a tune that is not a copy are new
_PART = "\0"  # parts the texts of an index; queries cannot hold it, see `_clean`
_REACH = 64  # symbols that suffixes are sorted by; a run that goes further is followed from there
_NEW_STEP = "\x01"  # a step between two notes that no tune of the corpus has


@dataclass(frozen=True)
class Novelty:
    """How new a tune is beside a corpus.

    Attributes
    ----------
    notes : int
        Notes of the tune, repeats not played out.
    longest_run : int
        Notes of the longest run that one tune of the corpus has too, whatever the key and the unit note length.
    source : str
        Title of that tune; "" if nothing is shared or it has none.
    new_substrings : tuple of float
        Entry n - 1: share of the text's substrings of n characters that the corpus does not hold, in [0, 1].
    """

    notes: int
    longest_run: int
    source: str
    new_substrings: tuple[float, ...]

    @property
    def copied(self) -> float:
        """longest_run / notes, in [0, 1]: 0 for a tune without notes."""
        return self.longest_run / self.notes if self.notes else 0.0


class NoveltyIndex:
    """The tunes that others are compared with, indexed once; the characters only when they are asked for.

    Parameters
    ----------
    texts : sequence of str
        ABC texts: a corpus's training tunes.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        lines = [steps(melody(text)) for text in texts]
        alphabet = sorted({step for line in lines for step in line})
        self._symbols = {step: chr(0x10000 + n) for n, step in enumerate(alphabet)}
        self._lines = RunIndex(["".join(self._symbols[step] for step in line) for line in lines])
        self._texts = list(texts)

    @cached_property
    def _characters(self) -> RunIndex:
        return RunIndex(self._texts)

    def longest_run(self, text: str) -> tuple[int, str]:
        """Notes of the longest run that one tune of the index has too, and that tune's title: see `novelty`."""
        line = "".join(self._symbols.get(step, _NEW_STEP) for step in steps(melody(text)))
        match = self._lines.longest(line)
        if not match.length:
            return 0, ""
        return match.length + 1, split_header(self._texts[match.source]).get("T") or ""  # n steps join n + 1 notes

    def new_substrings(self, text: str) -> tuple[float, ...]:
        """Entry n - 1: share of a text's substrings of n characters that no text of the index holds: see `novelty`."""
        runs, _ = self._characters.runs(text)
        count = len(runs)  # the substring of n characters at i is new where the longest run from i is shorter than n
        return tuple(
            float(np.mean(runs[: count - n + 1] < n)) if n <= count else 0.0 for n in range(1, LONGEST_SUBSTRING + 1)
        )


def novelty(text: str, corpus: Corpus | NoveltyIndex) -> Novelty:
    """Compare a tune with the training tunes of a corpus.

    Notes p_1 ... p_N of lengths d_1 ... d_N make the steps s_i = (p_(i+1) - p_i, d_(i+1) / d_i). The longest run is
    the largest n with s_i ... s_(i+n-2) = t_j ... t_(j+n-2) for a place j of one training tune's steps t; a tune
    that shares no step has 0. New substrings of length n: those of the T - n + 1 substrings of the text that are no
    substring of a training text, over T - n + 1 (novel_substrings of torch-rnn, Johnson 2016); 0 for a shorter text.

    Parameters
    ----------
    text : str
        One tune in ABC.
    corpus : Corpus or NoveltyIndex
        An index answers many tunes in some milliseconds each; a corpus is indexed at each call, in seconds.
    """
    index = corpus if isinstance(corpus, NoveltyIndex) else NoveltyIndex(corpus.train)
    longest_run, source = index.longest_run(text)
    return Novelty(len(melody(text)), longest_run, source, index.new_substrings(text))


class Match(NamedTuple):
    """The longest shared run: its length, where it begins in the query, and in which text of the index."""

    length: int
    start: int
    source: int


class RunIndex:
    """An index over texts that finds the longest run of a query which one of the texts holds too.

    Built once, by sorting all suffixes by doubling (Manber and Myers 1990): about a second for 700,000 characters.

    Parameters
    ----------
    texts : sequence of str
        Strings over any alphabet; a run does not go on from one into the next.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        self._text = _PART.join(_clean(text) for text in texts) + _PART
        self._starts = np.cumsum([0, *(len(text) + 1 for text in texts)])[:-1].tolist()
        self._suffixes: list[int] = _suffix_array(self._text, _REACH).tolist()

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
