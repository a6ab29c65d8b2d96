"""MIDI files hold what the timeline says: read back by pretty_midi, which knows nothing of us."""

from __future__ import annotations

import io
import warnings
from typing import Any

import mido
import music21
import pytest

from charlstm.errors import ConfigError
from charlstm.score.midi import to_midi
from charlstm.score.midi_import.melody import read_midi
from charlstm.score.notation import read_score
from charlstm.score.swing import STRAIGHT
from charlstm.score.timeline import attacks, clock, heard_bars, timeline
from charlstm.tunes.parse.reader import read
from tests.conftest import TUNES as REAL

HEADER = "X:1\nT:Té \U0001f3bb\nM:4/4\nL:1/8\nK:C\n"
TUNES = (
    "|:C2^F2 [EG]4:|",
    "G2|:C8-|1 C6 D2:|2 (3CDE F4 z2|]",
    "{ga}c2 c2 c2 c>c|[c2e2]c2 {f}e4|",
    "C8D8|E|F3/7 G",
    "CCCCCCCC|CCCCCCCC|",
)


def opened(midi: bytes) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pretty_midi
    return pretty_midi.PrettyMIDI(io.BytesIO(midi))


@pytest.mark.parametrize("body", TUNES)
@pytest.mark.parametrize("qpm", [120.0, 97.0])
def test_another_reader_finds_the_same_notes_at_the_same_times(body: str, qpm: float):
    text = HEADER + body
    (played,) = opened(to_midi(read_score(text), qpm=qpm)).instruments
    notes = sorted((n.start, n.pitch, n.end) for n in played.notes)
    beat = 60 / qpm
    struck = attacks(timeline(text))
    expected = sorted((onset * beat, pitch, (onset + length) * beat) for onset, length, pitch, _ in struck)
    assert len(notes) == len(expected)
    for found, wanted in zip(notes, expected, strict=True):
        assert found == pytest.approx(wanted, abs=2e-4)


CHANGING = (
    "X:1\nQ:1/4=60\nM:4/4\nL:1/4\nK:C\n|:CD[Q:1/4=137]EF|[Q:3/8=70]G4:|A>B (3cde|",
    "X:1\nM:6/8\nL:1/8\nK:D\nV:1\nDEF GAB|[Q:1/4=200]A6|\nV:2\nD3 G3|A,6|\n",
)


@pytest.mark.parametrize("text", [*CHANGING, *("X:1\n" + tune for tune in REAL)])
@pytest.mark.parametrize("qpm", [None, 150.0])
def test_another_reader_finds_every_voice_at_our_clock(text: str, qpm: float | None):
    """Pitch, onset and end of every note, in seconds, whatever the tempo does."""
    reading = read(text)
    when = clock(reading, qpm).seconds
    played = opened(to_midi(read_score(text), qpm=qpm, swing=STRAIGHT)).instruments
    assert len(played) == len(reading.voices)
    for voice, instrument in enumerate(played):
        notes = sorted((n.start, n.pitch, n.end) for n in instrument.notes)
        struck = [note for note in attacks(timeline(reading)) if note[3] == voice]
        expected = sorted((when(onset), pitch, when(onset + length)) for onset, length, pitch, _ in struck)
        assert len(notes) == len(expected) > 0
        for found, wanted in zip(notes, expected, strict=True):
            assert found == pytest.approx(wanted, abs=5e-4)


def test_the_tempo_is_the_tunes_own_unless_it_is_given():
    score = read_score("Q:3/8=60\nM:6/8\nL:1/8\nK:C\nC3|")  # 90 quarter notes a minute
    assert opened(to_midi(score)).get_tempo_changes()[1] == pytest.approx([90])
    assert opened(to_midi(score, qpm=200)).get_tempo_changes()[1] == pytest.approx([200], rel=1e-4)
    assert opened(to_midi(read_score("K:C\nC"))).get_tempo_changes()[1] == pytest.approx([120])


def test_instrument_and_transposition():
    midi = opened(to_midi(read_score(HEADER + "C8|"), instrument="fiddle", transpose=7))
    assert [i.program for i in midi.instruments] == [40]
    assert [n.pitch for i in midi.instruments for n in i.notes] == [67]
    assert opened(to_midi(read_score(HEADER + "C8|"), instrument=73)).instruments[0].program == 73


