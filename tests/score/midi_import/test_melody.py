"""Laws of reading MIDI: what was written comes back, what is broken is one sentence, what is played gets a grid."""

from __future__ import annotations

import io
import random

import mido
import pytest

from charlstm.errors import ConfigError, NotationError
from charlstm.score.midi import to_midi
from charlstm.score.midi_import.chunks import MAX_BYTES
from charlstm.score.midi_import.melody import read_midi
from charlstm.score.notation import read_score
from charlstm.score.timeline import attacks, timeline
from charlstm.tunes.views.bars import bars, filled
from tests.conftest import TUNES


def heard(text: str) -> list[tuple[float, float, int]]:
    """What a text sounds like, from its first note on."""
    notes = attacks(timeline(text))
    return [(round(onset - notes[0][0], 4), round(duration, 4), pitch) for onset, duration, pitch, _ in notes]


def file_of(*tracks: list[tuple[int, int, int]], metas: tuple[mido.MetaMessage, ...] = (), channel: int = 0) -> bytes:
    """A MIDI file, 480 ticks a quarter: tracks of (onset, end, pitch) in ticks."""
    file = mido.MidiFile(ticks_per_beat=480)
    for notes in tracks:
        track = mido.MidiTrack(metas)
        moments = sorted([(b, 0, p) for _, b, p in notes] + [(a, 1, p) for a, _, p in notes])
        now = 0
        for time, on, pitch in moments:
            kind = "note_on" if on else "note_off"
            track.append(mido.Message(kind, note=pitch, velocity=80, time=time - now, channel=channel))
            now = time
        file.tracks.append(track)
    data = io.BytesIO()
    file.save(file=data)
    return data.getvalue()


def row(pitches: list[int], length: int = 240) -> list[tuple[int, int, int]]:
    return [(i * length, (i + 1) * length, p) for i, p in enumerate(pitches)]


@pytest.mark.parametrize("text", TUNES)
def test_a_tune_of_ours_comes_back_as_it_sounds(text: str) -> None:
    made = read_midi(to_midi(read_score(text)))
    assert heard(made.text) == heard(text)
    assert made.text.startswith(("T:", "M:"))


def test_a_reel_comes_back_in_its_bars_and_key_with_its_repeat_written_once() -> None:
    reel = TUNES[0].replace("|:", "").replace(":|", "|]").replace("\n|", "\n")
    twice = reel[:-2] + "|" + reel.partition("K:D\n")[2]
    made = read_midi(to_midi(read_score(twice)))
    assert (made.meter, made.key) == ("4/4", "D")
    assert made.text.partition("K:D\n")[2] == "|:d2fd Adfd|e2ge cege|dfaf bafd|edce d4:|"


def test_what_the_file_says_is_believed_and_what_is_asked_for_more() -> None:
    metas = (
        mido.MetaMessage("track_name", name="Sweet <b>Ann</b>"),
        mido.MetaMessage("time_signature", numerator=3, denominator=4),
        mido.MetaMessage("key_signature", key="Bb"),
    )
    data = file_of(row([70, 72, 74, 75, 77, 79] * 4), metas=metas)
    made = read_midi(data)
    assert (made.meter, made.key) == ("3/4", "Bb")
    assert made.text.startswith("T:Sweet bAnn")
    assert made.remarks == ()
    other = read_midi(data, meter="6/8", key="Gm")
    assert other.text.count("\nM:6/8\n") == other.text.count("\nK:Gm\n") == 1
    assert heard(other.text) == heard(made.text)


def test_of_a_chord_the_top_line_is_taken_and_said() -> None:
    low = [(a, b, p - 12) for a, b, p in row([62, 64, 66, 67, 69, 71, 73, 74])]
    made = read_midi(file_of(sorted(low + row([62, 64, 66, 67, 69, 71, 73, 74]))))
    assert [p for _, _, p in heard(made.text)] == [62, 64, 66, 67, 69, 71, 73, 74]
    assert any("8 lower notes" in remark for remark in made.remarks)


