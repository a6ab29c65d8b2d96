"""Laws of printed bar numbers: those that the score prints, and the characters that each stands for."""

from __future__ import annotations

import re

import pytest

from charlstm.score.notation import read_score, to_musicxml
from charlstm.tunes.views.bar_numbers import printed_bars

HEAD = "X:1\nM:4/4\nL:1/8\nK:D\n"
PICKUPS = HEAD + "A2|d2fd Adfd|e2ge cege|d2fd d2||\nA2|f4 f4|e4 d4|]\n"


@pytest.mark.parametrize(
    ("body", "numbers"),
    [
        ("d8|e8|f8|]", (1, 2, 3)),
        ("A2|d8|e6|]", (0, 1, 2)),
        ("|:A2|d8|e6:|\n|:A2|f8|d6:|", (0, 1, 2, 2, 3, 4)),
        ("d8|[1 e8:|[2 f8|]", (1, 2, 3)),
        ("d8|e3|f8|]", (1, 2, 3)),
        ("", ()),
    ],
)
def test_a_pickup_is_no_bar_of_its_own(body: str, numbers: tuple[int, ...]) -> None:
    assert printed_bars(HEAD + body).numbers == numbers


def test_the_numbers_are_those_that_the_score_prints() -> None:
    """A measure whose number is not printed again has the number before it."""
    xml = to_musicxml(read_score(PICKUPS))
    shown = [int(n) for n in re.findall(r'<measure[^>]*number="(\d+)"', xml)]
    assert printed_bars(PICKUPS).numbers == tuple(shown)


def test_a_number_stands_for_all_its_parts() -> None:
    printed = printed_bars(PICKUPS)
    assert (printed.lowest, printed.highest) == (0, 5)
    assert printed.between(3, 3) == (3, 4)  # the bar and the pickup that completes it
    assert printed.between(4, 5) == (5, 6)
    assert [printed.up_to(number) for number in range(6)] == [1, 2, 3, 5, 6, 7]
    assert printed.touched(PICKUPS.index("f4"), PICKUPS.index("e4") + 1) == (4, 5)
    assert printed.touched(0, 3) is None
    assert printed.complete() == (5, 5)


def test_a_bar_of_a_wrong_length_is_one_of_those_that_are_counted() -> None:
    assert printed_bars(HEAD + "A2|d8|e7|f6|]").complete() == (2, 3)
