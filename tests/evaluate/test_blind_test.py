"""Simulated voters: intervals hold the truth as often as they say; and a pair has no hints."""

from __future__ import annotations

import re

import numpy as np
import pytest

from charlstm.evaluate.blind_test import (
    ELO,
    Comparison,
    Shape,
    alike,
    anonymous,
    is_presentable,
    proportion,
    ratings,
    shape,
)
from charlstm.tunes.views.melody import melody
from tests.conftest import TUNES

CERTAIN = 0.92  # of 95 % intervals from a few hundred simulations: more than three standard errors below


@pytest.mark.parametrize("truth", [0.5, 0.7, 0.95])
@pytest.mark.parametrize("n", [10, 60])
def test_the_interval_of_recognition_holds_the_truth(truth: float, n: int) -> None:
    """As often as it can: the binomial is coarse, and of ten votes Wilson's interval holds the truth in 91 to 96 %."""
    rng = np.random.default_rng(1)
    found = [proportion(int(right), n) for right in rng.binomial(n, truth, size=500)]
    held = [one is not None and one.low <= truth <= one.high for one in found]
    assert np.mean(held) >= (0.88 if n == 10 else CERTAIN)


def test_guessing_is_seldom_significant() -> None:
    rng = np.random.default_rng(2)
    found = [proportion(int(right), 40) for right in rng.binomial(40, 0.5, size=500)]
    assert np.mean([one is not None and one.p < 0.05 for one in found]) <= 0.07
    sure = proportion(38, 40)
    assert sure is not None
    assert sure.p < 1e-6


def test_without_votes_there_is_no_proportion() -> None:
    assert proportion(0, 0) is None
    assert ratings([]) == []


def simulated(strengths: dict[str, float], n: int, rng: np.random.Generator) -> list[Comparison]:
    """n pairs by chance; the first is liked better with Bradley and Terry's probability."""
    names = list(strengths)
    votes = []
    for _ in range(n):
        a, b = rng.choice(len(names), 2, replace=False)
        p = 1 / (1 + np.exp(strengths[names[b]] - strengths[names[a]]))
        votes.append(Comparison(names[a], names[b], float(rng.random() < p)))
    return votes


def test_the_intervals_of_ratings_hold_the_truth() -> None:
    strengths = {"real": 0.8, "one": 0.2, "two": -0.3, "three": -0.7}  # mean 0
    rng = np.random.default_rng(3)
    held = []
    for _ in range(60):
        for rating in ratings(simulated(strengths, 200, rng)):
            held.append(rating.low <= ELO * strengths[rating.name] <= rating.high)
    assert np.mean(held) >= CERTAIN


def test_many_votes_bring_the_order_and_the_odds() -> None:
    found = ratings(simulated({"good": 0.5, "fair": 0.0, "poor": -0.5}, 4000, np.random.default_rng(4)))
    assert [rating.name for rating in found] == ["good", "fair", "poor"]
    assert found[0].elo - found[2].elo == pytest.approx(ELO * 1.0, rel=0.2)
    assert sum(rating.elo for rating in found) == pytest.approx(0, abs=1e-6)


def test_one_vote_is_no_certainty_and_alike_is_no_difference() -> None:
    winner, loser = ratings([Comparison("a", "b", 1.0)])
    assert (winner.name, loser.name) == ("a", "b")
    assert winner.low < loser.high
    same = ratings([Comparison("a", "b", 0.5)] * 9)
    assert [rating.elo for rating in same] == pytest.approx([0, 0], abs=1e-3)
    assert {rating.n for rating in same} == {9}


MARKED = 'X:3\nT:Title\nC:Name\nZ:Me\nM:C|\nL:1/4\nK:Amix\n"Am"A{B}c~d|[ce]2|\nw:la la\n|]'


@pytest.mark.parametrize("text", [*TUNES, MARKED])
def test_an_anonymous_tune_has_its_notes_and_no_name(text: str) -> None:
    found = anonymous(text)
    assert re.findall(r"(?m)^[A-Za-z]:", found) == ["M:", "L:", "K:"]
    assert [pitch for pitch, _ in melody(found)] == [pitch for pitch, _ in melody(text)]
    assert anonymous(found) == found


def test_a_tune_that_would_give_itself_away_is_not_played() -> None:
    whole = "M:4/4\nL:1/8\nK:D\n" + "d2d2 d2d2|" * 8
    assert is_presentable(whole)
    assert not is_presentable(whole.replace("|d2d2 d2d2|", "|d2d2 d2|", 1))
    assert not is_presentable("M:4/4\nL:1/8\nK:D\n" + "d2d2 d2d2|" * 7)


def test_a_partner_has_the_meter_and_about_the_length() -> None:
    rng = np.random.default_rng(0)
    shapes = [Shape("4/4", 32), Shape("6/8", 16), Shape("4/4", 18), Shape("4/4", 15)]
    assert {alike(Shape("4/4", 16), shapes, rng) for _ in range(40)} == {2, 3}
    assert alike(Shape("4/4", 60), shapes, rng) == 0  # the nearest of the meter
    assert alike(Shape("9/8", 17), shapes, rng) in (1, 2)  # the nearest of all
    assert shape(TUNES[1]) == Shape("6/8", 4)
