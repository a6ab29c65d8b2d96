"""The listening test: pairs without hints, and what their votes show. Knows no page and stores nothing.

Two questions of two tunes: which is which (recognition, a proportion with its interval), and which is liked better (a
rating of all that took part, with theirs).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit
from scipy.stats import binomtest, norm

from charlstm.tunes.abc import body_tokens, split_header
from charlstm.tunes.edit.normalize import plain_body, plain_scale
from charlstm.tunes.edit.spelling import find_meter, header_text
from charlstm.tunes.views.bars import bars, misfits

ELO = 400 / np.log(10)  # points of a natural logit: 400 points are odds of 10 to 1
CONFIDENCE = 0.95
PRIOR = 0.1  # draws with an average tune that each one starts with: else a single vote would be a certainty
ALIKE_LENGTH = 0.25  # by which the numbers of bars of two tunes may differ

Votes = NDArray[np.float64]


class Proportion(NamedTuple):
    """A share of n with its 95% interval, and how likely guessing ends at least as far from a half (two-sided)."""

    value: float
    low: float
    high: float
    n: int
    p: float


class Comparison(NamedTuple):
    """Two that were compared by name; `score` is 1 if the first is liked better, 0 the second, 0.5 both alike."""

    first: str
    second: str
    score: float


class Rating(NamedTuple):
    """How much one is liked, in Elo's points around the mean 0, with its 95% interval, and in how many comparisons."""

    name: str
    elo: float
    low: float
    high: float
    n: int


def proportion(right: int, n: int) -> Proportion | None:
    """How often votes were right: Wilson's interval and the binomial test against 1/2; None without votes.

    Wilson's interval covers 95% for few votes too, and does not leave [0, 1].
    """
    if not n:
        return None
    test = binomtest(right, n, 0.5)
    interval = test.proportion_ci(CONFIDENCE, method="wilson")
    return Proportion(right / n, float(interval.low), float(interval.high), n, float(test.pvalue))


def ratings(comparisons: Sequence[Comparison]) -> list[Rating]:
    """The ratings of all that were compared, the best first, by the model of Bradley and Terry (1952).

    Of a and b with ratings r_a and r_b, a is liked better with probability 1 / (1 + exp(r_b - r_a)); "both alike" is
    half a vote for each. The ratings maximize the likelihood of all votes together, each one having drawn PRIOR times
    against a tune of rating 0; their intervals come from its curvature (Fisher information). Written in Elo's points,
    ELO r, with mean 0.
    """
    names = sorted({name for each in comparisons for name in (each.first, each.second)})
    if not names:
        return []
    place = {name: k for k, name in enumerate(names)}
    first = np.array([place[each.first] for each in comparisons])
    second = np.array([place[each.second] for each in comparisons])
    score = np.array([each.score for each in comparisons])

    def loss(r: Votes) -> tuple[float, Votes]:
        """-log likelihood and its gradient."""
        apart = r[first] - r[second]
        value = np.sum(np.logaddexp(0, -apart) * score + np.logaddexp(0, apart) * (1 - score))
        value += PRIOR * np.sum(np.logaddexp(0, -r) + np.logaddexp(0, r)) / 2
        error = expit(apart) - score
        gradient = np.bincount(first, error, len(r)) - np.bincount(second, error, len(r))
        return float(value), gradient + PRIOR * (expit(r) - 0.5)

    found = minimize(loss, np.zeros(len(names)), jac=True, method="L-BFGS-B").x
    # The curvature, and from it how far each rating may be from their mean.
    p = expit(found[first] - found[second])
    weights = p * (1 - p)
    information = np.diag(PRIOR * expit(found) * (1 - expit(found)))
    for a, b, sign in ((first, first, 1), (second, second, 1), (first, second, -1), (second, first, -1)):
        np.add.at(information, (a, b), sign * weights)
    centre = np.eye(len(names)) - 1 / len(names)
    spread = np.sqrt(np.clip(np.diag(centre @ np.linalg.inv(information) @ centre.T), 0, None))
    half = float(norm.ppf((1 + CONFIDENCE) / 2)) * spread
    centred = found - found.mean()
    counts = np.bincount(first, minlength=len(names)) + np.bincount(second, minlength=len(names))
    rated = [
        Rating(name, ELO * centred[k], ELO * (centred[k] - half[k]), ELO * (centred[k] + half[k]), int(counts[k]))
        for name, k in place.items()
    ]
    return sorted(rated, key=lambda rating: -rating.elo)


def anonymous(text: str) -> str:
    """A tune without what could tell where it comes from: meter, unit length, key and notes, in one spelling.

    Title, rhythm, words, chord symbols and ornaments go; lengths are written in eighths.
    """
    header = split_header(text)
    body = plain_body(body_tokens(text), plain_scale(text))
    return header_text("", "", find_meter(header), str(header.key or "C")) + body.strip()


def is_presentable(text: str) -> bool:
    """Whether a tune shows no fault that would give it away: bars that fill, eight or more."""
    found = bars(text)
    return len(found) >= 8 and not misfits(found)


class Shape(NamedTuple):
    """What two tunes of a pair have in common: the meter, and about as many bars."""

    meter: str | None
    bars: int


def shape(text: str) -> Shape:
    """The shape of a tune."""
    return Shape(split_header(text).get("M"), len(bars(text)))


def alike(wanted: Shape, shapes: Sequence[Shape], rng: np.random.Generator) -> int:
    """The place of one of some tunes, drawn by chance from those of a meter and about as many bars.

    Where there is none of that length, the nearest of the same meter; where there is none of that meter, the nearest.
    """
    away = np.array([abs(one.bars - wanted.bars) + 1e6 * (one.meter != wanted.meter) for one in shapes])
    near = np.flatnonzero(away <= ALIKE_LENGTH * wanted.bars)
    return int(rng.choice(near) if len(near) else away.argmin())
