"""The beats of a tune: as many as its bars hold, strong ones where bars begin, in the tune's own seconds."""

from __future__ import annotations

import pytest

from charlstm.score.beats import beats
from charlstm.score.timeline import clock
from charlstm.tunes.parse.reader import read


def of(body: str, meter: str = "4/4", more: str = "") -> list[tuple[float, int]]:
    found = beats(read(f"X:1\nM:{meter}\nL:1/8\n{more}K:G\n{body}"), 120)
    return [(beat.time, beat.place) for beat in found]


@pytest.mark.parametrize(
    ("meter", "body", "places", "step"),
    [
        ("4/4", "GABc defg|g8|", [0, 1, 2, 3] * 2, 0.5),
        ("C", "GABc defg|", [0, 1, 2, 3], 0.5),
        ("C|", "GABc defg|", [0, 1], 1.0),
        ("3/4", "GABc de|", [0, 1, 2], 0.5),
        ("6/8", "GAB cde|", [0, 1], 0.75),
        ("9/8", "GAB cde efg|", [0, 1, 2], 0.75),
        ("3/8", "GAB|", [0, 1, 2], 0.25),
        ("2+3/8", "GAB cd|", [0, 1, 2, 3, 4], 0.25),
        ("none", "GAB|", [], 0),
    ],
)
def test_each_meter_has_its_beat(meter: str, body: str, places: list[int], step: float) -> None:
    assert of(body, meter) == [(pytest.approx(i * step), place) for i, place in enumerate(places)]


def test_a_pickup_is_the_end_of_a_bar() -> None:
    """A quarter before the first bar is its fourth beat; an eighth has none, and the bar begins after it."""
    assert of("G2|GABc defg|")[:2] == [(0.0, 3), (0.5, 0)]
    assert of("G|GABc defg|")[0] == (0.25, 0)


def test_a_bar_that_a_repeat_sign_parts_is_counted_through() -> None:
    assert [place for _, place in of("|:G2|GABc defg|g6:|")] == [3, 0, 1, 2, 3, 0, 1, 2] * 2


def test_beats_follow_a_tempo_that_changes() -> None:
    reading = read("X:1\nM:4/4\nL:1/4\nQ:1/4=60\nK:G\nGABc|[Q:1/4=120]GABc|")
    found = beats(reading)
    when = clock(reading).seconds
    assert [beat.time for beat in found] == [when(quarter) for quarter in range(8)]
    assert [beat.seconds for beat in found] == pytest.approx([1.0] * 4 + [0.5] * 4)
    assert {beat.of for beat in found} == {4}


def test_repeats_are_played_out_and_bounded() -> None:
    assert len(of("|:GABc defg:|")) == 8
    assert len(of("|:GABc defg:|" * 400)) <= 4000
