"""Concepts on a recording: the units that tell one best, as probes to search with, and its direction to steer along."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from charlstm.neurons.auroc import auroc
from charlstm.neurons.concepts.concept import Concept, domain, labels_of
from charlstm.neurons.recording import Activations, Unit
from charlstm.neurons.search import Probe, concept_probes
from charlstm.neurons.steering import Direction, direction

RANKED_ON = 60  # tunes on which a concept's units are chosen
FEWEST = 10  # characters that have the concept, and that do not


def best_probes(
    recording: Activations, concept: Concept, *, most: int = 8, tunes: int = RANKED_ON
) -> list[tuple[Probe, float]]:
    """The units that pick out a concept best on the first tunes, best first, with their AUROC; none of a rare one.

    The AUROC is that of the better direction, in [0.5, 1], on the tunes on which the units were chosen.
    """
    # The labels of the first tunes, and the activations at the characters that the concept is asked about.
    texts = recording.texts[:tunes]
    inside = np.concatenate([domain(text, concept.within) for text in texts])
    labels = labels_of(texts, [concept])[0][inside]
    if not FEWEST <= labels.sum() <= len(labels) - FEWEST:
        return []
    values: NDArray[np.float32] = recording.rows[:, : int(recording.starts[len(texts)])][:, inside].astype(np.float32)
    # The units furthest from chance, in either direction.
    scores = auroc(values, labels[None])[:, 0]
    best = np.argsort(-np.abs(scores - 0.5), kind="stable")[:most]
    units = [Unit(*divmod(int(row), recording.size)) for row in best]
    directed = [float(max(score, 1 - score)) for score in scores[best]]
    return list(zip(concept_probes(values[best], labels, units), directed, strict=True))


def concept_direction(
    recording: Activations, concept: Concept, way: Literal["means", "probe"] = "means"
) -> tuple[Direction, float]:
    """The direction of a concept in the last layer, and the share of the characters asked about that have it.

    Raises ConfigError where all or none have it.
    """
    inside = np.concatenate([domain(text, concept.within) for text in recording.texts])
    labels = labels_of(recording.texts, [concept])[0][inside]
    states: NDArray[np.float32] = recording.rows[-recording.size :, inside].astype(np.float32).T
    return direction(states, labels, layer=recording.layers - 1, way=way), float(labels.mean())
