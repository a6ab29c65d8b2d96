"""Tablature on the page: under its notes, one for each, and nothing else is changed."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from charlstm.score.engrave import engrave
from charlstm.score.formats import Rendering
from charlstm.score.notation import read_score
from charlstm.score.tablature.fingering import tablature
from charlstm.score.tablature.instruments import INSTRUMENTS
from charlstm.tunes.parse.reader import read

SONG = (
    'X:1\nT:Trial\nM:4/4\nL:1/8\nK:D\nA,2|:"D"d2fd Adfd|e2ge [ce]gz2|d4-d4|edce d4:|\nw:one two three\n'
    "|:=c2B^G A2FE|D4 ^A4|a2b2 c'2d'2|[DA]4 d4:|\n"
)
DUET = "X:1\nL:1/4\nK:D\nV:1\nV:2 clef=bass\nV:1\ndfaf|d4|\nV:2\nD,2A,2|D,4|\n"


def note_ids(page):
    return re.findall(r'id="(e\d+[\d-]*)" class="note"', page)


def drawn(page):
    return page.rpartition('<g class="tablature"')[2]


@pytest.mark.parametrize("name", ["whistle-d", "banjo"])
@pytest.mark.parametrize("song", [SONG, DUET], ids=["song", "duet"])
def test_the_notes_of_the_page_stay_and_no_placeholder_is_seen(name, song):
    (plain,) = engrave(read_score(song))
    (page,) = engrave(read_score(song), tablature=name)
    assert note_ids(page) == note_ids(plain)
    assert page.count('class="verse"') == plain.count('class="verse"')
    assert 'labelAttr">tablature' not in page
    ElementTree.fromstring(page)


@pytest.mark.parametrize("name", ["whistle-d", "whistle-bb"])
def test_six_holes_a_note_and_a_mark_for_what_cannot_be_played(name):
    fingered = tablature(read(SONG), name)
    page = drawn(engrave(read_score(SONG), tablature=name)[0])
    assert fingered.unplayable > 0
    assert page.count("<circle") == 6 * (len(fingered.notes) - fingered.unplayable)
    assert page.count('class="unplayable"') == fingered.unplayable


@pytest.mark.parametrize("name", ["mandolin", "fiddle", "banjo", "guitar"])
def test_a_line_a_string_in_every_system_and_each_number_on_its_own(name):
    fingered = tablature(read(SONG), name)
    page = drawn(engrave(read_score(SONG), tablature=name)[0])
    strings = INSTRUMENTS[name].rows
    heights = {int(y) for y in re.findall(r'<path d="M-?\d+ (\d+) H', page)}
    assert len(heights) == 2 * len(strings)
    signs = [sign for note in fingered.notes if note.fingering for sign in note.fingering.signs if sign]
    assert sorted(re.findall(r'text-anchor="middle">([^<]+)<', page)) == sorted(signs)


def test_each_column_stands_under_its_note():
    (page,) = engrave(read_score(SONG), tablature="whistle-d")
    heads = {int(x) for x in re.findall(r'class="notehead"><use [^>]*transform="translate\((\d+),', page)}
    columns = {int(x) for x in re.findall(r'<circle cx="(\d+)"', drawn(page))}
    assert len(columns) > 20
    assert all(any(0 < x - head < 400 for head in heads) for x in columns)
    staves = [int(y) for y in re.findall(r'class="staff"><path d="M-?\d+ (\d+) ', page)]
    tops = [int(y) for y in re.findall(r'<circle cx="\d+" cy="(\d+)"', drawn(page))]
    assert min(tops) > min(staves) + 720  # below the lowest line of the staff


def test_words_stay_above_the_tablature():
    (page,) = engrave(read_score(SONG), tablature="mandolin")
    assert all(f">{word}</tspan>" in page for word in ("one", "two", "three"))
    words = int(re.search(r'class="syl"><text x="-?\d+" y="(\d+)"', page)[1])
    assert words < min(int(y) for y in re.findall(r'<path d="M-?\d+ (\d+) H', drawn(page)))


def test_svg_png_and_pdf_have_it_and_the_score_file_does_not():
    bare, fingered = Rendering(SONG), Rendering(SONG, tablature="whistle-d")
    for name in ("svg", "png", "pdf"):
        assert fingered.file(name) != bare.file(name)
    for name in ("musicxml", "midi", "abc"):
        assert fingered.file(name) == bare.file(name)
    assert b'class="tablature"' in fingered.file("svg")


def test_a_tune_without_notes_is_drawn_as_it_is():
    assert engrave(read_score("K:D\nz4|z4|\n"), tablature="fiddle")[0].count("unplayable") == 0
