"""Naming: which unit tells which concept, and which units have no name. Chosen on some tunes, scored on others.

A unit chosen among hundreds as the best looks better where it was chosen than it is. So only scores on held-out tunes
are shown, beside the baselines: labels of other tunes, an untrained network and the last character alone. How the
result is stored: `file.py`.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from charlstm.errors import ConfigError
from charlstm.lm.infer.engine import Engine
from charlstm.neurons.auroc import auroc_interval, centred_ranks, in_threads
from charlstm.neurons.baselines import untrained
from charlstm.neurons.bootstrap import LEVEL
from charlstm.neurons.concepts.concept import WITHIN, Annotations, Concept, Labels, annotate
from charlstm.neurons.concepts.registry import CONCEPTS, concepts_fingerprint
from charlstm.neurons.directory.entries import ConceptEntry, Directory, NeuronEntry, UnitEntry
from charlstm.neurons.directory.unit_scores import NetworkScores, Steps, best_in_chosen_direction, score_units
from charlstm.neurons.recording import Unit
from charlstm.progress import Report

BEST = 5  # units listed of each concept
MIN_TUNES = 10  # that have a concept, and that lack it somewhere, in each part; a fifth of the tunes where they are few
NAME_AUROC = 0.75  # the least that a name says: three of four pairs in order


def directory(
    engine: Engine,
    choose: Sequence[str],
    score: Sequence[str],
    concepts: Mapping[str, Concept] | None = None,
    *,
    model: str = "",
    corpus: Mapping[str, str] | None = None,
    report: Report | None = None,
) -> Directory:
    """Find each concept's best units and each unit's best concept on some tunes, and score them on others.

    The rule of names. On the tunes `choose`, a unit's concept is the one that it tells best (largest |AUROC - 1/2|)
    among those where it exceeds the floor, or among all. It has that name if on the tunes `score` it tells it in the
    same direction with an AUROC above the concept's floor, the largest of

    - 0.75;
    - the best unit of an untrained network of the same shape, on the same tunes;
    - what 95 of 100 labellings of other tunes reach at most, over all units and concepts at once: with
      M_dc the largest |AUROC - 1/2| of any unit in shuffle d for concept c, and s_c its median over the shuffles, the
      95th percentile over d of max_c M_dc / s_c, times s_c (the maximum statistic of Westfall and Young 1993).

    Parameters
    ----------
    engine : Engine
    choose, score : sequences of str
        Model texts, without a tune in common; their characters are pooled.
    concepts : mapping from name to concept, optional
        By default all of CONCEPTS but in_body, which is the opposite of in_header. Those that too few tunes have, or
        that too few lack, are listed and not measured.
    model, corpus : str and mapping, optional
        Fingerprints, copied into the result.
    report : callable, optional
        Told how far the work is; it may raise to stop.

    Raises
    ------
    ConfigError
        If a part holds no tunes.
    """
    begun = time.perf_counter()
    if not any(choose) or not any(score):
        raise ConfigError("tunes", "are needed both to choose neurons on and to score them on.")
    asked = dict(CONCEPTS if concepts is None else concepts)
    if concepts is None:
        del asked["in_body"]
    steps = Steps(report, 2 * (2 + len(WITHIN)) + 2)
    # Label all characters; a concept that is too rare in one of the parts is not measured.
    parts = [annotate(texts, asked.values()) for texts in (choose, score)]
    steps.done("labels of every character")
    rows = [k for k, concept in enumerate(asked.values()) if all(_is_common(part, k, concept.within) for part in parts)]
    names = [list(asked)[k] for k in rows]
    kinds = [asked[name].within for name in names]

    trained = score_units(engine, parts, rows, kinds, steps, trained=True)
    blank = score_units(untrained(engine), parts, rows, kinds, steps, trained=False)

    # Each unit's concept, each concept's best units, and the intervals of all these pairs of a unit and a concept.
    least = np.full(len(names), NAME_AUROC - 0.5)
    blank_highest = np.abs(blank.scored - 0.5).max(axis=0, initial=0)
    floors = np.maximum.reduce([least, blank_highest, _familywise(trained.shuffled_highest)])
    best = np.argsort(-np.abs(trained.chosen - 0.5), axis=0, kind="stable")[:BEST]
    candidates = _candidates(trained.chosen, floors)
    examples = _examples(trained, names)
    header = names.index("in_header") if examples else -1
    pairs = [(row, header) for row in examples.values()]
    pairs += [(int(row), c) for c in range(len(names)) for row in best[:, c]]
    pairs += enumerate(candidates)
    intervals = _intervals(trained, parts[1], rows, kinds, pairs)

    def unit_entry(row: int, column: int) -> UnitEntry:
        scores = float(trained.chosen[row, column]), float(trained.scored[row, column])
        return UnitEntry(Unit(*divmod(row, engine.config.hidden_size)), *scores, *intervals[row, column])

    def concept_entry(name: str, row: int) -> ConceptEntry:
        share, tunes = _presence(parts[1], row, asked[name].within)
        if name not in names:
            return ConceptEntry(name, share, tunes)
        c = names.index(name)
        return ConceptEntry(
            name,
            share,
            tunes,
            best=tuple(unit_entry(int(unit), c) for unit in best[:, c]),
            shuffled=float(np.median(trained.shuffled_best[:, c])),
            shuffled_high=float(np.quantile(trained.shuffled_best[:, c], LEVEL)),
            untrained=best_in_chosen_direction(blank.chosen[:, c], blank.scored[:, c]),
            character=trained.character[c],
            floor=float(0.5 + floors[c]),
            probes=trained.probes[c],
            probes_shuffled=trained.shuffled_probes[c],
            probes_untrained=blank.probes[c],
        )

    means = np.abs(trained.values[1]).mean(axis=1)
    neurons = []
    for row, c in enumerate(candidates):
        entry = unit_entry(row, c)
        neurons.append(NeuronEntry(entry, names[c], bool(entry.directed_auroc - 0.5 > floors[c]), float(means[row])))
    steps.done("intervals over resampled tunes")
    return Directory(
        model,
        dict(corpus or {}),
        (len(choose), len(score)),
        (len(parts[0].tune), len(parts[1].tune)),
        tuple(concept_entry(name, row) for row, name in enumerate(asked)),
        tuple(neurons),
        {role: unit_entry(row, header) for role, row in examples.items()},
        trained.scored.astype(np.float32),
        time.perf_counter() - begun,
        concepts_fingerprint(CONCEPTS if concepts is None else concepts),
    )


def _labels_among(part: Annotations, row: int, kind: str) -> tuple[Labels, NDArray[np.int32]]:
    """A concept's labels of the characters it is asked about among, and which tune each of them is of."""
    among = part.among[kind]
    return part.labels[row, among], part.tune[among]


