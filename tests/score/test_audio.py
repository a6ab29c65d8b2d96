"""Sound: its pitch, its loudness and its length, not that there are bytes."""

from __future__ import annotations

import io
import sys
import wave
from pathlib import Path

import mido
import numpy as np
import pytest
from numpy.typing import NDArray

from charlstm.errors import AudioUnavailable, ConfigError
from charlstm.score import bank
from charlstm.score.audio import SAMPLE_RATES, to_wav
from charlstm.score.midi import to_midi
from charlstm.score.notation import read_score
from charlstm.score.synthesis import resampled

QPM = 120.0
SCALE = "M:4/4\nL:1/4\nK:C\nC E G c|A, ^F z d|"
PITCHES = [60, 64, 67, 72, 57, 66, None, 74]


def samples(wav: bytes) -> tuple[NDArray[np.float64], int]:
    """Mono samples in [-1, 1], and the rate."""
    with wave.open(io.BytesIO(wav)) as file:
        assert file.getsampwidth() == 2
        frames = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
        return frames.reshape(-1, file.getnchannels()).mean(axis=1) / 32768, file.getframerate()


def pitch_of(sound: NDArray[np.float64], rate: int) -> float:
    """MIDI pitch by autocorrelation, between 80 and 1000 Hz."""
    windowed = (sound - sound.mean()) * np.hanning(len(sound))
    spectrum = np.abs(np.fft.rfft(windowed, 2 * len(sound))) ** 2
    curve = np.fft.irfft(spectrum)[: len(sound)] / np.arange(len(sound), 0, -1)
    low, high = rate // 1000, rate // 80
    peaks = [k for k in range(low, high) if curve[k] >= curve[k - 1] and curve[k] >= curve[k + 1]]
    best = max(curve[k] for k in peaks)
    lag = next(k for k in peaks if curve[k] > 0.9 * best)  # the first good one; later ones are its multiples
    return 69 + 12 * np.log2(rate / lag / 440)


