"""Shuffled bars: every bar is still there and every tune still valid, and no tune is itself."""

from __future__ import annotations

from collections import Counter

from charlstm.evaluate.shuffle import shuffled_bars
from charlstm.evaluate.validity import validity
from charlstm.tunes.abc import split_header
from charlstm.tunes.views.bars import bars
from tests.conftest import TUNES

HEAD = "M:4/4\nL:1/8\nK:D\n"
FIRST = HEAD + "|:de|f2fe dcBA|(3Bcd e2 f2g2|a4- a2gf|e4 d2:|\n|:fg|a2a2 a2a2|b8|(3ggg f2 e2d2|d6:|"
SECOND = HEAD + "|:AB|c2c2 d2d2|e8-|e4 f4|g6:|\n|:ag|f2e2 d2c2|B4 A4|G8|F6:|"
MINOR = FIRST.replace("K:D", "K:Bm")


def music(text: str) -> list[str]:
    return [text[bar.start : bar.end] for bar in bars(text)]


def test_the_bars_change_places_and_none_is_lost() -> None:
    before, after = (FIRST, SECOND), shuffled_bars([FIRST, SECOND], seed=1)
    assert Counter(m for t in after for m in music(t)) == Counter(m for t in before for m in music(t))
    assert list(before) != after
    assert [bar.duration for bar in bars(after[0])] == [bar.duration for bar in bars(FIRST)]
    assert after[0].count("(3") + after[1].count("(3") == 2  # a triplet's sign goes with its notes


def test_they_stay_valid() -> None:
    for seed in range(20):
        for text in shuffled_bars([FIRST, SECOND, MINOR], seed=seed):
            assert validity(text).valid, text
            assert "-|" not in text  # a tie over the bar line would join other notes


def test_a_bar_goes_to_no_other_key_or_meter() -> None:
    """A tune that is alone in its key exchanges its own bars."""
    for seed in range(5):
        after = shuffled_bars([MINOR, SECOND], seed=seed)
        assert Counter(music(after[0])) == Counter(music(MINOR))


def test_what_is_no_music_stays() -> None:
    after = shuffled_bars([*TUNES, "", "T:nothing", "K:C\n"])
    assert after[-3:] == ["", "T:nothing", "K:C\n"]
    assert [split_header(text).fields for text in after] == [
        split_header(t).fields for t in (*TUNES, "", "T:nothing", "K:C\n")
    ]


def test_a_seed_is_a_shuffle() -> None:
    assert shuffled_bars([FIRST, SECOND], seed=3) == shuffled_bars([FIRST, SECOND], seed=3)
    assert shuffled_bars([FIRST, SECOND], seed=3) != shuffled_bars([FIRST, SECOND], seed=4)
