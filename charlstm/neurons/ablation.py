"""Ablation: how much worse a model predicts without a unit, which characters, and how certain that is.

The same tunes are read again with the unit's output held at 0 (zero ablation) or at its mean (mean ablation); each
character's surprisal is compared with its surprisal before. At its mean the unit carries no information; a 0 is a value
that the layers above may never have met, if its mean is far from 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from charlstm.lm.infer.batch import read_texts
from charlstm.lm.infer.engine import Engine
from charlstm.neurons.bootstrap import mean_over_tunes
from charlstm.neurons.concepts.concept import Labeller, labels_of
from charlstm.neurons.recording import Activations, Unit
from charlstm.progress import Report

EVERYTHING = "every character"


@dataclass(frozen=True, slots=True)
class LossIncrease:
    """How much worse some characters are predicted after a change, in nats per character.

    `count` characters have the concept; `before` is their mean loss without the change, `increase` what is added to it
    (positive: worse), `low` and `high` the 95 % interval of the increase over tunes.
    """

    name: str
    count: int
    before: float
    increase: float
    low: float
    high: float

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves out 0."""
        return self.low > 0 or self.high < 0


def ablation(
    engine: Engine,
    recording: Activations,
    unit: Unit | tuple[int, int],
    concepts: Mapping[str, Labeller],
    *,
    at_mean: bool = False,
    report: Report | None = None,
) -> list[LossIncrease]:
    """What a model loses without a unit: mean over characters of (-ln p without it) - (-ln p with it).

    A character counts for a concept if it has it: what is measured is how well the model predicted that character.

    Parameters
    ----------
    engine : Engine
        It is not changed: `Engine.ablate` makes another one.
    recording : Activations
        Of this engine, with surprisals.
    unit : Unit
    concepts : mapping from a name to a labelling
    at_mean : bool
        Hold the unit at its mean over the recording, not at 0.
    report : callable, optional
        Told how many characters are read; it may raise to stop.

    Returns
    -------
    list of LossIncrease
        All characters first (the tunes' ENDs among them), then the concepts that occur, largest increase first.
    """
    changed = engine.ablate([(unit[0], unit[1])], "mean" if at_mean else 0.0, means=recording.means)
    return loss_increases(changed, recording, concepts, report=report)


def loss_increases(
    changed: Engine,
    recording: Activations,
    concepts: Mapping[str, Labeller],
    *,
    report: Report | None = None,
) -> list[LossIncrease]:
    """What a changed engine loses against the one of the recording; as `ablation`, for any change."""
    names = [EVERYTHING, *concepts]
    shape = len(recording.texts), len(names)
    added, before, counts = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    for reading in read_texts(changed, recording.texts, batch_size=32, report=report):
        row, was = reading.index, recording.surprisals[reading.index]
        change = reading.surprisals - was
        labels = labels_of([recording.texts[row]], concepts.values())
        added[row] = [change.sum(), *(labels @ change[:-1])]
        before[row] = [was.sum(), *(labels @ was[:-1])]
        counts[row] = [len(was), *labels.sum(axis=1)]
    total = counts.sum(axis=0)
    columns = np.array([before.sum(axis=0) / np.maximum(total, 1), *mean_over_tunes(added, counts)]).T.tolist()
    losses = [LossIncrease(name, int(total[k]), *columns[k]) for k, name in enumerate(names) if total[k]]
    return [losses[0], *sorted(losses[1:], key=lambda loss: -loss.increase)]
