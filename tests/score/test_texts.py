"""What stands around the notes: titles, credits, parts, lines of text, words, hairpins and octave signs are drawn."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET

import pypdf
import pytest

from charlstm.score.formats import Rendering
from charlstm.score.notation import read_score, to_musicxml
from charlstm.score.pages import to_png, to_svg, tunebook_pdf
from charlstm.score.texts import texts_of

SONG = """X:1
T:The First Name
T:Another Name
C:A. Maker
O:Nowhere
R:jig
M:6/8
L:1/8
K:G
P:A
T:Part the First
GBd gdB|G3 G3||
%%text Now slower
%%center ~ fin ~
P:B
BAG D3|G3 G3|]
%%text The end
W:1. A verse <below> & more
W:2. Another
"""
WORDS = (
    *("The First Name", "Another Name", "jig, A. Maker, Nowhere", "Part the First", "Now slower", "~ fin ~"),
    *("The end", "1. A verse <below> & more", "2. Another"),
)


def svg_text(svg: str) -> str:
    return " ".join(
        " ".join("".join(node.itertext()) for node in ET.fromstring(svg).iter() if "text" in node.tag).split()
    )


def test_the_picture_has_every_line_of_text() -> None:
    svg = to_svg(read_score(SONG))
    for words in (*WORDS, "A", "B"):
        assert words in svg_text(svg)
    assert to_png(svg).startswith(b"\x89PNG")


def test_the_sheet_has_the_titles_credits_and_words() -> None:
    for pdf in (Rendering(SONG).file("pdf"), tunebook_pdf([SONG])):
        text = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages)
        for words in (*WORDS[:3], *WORDS[-3:]):
            assert words in text


def test_parts_and_texts_stand_above_the_bars_they_come_before() -> None:
    reading = read_score(SONG).editorial.reading
    assert [measure.part for measure in reading.measures] == ["A", None, "B", None]
    texts = texts_of(reading)
    assert texts.above == {0: ["Part the First"], 2: ["Now slower", "~ fin ~"]}
    assert texts.below == ["The end", "1. A verse <below> & more", "2. Another"]
    xml = to_musicxml(read_score(SONG))
    assert re.findall(r"<rehearsal[^>]*>([^<]*)", xml) == ["A", "B"]


@pytest.mark.parametrize(
    ("body", "drawn"),
    [
        ("!<(!GABc !<)!d4|", 'type="crescendo"'),
        ("!crescendo(!GABc|!crescendo)!d8|", 'type="crescendo"'),
        ("!>(!GABc !>)!d4|", 'type="diminuendo"'),
        ("!8va(!g4 !8va)!d4|", ">8va<"),
        ("!arpeggio![GBd]8|", "arpeggiate"),
        ("!breath!G8|", "breath-mark"),
        ("!thumb!G8|", ">thumb<"),
    ],
)
def test_signs_over_several_notes_are_drawn(body: str, drawn: str) -> None:
    score = read_score(f"X:1\nT:t\nM:4/4\nL:1/8\nK:G\n{body}")
    assert drawn in to_musicxml(score)
    assert to_svg(score)


def test_a_dollar_breaks_the_line_of_the_score() -> None:
    text = "X:1\nT:t\n{}M:4/4\nL:1/8\nK:G\nG8|A8|$B8|c8|\nd8|e8|"
    by_both = read_score(text.format("")).editorial.reading
    assert [m.line_end for m in by_both.measures] == [False, True, False, True, False, False]
    alone = read_score(text.format("I:linebreak $\n")).editorial.reading
    assert [m.line_end for m in alone.measures] == [False, True, False, False, False, False]
    nowhere = read_score(text.format("I:linebreak <none>\n").replace("$", "")).editorial.reading
    assert not any(m.line_end for m in nowhere.measures)
    assert by_both.remarks == alone.remarks == nowhere.remarks == ()
