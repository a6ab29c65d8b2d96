"""The records of a neuron index. Knows nothing of how they are measured (`naming.py`) or stored (`file.py`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from charlstm.neurons.auroc import directed
from charlstm.neurons.recording import Unit

ROLES = {"header": "Header neuron", "body": "Body neuron", "quiet": "Quiet neuron"}  # the report's three, on the page


@dataclass(frozen=True)
class UnitEntry:
    """A unit's score for one concept. AUROCs in [0, 1], below 1/2 where the unit is lower at the concept."""

    unit: Unit
    chosen: float  # on the tunes it was chosen on
    held_out: float  # on the others
    low: float  # interval of held_out over resampled tunes
    high: float

    @property
    def directed_auroc(self) -> float:
        """The held-out AUROC in the direction that it was chosen in: max(AUROC, 1 - AUROC) of one that keeps it."""
        return directed(self.held_out, self.chosen)


@dataclass(frozen=True)
class ConceptEntry:
    """A concept: its best units and the baselines, all as AUROCs on held-out tunes in the chosen direction."""

    concept: str
    share: float  # of the characters it is asked about among that have it, on held-out tunes
    tunes: int  # held-out tunes that have it somewhere
    best: tuple[UnitEntry, ...] = ()  # by their score where they were chosen; empty: too rare to be measured
    shuffled: float = 0.5  # the best unit for labels of other tunes, chosen and scored alike: median of the shuffles
    shuffled_high: float = 0.5  # ... and the 95th percentile
    untrained: float = 0.5  # the best unit of an untrained network, chosen and scored alike
    character: float = 0.5  # the last character alone
    floor: float = 1.0  # what a name must exceed
    probes: tuple[float, ...] = ()  # sparse probes of SIZES units
    probes_shuffled: tuple[float, ...] = ()
    probes_untrained: tuple[float, ...] = ()

    @property
    def margin(self) -> float:
        """How far the best unit's held-out AUROC lies above all baselines; below 0 if one of them is better."""
        baselines = max(self.shuffled_high, self.untrained, self.character)
        return self.best[0].directed_auroc - baselines if self.best else -1.0


@dataclass(frozen=True)
class NeuronEntry:
    """A unit and the concept it tells best, with a name if the rule of `directory` allows it."""

    score: UnitEntry
    concept: str
    named: bool
    mean_abs_activation: float  # mean of |h| over the held-out tunes


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
    definitions: str = ""  # fingerprint of the concepts

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
