"""Repeats played out: every spelling, its expected order, and a bound on all of them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charlstm.errors import NotationError
from charlstm.tunes.parse.reader import read
from charlstm.tunes.views.form import MAX_TIMES, play_order

SIGNS = ["C8", "|", ":|", "|:", "|1 ", ":|2 ", "|3,7 ", "::", "||", "|]", "\nP:A\n"]


def heard(body: str, header: str = "") -> str:
    """The letters of the notes in playing order."""
    reading = read(f"{header}M:4/4\nL:1/8\nK:C\n{body}")
    order = play_order(reading.measures, reading.get("P"))
    return "".join(e.heads[0].step for i in order for e in reading.measures[i].events if e.heads)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("C8|D8|", "CD"),
        # R1 to R8
        ("C8|D8:|E8|F8:|", "CDCDEFEF"),
        ("C8|D8:|:|E8|F8:|", "CDCDEFEF"),
        ("|:C8|1 D8:|E8|", "CDCE"),
        ("|:C8|D8:|]", "CDCD"),
        ("|:C8|1 D8:|2 E8:|3 F8|", "CDCECF"),
        ("C8||:D8:||E8||", "CDDE"),
        ("G2|:C8|D6G2:|", "GCDGCDG"),
        ("|:C8:|D8:|", "CCDD"),
        ("|::C8::|", "CC"),
        # C2: never closed, never opened
        ("|:C8|D8|", "CD"),
        ("|:C8|1 D8|E8|", "CDE"),
        ("|:C8|D8:|2 E8|", "CDCDE"),
        ("|:C8|D8:|:E8|F8:|", "CDCDEFEF"),
        # two sections
        ("|:C8:|:D8:|", "CCDD"),
        ("|:C8::D8:|", "CCDD"),
        ("|:C8:||:D8:|", "CCDD"),
        ("|:C8:|\n|:D8:|", "CCDD"),
        ("[|:C8:|]", "CC"),
        ("C8|\n|D8:|", "CDCD"),
        # endings
        ("|:C8|1 D8:|2 E8||", "CDCE"),
        ("|:C8|[1 D8:|[2 E8|]", "CDCE"),
        ("C8|1 D8:|2 E8|]", "CDCE"),
        ("|:C8|1 D8:|2 E8:|", "CDCE"),
        ("|:C8|1 D8:|2 E8:|:F8:|", "CDCEFF"),
        ("|:C8|1 D8:|2 E8||F8:|", "CDCEFF"),
        ("|:C8|1 D8:|2 E8:|F8|1 G8:|2 A8:|", "CDCEFGFA"),
        ("|:C8|1,3 D8:|2 E8:|F8", "CDCECDF"),
        ("|:C8|1-3 D8:|4 E8|]", "CDCDCDCE"),
        ("|:C8|1 D8|E8:|2 F8|G8||A8", "CDECFGA"),
        ("C8|2 D8|E8:|", "CDECDE"),  # an ending without a first one hides nothing
        ("|:C8|3 D8:|E8", "CDCDE"),
        ("C8| 1 D8|E8|", "CDE"),  # no ending: the number does not touch the bar line
        ("|:C8|1 D8:|2 E8|F8|G8|A8:|B8|", "CDCEFGAFGAB"),  # a last ending left open: as long as the first
        ("|:C8|1 D8|D8:|2 E8|F8:|", "CDDCEF"),
        # where a lone :| goes back to
        ("C8||D8:|", "CDCD"),
        ("C8:|D8|E8||F8:|", "CCDEFF"),
        ("|:C8|D8||E8:|", "CDECDE"),
    ],
)
def test_spellings(body: str, expected: str):
    assert heard(body) == expected


@pytest.mark.parametrize(
    ("parts", "expected"),
    [("AB", "CD"), ("AABB", "CCDD"), ("ABA", "CDC"), ("A2B", "CCD"), ("(AB)2", "CDCD"), ("Z", "CD"), ("(A", "C")],
)
def test_parts(parts: str, expected: str):
    assert heard("P:A\nC8|\nP:B\nD8|", f"P:{parts}\n") == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("C8|D8!D.C.!|", "CDCD"),
        ("C8!fine!|D8!D.C.!|", "CDC"),
        ("|:C8:|!fine!|:D8:|!D.C.!|", "CCDDC"),
        ("C8|!segno!D8|E8!D.S.!|", "CDEDE"),
        ("C8|SD8!fine!|E8!D.S.alfine!|", "CDED"),
        ("C8!dacoda!|D8!D.C.!|!coda!E8|", "CDCE"),
        ("C8|!coda!D8|E8!D.C.alcoda!|!coda!F8|", "CDECDF"),
        ("|:C8|1 D8:|2 E8!D.C.!|]", "CDCECE"),
        ("C8!D.C.!|D8|", "CCD"),
        ("C8!fine!|D8|", "CD"),
    ],
)
def test_da_capo(body: str, expected: str):
    assert heard(body) == expected


def test_parts_keep_their_own_repeats():
    assert heard("P:A\n|:C8:|\nP:B\n|:D8:|", "P:ABA\n") == "CCDDCC"


def test_a_section_ended_often_does_not_double():
    """O'Neill 1046, A:|B:|C:|, took 100 s elsewhere: each :| replayed the tune from its start."""
    assert heard("C8:|" * 40) == "C" * 80


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(st.lists(st.sampled_from(SIGNS), max_size=60))
def test_every_order_is_bounded_and_begins_at_the_beginning(pieces: list[str]):
    try:
        measures = read("P:(A9)9\nK:C\n" + "".join(pieces)).measures
    except NotationError:
        return
    order = play_order(measures, "(A9)9")
    assert len(order) <= MAX_TIMES * len(measures)
    assert all(0 <= index < len(measures) for index in order)
    assert len(order) > 0
