"""Probe: which units know a concept. Compares recorded values with labels; knows no network.

The measure is AUROC: the chance that a character with the concept has a higher value than one without it, ties
counted half. 1 is a perfect detector, 0 a perfect one that falls silent, 0.5 knows nothing. It asks nothing of the
values' scale or spread (Hanley and McNeil 1982).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from charlstm.errors import ConfigError
from charlstm.neurons.concepts.label import Concept, Labeller, Labels, domain
from charlstm.neurons.recording import Activations, Unit


class UnitScore(NamedTuple):
    """A unit and how well it tells a concept: AUROC in [0, 1]."""

    unit: Unit
    auroc: float

    @property
    def selectivity(self) -> float:
        """2 |AUROC - 1/2|, in [0, 1]: 0 knows nothing, 1 tells every character right, by rising or by falling."""
        return 2 * abs(self.auroc - 0.5)


def auroc(values: NDArray[np.floating], labels: Labels) -> NDArray[np.float64]:
    """AUROC of each of U rows of values for each of C labellings.

    With r_t the rank of a unit's value at character t, from 1, ties sharing their mean rank, and P the n characters
    that have the concept, m those that lack it: AUROC = (sum of r_t over P - n (n + 1) / 2) / (n m).

    Parameters
    ----------
    values : float array, shape (U, T)
    labels : bool array, shape (C, T)

    Returns
    -------
    float array, shape (U, C)
        In [0, 1]; not a number where a concept has no character, or all of them.
    """
    labels = np.atleast_2d(labels)
    weights = labels.T.astype(np.float64)  # (T, C)
    have = weights.sum(axis=0)
    lack = labels.shape[1] - have
    sums = np.array([midranks(places(row)) @ weights for row in values]).reshape(len(values), len(labels))
    with np.errstate(invalid="ignore", divide="ignore"):
        scores: NDArray[np.float64] = (sums - have * (have + 1) / 2) / (have * lack)
    return scores


def places(values: NDArray[np.floating]) -> NDArray[np.int32]:
    """The place of each of (T,) values among the distinct ones, from 0; equal values share theirs."""
    order = np.argsort(values)
    ordered = values[order]
    found = np.empty(len(values), dtype=np.int32)
    found[order[:1]] = 0
    found[order[1:]] = np.cumsum(ordered[1:] != ordered[:-1])
    return found


def midranks(places: NDArray[np.int32]) -> NDArray[np.float64]:
    """Ranks from 1 of (T,) values given by their places, equal ones sharing the mean of their ranks.

    The places may leave numbers out: those of a part of the characters are ranked among that part.
    """
    counts = np.bincount(places)
    ranks: NDArray[np.float64] = (np.cumsum(counts) - (counts - 1) / 2)[places]
    return ranks


def rank_units(acts: Activations | Sequence[Activations], concept: Labeller, *, top: int = 10) -> list[UnitScore]:
    """The units that tell a concept best, by distance of their AUROC from 1/2; the lower unit first on a tie.

    Parameters
    ----------
    acts : Activations, or several of one network
        Characters of several texts are pooled.
    concept : callable
        One of CONCEPTS, which is asked among the characters of its `within` only, or any function from a text of
        T characters to (T,) truth values.
    top : int
        How many to return.

    Raises
    ------
    ConfigError
        If the texts have no character with the concept, or none without it.
    """
    several = [acts] if isinstance(acts, Activations) else list(acts)
    labels = np.concatenate([concept(a.text) for a in several])
    values = unit_rows(several)
    if isinstance(concept, Concept):
        among = np.concatenate([domain(a.text, concept.within) for a in several])
        labels, values = labels[among], values[:, among]
    if labels.all() or not labels.any():
        which = "every" if labels.all() else "no"
        raise ConfigError("concept", f"holds at {which} character of this text; choose another text or concept.")
    scores = auroc(values, labels[None])[:, 0]
    size = several[0].values.shape[2]
    best = np.argsort(-np.abs(scores - 0.5), kind="stable")[:top]
    return [UnitScore(Unit(*divmod(int(row), size)), float(scores[row])) for row in best]


def unit_rows(acts: Sequence[Activations]) -> NDArray[np.float32]:
    """All units' values over all texts, one row a unit, layer by layer: (L H, sum of T)."""
    rows = [a.values.transpose(0, 2, 1).reshape(-1, len(a.text)) for a in acts]
    return np.concatenate(rows, axis=1)
