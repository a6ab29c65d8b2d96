"""Probes: which unit, or which few units together, tell a concept. Compares recorded values with labels; no network.

`rank_units` ranks single units by AUROC. Sparse probes are logistic regressions of a few units, fitted on some tunes
and scored on others, after Gurnee et al. 2023, "Finding Neurons in a Haystack: Case Studies with Sparse Probing": if
one unit does as well as sixteen, the concept has a neuron of its own; if the curve climbs, it is spread over many.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from charlstm.errors import ConfigError
from charlstm.neurons.auroc import auroc
from charlstm.neurons.concepts.concept import Concept, Labeller, Labels, domain
from charlstm.neurons.recording import Activations, Unit

SIZES = (1, 2, 4, 8, 16)  # units of a sparse probe
PENALTY = 1.0  # half the squared length of the weights of standardised units, in nats: keeps a perfect fit finite


class UnitScore(NamedTuple):
    """A unit and how well it tells a concept: AUROC in [0, 1]."""

    unit: Unit
    auroc: float

    @property
    def selectivity(self) -> float:
        """2 |AUROC - 1/2|, in [0, 1]: 0 is chance, 1 tells every character right, by rising or by falling."""
        return 2 * abs(self.auroc - 0.5)


def rank_units(acts: Activations | Sequence[Activations], concept: Labeller, *, top: int = 10) -> list[UnitScore]:
    """The units that pick out a concept best, by distance of their AUROC from 1/2; the lower unit first on a tie.

    Parameters
    ----------
    acts : Activations, or several of one network
        Characters of all texts are pooled.
    concept : callable
        One of CONCEPTS, which is asked about among the characters of its `within` only, or any function from a text
        of T characters to (T,) truth values.
    top : int
        How many to return.

    Raises
    ------
    ConfigError
        If the texts have no character with the concept, or none without it.
    """
    recordings = [acts] if isinstance(acts, Activations) else list(acts)
    texts = [text for recording in recordings for text in recording.texts]
    labels = np.concatenate([concept(text) for text in texts])
    values = np.concatenate([recording.rows for recording in recordings], axis=1)
    if isinstance(concept, Concept):
        among = np.concatenate([domain(text, concept.within) for text in texts])
        labels, values = labels[among], values[:, among]
    if labels.all() or not labels.any():
        which = "every" if labels.all() else "no"
        raise ConfigError("concept", f"holds at {which} character of this text; choose another text or concept.")
    scores = auroc(values, labels)[:, 0]
    best = np.argsort(-np.abs(scores - 0.5), kind="stable")[:top]
    return [UnitScore(Unit(*divmod(int(row), recordings[0].size)), float(scores[row])) for row in best]


class SparseProbe(NamedTuple):
    """k units, by their rows, and the weights (k,) of their values."""

    units: list[int]
    weights: NDArray[np.float64]


class ProbeFitter:
    """Fits sparse probes on the same tunes for many labellings: N characters of U units, and their Gram matrix.

    Parameters
    ----------
    values : float array, shape (U, N)
        As recorded; standardised here. Units that never change are never chosen.
    """

    def __init__(self, values: NDArray[np.floating]) -> None:
        deviation = values.std(axis=1, keepdims=True)
        self.scale = np.where(deviation > 1e-6, 1 / np.maximum(deviation, 1e-6), 0).astype(np.float32)
        self.values = (values - values.mean(axis=1, keepdims=True)) * self.scale
        self.gram = np.dot(self.values, self.values.T).astype(np.float64)

    def fit(self, labels: Labels, sizes: Sequence[int] = SIZES) -> list[SparseProbe]:
        """A probe of each size for one labelling (N,); each begins from the smaller one."""
        centred = (labels - labels.mean()).astype(np.float32)
        order = forward_selection(self.gram, np.dot(self.values, centred).astype(np.float64), max(sizes))
        probes, fitted = [], None
        for size in sizes:
            units = order[:size]
            if fitted is not None:
                fitted = np.concatenate([fitted[:-1], np.zeros(len(units) + 1 - len(fitted)), fitted[-1:]])
            fitted = fit_logistic(self.values[units], labels, fitted)
            probes.append(SparseProbe(units, fitted[:-1] * self.scale[units, 0]))
        return probes


def forward_selection(gram: NDArray[np.float64], products: NDArray[np.float64], count: int) -> list[int]:
    """Choose units one by one, each the one that explains most of what is left of the labels (least squares).

    j* = argmax_j r_j^2 / d_j, with r_j the product of the residual label and what is left of unit j after the chosen
    units are projected out, d_j its squared length: a pivoted Cholesky decomposition of the Gram matrix.

    Parameters
    ----------
    gram : float array, shape (U, U)
        Products of the centred units' values, summed over characters.
    products : float array, shape (U,)
        Their products with the centred labels.
    count : int
        How many to choose; fewer come back where no more are independent.
    """
    residual, length = products.astype(np.float64), np.diag(gram).astype(np.float64)
    least = 1e-9 * max(float(length.max(initial=0.0)), 1e-30)
    columns: list[NDArray[np.float64]] = []
    chosen: list[int] = []
    while len(chosen) < min(count, len(residual)):
        gains = np.where(length > least, residual**2 / np.maximum(length, least), -1.0)
        gains[chosen] = -1.0
        best = int(gains.argmax())
        if gains[best] < 0:
            break
        # What is left of the best unit is projected out of all others.
        column = gram[:, best] - sum(earlier * earlier[best] for earlier in columns)
        column = column / np.sqrt(length[best])
        residual = residual - column * (residual[best] / np.sqrt(length[best]))
        length = length - column**2
        columns.append(column)
        chosen.append(best)
    return chosen


def fit_logistic(
    values: NDArray[np.floating], labels: NDArray[np.bool_], start: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """Weights of a logistic regression, the last one the constant: (k + 1,).

    Minimises -sum_t log p(y_t | x_t) + PENALTY |w|^2 / 2 with p = sigma(w x + b) by Newton's method, the step halved
    while the sum rises. scipy.optimize.minimize (dogleg) finds the same weights in twice the time.

    Parameters
    ----------
    values : float array, shape (k, N)
        Standardised: of mean 0 and deviation 1, about.
    labels : bool array, shape (N,)
    start : float array, shape (k + 1,), optional
        Where to begin; by default no unit counts.
    """
    x = np.vstack([values, np.ones(values.shape[1])]).astype(np.float64)
    signs = np.where(labels, 1.0, -1.0)
    penalty = np.append(np.full(len(values), PENALTY), 1e-6)
    share = np.clip(labels.mean(), 1e-6, 1 - 1e-6)
    weights = np.append(np.zeros(len(values)), np.log(share / (1 - share))) if start is None else start

    def cost(w: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        """The sum, and the probability of the wrong answer at each character."""
        margin = signs * (w @ x)
        odds = np.exp(-np.abs(margin))
        wrong = np.where(margin > 0, odds, 1.0) / (1 + odds)
        return float(np.log1p(odds).sum() - np.minimum(margin, 0).sum() + penalty @ w**2 / 2), wrong

    last, wrong = cost(weights)
    for _ in range(20):
        gradient = penalty * weights - x @ (signs * wrong)
        hessian = (x * (wrong * (1 - wrong))) @ x.T + np.diag(penalty)
        step = np.linalg.solve(hessian, gradient)
        # A step that goes too far is halved, at most 20 times.
        for halved in range(21):
            new, new_wrong = cost(weights - step / 2**halved)
            if new <= last:
                break
        else:
            return weights
        weights, gain, last, wrong = weights - step / 2**halved, last - new, new, new_wrong
        if gain < 1e-4 * max(last, 1.0):
            break
    return weights
