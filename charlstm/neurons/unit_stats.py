"""Profile: what one unit does over many tunes. Each measure a function of a Survey; its formula in the docstring.

`values` below is one unit over all texts, (T,), as `Survey.unit` gives it: its output after reading each character.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from charlstm.lm.infer.engine import Engine
from charlstm.neurons.bootstrap import Mean, mean_of_tunes, sums_by
from charlstm.neurons.concepts.layout import Layout, layout
from charlstm.neurons.recording import Unit
from charlstm.neurons.survey import Survey
from charlstm.tunes.abc import split_header

Values = NDArray[np.floating]
GRID = 24  # places in a bar at which the spectrum looks: notes in twos, threes and fours fall on them
WINDOW = 8  # bars of a stretch of the spectrum
SLOT = Fraction(1, 8)  # whole notes of a place in the bar


@dataclass(frozen=True, slots=True)
class Group:
    """Characters that have something in common: their name, how many, and the mean with its 95 % interval."""

    name: str
    count: int
    mean: float
    low: float
    high: float


def histogram(values: Values, *, bins: int = 40) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Share of characters in each of some equal parts of -1 to 1: the edges, (bins + 1,), and the shares, (bins,)."""
    counts, edges = np.histogram(np.clip(values, -1, 1), bins=bins, range=(-1, 1))
    return edges, counts / max(len(values), 1)


def by_character(survey: Survey, values: Values, *, least: int = 20) -> list[Group]:
    """Mean after reading each character that occurs `least` times or more, highest first; intervals over tunes."""
    text = "".join(survey.texts)
    counts = Counter(text)
    names = sorted(c for c in counts if counts[c] >= least)
    ids = {c: i for i, c in enumerate(names)}
    groups = np.array([ids.get(c, -1) for c in text], dtype=np.int64)
    return sorted(_means(survey, values, groups, names), key=lambda group: -group.mean)


def meters(survey: Survey) -> dict[str, int]:
    """How many tunes have each meter, commonest first; free meter and none are left out."""
    found = Counter(split_header(text).get("M") or "" for text in survey.texts)
    return {name: n for name, n in found.most_common() if "/" in name}


def by_place(survey: Survey, values: Values, meter: str) -> list[Group]:
    """Mean after each note or rest that begins in each eighth of a bar, over the tunes of one meter.

    The value is the one after the last character of the note or rest. Bars that do not fill the meter, notes of
    chords (the chord counts once) and graces are left out. An eighth in which nothing begins in any tune has no group.
    """
    ends, places = [], []
    slots = 0
    for index, text in enumerate(survey.texts):
        if split_header(text).get("M") != meter:
            continue
        found = layout(text)
        full = [n.number > 0 and n.bar.duration == n.bar.expected for n in found.bars]
        for event in found.events:
            if event.bar >= 0 and full[event.bar] and not event.member:
                ends.append(int(survey.starts[index]) + event.token.end - 1)
                places.append(int(event.onset / SLOT))
                slots = max(slots, places[-1] + 1)
    groups = np.full(survey.characters, -1, dtype=np.int64)
    groups[ends] = places
    return _means(survey, values, groups, [str(place) for place in range(slots)])


def _means(survey: Survey, values: Values, groups: NDArray[np.int64], names: Sequence[str]) -> list[Group]:
    """The mean of each group of characters that has any; group g is of `names[g]`, -1 of none."""
    sums, counts = sums_by(survey.tunes, groups, values, (len(survey.texts), len(names)))
    found: Mean = mean_of_tunes(sums, counts)
    total = counts.sum(axis=0).astype(int).tolist()
    rows = zip(names, total, found.mean.tolist(), found.low.tolist(), found.high.tolist(), strict=True)
    return [Group(*row) for row in rows if row[1]]


# ---- passages -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Passage:
    """A place in a tune: the peak's character, and around it the bars or header lines [start, end) of the text."""

    index: int  # which text of the survey
    at: int
    start: int
    end: int
    value: float


def passages(survey: Survey, values: Values, *, count: int = 4, lowest: bool = False, around: int = 1) -> list[Passage]:
    """Where the value is highest (or lowest), at most one place a tune, best first.

    A tune's place is its highest character; of equals, which a saturated unit has many of, the one whose bar or
    header line has the highest mean, then the first. Tunes are ordered in the same way.

    Parameters
    ----------
    count : int
    lowest : bool
    around : int
        How many bars, or header lines, to show on both sides.
    """
    signed = -values if lowest else values
    best: list[tuple[float, float, int]] = []  # -value to two digits, -mean of the part, text
    found: dict[int, Passage] = {}
    for index, mine in enumerate(survey.split(signed)):
        parts = _parts(layout(survey.texts[index]))
        peaks = [(round(float(mine[a:b].max()), 2), float(mine[a:b].mean()), -k) for k, (a, b) in enumerate(parts)]
        value, mean, k = max(peaks)
        start, end = parts[-k]
        at = start + int(mine[start:end].argmax())
        header = split_header(survey.texts[index]).body_start
        first, last = max(-k - around, 0), min(-k + around, len(parts) - 1)
        while parts[first][0] < header <= start:  # a bar is not shown with lines of the header
            first += 1
        while parts[last][0] >= header > start:
            last -= 1
        best.append((-value, -mean, index))
        found[index] = Passage(index, at, parts[first][0], parts[last][1], float(-mine[at] if lowest else mine[at]))
    return [found[index] for _, _, index in sorted(best)[:count]]


