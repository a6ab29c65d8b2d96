"""The panel: many tunes measured between real tunes and real bars shuffled. Knows nothing of how they were made.

The ceiling is a corpus's own held-out tunes, the control the same tunes with their bars shuffled (`shuffle.py`): a
measure on which the two agree says nothing of music beyond the bar.

Each measure is one number a tune; the panel shows its mean (of the longest copied run, its median) and a 95%
interval by the bootstrap over tunes: the statistic of 1,000 samples of n tunes drawn with replacement from the n,
from its 2.5th to its 97.5th percentile (Efron 1979). Bars are compared as text, blanks and line ends left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charlstm.errors import CorpusError
from charlstm.evaluate.distributions import Counts, count, distance, half_distance
from charlstm.evaluate.external_checkers import TOOLS, installed_tools, tool_faults
from charlstm.evaluate.melody_index import MelodyIndex
from charlstm.evaluate.shuffle import shuffled_bars
from charlstm.evaluate.validity import validity
from charlstm.tunes.abc import split_header
from charlstm.tunes.corpus.model import Corpus
from charlstm.tunes.keys import parse_key
from charlstm.tunes.parse.place import placed_tokens
from charlstm.tunes.views.bars import bars
from charlstm.tunes.views.melody import melody_notes

RESAMPLES = 1000
MEDIANS = frozenset({"longest_run"})
MEASURES: Mapping[str, str] = {
    "ended": "tunes that the model ended",
    "bars_filled": "bars that fill their meter (share of a tune's, mean)",
    "valid": "tunes with a readable header, complete bars, balanced repeats, a final bar line and 8 bars or more",
    "fully_valid": "valid tunes that the model ended, and in which abc2midi and abcm2ps find no error",
    "last_note_tonic": "tunes whose last note is the tonic of K:",
    "bars_returning": "bars that occur again exactly in their tune (share of a tune's, mean)",
    "phrase_returns": "tunes in which a run of two bars comes back",
    "half_copied": "tunes that share half their notes in one run with a training tune, whatever the key",
    "longest_run": "notes of the longest run shared with a training tune (median)",
    "distinct_pitches": "different pitches of a tune",
    "bars": "bars of a tune",
    "notes": "notes of a tune",
    "characters": "characters of a tune",
    "note_length": "mean length of a tune's notes, in eighth notes",
    "rests": "time of a tune in which nothing sounds (share, mean)",
    "speed_changes": "bars with notes twice as fast or half as fast as in the bar before, or more (share, mean)",
    "repeated_notes": "notes of the same pitch as the one before (share of a tune's, mean)",
    "abc2midi_errors": "errors that abc2midi finds in a tune",
    "abcm2ps_errors": "errors that abcm2ps finds in a tune",
}


@dataclass(frozen=True)
class Estimate:
    """A measure of the tunes: its value, its 95% interval, and its values on real tunes and on shuffled ones.

    `real` and `shuffled` are None where the corpus has no held-out tunes.
    """

    value: float
    low: float
    high: float
    real: float | None
    shuffled: float | None


@dataclass(frozen=True)
class Panel:
    """How some tunes are, beside real ones.

    Attributes
    ----------
    measures : mapping
        Estimates by name, in the order of MEASURES.
    tunes, real_tunes : int
        How many tunes they come from, and how many real ones stand beside them.
    counts : mapping
        What notes and rhythms the tunes have: see `evaluate.distributions`.
    reference : Reference
        The real tunes.
    """

    measures: Mapping[str, Estimate]
    tunes: int
    real_tunes: int
    counts: Counts
    reference: Reference

    def to_dict(self) -> dict[str, Any]:
        """The measures as plain JSON values: name -> value, low, high, real, shuffled."""
        return {name: asdict(estimate) for name, estimate in self.measures.items()}

    def distances(self) -> dict[str, float]:
        """How far the tunes are from the real ones, by distribution: total variation in [0, 1], nan: not known."""
        return {name: distance(counts, self.reference.counts[name]) for name, counts in self.counts.items()}


@dataclass(frozen=True, eq=False)
class Reference:
    """What tunes are measured against: real ones that no model learned from, and the same with shuffled bars.

    Attributes
    ----------
    real, shuffled : mapping
        One number a tune for each measure: name -> (n,); empty where the corpus has no held-out tunes.
    counts : mapping
        Notes and rhythms of the real tunes.
    halves : mapping
        How far two halves of the real tunes are apart, by distribution.
    tunes : int
        How many there are.
    """

    real: Mapping[str, NDArray[np.float64]]
    shuffled: Mapping[str, NDArray[np.float64]]
    counts: Counts
    halves: Mapping[str, float]
    tunes: int


def reference(corpus: Corpus, index: MelodyIndex, *, tools: Sequence[str] = ()) -> Reference:
    """Measure the test tunes of a corpus, its validation tunes where it has none; seconds, once for many panels."""
    texts = corpus.test or corpus.validation
    ended = [True] * len(texts)
    real = measure(texts, index, ended=ended, tools=tools) if texts else {}
    shuffled = measure(shuffled_bars(texts), index, ended=ended, tools=tools) if texts else {}
    return Reference(real, shuffled, count(texts), half_distance(texts), len(texts))


def panel(
    texts: Sequence[str],
    corpus: Corpus,
    *,
    ended: Sequence[bool] | None = None,
    tools: Sequence[str] | None = None,
    seed: int = 0,
    index: MelodyIndex | None = None,
    against: Reference | None = None,
) -> Panel:
    """Measure tunes, and beside them the corpus's test tunes (its validation tunes where it has no test tunes).

    Parameters
    ----------
    texts : sequence of str
        ABC tunes, with or without X:.
    corpus : Corpus
        Copies are looked for in its training tunes.
    ended : sequence of bool, optional
        Which tunes the model ended; without it "ended" and "fully_valid" are left out.
    tools : sequence of str, optional
        Programs to ask, of "abc2midi" and "abcm2ps"; those installed when absent, none when empty. "fully_valid"
        needs both.
    seed : int
        Of the bootstrap.
    index : MelodyIndex, optional
        Of the corpus's training tunes, if it is there already.
    against : Reference, optional
        Of the corpus, measured with these tools, if it is there already.

    Raises
    ------
    CorpusError
        If there are no tunes.
    """
    if not texts:
        raise CorpusError("there are no tunes to measure; sample some first, or name a file that has some.")
    index = index or MelodyIndex(corpus.train)
    tools = installed_tools() if tools is None else tools
    against = against or reference(corpus, index, tools=tools)
    measured = measure(texts, index, ended=ended, tools=tools)
    rng = np.random.default_rng(seed)
    estimates = {}
    for name, values in measured.items():
        statistic = np.median if name in MEDIANS else np.mean
        low, high = _interval(values, statistic, rng)
        beside = (float(statistic(columns[name])) if columns else None for columns in (against.real, against.shuffled))
        estimates[name] = Estimate(float(statistic(values)), low, high, *beside)
    return Panel(estimates, len(texts), against.tunes, count(texts), against)


def measure(
    texts: Sequence[str], index: MelodyIndex, *, ended: Sequence[bool] | None = None, tools: Sequence[str] = ()
) -> dict[str, NDArray[np.float64]]:
    """One number a tune for each measure: name -> (n,), in the order of MEASURES.

    For a tune with bars b_1 ... b_m, as text, and notes p_1 ... p_N:

    bars_filled       share of bars that hold the meter's duration, pickups with what completes them
    valid             1 if `validity` finds no fault
    last_note_tonic   1 if p_N is the tonic of K:, in any octave
    bars_returning    |{i : there is j != i with b_j = b_i}| / m
    phrase_returns    1 if there are i and j >= i + 2 with b_i b_(i+1) = b_j b_(j+1)
    half_copied       1 if longest_run >= N / 2
    longest_run       as in `evaluate.novelty`, in notes
    note_length       the mean duration of the notes, over an eighth note
    rests             the durations of the rests, over those of notes and rests
    speed_changes     |{i > 1 : v_i >= 2 v_(i-1) or v_(i-1) >= 2 v_i}| / (m - 1), where v_i is the mean duration of the
                      notes and rests of b_i
    repeated_notes    |{i > 1 : p_i = p_(i-1)}| / (N - 1)
    fully_valid       ended, valid, and no error from either tool

    A tune without bars or notes has 0 where they are asked for.
    """
    rows = [_measure_one(text, index) for text in texts]
    columns = {name: np.array([row[name] for row in rows], dtype=np.float64) for name in rows[0]} if rows else {}
    for tool in tools:
        columns[f"{tool}_errors"] = np.array(tool_faults(texts, tool), dtype=np.float64)
    if ended is not None:
        columns["ended"] = np.array(ended, dtype=np.float64)
        if all(tool in tools for tool in TOOLS):
            clean = np.all([columns[f"{tool}_errors"] == 0 for tool in TOOLS], axis=0)
            columns["fully_valid"] = columns["ended"] * columns["valid"] * clean
    return {name: columns[name] for name in MEASURES if name in columns}


def _measure_one(text: str, index: MelodyIndex) -> dict[str, float]:
    checked = validity(text)
    music = ["".join(text[bar.start : bar.end].split()) for bar in bars(text)]
    notes = melody_notes(text)
    pitches = [note.pitch for note in notes]
    key = parse_key(split_header(text).get("K"))
    longest_run = index.longest_of(notes).notes
    return {
        "bars_filled": checked.bars_filled,
        "valid": checked.valid,
        "last_note_tonic": bool(pitches) and key is not None and pitches[-1] % 12 == key.semitone,
        "bars_returning": sum(n for n in Counter(music).values() if n > 1) / len(music) if music else 0.0,
        "phrase_returns": phrase_returns(music),
        "half_copied": bool(pitches) and longest_run >= len(pitches) / 2,
        "longest_run": longest_run,
        "distinct_pitches": len(set(pitches)),
        "bars": len(music),
        "notes": len(pitches),
        "characters": len(text),
        "note_length": 8 * float(sum(note.duration for note in notes) / len(notes)) if notes else 0.0,
        **_pace(text),
        "repeated_notes": float(np.mean(np.diff(pitches) == 0)) if len(pitches) > 1 else 0.0,
    }


def _pace(text: str) -> dict[str, float]:
    """The share of rests in a tune's time, and the share of its bars in which it changes its speed."""
    timed = [placed for placed in placed_tokens(text) if placed.duration]
    total = float(sum(placed.duration for placed in timed))
    silent = float(sum(placed.duration for placed in timed if placed.token.kind == "rest"))
    lengths = [[float(placed.duration) for placed in bar] for _, bar in groupby(timed, key=lambda placed: placed.bar)]
    means = [sum(bar) / len(bar) for bar in lengths]
    changes = [max(a, b) >= 2 * min(a, b) for a, b in pairwise(means)]
    return {
        "rests": silent / total if total else 0.0,
        "speed_changes": sum(changes) / len(changes) if changes else 0.0,
    }


def phrase_returns(music: Sequence[str]) -> bool:
    """Whether a run of two bars comes back later, without overlap."""
    seen: set[tuple[str, str]] = set()
    pairs = list(pairwise(music))
    for place, pair in enumerate(pairs):
        if place >= 2:
            seen.add(pairs[place - 2])
        if pair in seen:
            return True
    return False


def _interval(
    values: NDArray[np.float64], statistic: Callable[..., Any], rng: np.random.Generator
) -> tuple[float, float]:
    """The bootstrap's 2.5th and 97.5th percentile of a statistic of (n,) values."""
    draws = rng.integers(len(values), size=(RESAMPLES, len(values)))
    low, high = np.percentile(statistic(values[draws], axis=1), (2.5, 97.5))
    return float(low), float(high)
