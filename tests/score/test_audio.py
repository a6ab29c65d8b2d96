"""Sound: its pitch, its loudness and its length, not that there are bytes."""

from __future__ import annotations

import io
import sys
import wave
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from charlstm.errors import AudioUnavailable, ConfigError
from charlstm.score.audio import SAMPLE_RATES, resampled, to_wav
from charlstm.score.midi import to_midi
from charlstm.score.notation import read_score

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
def test_every_note_has_its_pitch_and_rests_are_quiet(instrument: str):
    sound, rate = samples(to_wav(to_midi(read_score(SCALE), qpm=QPM, instrument=instrument), mono=True))
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
