"""Chords as they are played: the right notes at the right moments, as abc2midi plays them."""

from __future__ import annotations

import io
import shutil
import subprocess
from fractions import Fraction
from pathlib import Path

import mido
import pytest

from charlstm.score.accompaniment import Strike, accompaniment, pattern, programs
from charlstm.score.midi import played_by, to_midi
from charlstm.score.midi_import.melody import read_midi
from charlstm.score.notation import read_score
from charlstm.score.timeline import attacks, heard_bars, timeline
from charlstm.tunes.edit.transpose import transposed
from charlstm.tunes.parse.reader import read

REEL = 'X:1\nT:Reel\nM:4/4\nL:1/8\nK:G\n"G"GABc "D/F#"defg|"Em"e4 "Am7"e4|'
JIG = 'X:1\nM:6/8\nL:1/8\nK:D\n|:A|"D"d3 "A7"e3|"Bm"f3 d2:|'


def strikes(text: str, part: str = "bass") -> list[tuple[float, int]]:
    return [(float(s.onset) * 4, s.pitch) for s in accompaniment(read(text)) if s.part == part]


def test_bass_and_chord_in_turn() -> None:
    assert strikes(REEL) == [(0, 43), (2, 42), (4, 40), (6, 45)]
    assert [pitch for time, pitch in strikes(REEL, "chord") if time == 1] == [55, 59, 62]
    assert [pitch for time, pitch in strikes(REEL, "chord") if time == 3] == [54, 57, 62]  # it stands on its bass


def test_a_chord_lasts_until_the_next_one_through_repeats() -> None:
    assert strikes(JIG) == [
        (0.5, 38), (2, 45), (3.5, 47), (5, 47), (6.5, 38), (8, 45), (9.5, 47), (11, 47),
    ]  # fmt: skip
    assert strikes('X:1\nM:4/4\nL:1/4\nK:C\nCCCC|"C"CC"N.C."CC|CC"F"CC|') == [(4, 36), (10, 41)]


def test_words_and_no_chords_are_silent() -> None:
    reading = read('X:1\nL:1/4\nK:C\n"Zork"CCCC|"^G"CCCC|')
    assert accompaniment(reading) == []
    assert ["Zork" in str(remark) for remark in reading.remarks] == [True]
    assert len(mido.MidiFile(file=io.BytesIO(to_midi(read_score(REEL), chords=False))).tracks) == 2


def test_in_a_meter_whose_pattern_would_have_no_end_a_chord_is_held() -> None:
    assert strikes('X:1\nM:99/1\nL:1/4\nK:C\n"C"CCCC|') == [(0, 36)]


@pytest.mark.parametrize(
    ("meter", "rhythm", "expected"),
    [
        ("4/4", "reel", "fzczfzcz"), ("C", "", "fzczfzcz"), ("C|", "", "fzczfzcz"), ("2/4", "", "fzcz"),
        ("2/4", "polka", "fcfc"), ("3/4", "waltz", "fzczcz"), ("6/8", "jig", "fzcfzc"), ("9/8", "", "fzcfzcfzc"),
        ("12/8", "slide", "fzcfzcfzcfzc"), ("7/8", "", "fcfcfzc"), ("4/4", "slow air", "b"), ("none", "", "b"),
        ("5/4", "", "fzczczfzcz"), ("3/8", "", "fzczcz"),
    ],
)  # fmt: skip
def test_each_meter_and_rhythm_has_its_pattern(meter: str, rhythm: str, expected: str) -> None:
    assert pattern(meter, rhythm) == expected


def test_directives_choose_the_pattern_and_the_players() -> None:
    head = "X:1\nM:4/4\nL:1/4\n%%MIDI gchord f2cGH2z2\n%%MIDI chordprog 0\n%%MIDI bassvol 127\nK:C\n"
    reading = read(head + '"C"CCCC|\n%%MIDI gchordoff\nCCCC|\n%%MIDI gchordon\n%%MIDI gchord b\nCCCC|')
    found = accompaniment(reading)
    assert [(float(s.onset), s.pitch) for s in found if s.onset < 1] == [
        (0, 36), (0.25, 48), (0.25, 52), (0.25, 55), (0.375, 36), (0.5, 40),
    ]  # fmt: skip
    assert not [s for s in found if 1 <= s.onset < 2]
    assert [(s.duration, s.part) for s in found if s.onset >= 2] == [(1, "bass"), *[(1, "chord")] * 3]
    assert programs(reading) == {"chord": 0, "bass": 32}
    assert {s.velocity for s in found if s.part == "bass"} == {1}
    assert reading.remarks == ()


