"""An incipit is the first two bars on one line, with the pickup, and no words."""

from __future__ import annotations

import re

import pytest

from charlstm.errors import NotationError
from charlstm.score.engrave import engrave
from charlstm.score.incipit import engrave_incipit, first_bars
from charlstm.score.notation import read_score
from charlstm.tunes.parse.reader import read

SONG = (
    'X:1\nT:Lied\nM:4/4\nL:1/8\nQ:"Slow"\nK:D\nP:A\nA2|:"D"!trill!d2fd Adfd|\n"^now"e2ge cegA|d4-d4|edce d4:|\n'
    "w:one two\n"
)


def heads(svg):
    return [int(at) for at in re.findall(r'id="e(\d+)" class="note"', svg)]


def test_pickup_and_two_bars_on_one_line_without_words():
    svg = engrave_incipit(read(SONG))
    pickup_and_two = read(SONG).measures[:3]
    assert heads(svg) == [event.heads[0].start for measure in pickup_and_two for event in measure.events]
    assert svg.count('class="system"') == 1
    assert not re.search(r">(Lied|Slow|one|now|D|A)<", svg)
    width = int(re.match(r'<svg viewBox="0 0 (\d+) ', svg)[1])
    assert 150 < width < 600


def test_the_same_tune_gives_the_same_picture():
    assert engrave_incipit(read(SONG)) == engrave_incipit(read(SONG))


@pytest.mark.parametrize(
    "text", ["K:C\nC", "K:C\nC|", "K:C\n[CEG]4|z4|x4|", "M:none\nK:C\nCDEF|", "K:D\nV:1\nV:2\nV:1\nd4|\nV:2\nD4|\n"]
)
def test_short_and_odd_tunes_have_one_too(text):
    assert engrave_incipit(read(text)).startswith("<svg")


def test_a_bar_that_is_too_long_for_a_line_is_refused_and_a_long_second_one_left_out():
    with pytest.raises(NotationError, match="too long"):
        first_bars(read("M:none\nK:C\n" + "C" * 100))
    assert len(first_bars(read("M:none\nK:C\nCDEF|" + "C" * 100)).measures) == 1


def test_an_incipit_leaves_no_mark_on_the_page_behind_it():
    """One toolkit of Verovio draws them all, and keeps the options that it is not given again."""
    before = engrave(read_score(SONG), width=600)
    engrave_incipit(read(SONG))
    assert engrave(read_score(SONG), width=600) == before