def _is_common(part: Annotations, row: int, kind: str) -> bool:
    """Whether enough tunes have a concept, and enough lack it somewhere where it is asked about."""
    labels, tune = _labels_among(part, row, kind)
    least = min(MIN_TUNES, -(-len(part.texts) // 5))
    return all(len(np.unique(tune[labels == want])) >= least for want in (True, False))


def _presence(part: Annotations, row: int, kind: str) -> tuple[float, int]:
    """The share of the characters that have a concept, and how many tunes have it."""
    labels, tune = _labels_among(part, row, kind)
    return (float(labels.mean()) if len(labels) else 0.0), len(np.unique(tune[labels]))


def _familywise(highest: NDArray[np.float64]) -> NDArray[np.float64]:
    """For each concept the |AUROC - 1/2| that chance exceeds anywhere in 5 of 100 shuffles; see `directory`."""
    usual = np.maximum(np.median(highest, axis=0), 1e-9)
    worst = (highest / usual).max(axis=1) if highest.shape[1] else np.ones(len(highest))
    floors: NDArray[np.float64] = np.quantile(worst, LEVEL) * usual
    return floors


def _examples(scores: NetworkScores, names: list[str]) -> dict[str, int]:
    """The report's three, by the tunes that units are chosen on: the unit that is highest in the header, the one that
    is highest in the body, and the one with the smallest mean of |h|. None where headers were not measured."""
    if "in_header" not in names:
        return {}
    header = scores.chosen[:, names.index("in_header")]
    means = np.abs(scores.values[0]).mean(axis=1)
    return {"header": int(header.argmax()), "body": int(header.argmin()), "quiet": int(means.argmin())}


def _candidates(chosen: NDArray[np.float64], floors: NDArray[np.float64]) -> list[int]:
    """Each unit's concept: the one it tells best where it exceeds the floor, or else of all."""
    distance = np.abs(chosen - 0.5)
    above = np.where(distance > floors, distance, -1.0)
    columns = np.where(above.max(axis=1, initial=-1) > 0, above.argmax(axis=1), distance.argmax(axis=1))
    return [int(column) for column in columns]


def _intervals(
    scores: NetworkScores,
    part: Annotations,
    rows: Sequence[int],
    kinds: Sequence[str],
    pairs: Iterable[tuple[int, int]],
) -> dict[tuple[int, int], tuple[float, float]]:
    """Intervals of the held-out AUROCs of some pairs of a unit and a concept."""
    wanted = list(dict.fromkeys(pairs))

    def interval(pair: tuple[int, int]) -> tuple[float, float]:
        row, c = pair
        ranks = centred_ranks(scores.dense[1][row : row + 1], part.among[kinds[c]])[0]
        low, high = auroc_interval(ranks, *_labels_among(part, rows[c], kinds[c]), len(part.texts))
        return (low, high) if low <= high else (0.0, 1.0)  # no resample of so few tunes had the concept

    return dict(zip(wanted, in_threads(interval, wanted), strict=True))
