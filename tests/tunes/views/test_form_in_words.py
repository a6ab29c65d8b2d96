"""The form in words says what is heard: cases a musician can check, and laws over many texts."""

from __future__ import annotations

from itertools import pairwise, product

import pytest

from charlstm.tunes.parse.reader import read
from charlstm.tunes.views.form import play_order
from charlstm.tunes.views.form_in_words import form_in_words, sections

HEAD = "X:1\nM:4/4\nL:1/8\nK:D\n"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("|:A8|B8:||:c8|d8:|", "A (bars 1–2) twice, B (bars 3–4) twice"),
        ("A8|B8:|\nc8|d8:|", "A (bars 1–2) twice, B (bars 3–4) twice"),
        ("A2|:A8|B6A2:||:c8|d6c2:|", "A (bars 1–2) twice, B (bars 3–4) twice"),  # a pickup before the repeat sign
        ("A2|A8|B6:|c2|c8|d6:|", "A (bars 1–2) twice, B (bars 3–4) twice"),  # a pickup to each part
        ("|:A2|A8|B8:|\n|:c2|c8|d8:|", "A (bars 1–2) twice, B (bars 3–4) twice"),  # to parts that end full
        ("|:A8|B8|1c8:|2d8||e8|f8||", "A (bars 1–4) twice with two endings, B (bars 5–6) once"),
        ("|:A8|1 B8:|2 c8:|3 d8|]", "A three times with three endings"),
        ("|:A8|B8:||c||d|]", "A (bars 1–2) twice, B (bar 3) once"),  # two bars that are cut, at the end
        ("|:A8|B8:|", "A twice"),
        ("|::A8|B8::|", "A twice"),
        ("A8|B8|c8|d8|]", ""),
        ("A8|B8||c8|d8|]", "A (bars 1–2) once, B (bars 3–4) once"),
        ("A8|B8||c8|d8:|", "A (bars 1–2) once, B (bars 3–4) once, A once, B once"),  # as printed tune books mean it
        ("|:A8!fine!|B8:||:c8|d8 !D.C.!:|", "A (bars 1–2) twice, B (bars 3–4) twice, A to Fine"),
        ("A8|B8!fine!||c8|d8!D.C.!|]", "A (bars 1–2) once, B (bars 3–4) once, A once"),
        ("A8||!segno!c8|d8!fine!||e8|f8!D.S.!|]",
         "A (bar 1) once, B (bars 2–3) once, C (bars 4–5) once, B once"),
        ("P:X\n|:A8|B8:|\nP:Y\n|:c8|d8:|", "X (bars 1–2) twice, Y (bars 3–4) twice"),
    ],
)  # fmt: skip
def test_a_form_in_words(body, words):
    assert form_in_words(read(HEAD + body)) == words


def test_the_order_of_the_header_is_said():
    tune = "X:1\nP:AABA\nM:4/4\nL:1/8\nK:D\nP:A\nA8|B8|\nP:B\nc8|d8|]"
    assert form_in_words(read(tune)) == "A (bars 1–2) twice, B (bars 3–4) once, A once"


def test_sections_part_the_tune_and_begin_where_playing_goes_on():
    for lines in product(["|", ":|", "||", "|:", ":|:", "|1 ", ":|2 "], repeat=3):
        reading = read(HEAD + "A8{}B8{}c8{}d8|]".format(*lines))
        found = sections(reading.measures)
        assert [s.first for s in found] == [0, *(s.last for s in found[:-1])], lines
        assert found[-1].last == len(reading.measures), lines
        assert all(s.first < s.last for s in found), lines
        starts = {s.first for s in found}
        for a, b in pairwise(play_order(reading.measures)):
            assert b == a + 1 or b in starts or reading.measures[b].ending, lines


def test_a_part_that_comes_again_has_its_letter() -> None:
    one, two = "|:A|def agf|edc d2:|\n", "|:f|gfe dfa|edc d2:|\n"
    words = form_in_words(read("X:1\nM:6/8\nL:1/8\nK:D\n" + one + two + one))
    assert words == "A (bars 1–2) twice, B (bars 3–4) twice, A (bars 5–6) twice"
