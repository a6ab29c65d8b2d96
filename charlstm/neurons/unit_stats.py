"""Unit statistics: what one unit does over many tunes. Each is a function of a recording; its formula in the docstring.

`values` below is one unit over all texts, (T,), as `Activations.unit` gives it: its output after each character.
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
from charlstm.neurons.bootstrap import mean_over_tunes, sums_by_group
from charlstm.neurons.concepts.layout import Layout, layout
from charlstm.neurons.correlation import correlations, standardised
from charlstm.neurons.recording import Activations, Unit
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


def by_character(recording: Activations, values: Values, *, least: int = 20) -> list[Group]:
    """Mean after reading each character that occurs `least` times or more, highest first; intervals over tunes."""
    text = recording.text
    counts = Counter(text)
    names = sorted(c for c in counts if counts[c] >= least)
    ids = {c: i for i, c in enumerate(names)}
    groups = np.array([ids.get(c, -1) for c in text], dtype=np.int64)
    return sorted(_means(recording, values, groups, names), key=lambda group: -group.mean)


def meters(recording: Activations) -> dict[str, int]:
    """How many tunes have each meter, commonest first; free meter and none are left out."""
    counts = Counter(split_header(text).get("M") or "" for text in recording.texts)
    return {name: n for name, n in counts.most_common() if "/" in name}


def by_place(recording: Activations, values: Values, meter: str) -> list[Group]:
    """Mean after each note or rest that begins in each eighth of a bar, over the tunes of one meter.

    The value is the one after the last character of the note or rest. Bars that do not fill the meter, notes of
    chords (the chord counts once) and graces are left out. An eighth in which nothing begins in any tune has no group.
    """
    ends, places = [], []
    slots = 0
    for index, text in enumerate(recording.texts):
        if split_header(text).get("M") != meter:
            continue
        laid = layout(text)
        full = [n.number > 0 and n.bar.duration == n.bar.expected for n in laid.bars]
        for event in laid.events:
            if event.bar >= 0 and full[event.bar] and not event.member:
                ends.append(int(recording.starts[index]) + event.token.end - 1)
                places.append(int(event.onset / SLOT))
                slots = max(slots, places[-1] + 1)
    groups = np.full(recording.characters, -1, dtype=np.int64)
    groups[ends] = places
    return _means(recording, values, groups, [str(place) for place in range(slots)])


def _means(recording: Activations, values: Values, groups: NDArray[np.int64], names: Sequence[str]) -> list[Group]:
    """The mean of each group of characters that has any; group g is of `names[g]`, -1 of none."""
    sums, counts = sums_by_group(recording.tunes, groups, values, (len(recording.texts), len(names)))
    total = counts.sum(axis=0).astype(int).tolist()
    rows = zip(names, total, *(part.tolist() for part in mean_over_tunes(sums, counts)), strict=True)
    return [Group(*row) for row in rows if row[1]]


# ---- passages -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Passage:
    """A place in a tune: the peak's character, and around it the bars or header lines [start, end) of the text."""

    index: int  # which text of the recording
    at: int
    start: int
    end: int
    value: float


def passages(
    recording: Activations, values: Values, *, count: int = 4, lowest: bool = False, around: int = 1
) -> list[Passage]:
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
    passages: dict[int, Passage] = {}
    for index, tune in enumerate(recording.split(signed)):
        # The part with the highest value; of equals the one with the highest mean, then the first.
        parts = _parts(layout(recording.texts[index]))
        peaks = [(round(float(tune[a:b].max()), 2), float(tune[a:b].mean()), -k) for k, (a, b) in enumerate(parts)]
        value, mean, k = max(peaks)
        start, end = parts[-k]
        at = start + int(tune[start:end].argmax())
        # What is around it; a bar is not shown with lines of the header.
        header = split_header(recording.texts[index]).body_start
        first, last = max(-k - around, 0), min(-k + around, len(parts) - 1)
        while parts[first][0] < header <= start:
            first += 1
        while parts[last][0] >= header > start:
            last -= 1
        best.append((-value, -mean, index))
        passages[index] = Passage(index, at, parts[first][0], parts[last][1], float(-tune[at] if lowest else tune[at]))
    return [passages[index] for _, _, index in sorted(best)[:count]]


