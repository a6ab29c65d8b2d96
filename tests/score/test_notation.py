"""Scores: what was read is what music21 holds and what its MusicXML says, read back by music21's own reader."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from music21 import converter

from charlstm.errors import NotationError
from charlstm.score.notation import read_score, to_musicxml
from charlstm.tunes.parse.reader import read

HEADER = "X:1\nT:Test\nM:4/4\nL:1/8\nK:C\n"
HORNPIPE = (
    "X:1\nT:The Test\nC:Trad.\nM:C|\nL:1/8\nQ:1/2=80\nK:D\n"
    'FA|"D"BA FA D2 (3FGA|(BA) {f}FA B3/2=c/ ^c2|Tf2 ~e2 z2 [A,E]2|\n'
    "E>F EC E2 FA|1 B2 d2 d2:|2 B2 d2- d2||\n|:de|f8-|f6:|\n"
)
MARKS = "ABCdefgz|:[](){}<>-,'/02346^_=~.\"!& \nKMT"


def xml(text: str) -> ET.Element:
    return ET.fromstring(to_musicxml(read_score(text)))


def read_back(text: str) -> Any:
    """What music21 finds in our MusicXML."""
    return converter.parseData(to_musicxml(read_score(text)), format="musicxml")


@pytest.mark.parametrize("text", [HORNPIPE, HEADER + "C8D8|E|F3/7 G A5|", "M:9/8\nL:1/8\nK:Bb\nB3 {ga}f2g [Bd]e-e|"])
def test_another_reader_finds_the_same_notes(text: str):
    """Pitches and lengths, graces apart, tied pieces joined."""
    found = []
    for element in read_back(text).flatten().notes:
        if element.duration.isGrace:
            continue
        for note in element.notes if element.isChord else [element]:
            tie = note.tie.type if note.tie else None
            found.append((float(element.offset), note.pitch.midi, Fraction(element.quarterLength), tie))
    expected = {}
    for event in read(text).events:
        for head in event.heads:
            expected[float(event.onset * 4), head.midi] = event.duration * 4
    starts = {(onset, midi) for onset, midi, _, _ in found}
    assert set(expected) <= starts
    assert sum((length for _, _, length, _ in found), Fraction(0)) == sum(expected.values(), Fraction(0))


def test_every_note_carries_the_offset_it_came_from():
    reading = read(HORNPIPE)
    wanted = {f"e{h.start}" for e in reading.events for h in (*e.heads, *e.graces)}
    ids = {note.get("id") for note in xml(HORNPIPE).iter("note")}
    assert wanted <= ids
    assert all(identity is not None for identity in ids)


def test_measures_stay_as_they_are_written():
    """C1: elsewhere an overfull bar became two, and crashed the MIDI."""
    text = HEADER + "CDEF CDEF|CDEFG CDEFG|C8|C|"
    (part,) = read_score(text).parts
    measures = list(part.getElementsByClass("Measure"))
    assert [m.number for m in measures] == [1, 2, 3, 4]
    assert [float(m.duration.quarterLength) for m in measures] == [4, 5, 4, 0.5]


def test_a_pickup_is_measure_nought_and_the_second_half_of_a_bar_has_no_number():
    (part,) = read_score(HORNPIPE).parts
    numbers = [m.number for m in part.getElementsByClass("Measure")]
    assert numbers == [0, 1, 2, 3, 4, 5, 6, 6, 7, 8]


def test_repeats_and_endings_are_drawn():
    root = xml(HORNPIPE)
    assert [r.get("direction") for r in root.iter("repeat")] == ["backward", "forward", "backward"]
    endings = [(e.get("number"), e.get("type")) for e in root.iter("ending")]
    assert endings == [("1", "start"), ("1", "stop"), ("2", "start"), ("2", "stop")]


def test_ties_start_and_stop():
    kinds = [t.get("type") for t in xml(HEADER + "C5-|C4 z4|").iter("tie")]
    assert kinds == ["start", "stop", "start", "stop"]  # C5 is a half note tied to an eighth


def test_accidentals_are_shown_where_a_player_needs_them():
    def shown(body: str, key: str = "C") -> list[str | None]:
        notes = xml(f"M:4/4\nL:1/4\nK:{key}\n{body}").iter("note")
        return [note.findtext("accidental") for note in notes]

    assert shown("^F F f F|F") == ["sharp", None, "sharp", None, None]
    assert shown("F =F F F|F", "G") == [None, "natural", None, None, None]
    assert shown("^F4-|F2 F2|") == ["sharp", None, None]  # the second F is natural, as the staff says
    assert shown("[^FA] F") == ["sharp", None, None]


def test_beams_follow_the_blanks():
    beams = [note.findtext("beam") for note in xml(HEADER + "AB cd/e/ f2g").iter("note")]
    assert beams == ["begin", "end", "begin", "continue", "end", None, None]


def test_tuplets_have_their_ratio_and_their_ends():
    notes = list(xml(HEADER + "(3ABc (3A2z2c2|").iter("note"))
    assert [n.findtext("time-modification/actual-notes") for n in notes] == ["3"] * 6
    ends = [[t.get("type") for t in n.iter("tuplet")] for n in notes]
    assert ends == [["start"], [], ["stop"]] * 2
    assert [t.get("bracket") for n in notes for t in n.iter("tuplet") if t.get("type") == "start"] == ["no", "yes"]


def test_words_are_text_and_no_chord_sounds():
    """W7."""
    root = xml(HEADER + '"Am"A2 "Zork"B2 "^slow"c2 "_low"d2|')
    assert [w.text for w in root.iter("words")] == ["Am", "Zork", "slow", "low"]
    assert len(list(root.iter("note"))) == 4
    assert [d.get("placement") for d in root.iter("direction")] == ["above", "above", "above", "below"]


def test_slurs_graces_decorations_and_lyrics():
    root = xml(HEADER + "(.A~BTc) {ga}d Hz2|\nw:la-la la\n")
    assert [s.get("type") for s in root.iter("slur")] == ["start", "stop"]
    assert len(list(root.iter("grace"))) == 2
    assert [len(list(root.iter(name))) for name in ("staccato", "turn", "trill-mark", "fermata")] == [1, 1, 1, 1]
    assert [(s.findtext("syllabic"), s.findtext("text")) for s in root.iter("lyric")] == [
        ("begin", "la"), ("single", "la"), ("single", "la"),
    ]  # fmt: skip


def test_signs_of_the_form_are_written_over_the_bar():
    root = xml(HEADER + "!segno!C8|D8!fine!|E8|!D.S.alfine!|")
    assert len(list(root.iter("segno"))) == 1
    assert [w.text for w in root.iter("words")] == ["Fine", "D.S. al Fine"]


def test_clef_key_and_meter():
    root = xml("M:C|\nL:1/4\nK:Dmix\nc4|[K:Eb][M:6/8]c2|[K:D exp _b ^c]c2|[K:C clef=bass]C,2|")
    assert [c.text for c in root.iter("sign")] == ["G", "F"]
    assert [k.findtext("fifths") for k in root.iter("key")] == ["1", "-3", None, "0"]
    assert [(t.findtext("beats"), t.get("symbol")) for t in root.iter("time")] == [("2", "cut"), ("6", None)]


@pytest.mark.parametrize("meter", ["999/8", "4/3", "0/4", "none", "C|||", "2+3/8", "(2+3)/8", "12/8"])
def test_any_meter_can_be_exported(meter: str):
    assert b"measure" in to_musicxml(read_score(f"M:{meter}\nL:1/8\nK:C\nCDE|")).encode()


def test_voices_are_parts_of_equal_length():
    score = read_score('X:1\nM:4/4\nL:1/4\nK:C\nV:1 name="Fiddle"\nc4|d4|e4|\nV:2 clef=bass\nC,4|\n')
    assert [len(p.getElementsByClass("Measure")) for p in score.parts] == [3, 3]
    assert score.parts[0].partName == "Fiddle"


def test_voices_are_braced_and_fermatas_stand_upright():
    root = xml("X:1\nM:4/4\nL:1/4\nK:G\nV:1\nHG4|\nV:2 bass\nHG,4|\n")
    assert [group.get("type") for group in root.iter("part-group")] == ["start", "stop"]
    assert root.findtext(".//group-symbol") == "bracket"
    assert {fermata.get("type") for fermata in root.iter("fermata")} == {"upright"}
    assert not list(xml(HORNPIPE).iter("part-group"))


def test_a_tempo_stands_where_it_changes():
    root = xml('M:4/4\nL:1/4\nQ:1/4=60\nK:G\nGA[Q:"fast" 3/8=80]BA|G4|')
    measures = list(root.iter("measure"))
    assert [len(list(measure.iter("metronome"))) for measure in measures] == [2, 0]
    assert [mark.text for mark in root.iter("per-minute")] == ["60", "80"]
    assert "fast" in [words.text for words in root.iter("words")]


def test_title_composer_and_hostile_words():
    text = 'T:<script>alert(1)</script>\x07 & "x"\nC:Anon\nK:C\n"b<c>\x01"C|'
    root = ET.fromstring(to_musicxml(read_score(text)))
    assert root.findtext("movement-title") == '<script>alert(1)</script> & "x"'
    assert [w.text for w in root.iter("words")] == ["b<c>"]


def test_no_music_is_a_notation_error_with_its_place():
    with pytest.raises(NotationError) as caught:
        read_score("X:1\nT:nothing\nK:C\n")
    assert (caught.value.line, caught.value.reason[:13]) == (4, "there is no n")


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(st.text(alphabet=MARKS, max_size=50))
def test_any_text_gives_musicxml_or_one_error(body: str):
    try:
        read(HEADER + body)
    except NotationError:
        return
    score = read_score(HEADER + body)
    ET.fromstring(to_musicxml(score))


def test_a_rest_takes_no_word_in_place_of_an_ornament():
    assert not list(xml(HEADER + "Mz2 ~z2 !5!z2 .z2|").iter("words"))
