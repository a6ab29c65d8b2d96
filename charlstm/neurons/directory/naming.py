"""Directory: which unit knows which concept, and which units have no name. Chosen on some tunes, scored on others.

A unit chosen among hundreds as the best looks better where it was chosen than it is; so only scores on tunes that had
no say in the choice are shown, beside what labels of other tunes, an untrained network and the last character alone
reach. How it is stored: `directory_file.py`.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from charlstm.errors import ConfigError
from charlstm.lm.infer.engine import Engine
from charlstm.neurons.auroc import Annotations, annotate, in_threads
from charlstm.neurons.baselines import untrained
from charlstm.neurons.bootstrap import draws_of
from charlstm.neurons.concepts.label import WITHIN, Concept
from charlstm.neurons.concepts.notes import CONCEPTS
from charlstm.neurons.directory.unit_scores import Measured, Report, Steps, in_chosen_direction, measured
from charlstm.neurons.intervals import auroc_interval
from charlstm.neurons.probe import midranks
from charlstm.neurons.recording import Unit

BEST = 5  # units kept of each concept
MIN_TUNES = 10  # that have a concept, and that lack it somewhere, in each part; a fifth of the tunes where they are few
NAME_AUROC = 0.75  # a name says at least this much: three of four pairs in order
LEVEL = 0.95  # of the null's draws that a name must exceed


@dataclass(frozen=True)
class UnitEntry:
    """A unit's score for one concept. AUROCs in [0, 1], below 1/2 where the unit falls."""

    unit: Unit
    chosen: float  # on the tunes it was chosen on
    held_out: float  # on the others
    low: float  # interval of held_out over draws of tunes
    high: float

    @property
    def sureness(self) -> float:
        """The held-out AUROC in the direction that it was chosen in: max(AUROC, 1 - AUROC) of one that keeps it."""
        return self.held_out if self.chosen >= 0.5 else 1 - self.held_out


@dataclass(frozen=True)
class ConceptEntry:
    """A concept: its best units and what the nulls reach, all as AUROCs on held-out tunes in the chosen direction."""

    concept: str
    share: float  # of the characters it is asked among that have it, on held-out tunes
    tunes: int  # held-out tunes that have it somewhere
    best: tuple[UnitEntry, ...] = ()  # by their score where they were chosen; empty: too rare to be measured
    shuffled: float = 0.5  # the best unit for labels of other tunes, chosen and scored alike: median of the draws
    shuffled_high: float = 0.5  # ... and the 95th percentile
    untrained: float = 0.5  # the best unit of an untrained network, chosen and scored alike
    character: float = 0.5  # the last character alone
    floor: float = 1.0  # what a name must exceed
    probes: tuple[float, ...] = ()  # sparse probes of SIZES units
    probes_shuffled: tuple[float, ...] = ()
    probes_untrained: tuple[float, ...] = ()

    @property
    def margin(self) -> float:
        """How far the best unit's held-out AUROC lies above all nulls; below 0 if one of them is better."""
        nulls = max(self.shuffled_high, self.untrained, self.character)
        return self.best[0].sureness - nulls if self.best else -1.0


@dataclass(frozen=True)
class NeuronEntry:
    """A unit and the concept it tells best, with a name if the rule of `directory` allows it."""

    score: UnitEntry
    concept: str
    named: bool
    loudness: float  # mean of |h| over the held-out tunes