def _parts(laid: Layout) -> list[tuple[int, int]]:
    """The lines of the header and the bars, with what is between them, as spans that cover the whole text."""
    edges = {0, len(laid.text), laid.header.body_start}
    edges |= {n.span.start for n in laid.bars[1:]}
    edges |= {k + 1 for k, c in enumerate(laid.text[: laid.header.body_start]) if c == "\n"}
    return list(itertools.pairwise(sorted(edges))) or [(0, 0)]


# ---- over time ------------------------------------------------------------------------------------------------------


def spectrum(
    recording: Activations, values: Values, meter: str
) -> tuple[NDArray[np.float64], NDArray[np.float64], int]:
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
    for index, text in enumerate(recording.texts):
        if split_header(text).get("M") != meter:
            continue
        tune = values[recording.starts[index] : recording.starts[index + 1]]
        for run in _runs(layout(text)):
            sampled = tune[run]
            for first in range(0, len(sampled) - size + 1, size // 2):
                part = sampled[first : first + size]
                power += np.abs(np.fft.rfft((part - part.mean()) * window))[1:] ** 2
                stretches += 1
    total = power.sum()
    return cycles, power / total if total > 0 else power, stretches


def _runs(laid: Layout) -> list[NDArray[np.int64]]:
    """For each run of full bars, the character whose value is taken at each of 24 positions a bar."""
    runs: list[list[int]] = [[]]
    by_bar: dict[int, list[tuple[Fraction, int]]] = {}
    for event in laid.events:
        if not event.member:
            by_bar.setdefault(event.bar, []).append((event.onset, event.token.end - 1))
    for k, numbered in enumerate(laid.bars):
        bar, events = numbered.bar, by_bar.get(k, [])
        if not numbered.number or not bar.expected or bar.duration != bar.expected or not events or events[0][0]:
            runs.append([])
            continue
        onsets = np.array([float(onset / bar.expected) for onset, _ in events])
        last = np.searchsorted(onsets, np.arange(GRID) / GRID + 1e-9, "right") - 1
        runs[-1] += [events[i][1] for i in last.tolist()]
    return [np.array(run, dtype=np.int64) for run in runs if run]


# ---- weights and other units ----------------------------------------------------------------------------------------


def output_weights(engine: Engine, unit: Unit | tuple[int, int]) -> NDArray[np.float64] | None:
    """The logit effect of a unit of the last layer: its column of the decoder, (V,); None for other layers.

    logit_v = sum over units of W_vj h_j + b_v, and a shift of all logits changes no probability, so the column is
    taken about its mean: W_vj - mean over v. When the unit is at h, the odds of symbol v against the (geometric) mean
    symbol are multiplied by exp(h (W_vj - mean)). Positive: promoted by a unit that is up, suppressed by one that
    is down.
    """
    layer, index = unit
    if layer != engine.config.num_layers - 1:
        return None
    column = np.asarray(engine.fused.decoder[index], dtype=np.float64)
    centred: NDArray[np.float64] = column - column.mean()
    return centred


def similar_units(recording: Activations, unit: Unit | tuple[int, int], *, count: int = 6) -> list[tuple[Unit, float]]:
    """The units most correlated with this one, or against it: Pearson's correlation over all characters, by size.

    Units that never change correlate with nothing and are left out.
    """
    values = standardised(recording.unit(unit)[None])
    blocks = range(0, len(recording.rows), 64)  # rows at a time: all in float32 would be a hundred megabytes
    parts = [correlations(standardised(recording.rows[k : k + 64].astype(np.float32)), values)[:, 0] for k in blocks]
    near = np.concatenate(parts).clip(-1, 1)
    near[recording.row(unit)] = 0
    best = np.argsort(-np.abs(near), kind="stable")[:count].tolist()
    return [(Unit(*divmod(k, recording.size)), float(near[k])) for k in best if near[k]]


def characters_per_bar(recording: Activations) -> float:
    """Mean length of a bar in characters, its bar line and line break with it; 0 where there are no bars."""
    lengths = [n.span.end - n.span.start for text in recording.texts for n in layout(text).bars]
    return float(np.mean(lengths)) if lengths else 0.0
