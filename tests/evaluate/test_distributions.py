"""What notes tunes have, counted by hand; and distances that behave like distances."""

from __future__ import annotations

import math
from collections import Counter

import pytest

from charlstm.evaluate.distributions import (
    DISTRIBUTIONS,
    OTHER,
    count,
    distance,
    half_distance,
    in_order,
    ordered,
    shares,
)
from tests.conftest import TUNES

TUNE = "M:3/4\nL:1/8\nK:G\nG2 B2 d2|d'2- d'z G,2|[GBd]2 (3GAB c2|]"


def test_counts_are_those_one_makes_by_hand() -> None:
    found = count([TUNE])
    # G B d d' G, d(the chord's highest) G A B c
    assert found["pitch"] == Counter({"1": 3, "3": 2, "5": 3, "2": 1, "4": 1})
    assert found["interval"] == Counter(
        {"+4": 1, "+3": 1, "+12": 1, "below -12": 1, "above 12": 1, "-7": 1, "+2": 2, "+1": 1}
    )
    assert found["length"] == Counter({"1/4": 6, "3/8": 1, "1/12": 3})
    assert found["rhythm"] == Counter({"2 2 2": 1, "2 1 z1 2": 1, "2 2/3 2/3 2/3 2": 1})


def test_a_tune_without_a_key_has_no_degrees() -> None:
    assert not count(["M:4/4\nCDEF|"])["pitch"]
    assert count(["M:4/4\nCDEF|"])["interval"]


def test_another_key_and_octave_is_the_same_music() -> None:
    high = "M:4/4\nL:1/8\nK:D\nd2f2 a4|]"
    low = "M:4/4\nL:1/8\nK:C\nC2E2 G4|]"
    assert count([high]) == count([low])


def test_a_distance_is_one() -> None:
    """0 between equals, 1 where nothing is shared, the same both ways, and no longer than by a detour."""
    a, b, c = Counter("aabbcd"), Counter("abbbbb"), Counter("cde")
    for counts in (a, b, c):
        assert distance(counts, counts) == 0
    assert distance(b, c) == pytest.approx(1)
    assert distance(a, b) == distance(b, a) == pytest.approx(0.5)
    assert distance(a, b) <= distance(a, c) + distance(c, b)
    assert math.isnan(distance(a, {}))


def test_two_halves_are_compared() -> None:
    assert half_distance([TUNES[0], TUNES[0]]) == dict.fromkeys(DISTRIBUTIONS, 0.0)
    apart = half_distance([TUNES[0], TUNES[3]])
    assert all(0 < apart[name] <= 1 for name in DISTRIBUTIONS)


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_what_is_drawn_adds_up(name: str) -> None:
    counts = count(TUNES)[name]
    order = ordered(name, counts, most=4)
    drawn = in_order(order, counts)
    assert list(drawn) == [*order, OTHER]
    assert sum(drawn.values()) == pytest.approx(1)
    assert all(drawn[value] == pytest.approx(shares(counts).get(value, 0)) for value in order)
    assert set(in_order(order, {}).values()) == {0.0}
