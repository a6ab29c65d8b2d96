"""Originality: is a tune new? The longest run of notes it shares with a training tune, beside what real tunes share.

Real tunes quote each other too, so a run says little by itself: the corpus's own held-out tunes are the yardstick.
Knows nothing of models, and of files only where the index is kept (`originality_file.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from charlstm.evaluate.melody_index import MelodyIndex
from charlstm.progress import Progress, Report
from charlstm.tunes.corpus.model import Corpus
from charlstm.tunes.views.melody import MelodyNote, melody_notes

LEAST_RUN = 8  # notes, a bar of quavers: shorter runs are in nearly every tune
USUAL_SHARE = 95  # per cent of the real tunes that share no more than `usual_run`
MAX_TUNES = 20_000  # of a corpus, evenly spread: a minute's work and 20 MB
MAX_REAL = 1000  # held-out tunes that are measured
_BATCH = 100  # tunes between two reports

Span = tuple[int, int]


@dataclass(frozen=True, eq=False)
class OriginalityIndex:
    """Training tunes to compare with, and what real tunes share with them.

    Attributes
    ----------
    melodies : MelodyIndex
        Of the training tunes.
    real_runs : (n,) int array, sorted
        Notes of the longest run that each of n held-out real tunes shares with a training tune; may be empty.
    """

    melodies: MelodyIndex
    real_runs: NDArray[np.int32]

    @property
    def usual_run(self) -> int:
        """The longest run of 95 in 100 real tunes is not longer than this many notes; 0: not known."""
        return int(np.percentile(self.real_runs, USUAL_SHARE, method="lower")) if len(self.real_runs) else 0

    def rank(self, notes: int) -> float:
        """Share of the real tunes whose longest run is shorter than this many notes, in [0, 1]; nan: not known."""
        return float(np.mean(self.real_runs < notes)) if len(self.real_runs) else float("nan")


@dataclass(frozen=True)
class Originality:
    """What a tune shares with the training tune with which it shares its longest run.

    Attributes
    ----------
    notes : int
        Notes of the tune, repeats not played out.
    longest_run : int
        Notes of the longest shared run.
    usual_run : int
        What 95 in 100 real tunes do not exceed; 0: not known.
    title, source : str
        Title and text of the training tune; "" if nothing is shared.
    covered : float
        Share of the tune's notes that lie in runs of LEAST_RUN notes or more which this training tune has too, in
        [0, 1].
    spans, source_spans : sequence of (int, int)
        The characters of those runs in the tune and in the training tune; overlapping ones are one.
    """

    notes: int
    longest_run: int
    usual_run: int
    title: str = ""
    source: str = ""
    covered: float = 0.0
    spans: Sequence[Span] = field(default=())
    source_spans: Sequence[Span] = field(default=())

    @property
    def is_unusual(self) -> bool:
        """Whether the run is longer than those of 95 in 100 real tunes."""
        return 0 < self.usual_run < self.longest_run


def build_originality_index(corpus: Corpus, *, report: Report | None = None) -> OriginalityIndex:
    """Index the training tunes of a corpus, and measure its test tunes (its validation tunes where it has none).

    Three to ten seconds for 3,000 tunes. Of a corpus with more than 20,000 training tunes, 20,000 are indexed.
    """
    if report:
        report(Progress("indexing tunes", 0, 2))
    melodies = MelodyIndex(spread(corpus.train, MAX_TUNES))
    real = spread(corpus.test or corpus.validation, MAX_REAL)
    runs = []
    for place, text in enumerate(real):
        if report and place % _BATCH == 0:
            report(Progress("comparing real tunes", len(real) + place, 2 * len(real)))
        runs.append(melodies.longest_run(text).notes)
    return OriginalityIndex(melodies, np.sort(np.array(runs, dtype=np.int32)))


def spread(texts: Sequence[str], most: int) -> tuple[str, ...]:
    """At most so many of some texts, evenly spread over all of them."""
    return tuple(texts[k * len(texts) // most] for k in range(most)) if len(texts) > most else tuple(texts)


def originality(text: str, index: OriginalityIndex) -> Originality:
    """Compare a tune with the training tunes of an index, in some milliseconds.

    Parameters
    ----------
    text : str
        One tune in ABC. What cannot be read as notes is left out; a text without notes shares nothing.
    index : OriginalityIndex
    """
    notes = melody_notes(text)
    run = index.melodies.longest_of(notes)
    if run.source < 0:
        return Originality(len(notes), 0, index.usual_run)
    source = index.melodies.texts[run.source]
    source_notes = melody_notes(source)
    runs = index.melodies.shared_runs(notes, run.source, LEAST_RUN)
    covered = {place for start, _, count in runs for place in range(start, start + count)}
    return Originality(
        notes=len(notes),
        longest_run=run.notes,
        usual_run=index.usual_run,
        title=index.melodies.title(run.source),
        source=source,
        covered=len(covered) / len(notes),
        spans=_spans(notes, [(start, count) for start, _, count in runs]),
        source_spans=_spans(source_notes, [(start, count) for _, start, count in runs]),
    )


def _spans(notes: Sequence[MelodyNote], runs: Sequence[tuple[int, int]]) -> tuple[Span, ...]:
    """The characters of runs of notes, (first note, how many) each; runs that touch or overlap are one span."""
    spans: list[Span] = []
    for start, count in sorted(runs):
        first, last = notes[start].start, notes[start + count - 1].end
        if spans and first <= spans[-1][1]:
            spans[-1] = spans[-1][0], max(spans[-1][1], last)
        else:
            spans.append((first, last))
    return tuple(spans)
