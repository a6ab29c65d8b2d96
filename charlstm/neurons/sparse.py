"""Sparse probes: how well a few units together tell a concept. Linear, fitted on some tunes and scored on others.

After Gurnee et al. 2023, "Finding Neurons in a Haystack: Case Studies with Sparse Probing": if one unit does as well
as sixteen, the concept has a neuron of its own; if the curve climbs, it is spread over many.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from charlstm.neurons.concepts.label import Labels

SIZES = (1, 2, 4, 8, 16)  # units of a probe
PENALTY = 1.0  # half the squared length of the weights of standardised units, in nats: keeps a perfect fit finite


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
    left, length = products.astype(np.float64), np.diag(gram).astype(np.float64)
    least = 1e-9 * max(float(length.max(initial=0.0)), 1e-30)
    columns: list[NDArray[np.float64]] = []
    chosen: list[int] = []
    while len(chosen) < min(count, len(left)):
        gains = np.where(length > least, left**2 / np.maximum(length, least), -1.0)
        gains[chosen] = -1.0
        best = int(gains.argmax())
        if gains[best] < 0:
            break
        column = gram[:, best] - sum(earlier * earlier[best] for earlier in columns)
        column = column / np.sqrt(length[best])
        left = left - column * (left[best] / np.sqrt(length[best]))
        length = length - column**2
        columns.append(column)
        chosen.append(best)
    return chosen


def fit_logistic(
    values: NDArray[np.floating], labels: NDArray[np.bool_], start: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """Weights of a logistic regression, the last one the constant: (k + 1,).

    Minimises -sum_t log p(y_t | x_t) + PENALTY |w|^2 / 2 with p = sigma(w x + b) by Newton's method, the step halved
    while the sum rises.

    Parameters
    ----------
    values : float array, shape (k, N)
        Standardised: of mean 0 and deviation 1, about.
    labels : bool array, shape (N,)
    start : float array, shape (k + 1,), optional
        Where to begin; by default no unit counts.
    """
    x = np.vstack([values, np.ones(values.shape[1])]).astype(np.float64)
    signed = np.where(labels, 1.0, -1.0)
    y = labels.astype(np.float64)
    penalty = np.full(len(x), PENALTY)
    penalty[-1] = 1e-6
    share = np.clip(y.mean(), 1e-6, 1 - 1e-6)
    weights = np.append(np.zeros(len(values)), np.log(share / (1 - share))) if start is None else start.copy()

    def cost(w: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        """The sum, and what p gives the wrong answer at each character."""
        margin = signed * (w @ x)
        odds = np.exp(-np.abs(margin))
        wrong = np.where(margin > 0, odds, 1.0) / (1 + odds)
        return float(np.log1p(odds).sum() - np.minimum(margin, 0).sum() + penalty @ w**2 / 2), wrong

    last, wrong = cost(weights)
    for _ in range(20):
        slope = penalty * weights - x @ (signed * wrong)
        curve = (x * (wrong * (1 - wrong))) @ x.T + np.diag(penalty)
        step = np.linalg.solve(curve, slope)
        new, new_wrong = cost(weights - step)
        for _ in range(20):
            if new <= last:
                break
            step = step / 2
            new, new_wrong = cost(weights - step)
        else:
            break
        weights, gained, last, wrong = weights - step, last - new, new, new_wrong
        if gained < 1e-4 * max(last, 1.0):
            break
    return weights


class Fitting:
    """The tunes that probes are fitted on: N characters of U units, and their Gram matrix, made once.

    Parameters
    ----------
    values : float array, shape (U, N)
        Raw; standardised here. Units that never change are never chosen.
    """

    def __init__(self, values: NDArray[np.float32]) -> None:
        self.mean = values.mean(axis=1, keepdims=True)
        deviation = values.std(axis=1, keepdims=True)
        self.scale = np.where(deviation > 1e-6, 1 / np.maximum(deviation, 1e-6), 0).astype(np.float32)
        self.values = (values - self.mean) * self.scale
        self.gram = np.dot(self.values, self.values.T).astype(np.float64)

    def probes(self, labels: Labels, sizes: Sequence[int] = SIZES) -> list[list[tuple[list[int], NDArray[np.float64]]]]:
        """For each labelling of (C, N), for each size, the units and the weights on their raw values (k,)."""
        centred = labels - labels.mean(axis=1, keepdims=True)
        products = np.dot(self.values, centred.T.astype(np.float32)).astype(np.float64)
        found = []
        for label, product in zip(labels, products.T, strict=True):
            order = forward_selection(self.gram, product, max(sizes))
            fitted, fit = [], None
            for size in sizes:
                units = order[:size]
                if fit is not None:  # go on from the smaller probe
                    fit = np.concatenate([fit[:-1], np.zeros(len(units) + 1 - len(fit)), fit[-1:]])
                fit = fit_logistic(self.values[units], label, fit)
                fitted.append((units, fit[:-1] * self.scale[units, 0]))
            found.append(fitted)
        return found
