"""Over time: units through training, from the weights that a run kept after some of its epochs (lm/store/epochs.py).

A unit keeps its number through training, so its values on the same tune can be laid side by side; and for each concept
it can be said after which epoch some unit told it, chosen and scored on different tunes as in the directory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from charlstm.errors import ConfigError
from charlstm.lm.store.checkpoint import Checkpoint
from charlstm.lm.store.epochs import StoredEpoch, epoch_engine, list_epochs
from charlstm.neurons.auroc import annotate, aurocs, centred_ranks, places_of, values_of
from charlstm.neurons.concepts.label import Concept
from charlstm.neurons.recording import Unit, record


@dataclass(frozen=True)
class Learnt:
    """The best unit of each concept after each of E kept epochs; C concepts."""

    epochs: tuple[StoredEpoch, ...]
    concepts: tuple[str, ...]
    units: tuple[tuple[Unit, ...], ...]  # (E, C) chosen anew after each epoch
    scores: NDArray[np.float64]  # (E, C) AUROC on held-out tunes, in the direction chosen
    own: NDArray[np.float64]  # (E, C) the same of the units that are best after the last epoch
    tunes: tuple[int, int]  # chosen on, scored on


def through_training(checkpoint: Checkpoint, text: str, unit: Unit) -> tuple[list[StoredEpoch], NDArray[np.float32]]:
    """One unit's values over a text after each kept epoch: (E, T).

    Raises
    ------
    ConfigError
        If no epochs were kept, or there is no such unit.
    VocabularyError
        If the model does not know a character.
    """
    epochs = _kept(checkpoint)
    rows = [record(epoch_engine(checkpoint, epoch.number), text).unit(unit) for epoch in epochs]
    return epochs, np.array(rows)


def learnt(
    checkpoint: Checkpoint,
    choose: Sequence[str],
    score: Sequence[str],
    concepts: Mapping[str, Concept],
    *,
    progress: Callable[[int, int], None] | None = None,
) -> Learnt:
    """The best unit of each concept after each kept epoch.

    After each epoch anew: best = argmax over units of |AUROC - 1/2| on the tunes `choose`, its score the AUROC on the
    tunes `score` in the direction of `choose`. `own` follows the units that are best at the end, in their direction
    there. Concepts that hold nowhere or everywhere among the characters they are asked among are left out.

    Raises
    ------
    ConfigError
        If no epochs were kept, or a part holds no tunes.
    """
    if not any(choose) or not any(score):
        raise ConfigError("tunes", "are needed both to choose neurons on and to score them on.")
    epochs = _kept(checkpoint)
    parts = [annotate(texts, concepts.values()) for texts in (choose, score)]
    kinds = [concept.within for concept in concepts.values()]
    size, names = checkpoint.config.hidden_size, list(concepts)
    tables = []
    for done, epoch in enumerate(epochs):
        engine = epoch_engine(checkpoint, epoch.number)
        table = []
        for part in parts:
            where = places_of(values_of(engine, part.texts))
            found = np.full((len(where), len(names)), np.nan)
            for kind in set(kinds):
                columns = [c for c, within in enumerate(kinds) if within == kind]
                among = part.among[kind]
                if len(among):
                    ranks = centred_ranks(where, among)
                    found[:, columns] = aurocs(ranks, part.labels[np.ix_(np.array(columns), among)])
            table.append(found)
        tables.append(table)
        if progress:
            progress(done + 1, len(epochs))
    usable = [
        c for c in range(len(names)) if not any(np.isnan(found[:, c]).any() for table in tables for found in table)
    ]
    units, scores = [], np.empty((len(epochs), len(usable)))
    own = np.empty_like(scores)
    last = [int(np.abs(tables[-1][0][:, c] - 0.5).argmax()) for c in usable]
    for e, (chosen, scored) in enumerate(tables):
        best = [int(np.abs(chosen[:, c] - 0.5).argmax()) for c in usable]
        units.append(tuple(Unit(*divmod(row, size)) for row in best))
        scores[e] = [_towards(scored[row, c], chosen[row, c]) for row, c in zip(best, usable, strict=True)]
        own[e] = [_towards(scored[row, c], tables[-1][0][row, c]) for row, c in zip(last, usable, strict=True)]
    return Learnt(tuple(epochs), tuple(names[c] for c in usable), tuple(units), scores, own, (len(choose), len(score)))


def _kept(checkpoint: Checkpoint) -> list[StoredEpoch]:
    epochs = list_epochs(checkpoint.path)
    if not epochs:
        raise ConfigError("epochs", f"of {checkpoint.name} were not kept; train with --keep-epochs to see them.")
    return epochs


def _towards(scored: float, chosen: float) -> float:
    return scored if chosen >= 0.5 else 1 - scored