@pytest.mark.parametrize("instrument", ["piano", "fiddle", "flute"])
@pytest.mark.parametrize("quick", [False, True])
def test_every_note_has_its_pitch_and_rests_are_quiet(instrument: str, quick: bool):
    midi = to_midi(read_score(SCALE), qpm=QPM, instrument=instrument)
    sound, rate = samples(to_wav(midi, mono=True, quick=quick))
    beat = rate // 2
    for index, pitch in enumerate(PITCHES):
        note = sound[index * beat + beat // 4 : index * beat + beat * 3 // 4]
        loudness = np.sqrt(np.mean(note**2))
        if pitch is None:
            assert loudness < 0.05
        else:
            assert loudness > 0.02
            assert pitch_of(note, rate) == pytest.approx(pitch, abs=0.4)


def test_a_tempo_that_changes_is_heard():
    """At 60 a beat lasts a second; from the third note on, half of one."""
    sound, rate = samples(to_wav(to_midi(read_score("Q:1/4=60\nM:4/4\nL:1/4\nK:C\nCE[Q:1/4=120]Gc|d")), mono=True))
    assert len(sound) / rate == pytest.approx(3.5 + 1.0, abs=0.02)
    for start, length, pitch in ((0, 1, 60), (1, 1, 64), (2, 0.5, 67), (2.5, 0.5, 72), (3, 0.5, 74)):
        note = sound[round((start + length / 4) * rate) : round((start + length * 3 / 4) * rate)]
        assert pitch_of(note, rate) == pytest.approx(pitch, abs=0.4)


def loudness(sound: NDArray[np.float64], rate: int) -> NDArray[np.float64]:
    """Decibels of every tenth of a second."""
    width = rate // 10
    blocks = sound[: len(sound) // width * width].reshape(-1, width)
    return 10 * np.log10(np.mean(blocks**2, axis=1) + 1e-7)


@pytest.mark.parametrize("instrument", ["piano", "fiddle", "flute", "accordion", "harp"])
def test_the_quick_sound_is_as_loud_as_the_whole_one_at_every_moment(instrument: str):
    """Notes laid one by one, held, repeated, together and in two voices, against the synthesizer itself."""
    bank._BANKS.clear()  # what is in it was rendered beside other pitches, which changes a pitch by a decibel or two
    text = "X:1\nQ:1/4=150\nM:4/4\nL:1/8\nK:D\nV:1\nDEFG A2AA|{e}d>c [FA]2 z2 d2-|d8|\nV:2\nD4 A,4|D8|z4 D,4|\n"
    midi = to_midi(read_score(text), instrument=instrument)
    quick, rate = samples(to_wav(midi, sample_rate=22_050, quick=True))
    whole, _ = samples(to_wav(midi, sample_rate=22_050, mono=True))
    assert len(quick) == pytest.approx(len(whole), abs=3)
    difference = loudness(quick, rate) - loudness(whole, rate)
    music = loudness(whole, rate) > -35
    assert music.sum() > 30
    assert np.abs(np.median(difference[music])) < 1.5
    assert np.abs(difference[music]).max() < 6


def test_the_bank_keeps_what_it_needs_and_no_more(monkeypatch: pytest.MonkeyPatch):
    bank.clear()
    first = to_wav(to_midi(read_score(SCALE)), sample_rate=16_000, quick=True)
    (kept,) = bank._BANKS.values()
    assert len(kept) == 7
    assert to_wav(to_midi(read_score(SCALE)), sample_rate=16_000, quick=True) == first
    monkeypatch.setattr(bank, "MAX_BYTES", 1)
    to_wav(to_midi(read_score("K:C\nL:1/4\ngab|")), sample_rate=16_000, quick=True)
    assert len(kept) == 3
    bank.clear()


@pytest.mark.parametrize("body", ["L:4\nK:C\nC16|", "K:C\nz8|"])
def test_what_the_bank_cannot_make_is_rendered_whole(body: str):
    """A note of minutes; no note at all."""
    midi = to_midi(read_score(body), qpm=100)
    assert to_wav(midi, sample_rate=16_000, quick=True) == to_wav(midi, sample_rate=16_000, mono=True)


def test_only_notes_and_instruments_are_for_the_bank():
    for message in (mido.Message("pitchwheel", pitch=100), mido.Message("note_on", channel=9, note=40, velocity=9)):
        file = mido.MidiFile()
        file.tracks.append(mido.MidiTrack([message, mido.Message("note_off", note=40, time=99)]))
        out = io.BytesIO()
        file.save(file=out)
        assert bank.read_notes(out.getvalue()) is None
    notes = bank.read_notes(to_midi(read_score(SCALE), instrument=40, qpm=60))
    assert notes is not None
    assert [(n.program, n.pitch) for n in notes] == [(40, pitch) for pitch in PITCHES if pitch]
    assert [n.end - n.start for n in notes] == pytest.approx([1.0] * 7, abs=1e-3)


def test_the_pitch_detector_hears_a_sine():
    """The control: a wrong detector would find anything right."""
    time = np.arange(11025) / 44_100
    for pitch in (57, 60, 74):
        sine = np.sin(2 * np.pi * 440 * 2 ** ((pitch - 69) / 12) * time)
        assert pitch_of(sine, 44_100) == pytest.approx(pitch, abs=0.2)


@pytest.mark.parametrize("rate", SAMPLE_RATES)
@pytest.mark.parametrize("mono", [False, True])
def test_length_rate_and_loudness(rate: int, mono: bool):
    wav = to_wav(to_midi(read_score(SCALE), qpm=QPM), sample_rate=rate, mono=mono)
    sound, found = samples(wav)
    assert found == rate
    assert len(sound) / rate == pytest.approx(8 * 0.5 + 1.0, abs=0.02)  # the tune, and a second to die away
    with wave.open(io.BytesIO(wav)) as file:
        assert file.getnchannels() == (1 if mono else 2)
        peak = np.abs(np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")).max()
    assert peak == pytest.approx(32767 * 10 ** (-3 / 20), rel=0.01)


@pytest.mark.parametrize("rate", [44_100, 22_050, 24_000, 16_000])
def test_resampling_keeps_a_tone_and_drops_what_the_new_rate_cannot_hold(rate: int):
    time = np.arange(24_000) / 48_000
    low = np.sin(2 * np.pi * 1000 * time).astype(np.float32)[:, None]
    made = resampled(low, 48_000, rate)[:, 0]
    expected = np.sin(2 * np.pi * 1000 * np.arange(len(made)) / rate)
    assert np.abs(made - expected)[200:-200].max() < 1e-3
    high = np.sin(2 * np.pi * 23_500 * time).astype(np.float32)[:, None]
    assert resampled(high, 48_000, rate)[200:-200].std() < 0.01


def test_a_tune_without_notes_is_silent():
    sound, _ = samples(to_wav(to_midi(read_score("M:4/4\nL:1/4\nK:C\nz4|"))))
    assert np.abs(sound).max() < 1e-3


def test_what_cannot_be_rendered_says_what_to_do(tmp_path: Path):
    with pytest.raises(AudioUnavailable, match="another soundfont"):
        to_wav(b"no MIDI at all")
    empty = tmp_path / "empty.sf2"
    empty.write_bytes(b"")
    with pytest.raises(AudioUnavailable, match=r"empty\.sf2"):
        to_wav(to_midi(read_score(SCALE)), soundfont=empty)
    with pytest.raises(ConfigError, match="44101"):
        to_wav(to_midi(read_score(SCALE)), sample_rate=44_101)


def test_an_hour_of_sound_is_refused():
    """A slow tempo and long notes would make gigabytes."""
    with pytest.raises(AudioUnavailable, match="raise the tempo"):
        to_wav(to_midi(read_score("L:1\nK:C\n" + "A16|" * 40), qpm=20))


def test_a_missing_synthesizer_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "midirenderer", None)
    with pytest.raises(AudioUnavailable, match="pip install midirenderer"):
        to_wav(b"")
