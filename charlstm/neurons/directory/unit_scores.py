"""Unit scores: all AUROCs of one network for its index: of single units, sparse probes, and labels of other tunes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from charlstm.lm.infer.engine import Engine
from charlstm.neurons.auroc import auroc_of_ranks, centred_ranks, dense_ranks, directed, in_threads
from charlstm.neurons.baselines import Labelled, by_character, other_tunes
from charlstm.neurons.concepts.concept import WITHIN, Annotations, Labels
from charlstm.neurons.probes import SIZES, ProbeFitter
from charlstm.neurons.recording import record_texts
from charlstm.progress import Progress, Report

SHUFFLES = 40  # labellings of other tunes
FIT_CHARACTERS = 10_000  # that a probe is fitted on: every k-th of those there are
_LEVELS = 65_535  # in which a probe's sums are ranked: counting them is faster than sorting


class Steps:
    """Counts steps of about the same length for a report."""

    def __init__(self, report: Report | None, total: int) -> None:
        self._report, self._total, self._count = report, total, 0

    def done(self, doing: str) -> None:
        self._count += 1
        if self._report:
            self._report(Progress(doing, min(self._count, self._total), self._total))


@dataclass(eq=False)
class NetworkScores:
    """What was measured of one network on two parts of tunes: U units, C concepts, D shuffles."""

    values: list[NDArray[np.floating]]  # of each part, (U, T)
    dense: list[NDArray[np.int32]]  # their dense ranks
    chosen: NDArray[np.float64]  # AUROC on the part to choose on, (U, C)
    scored: NDArray[np.float64]  # ... to score on
    shuffled_best: NDArray[np.float64]  # (D, C) the best unit for labels of other tunes, chosen and scored alike
    shuffled_highest: NDArray[np.float64]  # (D, C) the largest |AUROC - 1/2| of any unit
    character: list[float]  # the last character alone
    probes: list[tuple[float, ...]]
    shuffled_probes: list[tuple[float, ...]]


def score_units(
    engine: Engine,
    parts: Sequence[Annotations],
    rows: Sequence[int],
    kinds: Sequence[str],
    steps: Steps,
    *,
    trained: bool,
) -> NetworkScores:
    """All scores of a network; of a trained one also those for labels of other tunes and for the last character.

    Parameters
    ----------
    engine : Engine
    parts : two Annotations
        Of the tunes to choose on and to score on.
    rows : sequence of C ints
        The rows of the annotations' labels to be measured.
    kinds : sequence of C strings
        Among which characters each is asked about: keys of WITHIN.
    steps : Steps
        Two steps and one for each key of WITHIN.
    trained : bool
    """
    which = "the model" if trained else "an untrained network"
    values = in_threads(lambda part: record_texts(engine, part.texts).rows, parts)
    steps.done(f"{which} reads")
    dense = [dense_ranks(part) for part in values]
    steps.done(f"{which}: its values in order")
    count, shuffles = len(rows), SHUFFLES if trained else 0
    chosen, scored = (np.full((len(values[0]), count), np.nan) for _ in parts)
    best, highest = (np.full((shuffles, count), np.nan) for _ in range(2))
    scores = NetworkScores(values, dense, chosen, scored, best, highest, [0.5] * count, [()] * count, [()] * count)
    for kind, among in WITHIN.items():
        columns = [c for c, within in enumerate(kinds) if within == kind]
        if columns:
            _score_among(scores, parts, rows, columns, kind, shuffles)
        steps.done(f"{which}, among {among}")
    return scores


def _score_among(
    scores: NetworkScores,
    parts: Sequence[Annotations],
    rows: Sequence[int],
    columns: list[int],
    kind: str,
    shuffles: int,
) -> None:
    """The scores of the concepts that are asked about among one kind of character."""
    among = [part.among[kind] for part in parts]
    wanted = np.array([rows[c] for c in columns])
    labels = [part.labels[np.ix_(wanted, at)] for part, at in zip(parts, among, strict=True)]
    tunes = [part.tune[at] for part, at in zip(parts, among, strict=True)]
    ranks = [centred_ranks(dense, at) for dense, at in zip(scores.dense, among, strict=True)]
    # Single units.
    scores.chosen[:, columns], scores.scored[:, columns] = (
        auroc_of_ranks(ranked, part.T.astype(np.float64)) for ranked, part in zip(ranks, labels, strict=True)
    )
    # Single units for labels of other tunes; in float32, because there are many shuffles.
    weights = [np.ascontiguousarray(part.T, dtype=np.float32) for part in labels]

    def shuffle(seed: int) -> None:
        rng = np.random.default_rng(seed)
        orders = [other_tunes(tune, rng) for tune in tunes]
        moved = [weight.take(order, axis=0) for weight, order in zip(weights, orders, strict=True)]
        chosen, scored = map(auroc_of_ranks, ranks, moved)
        for place, c in enumerate(columns):
            scores.shuffled_best[seed, c] = best_in_chosen_direction(chosen[:, place], scored[:, place])
        scores.shuffled_highest[seed, columns] = np.abs(scored - 0.5).max(axis=0)

    in_threads(shuffle, range(shuffles))
    # Sparse probes, fitted on every k-th character.
    stride = max(1, len(among[0]) // FIT_CHARACTERS)
    fitter = ProbeFitter(scores.values[0][:, among[0][::stride]])
    held_out = scores.values[1][:, among[1]]
    for c, curve in zip(columns, _probe_curves(fitter, labels[0][:, ::stride], held_out, labels[1]), strict=True):
        scores.probes[c] = curve
    if not shuffles:
        return
    rng = np.random.default_rng(shuffles)
    moved = [part[:, other_tunes(tune, rng)] for part, tune in zip(labels, tunes, strict=True)]
    for c, curve in zip(columns, _probe_curves(fitter, moved[0][:, ::stride], held_out, moved[1]), strict=True):
        scores.shuffled_probes[c] = curve
    # The last character alone.
    known, asked = (Labelled("".join(part.texts), *rest) for part, *rest in zip(parts, among, labels, strict=True))
    for c, score in zip(columns, by_character(known, asked).tolist(), strict=True):
        scores.character[c] = score


def _probe_curves(
    fitter: ProbeFitter, fit_labels: Labels, values: NDArray[np.floating], labels: Labels
) -> list[tuple[float, ...]]:
    """AUROC of the probes of each size for each labelling."""

    def curve(row: int) -> tuple[float, ...]:
        probes = fitter.fit(fit_labels[row], SIZES)
        sums = np.array([probe.weights.astype(np.float32) @ values[probe.units] for probe in probes])
        low, high = sums.min(axis=1, keepdims=True), sums.max(axis=1, keepdims=True)
        levels = ((sums - low) * (_LEVELS / np.maximum(high - low, 1e-9))).astype(np.int32)
        return tuple(auroc_of_ranks(centred_ranks(levels), labels[row, :, None].astype(np.float64))[:, 0].tolist())

    return in_threads(curve, range(len(labels)))


def best_in_chosen_direction(chosen: NDArray[np.float64], scored: NDArray[np.float64]) -> float:
    """The held-out AUROC, in the direction chosen, of the best unit of (U,) chosen by |AUROC - 1/2|."""
    best = int(np.abs(chosen - 0.5).argmax())
    return directed(float(scored[best]), float(chosen[best]))
