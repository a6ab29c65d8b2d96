"""Laws of printed bar numbers: those that the score prints, and the characters that each stands for."""

from __future__ import annotations

import re

import pytest

from charlstm.score.notation import read_score, to_musicxml
from charlstm.tunes.views.bar_numbers import printed_bars

HEAD = "X:1\nM:4/4\nL:1/8\nK:D\n"
FULL = HEAD + "A2|d2fd Adfd|e2ge cege||\nA2|f4 f4|e4 d4|]\n"  # a pickup behind a section that ends full
PICKUPS = HEAD + "A2|d2fd Adfd|e2ge cege|d2fd d2||\nA2|f4 f4|e4 d4|]\n"


@pytest.mark.parametrize(
    ("body", "numbers"),
    [
        ("d8|e8|f8|]", (1, 2, 3)),
        ("A2|d8|e6|]", (0, 1, 2)),
        ("|:A2|d8|e6:|\n|:A2|f8|d6:|", (0, 1, 2, 2, 3, 4)),  # it completes the bar before it
        ("|:A2|d8|e8:|\n|:A2|f8|d8:|", (0, 1, 2, 2, 3, 4)),  # a section that ends full
        ("d8|e8||A2|f8|d8|]", (1, 2, 2, 3, 4)),  # the first pickup
        ("d8|e8||A2|:f8|d6:|", (1, 2, 2, 3, 4)),  # a pickup before the repeat sign
        ("|:A2|d8|[1 e6:|[2 e6||A2|f8|d6|]", (0, 1, 2, 3, 3, 4, 5)),  # behind endings
        ("|:A2|d8|[1 e6:|[2 e8||A2|f8|d8|]", (0, 1, 2, 3, 3, 4, 5)),
        ("|:A4|d8|[1 e4:|[2 e4|]", (0, 1, 2, 3)),  # the second ending does not complete the first
        ("d8|[1 e8:|[2 f8|]", (1, 2, 3)),
        ("d8|e4||f4|g8|]", (1, 2, 2, 3)),  # a bar that is cut
        ("d8|e8||f4|]", (1, 2, 3)),  # one that is too short, and leads into nothing
        ("d8|e3|f8|]", (1, 2, 3)),
        ("", ()),
    ],
)
def test_a_pickup_is_no_bar_of_its_own(body: str, numbers: tuple[int, ...]) -> None:
    assert printed_bars(HEAD + body).numbers == numbers


@pytest.mark.parametrize("text", [PICKUPS, FULL])
def test_the_numbers_are_those_that_the_score_prints(text: str) -> None:
    """A measure whose number is not printed again has the number before it."""
    measures = re.findall(r"<measure[^>]*>", to_musicxml(read_score(text)))
    shown = [int(re.search(r'number="(\d+)"', measure)[1]) for measure in measures]  # type: ignore[index]
    assert printed_bars(text).numbers == tuple(shown)
    for before, number, measure in zip([0, *shown], shown, measures, strict=False):
        assert ('implicit="yes"' in measure) == (number == before), measure


def test_a_pickup_behind_a_full_bar_is_not_counted() -> None:
    assert printed_bars(FULL).complete() == (4, 4)


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
