"""Without: what a model loses when a unit is taken out, for which characters, and how sure that is.

The same tunes are read again with the unit's output held, at 0 or at its mean; each character's surprise then is
compared with its surprise before. Held at the mean the unit is as loud as ever and says nothing; held at 0 it is
silent, which the layers above it never met if its mean is far from 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from charlstm.lm.infer.batch import read_texts
from charlstm.lm.infer.engine import Engine
from charlstm.neurons.bootstrap import mean_of_tunes
from charlstm.neurons.concepts.label import Labeller
from charlstm.neurons.recording import Unit
from charlstm.neurons.store import Progress
from charlstm.neurons.survey import Survey

EVERYTHING = "every character"


@dataclass(frozen=True, slots=True)
class Loss:
    """What the prediction of some characters loses, nats a character, with a 95 % interval over tunes.

    `count` characters have the concept; `before` is their loss with the unit. Positive `more`: worse without it.
    """

    name: str
    count: int
    before: float
    more: float
    low: float
    high: float

    @property
    def sure(self) -> bool:
        """Whether the interval leaves out 0."""
        return self.low > 0 or self.high < 0


def losses_without(
    engine: Engine,
    survey: Survey,
    unit: Unit | tuple[int, int],
    concepts: Mapping[str, Labeller],
    *,
    at_mean: bool = False,
    progress: Progress | None = None,
) -> list[Loss]:
    """What is lost without a unit: mean over characters of (-ln p without it) - (-ln p with it).

    A character counts for a concept if it has it: what is measured is how well the model foresaw that character.

    Parameters
    ----------
    engine : Engine
        It is not changed: `Engine.ablate` makes another one.
    survey : Survey
        Of this engine.
    unit : Unit
    concepts : mapping from a name to a labelling
    at_mean : bool
        Hold the unit at its mean over the survey, not at 0.
    progress : callable, optional
        Called with the characters read so far and their number.

    Returns
    -------
    list of Loss
        All characters first (the tunes' ENDs among them), then the concepts that occur, largest loss first.
    """
    held = engine.ablate([(unit[0], unit[1])], "mean" if at_mean else 0.0, means=survey.means)
    return losses_of(held, survey, concepts, progress=progress)


def losses_of(
    changed: Engine, survey: Survey, concepts: Mapping[str, Labeller], *, progress: Progress | None = None
) -> list[Loss]:
    """What a changed engine loses against the one of the survey; as `losses_without`, for any change."""
    names = [EVERYTHING, *concepts]
    shape = len(survey.texts), len(names)
    more, before, counts = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    for reading in read_texts(changed, survey.texts, batch_size=32, progress=progress):
        text, was = survey.texts[reading.index], survey.surprise[reading.index]
        change = reading.surprises - was
        labels = np.array([concept(text) for concept in concepts.values()]).reshape(len(concepts), len(text))
        row = reading.index
        more[row] = [change.sum(), *(labels @ change[:-1])]
        before[row] = [was.sum(), *(labels @ was[:-1])]
        counts[row] = [len(was), *labels.sum(axis=1)]
    mean, low, high = mean_of_tunes(more, counts)
    total = counts.sum(axis=0)
    found = [
        Loss(name, int(total[k]), float(before[:, k].sum() / total[k]), float(mean[k]), float(low[k]), float(high[k]))
        for k, name in enumerate(names)
        if total[k]
    ]
    return [found[0], *sorted(found[1:], key=lambda loss: -loss.more)]
