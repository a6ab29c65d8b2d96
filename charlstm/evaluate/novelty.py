"""Novelty: how much of a tune is copied, from where, and how much is new. Knows nothing of models.

Two views of one question. *Notes*: a tune's melody, whatever its key (`melody_index.py`; what exactly is shared, and
how that compares with real tunes, says `originality.py`). *Characters*: its text as it stands. Both are strings over
some alphabet, and both use one index: for each place of a query, the longest run that begins there and occurs in the
corpus (its *matching statistics*), found in a suffix array.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from charlstm.evaluate.melody_index import MelodyIndex
from charlstm.evaluate.run_index import RunIndex
from charlstm.tunes.corpus.model import Corpus
from charlstm.tunes.views.melody import melody_notes

LONGEST_SUBSTRING = 50  # characters; nearly all longer substrings of a tune that is not a copy are new


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
        self.melodies = MelodyIndex(texts)

    @cached_property
    def _characters(self) -> RunIndex:
        return RunIndex(self.melodies.texts)

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
    notes = melody_notes(text)
    run = index.melodies.longest_of(notes)
    return Novelty(len(notes), run.notes, index.melodies.title(run.source), index.new_substrings(text))
