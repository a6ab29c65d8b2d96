"""Training dynamics: units through training, from the weights stored after some of its epochs (lm/store/epochs.py).

A unit keeps its number through training, so its values on the same tune can be compared; and for each concept one can
say after which epoch some unit told it, chosen and scored on different tunes as in the neuron index.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from charlstm.errors import ConfigError
from charlstm.lm.infer.engine import Engine
from charlstm.lm.store.checkpoint import Checkpoint
from charlstm.lm.store.epochs import StoredEpoch, epoch_engine, list_epochs
from charlstm.neurons.auroc import auroc_of_ranks, centred_ranks, dense_ranks, directed
from charlstm.neurons.concepts.concept import Annotations, Concept, annotate
from charlstm.neurons.recording import Unit, record, record_texts
from charlstm.progress import Progress, Report


@dataclass(frozen=True)
class ConceptLearning:
    """The best unit of each of C concepts after each of E stored epochs."""

    epochs: tuple[StoredEpoch, ...]
    concepts: tuple[str, ...]
    units: tuple[tuple[Unit, ...], ...]  # (E, C) chosen after each epoch
    scores: NDArray[np.float64]  # (E, C) AUROC on held-out tunes, in the direction chosen
    final: NDArray[np.float64]  # (E, C) the same of the units that are best after the last epoch
    tunes: tuple[int, int]  # chosen on, scored on


def unit_through_training(
    checkpoint: Checkpoint, text: str, unit: Unit
) -> tuple[list[StoredEpoch], NDArray[np.float32]]:
    """One unit's values over a text after each stored epoch: (E, T).

    Raises
    ------
    ConfigError
        If no epochs are stored, or there is no such unit.
    VocabularyError
        If the model does not know a character.
    """
    epochs = _stored_epochs(checkpoint)
    rows = [record(epoch_engine(checkpoint, epoch.number), text).unit(unit) for epoch in epochs]
    return epochs, np.array(rows)


def concept_learning(
    checkpoint: Checkpoint,
    choose: Sequence[str],
    score: Sequence[str],
    concepts: Mapping[str, Concept],
    *,
    report: Report | None = None,
) -> ConceptLearning:
    """The best unit of each concept after each stored epoch.

    After each epoch: best = argmax over units of |AUROC - 1/2| on the tunes `choose`, its score the AUROC on the tunes
    `score` in the direction of `choose`. `final` follows the units that are best at the end, in their direction there.
    Concepts that hold nowhere or everywhere among the characters they are asked about among are left out.

    Raises
    ------
    ConfigError
        If no epochs are stored, or a part holds no tunes.
    """
    if not any(choose) or not any(score):
        raise ConfigError("tunes", "are needed both to choose neurons on and to score them on.")
    epochs = _stored_epochs(checkpoint)
    parts = [annotate(texts, concepts.values()) for texts in (choose, score)]
    kinds = [concept.within for concept in concepts.values()]
    tables = []  # of each epoch: AUROCs on the two parts, (2, U, C)
    for done, epoch in enumerate(epochs, 1):
        engine = epoch_engine(checkpoint, epoch.number)
        tables.append(np.array([_scores(engine, part, kinds) for part in parts]))
        if report:
            report(Progress("Reading tunes with the weights of each epoch", done, len(epochs)))
    usable = np.flatnonzero(~np.isnan(tables).any(axis=(0, 1, 2)))
    chosen, scored = np.array(tables)[:, :, :, usable].swapaxes(0, 1)  # (E, U, C) each
    best = np.abs(chosen - 0.5).argmax(axis=1)  # (E, C)

    def followed(epoch: int, by: int) -> list[float]:
        """After one epoch, the scores of the units that are best after another, in their direction there."""
        units = zip(best[by].tolist(), range(len(usable)), strict=True)
        return [directed(float(scored[epoch, row, c]), float(chosen[by, row, c])) for row, c in units]

    numbers, size, names = range(len(epochs)), checkpoint.config.hidden_size, list(concepts)
    shape = len(epochs), len(usable)
    return ConceptLearning(
        tuple(epochs),
        tuple(names[c] for c in usable),
        tuple(tuple(Unit(*divmod(row, size)) for row in rows) for rows in best.tolist()),
        np.array([followed(epoch, epoch) for epoch in numbers]).reshape(shape),
        np.array([followed(epoch, -1) for epoch in numbers]).reshape(shape),
        (len(choose), len(score)),
    )


def _scores(engine: Engine, part: Annotations, kinds: Sequence[str]) -> NDArray[np.float64]:
    """AUROC of each unit for each concept on some tunes, (U, C); not a number where a concept has no meaning."""
    dense = dense_ranks(record_texts(engine, part.texts).rows)
    scores = np.full((len(dense), len(kinds)), np.nan)
    for kind in set(kinds):
        columns = np.array([c for c, within in enumerate(kinds) if within == kind])
        among = part.among[kind]
        if len(among):
            weights = part.labels[np.ix_(columns, among)].T.astype(np.float64)
            scores[:, columns] = auroc_of_ranks(centred_ranks(dense, among), weights)
    return scores


def _stored_epochs(checkpoint: Checkpoint) -> list[StoredEpoch]:
    epochs = list_epochs(checkpoint.path)
    if not epochs:
        raise ConfigError("epochs", f"of {checkpoint.name} were not kept; train with --keep-epochs to see them.")
    return epochs
