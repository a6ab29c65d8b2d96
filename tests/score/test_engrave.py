"""Pages: every note is on them with its id, lines break well, and no text is too strange."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charlstm.errors import NotationError
from charlstm.score.engrave import engrave
from charlstm.score.line_breaks import system_starts
from charlstm.score.midi import to_midi
from charlstm.score.notation import read_score
from charlstm.score.timeline import timeline
from charlstm.tunes.parse.reader import read

HEADER = "X:1\nT:Test\nM:4/4\nL:1/8\nK:C\n"
REEL = HEADER + "|:C2EG cGEC|D2FA dAFD|E2GB eBGE|C2EG c4:|\n|:c2ec gcec|d2fd afdf|e2ge bgeg|c2ec c4:|\n"
MARKS = "ABCdefgz|:[](){}<>-,'/02346^_=~.\"!& \nKMTVw"

# The traps of other readers: text, and the pitches that must sound.
TRAPS = {
    "C1 overfull bar": ("CDEF CDEF|CDEFG CDEFG|C8|", "CDEFCDEFCDEFGCDEFGC"),
    "C2 never closed": ("|:C8|D8|", "CD"),
    "C2 ending alone": ("|:C8|1 D8|E8|", "CDE"),
    "C2 second alone": ("|:C8|D8:|2 E8|", "CDCDE"),
    "C2 opened twice": ("|:C8|D8:|:E8|F8:|", "CDCDEFEF"),
    "C3 open chord": ("[CE A2 B2|", "CEAB"),
    "C3 lone bracket": ("[ A", "A"),
    "C4 no denominator": ("A/0", "A"),
    "C5 tuplet of none": ("(0AB", "AB"),
    "C6 two accidentals": ("^_A", "A"),
    "C8 nought": ("A0", "A"),
    "C8 long": ("A99", "A"),
    "W2 tie as slur": ("C-D", "CD"),
    "W3 broken rhythm": ("A>(B c2)|A>{c}B", "ABcAcB"),
    "W4 fermata": ("HA x2 Z2|B", "AB"),
    "W4 overlay": ("A8 & C8|B8|", "CAB"),
    "W5 open grace": ("{A2 B2|c", "ABc"),
    "W7 chord symbols": ('"Am"A "Zork"B "^slow"c', "ABc"),
    "W8 far below": ("C,,,,,,,,,,,,C", "CC"),
    "W9 short bars": ("C3|D|E7|F2|", "CDEF"),
}
HEADERS = {
    "C4": "X:1\nQ:1/4=0\nM:4/4\nL:1/8\nK:C\n",
    "C6 meter": "X:1\nM:4/\nL:1/8\nK:C\n",
    "C6 unit": "X:1\nM:4/4\nL:1/\nK:C\n",
    "C6 unit x": "X:1\nM:4/4\nL:x\nK:C\n",
    "C6 neither": "X:1\nK:C\n",
    "C7 words": "X:1\nQ:abc\nM:4/4\nL:1/8\nK:C\n",
    "C7 no number": "X:1\nQ:1/4=\nM:4/4\nL:1/8\nK:C\n",
    "C7 spaces": "X:1\nQ:1/4 = 90\nM:4/4\nL:1/8\nK:C\n",
    "C7 C": "X:1\nQ:C=100\nM:4/4\nL:1/8\nK:C\n",
    "C9": "<start>\nX:1\nM:4/4\nL:1/8\nK:C\n",
    "C10": "X:1\nX:2\nM:4/4\nL:1/8\nK:C\n",
    "W6": "X:1\nM:4/4\nL:1/8\nK:C^b\n",
}


def note_ids(svg: str) -> set[str]:
    return {g.get("id", "") for g in ET.fromstring(svg).iter() if "note" in g.get("class", "").split()}


def letters(text: str) -> str:
    named = {60: "C", 62: "D", 64: "E", 65: "F", 67: "G", 69: "A", 71: "B", 72: "c"}
    return "".join(named.get(s.pitch, {0: "C", 8: "A"}.get(s.pitch % 12, "?")) for s in timeline(text) if not s.goes_on)


@pytest.mark.parametrize("name", TRAPS)
def test_traps_are_drawn_and_sound_right(name: str):
    body, expected = TRAPS[name]
    text = HEADER + body
    score = read_score(text)
    (page,) = engrave(score)
    assert {s.id for s in timeline(text)} <= note_ids(page)
    assert letters(text) == expected
    assert to_midi(score)[:4] == b"MThd"


@pytest.mark.parametrize("name", HEADERS)
def test_broken_headers_are_drawn_too(name: str):
    text = HEADERS[name] + "CDE|"
    score = read_score(text)
    assert len(note_ids(engrave(score)[0])) == 3
    assert letters(text) == "CDE"
    assert to_midi(score)[:4] == b"MThd"


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(st.text(alphabet=MARKS, max_size=40), st.sampled_from(["", HEADER, "M:6/8\nK:Am\n"]))
def test_any_text_gives_a_page_and_a_sound_or_no_music(body: str, header: str):
    try:
        score = read_score(header + body)
    except NotationError as error:
        if "there is no note" not in error.reason:
            raise
        return
    (page,) = engrave(score)
    assert {s.id for s in timeline(header + body)} <= note_ids(page)
    assert to_midi(score)[:4] == b"MThd"


def test_a_page_is_an_image_of_the_width_asked_for():
    for width in (360, 900, 1400):
        (page,) = engrave(read_score(REEL), width=width)
        root = ET.fromstring(page)
        assert root.tag.endswith("svg")
        assert float(root.get("viewBox", "").split()[2]) == pytest.approx(width, abs=2)


def test_every_note_and_measure_is_on_the_page_once():
    (page,) = engrave(read_score(REEL))
    assert note_ids(page) == {f"e{h.start}" for e in read(REEL).events for h in e.heads}
    assert page.count('class="measure"') == 8


def systems(text: str, width: int) -> list[int]:
    (page,) = engrave(read_score(text), width=width)
    return [part.count('class="measure"') for part in page.split('class="system"')[1:]]


def test_lines_break_as_the_text_does():
    assert systems(REEL, 900) == [4, 4]
    assert systems(REEL, 1400) == [4, 4]


def test_lines_too_long_for_the_page_are_cut_evenly():
    assert systems(REEL, 500) == [2, 2, 2, 2]


def test_lines_too_short_for_the_page_are_flowed():
    chopped = HEADER + "C8|\nD8|\nE8|\nF8|\nG8|\nA8|\n"
    assert system_starts(read(chopped), 2200) is None
    assert systems(chopped, 900) == [6]


def test_one_line_is_flowed_to_the_width():
    rows = systems(HEADER + "CDEF GABc|" * 24, 900)
    assert len(rows) > 2
    assert sum(rows) == 24


def test_the_title_is_shown_on_demand():
    score = read_score(REEL)
    assert ">Test<" not in engrave(score)[0]
    assert ">Test<" in engrave(score, title=True)[0]


def test_hostile_text_stays_text():
    score = read_score('T:<script>x</script>\x00\nK:C\n"<img onerror=y>"C"\x08"D|\nw:<b>a</b>')
    (page,) = engrave(score, title=True)
    ET.fromstring(page)
    assert "<script" not in page
    assert "<img" not in page


def test_the_same_score_gives_the_same_page():
    assert engrave(read_score(REEL)) == engrave(read_score(REEL))


def test_pages_can_be_drawn_in_any_thread():
    """Verovio finds no fonts in a thread whose toolkit was not told where they are."""
    expected = engrave(read_score(REEL))
    with ThreadPoolExecutor(4) as pool:
        pages = list(pool.map(lambda _: engrave(read_score(REEL)), range(8)))
    assert all(page == expected for page in pages)
