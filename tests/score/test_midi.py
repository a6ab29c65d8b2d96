"""MIDI files hold what the timeline says: read back by pretty_midi, which knows nothing of us."""

from __future__ import annotations

import io
import warnings
from typing import Any

import pytest

from charlstm.errors import ConfigError
from charlstm.score.midi import to_midi
from charlstm.score.notation import read_score
from charlstm.score.timeline import attacks, clock, timeline
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
    played = opened(to_midi(read_score(text), qpm=qpm)).instruments
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