@dataclass(frozen=True)
class Directory:
    """What is known of a model's units. `scores`: held-out AUROC of each unit for each measured concept, (U, C)."""

    model: str  # fingerprint of the network
    corpus: Mapping[str, str]  # name, fingerprint
    tunes: tuple[int, int]  # chosen on, scored on
    characters: tuple[int, int]
    concepts: tuple[ConceptEntry, ...]
    neurons: tuple[NeuronEntry, ...]
    examples: Mapping[str, UnitEntry]  # the report's three, chosen like all: "header", "body", "quiet"; by in_header
    scores: NDArray[np.float32] = field(repr=False, compare=False)
    seconds: float = 0.0

    @property
    def measured(self) -> tuple[ConceptEntry, ...]:
        """The concepts that occur often enough, the columns of `scores`."""
        return tuple(entry for entry in self.concepts if entry.best)

    @property
    def tried(self) -> int:
        """How many pairs of a unit and a concept were looked at."""
        return len(self.neurons) * len(self.measured)

    @property
    def nameless(self) -> float:
        """The share of units without a name, in [0, 1]."""
        return sum(not neuron.named for neuron in self.neurons) / max(len(self.neurons), 1)

    def entry(self, concept: str) -> ConceptEntry | None:
        """What is known of a concept."""
        return next((entry for entry in self.concepts if entry.concept == concept), None)


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
      M_dc the largest |AUROC - 1/2| of any unit in draw d for concept c, and s_c its median over the draws, the 95th
      percentile over d of max_c M_dc / s_c, times s_c (the maximum statistic of Westfall and Young 1993).

    Parameters
    ----------
    engine : Engine
    choose, score : sequences of str
        Model texts, without a tune in common; their characters are pooled.
    concepts : mapping from name to concept, optional
        By default all of CONCEPTS but in_body, which is in_header turned round. Those that too few tunes have, or
        that too few lack, are listed and not measured.
    model, corpus : str and mapping, optional
        Fingerprints, kept in the result.
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
    named = dict(CONCEPTS if concepts is None else concepts)
    if concepts is None:
        del named["in_body"]
    steps = Steps(report, 2 * (2 + len(WITHIN)) + 2)
    parts = [annotate(texts, named.values()) for texts in (choose, score)]
    steps.done("labels of every character")
    usable = [
        k for k, concept in enumerate(named.values()) if all(_is_common(part, k, concept.within) for part in parts)
    ]
    names = [list(named)[k] for k in usable]
    kinds = [named[name].within for name in names]
    rows = dict(zip(names, usable, strict=True))

    trained = measured(engine, parts, rows, kinds, steps, real=True)
    blank = measured(untrained(engine), parts, rows, kinds, steps, real=False)

    floors = np.maximum.reduce(
        [
            np.full(len(names), NAME_AUROC - 0.5),
            np.abs(blank.scored - 0.5).max(axis=0, initial=0),
            _familywise(trained.null_highest),
        ]
    )
    size, best_of = engine.config.hidden_size, np.argsort(-np.abs(trained.chosen - 0.5), axis=0, kind="stable")[:BEST]
    candidates = _candidates(trained.chosen, floors)
    examples = _examples(trained, names)
    pairs = [(row, names.index("in_header")) for row in examples.values()]
    pairs += [(int(row), c) for c in range(len(names)) for row in best_of[:, c]]
    pairs += enumerate(candidates)
    intervals = _intervals(trained, parts[1], rows, kinds, pairs)

    def unit_entry(row: int, column: int) -> UnitEntry:
        scores = float(trained.chosen[row, column]), float(trained.scored[row, column])
        return UnitEntry(Unit(*divmod(row, size)), *scores, *intervals[row, column])

    entries = []
    for name in named:
        share, tunes = _presence(parts[1], list(named).index(name), named[name].within)
        if name not in names:
            entries.append(ConceptEntry(name, share, tunes))
            continue
        c = names.index(name)
        entries.append(
            ConceptEntry(
                name,
                share,
                tunes,
                tuple(unit_entry(int(row), c) for row in best_of[:, c]),
                float(np.median(trained.null_best[:, c])),
                float(np.quantile(trained.null_best[:, c], LEVEL)),
                float(in_chosen_direction(blank.chosen[:, c], blank.scored[:, c])),
                trained.character[c],
                float(0.5 + floors[c]),
                trained.probes[c],
                trained.null_probes[c],
                blank.probes[c],
            )
        )
    loudness = np.abs(trained.values[1]).mean(axis=1)
    neurons = []
    for row, c in enumerate(candidates):
        known = unit_entry(row, c)
        neurons.append(NeuronEntry(known, names[c], bool(known.sureness - 0.5 > floors[c]), float(loudness[row])))
    steps.done("intervals over draws of tunes")
    return Directory(
        model,
        dict(corpus or {}),
        (len(choose), len(score)),
        (len(parts[0].tune), len(parts[1].tune)),
        tuple(entries),
        tuple(neurons),
        {role: unit_entry(row, names.index("in_header")) for role, row in examples.items()},
        trained.scored.astype(np.float32),
        time.perf_counter() - begun,
    )


def _is_common(part: Annotations, row: int, kind: str) -> bool:
    """Whether enough tunes have a concept, and enough lack it somewhere, among the characters it is asked among."""
    among = part.among[kind]
    said, tune = part.labels[row, among], part.tune[among]
    least = min(MIN_TUNES, -(-len(part.texts) // 5))
    return all(len(np.unique(tune[said == want])) >= least for want in (True, False))


def _presence(part: Annotations, row: int, kind: str) -> tuple[float, int]:
    """The share of the characters that have a concept, and how many tunes have it."""
    among = part.among[kind]
    said = part.labels[row, among]
    return (float(said.mean()) if len(said) else 0.0), len(np.unique(part.tune[among][said]))


def _familywise(highest: NDArray[np.float64]) -> NDArray[np.float64]:
    """For each concept the |AUROC - 1/2| that chance exceeds anywhere in 5 of 100 draws; see `directory`."""
    usual = np.maximum(np.median(highest, axis=0), 1e-9)
    worst = (highest / usual).max(axis=1) if highest.shape[1] else np.ones(len(highest))
    floors: NDArray[np.float64] = np.quantile(worst, LEVEL) * usual
    return floors


def _examples(found: Measured, names: list[str]) -> dict[str, int]:
    """The report's three, by the tunes that units are chosen on: what rises most surely in the header, what in the
    body, and what moves least (smallest mean of |h|). None where headers were not measured."""
    if "in_header" not in names:
        return {}
    header = found.chosen[:, names.index("in_header")]
    loudness = np.abs(found.values[0]).mean(axis=1)
    return {"header": int(header.argmax()), "body": int(header.argmin()), "quiet": int(loudness.argmin())}


def _candidates(chosen: NDArray[np.float64], floors: NDArray[np.float64]) -> list[int]:
    """Each unit's concept: what it tells best where it exceeds the floor, or else at all."""
    distance = np.abs(chosen - 0.5)
    above = np.where(distance > floors, distance, -1.0)
    columns = np.where(above.max(axis=1, initial=-1) > 0, above.argmax(axis=1), distance.argmax(axis=1))
    return [int(column) for column in columns]


def _intervals(
    found: Measured,
    part: Annotations,
    rows: Mapping[str, int],
    kinds: list[str],
    pairs: Sequence[tuple[int, int]],
) -> dict[tuple[int, int], tuple[float, float]]:
    """Intervals of the held-out AUROCs of some pairs of a unit and a concept."""
    draws, indices = draws_of(len(part.texts)), list(rows.values())
    wanted = list(dict.fromkeys(pairs))

    def interval(pair: tuple[int, int]) -> tuple[float, float]:
        row, c = pair
        among = part.among[kinds[c]]
        ranks = midranks(found.where[1][row, among])
        low, high = auroc_interval(ranks, part.labels[indices[c], among], part.tune[among], draws)
        return (low, high) if low <= high else (0.0, 1.0)  # no draw of so few tunes had the concept

    return dict(zip(wanted, in_threads(interval, wanted), strict=True))