def test_a_directive_may_stand_inside_a_line() -> None:
    found = accompaniment(read('X:1\nM:4/4\nL:1/4\nK:C\n"C"CCCC|[I:MIDI gchord b]CCCC|[I:MIDI gchordoff]CCCC|'))
    assert [float(s.onset) for s in found if s.part == "bass"] == [0, 0.5, 1]


@pytest.mark.parametrize("line", ["gchord", "gchord xyz", "gchord f0", "gchord f99c99", "chordvol 999", "bassprog -1"])
def test_a_directive_that_says_nothing_changes_nothing(line: str) -> None:
    plain = 'X:1\nM:4/4\nL:1/4\nK:C\n"C"CCCC|'
    assert accompaniment(read(plain.replace("K:C", f"%%MIDI {line}\nK:C"))) == accompaniment(read(plain))


def test_chords_belong_to_the_first_voice_that_has_them_and_move_with_the_tune() -> None:
    text = 'X:1\nM:4/4\nL:1/4\nK:C\nV:1\nccgg|\nV:2\n"C"C4|\nV:3\n"F"F4|\n'
    assert strikes(text) == [(0, 36), (2, 36)]
    up = accompaniment(read(transposed(REEL, 2)))
    assert {
        (s.pitch + 2 - t.pitch) % 12 for s, t in zip(accompaniment(read(REEL)), up, strict=True) if s.part == "bass"
    } == {0}


def test_what_is_too_long_or_has_no_meter_ends() -> None:
    text = 'X:1\nM:none\nL:1\nK:C\n"C"C16C16"F"F|' + "|:C16:|" * 40
    assert all(isinstance(s, Strike) and 0 < s.duration <= 1 for s in accompaniment(read(text)))
    assert [(s.onset, s.pitch) for s in accompaniment(read(text))[:1]] == [(Fraction(0), 36)]


def test_the_tracks_are_named_and_another_instrument_plays_the_voices_alone() -> None:
    file = mido.MidiFile(file=io.BytesIO(played_by(to_midi(read_score(REEL)), "fiddle")))
    names = [[m.name for m in track if m.type == "track_name"] for track in file.tracks]
    assert names == [["Reel"], ["Reel"], ["Chords"], ["Bass"]]
    assert [m.program for track in file.tracks for m in track if m.type == "program_change"] == [40, 24, 32]


@pytest.mark.parametrize("text", [REEL, JIG, REEL.replace("K:G", "K:G clef=bass octave=-3")])
def test_our_own_reader_finds_the_melody_beside_its_chords(text: str) -> None:
    again = read(read_midi(to_midi(read_score(text))).text)
    assert [pitch for _, _, pitch, _ in attacks(timeline(again))] == [p for _, _, p, _ in attacks(timeline(text))]
    assert [bar.onset for bar in heard_bars(again)] == [bar.onset for bar in heard_bars(read(text))]


@pytest.mark.skipif(shutil.which("abc2midi") is None, reason="abc2midi is not installed (package abcmidi)")
@pytest.mark.parametrize(
    "text",
    [
        REEL, REEL + '\n"G7"G8|"Cmaj7"c8|"Bdim"d8|"F+"A8|"C/G"c8|', 'X:1\nM:3/4\nL:1/8\nK:C\n"C"c6|"F/A"f2 "G7"g4|',
        'X:1\nM:9/8\nL:1/8\nK:C\n"C"c9|"F"f9|', 'X:1\nM:4/4\nL:1/8\n%%MIDI gchord GHIGHIGH\nK:C\n"C"c8|"Am7"a8|',
        'X:1\nM:6/8\nL:1/8\nK:C\n%%MIDI gchord fcbb2z\n"C"~c3 c3|"Dm"d6|',
    ],
)  # fmt: skip
def test_abc2midi_plays_the_same_chords(text: str, tmp_path: Path) -> None:
    """Pitch and moment of every note of the bass and the chords, rolls too."""

    def notes(midi: bytes) -> list[tuple[float, int]]:
        file = mido.MidiFile(file=io.BytesIO(midi))
        found = []
        for track in file.tracks:
            now = 0
            for message in track:
                now += message.time
                if message.type == "note_on" and message.velocity:
                    found.append((round(now / file.ticks_per_beat, 2), message.note))
        return sorted(found)

    abc = tmp_path / "tune.abc"
    head, _, body = text.partition("K:")
    abc.write_text(f"{head}%%MIDI chordattack 0\nK:{body}\n")
    subprocess.run(["abc2midi", abc, "-o", tmp_path / "tune.mid", "-NFNP"], check=False, capture_output=True)
    theirs, ours = notes((tmp_path / "tune.mid").read_bytes()), notes(to_midi(read_score(text)))
    assert [pitch for _, pitch in theirs] == [pitch for _, pitch in ours]
    assert [time for time, _ in theirs] == pytest.approx([time for time, _ in ours], abs=0.02)
