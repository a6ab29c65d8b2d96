"""Directory: for each concept, the unit that knows it best, named on some tunes and scored on others.

A unit chosen among hundreds as the best on some tunes looks better there than it is; only its score on tunes that
had no say in the choice is shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from charlstm.lm.engine import Engine
from charlstm.neurons.concepts import CONCEPTS
from charlstm.neurons.labels import Concept
from charlstm.neurons.probe import auroc, unit_rows
from charlstm.neurons.record import Unit, record


@dataclass(frozen=True)
class Entry:
    """A concept's best unit. AUROCs in [0, 1], below 1/2 where the unit falls; `share` of characters that have it."""

    concept: str
    unit: Unit
    chosen: float  # AUROC on the tunes it was chosen on
    held_out: float  # AUROC on the others
    share: float


def directory(
    engine: Engine,
    choose: Sequence[str],
    score: Sequence[str],
    concepts: Mapping[str, Concept] = CONCEPTS,
) -> list[Entry]:
    """Find each concept's best unit on some tunes, and score it on others; best held-out score first.

    best = argmax over units of |AUROC - 1/2| on the tunes `choose`; `held_out` is its AUROC on the tunes `score`.

    Parameters
    ----------
    engine : Engine
    choose, score : sequences of str
        Model texts, without a tune in common; their characters are pooled.
    concepts : mapping from name to concept
        Those that hold nowhere, or everywhere, in either set are left out.
    """
    chosen, labels = _scores(engine, choose, concepts)
    held_out, _ = _scores(engine, score, concepts)
    found = []
    for column, name in enumerate(concepts):
        if np.isnan(chosen[:, column]).any() or np.isnan(held_out[:, column]).any():
            continue
        row = int(np.abs(chosen[:, column] - 0.5).argmax())
        unit = Unit(*divmod(row, engine.config.hidden_size))
        share = float(labels[column].mean())
        found.append(Entry(name, unit, float(chosen[row, column]), float(held_out[row, column]), share))
    return sorted(found, key=lambda entry: -abs(entry.held_out - 0.5))


def _scores(engine: Engine, texts: Sequence[str], concepts: Mapping[str, Concept]) -> tuple[np.ndarray, np.ndarray]:
    """AUROC of every unit for every concept, (L H, C), and the labels, (C, T), of pooled texts."""
    labels = np.array([np.concatenate([concept(text) for text in texts]) for concept in concepts.values()])
    return auroc(unit_rows([record(engine, text) for text in texts]), labels), labels