def test_of_several_voices_the_highest_is_taken_and_another_may_be_asked_for() -> None:
    high, low = row([74, 76, 78, 79] * 2), row([50, 45, 50, 45] * 2)
    data = file_of(low, high)
    made = read_midi(data)
    assert (len(made.voices), made.voice) == (2, 1)
    assert {p for _, _, p in heard(read_midi(data, voice=0).text)} == {50, 45}


def test_a_played_rhythm_falls_on_the_grid_and_triplets_are_kept() -> None:
    chance = random.Random(4)
    straight = [(a + chance.randint(-12, 12), b - 40, p) for a, b, p in row([62, 64, 66, 67] * 8)]
    made = read_midi(file_of([(max(0, a), b, p) for a, b, p in straight]), meter="4/4")
    assert heard(made.text) == [(i * 0.5, 0.5, p) for i, p in enumerate([62, 64, 66, 67] * 8)]
    turn = [(0, 160, 62), (160, 320, 64), (320, 480, 66), (480, 960, 67), (960, 1920, 69)]
    text = read_midi(file_of(turn), key="D", meter="4/4").text
    assert "(3DEF" in text
    assert heard(text)[1] == (0.3333, 0.3333, 64)


def test_a_short_note_after_a_long_rest_keeps_its_length() -> None:
    """A rest cannot be the first half of a broken pair."""
    bar = [(0, 480, 62), (840, 960, 64), (960, 1440, 66), (1440, 1920, 67)]
    played = file_of([(a + 1920 * n, b + 1920 * n, p) for n in range(4) for a, b, p in bar])
    text = read_midi(played, key="D", meter="4/4", repeats=False).text
    assert heard(text) == [(a / 480 + 4 * n, (b - a) / 480, p) for n in range(4) for a, b, p in bar]


def test_a_note_over_the_bar_line_is_tied() -> None:
    before = row([62, 66, 69, 66, 62, 66, 69, 66] * 4)
    held = [(7680, 9120, 62), (9120, 10080, 64), (10080, 11520, 66)]
    after = [(a + 11520, b + 11520, p) for a, b, p in before]
    text = read_midi(file_of(before + held + after), key="D", meter="4/4").text
    assert "D6E2-|E2F6|" in text.replace(" ", "").replace("\n", "")
    assert filled(text) == 1


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not a MIDI file"),
        (b"X:1\nK:D\nabc|", "not a MIDI file"),
        (b"MThd" + b"\xff" * 10, "tracks|frames"),
        (b"MThd\x00\x00\x00\x06\x00\x01\x00\x01\xe7\x28MTrk\x00\x00\x00\x04", "film frames"),
        (b"MThd\x00\x00\x00\x06\x00\x01\x00\x01\x01\xe0MTrk\xff\xff\xff\xff\x00\x90", "broken|notes"),
        (b"\x00" * (MAX_BYTES + 1), "at most"),
        (file_of([(0, 480 * 5000, 60)]), "longer than"),
        (file_of(row([60, 62] * 1100, 120)), "more than"),
        (file_of([]), "no notes"),
        (file_of(row([36, 38]), channel=9), "percussion"),
    ],
)
def test_what_is_no_melody_is_one_sentence(data: bytes, reason: str) -> None:
    with pytest.raises(NotationError, match=reason):
        read_midi(data)


def test_broken_files_give_a_tune_or_one_sentence() -> None:
    good = file_of(row([62, 64, 66, 67, 69, 71, 73, 74] * 2))
    chance = random.Random(1)
    for _ in range(150):
        data = bytearray(good)
        for _ in range(chance.choice((1, 2, 8))):
            data[chance.randrange(len(data))] = chance.randrange(256)
        try:
            made = read_midi(bytes(data))
        except NotationError:
            continue
        assert bars(made.text)


@pytest.mark.parametrize("setting", [{"meter": "7/9"}, {"key": "H"}, {"grid": 5}, {"voice": 3}])
def test_a_setting_out_of_range_is_refused(setting: dict) -> None:
    with pytest.raises(ConfigError):
        read_midi(file_of(row([60, 62, 64, 65])), **setting)
