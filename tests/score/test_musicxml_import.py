"""MusicXML read: what our own files and others hold comes back as ABC that sounds and reads the same."""

from __future__ import annotations

import random
import re

import pytest

from charlstm.errors import ConfigError, NotationError
from charlstm.score.musicxml_import import MAX_BYTES, MAX_IN_FILE, read_musicxml
from charlstm.score.notation import read_score, to_musicxml
from charlstm.score.timeline import attacks, timeline
from charlstm.tunes.abc import split_header
from charlstm.tunes.keys import parse_key
from tests.archives import zipped
from tests.conftest import TUNES

RICH = (
    "X:1\nT:Endings\nM:4/4\nL:1/8\nK:G\n|:GABc d2d2|1 e8:|2 g8|]",
    "X:1\nT:Tuplets\nM:4/4\nL:1/8\nK:D\n(3DEF (5:4G/A/B/c/d/ (3:2:2A2B d2|A>B c<d (3:2:4A/B/cd e2|]",
    "X:1\nT:Graces\nM:6/8\nL:1/8\nK:Ador\n{ga}B3 def-|f3 [Ac]3|{c}z3 (ABc)|]",
    "X:1\nT:Changes\nM:4/4\nL:1/8\nQ:1/4=90\nK:G\nG8|[M:3/4][K:Bb]B2 ^f2 =e2|[M:2/2][K:D]d8|[Q:1/4=120]d4 f4|]",
    "X:1\nT:Jumps\nM:4/4\nL:1/8\nK:Gm\n!segno!G8|B8!fine!|d8|!D.S.!g8|]",
    "X:1\nT:Pickup\nM:6/8\nL:1/8\nK:Em\n|:B|e2e d2B|e3 B2:|\n|:e|g3 f2e|d3 B2:|",
    "X:1\nT:Low\nM:4/4\nL:1/8\nK:D clef=bass\nD,,8|F,4 A,4|]",
)


def heard(text: str) -> list[tuple[float, float, int]]:
    return [(round(onset, 4), round(duration, 4), pitch) for onset, duration, pitch, _ in attacks(timeline(text))]


def written(text: str) -> bytes:
    return to_musicxml(read_score(text)).encode()


@pytest.mark.parametrize("text", [*RICH, *("X:1\n" + tune for tune in TUNES)])
def test_a_tune_of_ours_comes_back_as_it_sounds(text: str) -> None:
    tune = read_musicxml(written(text))
    assert heard(tune.text) == heard(text)
    assert tune.remarks == ()
    before, after = (split_header(each) for each in (text, tune.text))
    assert after.get("M") == before.get("M")
    assert parse_key(after.get("K")).signature == parse_key(before.get("K")).signature


def test_bars_repeats_and_tuplets_are_written_as_they_were() -> None:
    assert read_musicxml(written(RICH[0])).text.endswith("|:GABc d2d2|[1e8:|[2g8|]")
    assert "(3DEF(5:4:5G/A/B/c/d/ (3:2:2A2Bd2|A3/2B/c/d3/2 (3:2:4A/B/cde2|]" in read_musicxml(written(RICH[1])).text
    assert "clef=bass" in read_musicxml(written(RICH[6])).text


def test_words_stand_under_their_notes_in_every_verse() -> None:
    song = "X:1\nT:t\nM:4/4\nL:1/8\nK:G\nG2A2 B2c2|d8|\nw:down the lane a-gain\nw:* sec-ond verse now\n"
    lines = read_musicxml(written(song)).text.splitlines()
    assert [line for line in lines if line.startswith("w:")] == ["w:down the lane a-gain", "w:* sec-ond verse now"]


def test_of_several_parts_one_is_read_and_the_others_are_named() -> None:
    duet = "X:1\nT:t\nM:4/4\nL:1/8\nK:G\nV:1\nG8|\nV:2\nD8|\n"
    first, second = (read_musicxml(written(duet), voice=voice) for voice in (0, 1))
    assert heard(first.text) == [(0, 4, 67)]
    assert heard(second.text) == [(0, 4, 62)]
    assert any("2 parts" in remark for remark in first.remarks)
    with pytest.raises(ConfigError):
        read_musicxml(written(duet), voice=2)


def test_notes_of_a_second_voice_are_counted() -> None:
    (remark,) = read_musicxml(written("X:1\nT:t\nM:4/4\nL:1/8\nK:G\nG8&D4E4|")).remarks
    assert remark.startswith("2 notes of a second voice")


def test_a_compressed_file_is_unpacked() -> None:
    data = zipped({"META-INF/container.xml": b"<container/>", "score.xml": written(RICH[0])})
    assert heard(read_musicxml(data).text) == heard(RICH[0])


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not a MusicXML"),
        (b"<html><body/></html>", "not a MusicXML"),
        (b"PK\x03\x04 broken", "no MusicXML"),
        (zipped({"readme.txt": b"hello"}), "no MusicXML"),
        (zipped({"score.xml": b" " * (MAX_BYTES + 1)}), "more than 5,000,000"),
        (b"<score-partwise>" + b" " * MAX_BYTES, "bytes"),
        (b"<score-partwise>" + b"<note>" * (MAX_IN_FILE + 1), "melody alone"),
        (b"<score-partwise><part>", "broken"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><score-partwise/>', "not a MusicXML"),
        (b"<score-partwise version='4.0'><part-list/></score-partwise>", "no notes|broken"),
    ],
)
def test_what_is_not_a_score_is_one_sentence(data: bytes, reason: str) -> None:
    with pytest.raises(NotationError, match=reason):
        read_musicxml(data)


def test_broken_files_give_a_tune_or_one_sentence() -> None:
    good = written(RICH[1])
    chance = random.Random(1)
    for _ in range(40):
        data = bytearray(good)
        for _ in range(chance.choice((1, 3, 20))):
            data[chance.randrange(len(data))] = chance.randrange(32, 127)
        try:
            assert read_musicxml(bytes(data)).text
        except NotationError:
            continue


def test_a_tie_that_leads_to_another_pitch_is_none() -> None:
    before, first, second = written("X:1\nT:t\nM:4/4\nL:1/8\nK:A\n=c8-|=c8|").decode().split("<measure ")
    raised = re.sub(r"<step>C</step>\s*(<alter>.*?</alter>)?", "<step>C</step><alter>1</alter>", second)
    xml = "<measure ".join((before, first, raised))
    assert [pitch for _, _, pitch in heard(read_musicxml(xml.encode()).text)] == [72, 73]


def test_words_pass_over_tied_notes() -> None:
    song = "X:1\nT:t\nM:4/4\nL:1/8\nK:G\nG4 A4-|A4 B4|\nw:one two three\n"
    assert "\nw:one two three" in read_musicxml(written(song)).text
