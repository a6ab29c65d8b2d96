"""A few bars as a tune of their own: it can be read, it is what stood there, and the place is found again."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from charlstm.neurons.snippet import snippet
from charlstm.score.notation import to_score
from charlstm.score.timeline import timeline
from charlstm.tunes.abc import body_tokens
from charlstm.tunes.parse.reader import read
from charlstm.tunes.views.bars import bars
from tests.conftest import TUNES

ENDINGS = TUNES[5]


def test_one_bar_and_its_neighbours_under_the_header() -> None:
    text = TUNES[0]
    at = text.index("dfaf")
    found = snippet(text, at, at + 4)
    assert found.text == "T:The Cold Kettle\nR:reel\nM:4/4\nL:1/8\nK:D\ne2ge cege|dfaf bafd|edce d4|]"
    assert found.text[found.start : found.end] == "dfaf"
    assert (found.first, found.last) == (2, 4)


def test_repeats_and_endings_are_played_once() -> None:
    at = ENDINGS.index("gfe")
    found = snippet(ENDINGS, at, at + 3)
    assert found.text.endswith("dcd fga agf|gfe dcB A2c||gfe dcB A3|]")
    assert len(timeline(read(found.text))) == 9 + 8 + 7


def test_a_place_in_the_header_is_shown_with_the_first_bars() -> None:
    found = snippet(TUNES[1], 2, 8)
    assert found.text[found.start : found.end] == "Maggie"
    assert (found.first, found.last) == (1, 2)
    assert snippet("M:4/4\nK:D\n", 0, 3).text == "M:4/4\nK:D\n"
    assert snippet("", 0, 0).text == ""


@settings(max_examples=150, deadline=None)
@given(some.sampled_from(TUNES), some.integers(0, 200), some.integers(1, 60), some.integers(0, 3))
def test_a_snippet_is_a_tune_of_the_tunes_own_characters(text: str, start: int, length: int, around: int) -> None:
    start = start % len(text)
    end = min(start + length, len(text))
    found = snippet(text, start, end, around=around)
    own = found.origin >= 0
    assert [c for c, kept in zip(found.text, own, strict=True) if kept] == [text[i] for i in found.origin[own]]
    shown = found.origin[found.start : found.end]
    assert all(start <= i < end for i in shown if i >= 0)
    values = found.values(np.arange(len(text)))
    assert values == np.where(own, found.origin, 0).tolist()
    assert all(token.kind != "ending" and ":" not in token.text for token in body_tokens(found.text))
    assert len(bars(found.text)) == found.last - found.first + 1
    assert to_score(read(found.text)) is not None


@pytest.mark.parametrize("text", ["", "\n", "||::|", "K:D\n|:", "T:x\nK:D\n[1 z:|2", "abc|||"])
def test_what_is_no_tune_is_no_error(text: str) -> None:
    for start in range(len(text)):
        found = snippet(text, start, start + 1)
        assert len(found.origin) == len(found.text)
