"""The melodies of many tunes, indexed: which run of notes a tune shares with one of them, whatever the key.

A melody is read as its steps, (interval in semitones, ratio of lengths) from each note to the next, so that a copy in
another key or octave, with another unit note length, other bar lines, graces or chords below the tune is still a copy.
Knows nothing of models and of files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from charlstm.evaluate.run_index import RunIndex
from charlstm.tunes.abc import split_header
from charlstm.tunes.views.melody import MelodyNote, Step, melody_notes, steps

_FIRST = 0x10000  # the character that stands for the first step of the alphabet: past all surrogates
_NEW_STEP = "\x01"  # a step between two notes that no tune of the index has


class MelodyRun(NamedTuple):
    """The longest run of notes that a tune shares with one tune of the index.

    Attributes
    ----------
    notes : int
        How many; 0 if not even one step is shared.
    source : int
        Place of the other tune in the index; -1 for none.
    """

    notes: int
    source: int


class MelodyIndex:
    """The melodies that others are compared with, indexed once: 8 bytes a note, beside the texts themselves.

    Parameters
    ----------
    texts : sequence of str
        ABC texts: a corpus's training tunes.
    arrays : mapping, optional
        What `arrays` of an index over the same texts gave, so that nothing is parsed or sorted again. Raises
        ValueError or KeyError if they do not belong together.
    """

    def __init__(self, texts: Sequence[str], arrays: Mapping[str, NDArray[np.int32]] | None = None) -> None:
        self.texts = texts
        if arrays is None:
            lines = [steps(melody_notes(text)) for text in texts]
            alphabet = sorted({step for line in lines for step in line})
            self._symbols = {step: chr(_FIRST + n) for n, step in enumerate(alphabet)}
            self._lines = [self._written(line) for line in lines]
            self._index = RunIndex(self._lines)
        else:
            self._symbols = {(a, (b, c)): chr(_FIRST + n) for n, (a, b, c) in enumerate(arrays["alphabet"].tolist())}
            line = "".join(map(chr, (arrays["line"] + _FIRST).tolist()))
            ends = np.cumsum(arrays["lengths"]).tolist()
            if len(ends) != len(texts) or (ends[-1] if ends else 0) != len(line):
                raise ValueError("these arrays are of other texts")
            self._lines = [line[start:end] for start, end in zip([0, *ends], ends, strict=False)]
            self._index = RunIndex(self._lines, arrays["suffixes"])

    def arrays(self) -> dict[str, NDArray[np.int32]]:
        """The index as arrays, to be written to a file: the alphabet of steps (n, 3), all steps, lengths, suffixes."""
        alphabet = [(interval, *ratio) for interval, ratio in self._symbols]
        return {
            "alphabet": np.array(alphabet, dtype=np.int32).reshape(-1, 3),
            "line": np.array([ord(symbol) - _FIRST for line in self._lines for symbol in line], dtype=np.int32),
            "lengths": np.array([len(line) for line in self._lines], dtype=np.int32),
            "suffixes": self._index.suffixes,
        }

    def longest_run(self, text: str) -> MelodyRun:
        """The longest run of notes of a tune that one tune of the index has too."""
        return self.longest_of(melody_notes(text))

    def longest_of(self, notes: Sequence[MelodyNote]) -> MelodyRun:
        """The same of a tune's melody."""
        match = self._index.longest(self._written(steps(notes)))
        return MelodyRun(match.length + 1, match.source) if match.length else MelodyRun(0, -1)  # n steps, n + 1 notes

    def title(self, source: int) -> str:
        """Title of a tune of the index; "" if it has none, and for -1."""
        return "" if source < 0 else split_header(self.texts[source]).get("T") or ""

    def shared_runs(self, notes: Sequence[MelodyNote], source: int, least: int) -> list[tuple[int, int, int]]:
        """The runs that a melody shares with one tune of the index, by place, none inside another.

        Parameters
        ----------
        notes : sequence of MelodyNote
        source : int
            Place of the tune.
        least : int
            Notes of the shortest run that counts.

        Returns
        -------
        list of (first note, first note of the tune of the index, how many)
        """
        lengths, offsets = RunIndex([self._lines[source]]).runs(self._written(steps(notes)))
        runs, reached = [], 0
        for start, (length, offset) in enumerate(zip(lengths.tolist(), offsets.tolist(), strict=True)):
            if length + 1 >= least and start + length > reached:  # else it is the rest of the run before
                runs.append((start, offset, length + 1))
                reached = start + length
        return runs

    def _written(self, line: Sequence[Step]) -> str:
        return "".join(self._symbols.get(step, _NEW_STEP) for step in line)