@pytest.mark.parametrize(
    "setting", [{"qpm": 0}, {"qpm": 1e9}, {"instrument": 128}, {"instrument": "kazoo"}, {"transpose": 99}]
)
def test_settings_out_of_range_say_which(setting: dict[str, Any]):
    with pytest.raises(ConfigError) as caught:
        to_midi(read_score("K:C\nC"), **setting)
    assert caught.value.field == next(iter(setting))


def test_pitches_transposed_out_of_midi_are_left_out():
    assert opened(to_midi(read_score("K:C\nc''''C"), transpose=36)).instruments[0].notes[0].pitch == 96


def test_voices_are_tracks():
    text = "X:1\nM:4/4\nL:1/4\nK:C\nV:1\nc4|\nV:2\nC4|\n"
    assert [[n.pitch for n in i.notes] for i in opened(to_midi(read_score(text))).instruments] == [[72], [60]]


def test_the_same_score_gives_the_same_bytes():
    assert to_midi(read_score(HEADER + TUNES[1])) == to_midi(read_score(HEADER + TUNES[1]))


def meta(midi: bytes, kind: str) -> list[tuple[float, Any]]:
    """(quarter notes, message) of every meta event of a kind in the first track, as mido reads it."""
    file = mido.MidiFile(file=io.BytesIO(midi))
    found, now = [], 0
    for message in file.tracks[0]:
        now += message.time
        if message.type == kind:
            found.append((now / file.ticks_per_beat, message))
    return found


def test_meters_and_keys_stand_where_they_change_and_a_pickup_has_a_bar_of_its_own():
    text = "X:1\nT:Jig\nM:6/8\nL:1/8\nK:Em\n|:B|ede BGE|ede B2:|[M:3/4][K:D]d2 e2 f2|[M:C|]d8|]"
    midi = to_midi(read_score(text))
    meters = [(at, (m.numerator, m.denominator)) for at, m in meta(midi, "time_signature")]
    # Where the repeat goes back, five eighths and the pickup are one bar; the second time five are left.
    assert meters == [(0, (1, 8)), (0.5, (6, 8)), (9.5, (5, 8)), (12, (3, 4)), (15, (2, 2))]
    assert [m.key for _, m in meta(midi, "key_signature")] == ["Em", "D"]


def test_a_jig_opens_in_six_eight_and_its_bars_are_where_they_belong():
    text = 'X:1\nT:Jig\nM:6/8\nL:1/8\nK:G\nV:1 name="Fiddle"\nBGE ede|BGE E3|]'
    midi = to_midi(read_score(text))
    score = music21.converter.parseData(midi, format="midi")
    measures = list(score.parts[0].getElementsByClass("Measure"))
    assert [measure.offset for measure in measures] == [0, 3]
    assert measures[0].timeSignature.ratioString == "6/8"
    file = mido.MidiFile(file=io.BytesIO(midi))
    assert [message.name for track in file.tracks for message in track if message.type == "track_name"] == [
        "Jig",
        "Fiddle",
    ]


@pytest.mark.parametrize("body", ["|:B|ede BGE|ede B2:|", "BGE ede|BGE E3|", "B2|d3 e3|[M:9/8]def gfe dBG|[M:6/8]B6|]"])
def test_our_own_reader_finds_the_same_bars(body: str):
    text = f"X:1\nT:Jig\nM:6/8\nL:1/8\nK:G\n{body}"
    again = read_midi(to_midi(read_score(text))).text
    assert [bar.onset for bar in heard_bars(read(again))] == [bar.onset for bar in heard_bars(read(text))]


def test_a_voice_has_its_own_program_unless_another_is_asked_for():
    text = "X:1\nT:t\nM:4/4\nL:1/4\nK:C\n%%MIDI program 60\nCEGc|"
    programs = [
        [m.program for m in mido.MidiFile(file=io.BytesIO(midi)).tracks[1] if m.type == "program_change"]
        for midi in (to_midi(read_score(text)), to_midi(read_score(text), instrument="fiddle"))
    ]
    assert programs == [[60], [40]]