def _parts(found: Layout) -> list[tuple[int, int]]:
    """The lines of the header and the bars, with what stands between, as spans that cover the whole text."""
    edges = {0, len(found.text), found.header.body_start}
    edges |= {n.span.start for n in found.bars[1:]}
    edges |= {k + 1 for k, c in enumerate(found.text[: found.header.body_start]) if c == "\n"}
    ordered = sorted(edges)
    return list(itertools.pairwise(ordered)) or [(0, 0)]


# ---- over time ------------------------------------------------------------------------------------------------------


def spectrum(survey: Survey, values: Values, meter: str) -> tuple[NDArray[np.float64], NDArray[np.float64], int]:
    """Which periods the unit follows, over the tunes of one meter: power by cycles a bar.

    In each run of full bars the value is looked at 24 times a bar (the value after the note or rest that sounds
    there); stretches of 8 bars, each beginning 4 bars after the one before, have their mean taken off, are weighed by
    a Hann window and Fourier transformed; the squares are averaged over all stretches (Welch 1967) and divided by
    their sum, constant part left out, so that they add up to 1. A peak at 1 is a pattern that returns each bar.

    Returns
    -------
    cycles : float array, (F,)
        Cycles a bar: 1/8, 2/8, ... 12.
    power : float array, (F,)
        Shares of the movement; zeros where there is none, or no stretch.
    stretches : int
    """
    size = GRID * WINDOW
    window = np.hanning(size + 1)[:-1]
    cycles = np.arange(1, size // 2 + 1) / WINDOW
    power, stretches = np.zeros(size // 2), 0
    for index, text in enumerate(survey.texts):
        if split_header(text).get("M") != meter:
            continue
        mine = values[survey.starts[index] : survey.starts[index + 1]]
        for run in _runs(layout(text)):
            held = mine[run]
            for first in range(0, len(held) - size + 1, size // 2):
                part = held[first : first + size]
                power += np.abs(np.fft.rfft((part - part.mean()) * window))[1:] ** 2
                stretches += 1
    total = power.sum()
    return cycles, power / total if total > 0 else power, stretches


def _runs(found: Layout) -> list[NDArray[np.int64]]:
    """For each run of full bars the character whose value holds at each of 24 places a bar."""
    runs: list[list[int]] = [[]]
    by_bar: dict[int, list[tuple[Fraction, int]]] = {}
    for event in found.events:
        if not event.member:
            by_bar.setdefault(event.bar, []).append((event.onset, event.token.end - 1))
    for k, numbered in enumerate(found.bars):
        bar, events = numbered.bar, by_bar.get(k, [])
        if not numbered.number or not bar.expected or bar.duration != bar.expected or not events or events[0][0]:
            runs.append([])
            continue
        onsets = np.array([float(onset / bar.expected) for onset, _ in events])
        last = np.searchsorted(onsets, np.arange(GRID) / GRID + 1e-9, "right") - 1
        runs[-1] += [events[i][1] for i in last.tolist()]
    return [np.array(run, dtype=np.int64) for run in runs if run]


# ---- among the others -----------------------------------------------------------------------------------------------


def votes(engine: Engine, unit: Unit | tuple[int, int]) -> NDArray[np.float64] | None:
    """What a unit of the last layer says to the next symbol: its column of the decoder, (V,); None of other layers.

    logit_v = sum over units of W_vj h_j + b_v, and probabilities do not feel a shift of all logits, so the column is
    shown about its mean: W_vj - mean over v. When the unit is at h, the odds of symbol v against the (geometric) mean
    symbol are multiplied by exp(h (W_vj - mean)). Positive: promoted by a unit that is up, suppressed by one that
    is down.
    """
    layer, index = unit
    if layer != engine.config.num_layers - 1:
        return None
    column = np.asarray(engine.folded.decoder[index], dtype=np.float64)
    found: NDArray[np.float64] = column - column.mean()
    return found


def like(survey: Survey, unit: Unit | tuple[int, int], *, count: int = 6) -> list[tuple[Unit, float]]:
    """The units whose values go with this one's, or against it: Pearson's correlation over all characters, by size.

    Units that never move correlate with nothing and are left out.
    """
    layer, index = unit
    mine = survey.unit(unit).astype(np.float64)
    mine -= mine.mean()
    own = layer * survey.size + index
    found = np.zeros(len(survey.values))
    for first in range(0, len(found), 64):  # 64 rows at a time: float64 of all would be a hundred megabytes
        rows = survey.values[first : first + 64].astype(np.float32)
        rows -= rows.mean(axis=1, keepdims=True)
        norms = np.sqrt((rows * rows).sum(axis=1, dtype=np.float64) * (mine @ mine))
        products = rows @ mine.astype(np.float32)
        found[first : first + 64] = np.where(norms > 1e-6, products / np.maximum(norms, 1e-6), 0)
    found[own] = 0
    best = np.argsort(-np.abs(found), kind="stable")[:count]
    return [(Unit(*divmod(int(k), survey.size)), float(np.clip(found[k], -1, 1))) for k in best if found[k]]


def characters_a_bar(survey: Survey) -> float:
    """Mean length of a bar in characters, its bar line and line break with it; 0 where there are no bars."""
    lengths = [n.span.end - n.span.start for text in survey.texts for n in layout(text).bars]
    return float(np.mean(lengths)) if lengths else 0.0
