"""Measured: all scores of one network for the directory: of its units, sparse probes, and labels of other tunes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from charlstm.lm.infer.engine import Engine
from charlstm.neurons.auroc import (
    Annotations,
    aurocs,
    aurocs_of_moved,
    centred_ranks,
    in_threads,
    pairs_of,
    places_of,
    values_of,
)
from charlstm.neurons.baselines import by_character, other_tunes
from charlstm.neurons.concepts.label import WITHIN, Labels
from charlstm.neurons.probe import midranks
from charlstm.neurons.sparse import Fitting

NULL_DRAWS = 40  # labellings of other tunes
FIT_CHARACTERS = 10_000  # that a probe is fitted on: every k-th of those there are

Report = Callable[[str, int, int], None]  # what is being done, how far, out of how many


class Steps:
    """Counts steps of about the same length for a report."""

    def __init__(self, report: Report | None, total: int) -> None:
        self._report, self._total, self._count = report, total, 0

    def done(self, doing: str) -> None:
        self._count += 1
        if self._report:
            self._report(doing, min(self._count, self._total), self._total)


@dataclass(eq=False)
class Measured:
    """What was measured of one network: its values (U, T) on both parts, AUROCs (U, C), and where asked for, nulls."""

    values: list[NDArray[np.float32]]
    where: list[NDArray[np.int32]]
    chosen: NDArray[np.float64]
    scored: NDArray[np.float64]
    null_best: NDArray[np.float64]  # (draws, C) the best unit for labels of other tunes, chosen and scored alike
    null_highest: NDArray[np.float64]  # (draws, C) the largest |AUROC - 1/2| of any unit
    probes: list[tuple[float, ...]]
    null_probes: list[tuple[float, ...]]
    character: list[float]


def measured(
    engine: Engine, parts: list[Annotations], rows: Mapping[str, int], kinds: list[str], steps: Steps, *, real: bool
) -> Measured:
    """All scores of a network; of a real one also those for labels of other tunes."""
    which = "the model" if real else "an untrained network"
    values = in_threads(lambda part: values_of(engine, part.texts), parts)
    steps.done(f"{which} reads")
    where = [places_of(read) for read in values]
    steps.done(f"{which}: its values in order")
    units, count, draws = len(values[0]), len(rows), NULL_DRAWS if real else 0
    found = Measured(
        values,
        where,
        np.full((units, count), np.nan),
        np.full((units, count), np.nan),
        np.full((draws, count), np.nan),
        np.full((draws, count), np.nan),
        [()] * count,
        [()] * count,
        [0.5] * count,
    )
    for kind in WITHIN:
        columns = [c for c, within in enumerate(kinds) if within == kind]
        if columns:
            _measure_among(found, parts, list(rows.values()), columns, kind, draws)
        steps.done(f"{which}, among {WITHIN[kind]}")
    return found


def _measure_among(
    found: Measured, parts: list[Annotations], rows: list[int], columns: list[int], kind: str, draws: int
) -> None:
    """The scores of the concepts that are asked among one kind of character."""
    wanted = [rows[c] for c in columns]
    among = [part.among[kind] for part in parts]
    labels = [part.labels[np.ix_(np.array(wanted), at)] for part, at in zip(parts, among, strict=True)]
    tunes = [part.tune[at] for part, at in zip(parts, among, strict=True)]
    ranks = [centred_ranks(where, at) for where, at in zip(found.where, among, strict=True)]
    found.chosen[:, columns], found.scored[:, columns] = map(aurocs, ranks, labels)
    weights = [np.ascontiguousarray(said.T, dtype=np.float32) for said in labels]
    pairs = [pairs_of(said) for said in labels]

    def draw(seed: int) -> None:
        rng = np.random.default_rng(seed)
        orders = [other_tunes(tune, rng) for tune in tunes]
        chosen, scored = map(aurocs_of_moved, ranks, weights, orders, pairs)
        for place, c in enumerate(columns):
            found.null_best[seed, c] = in_chosen_direction(chosen[:, place], scored[:, place])
        found.null_highest[seed, columns] = np.abs(scored - 0.5).max(axis=0)

    in_threads(draw, range(draws))
    stride = max(1, len(among[0]) // FIT_CHARACTERS)
    fitting = Fitting(found.values[0][:, among[0][::stride]])
    heard = found.values[1][:, among[1]]
    curves = _curves(fitting, labels[0][:, ::stride], heard, labels[1])
    null_curves: list[tuple[float, ...]] = [()] * len(columns)
    if draws:
        rng = np.random.default_rng(draws)
        moved = [said[:, other_tunes(tune, rng)] for said, tune in zip(labels, tunes, strict=True)]
        null_curves = _curves(fitting, moved[0][:, ::stride], heard, moved[1])
        joined = ["".join(part.texts) for part in parts]
        said_by = by_character((joined[0], among[0], labels[0]), (joined[1], among[1], labels[1]))
        for place, c in enumerate(columns):
            found.character[c] = float(said_by[place])
    for place, c in enumerate(columns):
        found.probes[c], found.null_probes[c] = curves[place], null_curves[place]


def _curves(
    fitting: Fitting, fit_labels: Labels, values: NDArray[np.float32], labels: Labels
) -> list[tuple[float, ...]]:
    """AUROC of the probes of each size for each concept. Sums are ranked in 65,536 steps, which sorting would cost."""

    def curve(row: int) -> tuple[float, ...]:
        (fitted,) = fitting.probes(fit_labels[row : row + 1])
        sums = np.array([weights.astype(np.float32) @ values[units] for units, weights in fitted])
        low, high = sums.min(axis=1, keepdims=True), sums.max(axis=1, keepdims=True)
        steps = ((sums - low) * (65_535 / np.maximum(high - low, 1e-9))).astype(np.int32)
        middle = (sums.shape[1] + 1) / 2
        totals = np.array([(midranks(line)[labels[row]] - middle).sum() for line in steps])
        return tuple(float(score) for score in 0.5 + totals / pairs_of(labels[row : row + 1]))

    return in_threads(curve, range(len(labels)))


def in_chosen_direction(chosen: NDArray[np.float64], scored: NDArray[np.float64]) -> float:
    """The held-out AUROC, in the direction chosen, of the best unit of (U,) chosen by |AUROC - 1/2|."""
    best = int(np.abs(chosen - 0.5).argmax())
    return float(scored[best] if chosen[best] >= 0.5 else 1 - scored[best])
