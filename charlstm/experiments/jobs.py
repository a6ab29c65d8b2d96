"""What a study is made of: jobs, their runs and records' names, cases and studies, as data. Runs nothing.

A case is one bar of a figure of the report: a label, the job that answers for it, and the report's own figure and
numbers. A job is everything but the seed; two studies that ask for the same job share its run.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from charlstm.lm.config import ModelConfig, TrainConfig

SEEDS = 2  # of every run: fewer would not tell a difference from luck
TUNES = 200  # sampled at each temperature
ORDER = 6  # of the n-gram model: its best here


@dataclass(frozen=True, kw_only=True)
class Training:
    """Train a network; the record has its curves and losses."""

    model: ModelConfig
    train: TrainConfig
    kind: Literal["training"] = "training"

    @property
    def name(self) -> str:
        """Readable, and not unique: cell, units, layers, dropout."""
        layers = f"-layers-{self.model.num_layers}" if self.model.num_layers > 1 else ""
        dropout = f"-dropout-{self.model.dropout:g}" if self.model.dropout else ""
        return f"{self.model.cell}-{self.model.hidden_size}{layers}{dropout}"


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """Sample a network at a temperature and measure the tunes."""

    network: Training | str  # a training of the same seed, or the name of a model in checkpoints/
    temperature: float
    tunes: int = TUNES
    max_length: int = 1000
    kind: Literal["sampling"] = "sampling"

    @property
    def name(self) -> str:
        """Readable, and not unique: network and temperature."""
        return f"{_name(self.network)}-t-{self.temperature:g}"


@dataclass(frozen=True, kw_only=True)
class Neurons:
    """Find a header neuron, a body neuron and a quiet neuron of a network, and keep what they do in one tune."""

    network: Training | str
    temperature: float = 0.8  # of the tune, as in the report's code
    kind: Literal["neurons"] = "neurons"

    @property
    def name(self) -> str:
        """Readable, and not unique."""
        return f"{_name(self.network)}-neurons"


@dataclass(frozen=True, kw_only=True)
class Measuring:
    """Sample a shipped model at a temperature, and measure the tunes with everything there is. It has one seed.

    `guard`: only what can be engraved and played (charlstm.lm.sample.guard).
    """

    network: str  # the name of a model in checkpoints/
    temperature: float
    guard: bool = False
    tunes: int = TUNES
    max_length: int = 1000
    kind: Literal["panel"] = "panel"

    @property
    def name(self) -> str:
        """Readable, and not unique."""
        return f"{self.network}-panel-t-{self.temperature:g}{'-guard' if self.guard else ''}"


@dataclass(frozen=True, kw_only=True)
class Counting:
    """An n-gram model of the training tunes: what counting alone reaches. It has no seed."""

    order: int = ORDER
    kind: Literal["counting"] = "counting"

    @property
    def name(self) -> str:
        """Readable."""
        return f"{self.order}-gram"


Job = Training | Sampling | Neurons | Measuring | Counting


@dataclass(frozen=True)
class Run:
    """A job with its seed: what makes one record."""

    job: Job
    seed: int

    def needs(self) -> Run | None:
        """The run whose network this one looks at, if it is not a model of checkpoints/."""
        if isinstance(self.job, Sampling | Neurons) and isinstance(self.job.network, Training):
            return Run(self.job.network, self.seed)
        return None

    def key(self, fingerprint: str) -> str:
        """Name of the record: readable, and different for every configuration, seed and corpus.

        Settings at their defaults are left out of it, so that a setting which is new to the program does not change
        the names of old records.
        """
        identity = {"job": settings(self.job), "seed": self.seed, "corpus": fingerprint}
        digest = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:10]
        return f"{self.job.name}-s{self.seed}-{digest}"


@dataclass(frozen=True)
class Case:
    """One entry of a study. `columns` are its cells in the study's table; `report` the report's numbers."""

    label: str
    job: Job
    columns: Mapping[str, Any]
    figure: str = ""  # of the report
    report: Mapping[str, float] = field(default_factory=dict)  # "train" and "validation": nats a character on slices

    def runs(self, seeds: int) -> list[Run]:
        """One run a seed, where another seed is another network, or other tunes; one in all where it is not.

        Counting knows no chance; the tunes of a panel have a seed each; and the neurons of a model in checkpoints/
        are the same ones, whatever the seed.
        """
        job = self.job
        alone = isinstance(job, Counting | Measuring) or (isinstance(job, Neurons) and isinstance(job.network, str))
        return [Run(job, seed) for seed in range(1 if alone else seeds)]


@dataclass(frozen=True)
class Study:
    """A question of the report, and the cases that answer it."""

    name: str
    title: str
    question: str
    about: str
    cases: tuple[Case, ...]

    def runs(self, seeds: int = SEEDS) -> list[Run]:
        """Every run once, what others need first, all cases of a seed before the next seed."""
        wanted: dict[Run, None] = {}
        for seed in range(seeds):
            for case in self.cases:
                for run in case.runs(seeds):
                    if run.seed == seed:
                        if needed := run.needs():
                            wanted.setdefault(needed)
                        wanted.setdefault(run)
        return list(wanted)


def settings(job: Job) -> dict[str, Any]:
    """What distinguishes a job, as plain JSON values: its fields that are not at their defaults, and its kind."""
    values: dict[str, Any] = {"kind": job.kind}
    for name, value in _not_default(job).items():
        values[name] = settings(value) if isinstance(value, Training) else value
        if isinstance(value, ModelConfig | TrainConfig):
            values[name] = {k: list(v) if isinstance(v, tuple) else v for k, v in _not_default(value).items()}
    return values


def _not_default(thing: Any) -> dict[str, Any]:
    """The fields of a dataclass that are not at their defaults, but for the seed."""
    return {
        f.name: getattr(thing, f.name)
        for f in fields(thing)
        if f.name not in ("seed", "kind") and getattr(thing, f.name) != f.default
    }


def _name(network: Training | str) -> str:
    return network if isinstance(network, str) else network.name
