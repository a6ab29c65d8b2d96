"""Durations: every way a length can be written."""

from __future__ import annotations

from fractions import Fraction

import pytest

from charlstm.tunes.abc import lex
from charlstm.tunes.parse.rhythm import timings

EIGHTH = Fraction(1, 8)


def durations(body, *, compound=False):
    times = timings(list(lex(body)), EIGHTH, Fraction(1), compound=compound)
    return [time.duration / EIGHTH for time in times if time.duration]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("A2 B/ c3/2 d//", [2, "1/2", "3/2", "1/4"]),
        ("A>B c<d", ["3/2", "1/2", "1/2", "3/2"]),
        ("A>>B", ["7/4", "1/4"]),
        ("A > {g}B", ["3/2", "1/2"]),
        ("A>|B", ["3/2", "1/2"]),
        ("A2>B c>d>e", [2, 1, "3/2", "1/2", 1]),  # unequal notes stay as they are
        ("(3ABc d", ["2/3", "2/3", "2/3", 1]),
        ("(3A>Bc", [1, "1/3", "2/3"]),
        ("(2AB", ["3/2", "3/2"]),
        ("(3:2:4ABcd e", ["2/3", "2/3", "2/3", "2/3", 1]),
        ("[CE]2 [C2E2]/", [2, 1]),
        ("{ag}A{b}", [1]),
        ("z2 x", [2, 1]),
        ("Z2", [16]),
        ("A[L:1/4]B", [1, 2]),
        ("{A2 B2|c", [2, 2, 1]),
        ("[CE A|B", [1, 1, 1, 1]),
        ("[CE\nG]2 A", [2, 1]),  # a chord may go on in the next line
        ("(0AB", [1, 1]),
    ],
)
def test_durations(body, expected):
    assert durations(body) == [Fraction(value) for value in expected]


def test_five_in_a_compound_meter_take_the_time_of_three():
    assert sum(durations("(5ABcde", compound=True)) == 3
    assert sum(durations("(5ABcde")) == 2


def test_every_token_has_a_time():
    tokens = list(lex('|:"Am"[CE]2 {a}(3ABc| z2 "^x"!trill!d-|d:|'))
    assert len(timings(tokens, EIGHTH, Fraction(1))) == len(tokens)
