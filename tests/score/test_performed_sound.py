"""What is heard of chords, rolls, staccato and swing: pitch, onset and loudness of the rendered sound."""

from __future__ import annotations

import io
import wave

import numpy as np
import pytest
from numpy.typing import NDArray

from charlstm.score.audio import to_wav
from charlstm.score.midi import to_midi
from charlstm.score.notation import read_score

RATE = 22_050
Sound = NDArray[np.float64]


def sound_of(text: str, **settings: float | bool) -> Sound:
    """The tune at one quarter note a second, from 16-bit samples to [-1, 1] of the loudest."""
    wav = to_wav(to_midi(read_score(text), qpm=60, **settings), sample_rate=RATE, mono=True)  # type: ignore[arg-type]
    with wave.open(io.BytesIO(wav)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(float) / 32768


def at(sound: Sound, start: float, end: float) -> Sound:
    return sound[round(start * RATE) : round(end * RATE)]


def loudness(sound: Sound) -> float:
    return float(np.sqrt(np.mean(sound**2)))


def strength(sound: Sound, pitch: int) -> float:
    """How much of the fundamental of a MIDI pitch there is."""
    frequency = 440 * 2 ** ((pitch - 69) / 12)
    time = np.arange(len(sound)) / RATE
    return float(abs(np.sum(sound * np.hanning(len(sound)) * np.exp(-2j * np.pi * frequency * time))) / len(sound))


def test_chords_are_heard_under_the_melody_and_not_without_them() -> None:
    """Bass on one and three, chord on two and four; the melody, a rest, is silent."""
    text = 'X:1\nM:4/4\nL:1/4\nK:C\n"C"zzzz|"G"zzzz|'
    sound = sound_of(text)
    for beat in range(8):
        before = loudness(at(sound, beat - 0.06, beat - 0.01)) if beat else 0.0
        assert loudness(at(sound, beat + 0.01, beat + 0.06)) > 5 * before + 0.02
    bass, chord = at(sound, 0.05, 0.45), at(sound, 1.05, 1.45)
    assert strength(bass, 36) + strength(bass, 48) > 5 * strength(bass, 52)
    for pitch in (48, 52, 55):
        assert strength(chord, pitch) > 4 * strength(chord, pitch + 1)
    assert strength(at(sound, 5.05, 5.45), 59) > 4 * strength(at(sound, 5.05, 5.45), 60)
    assert loudness(sound_of(text, chords=False)) < 1e-3


def test_the_melody_is_louder_than_its_chords() -> None:
    """In one file, since each file is as loud as its loudest sample: an eighth of the bass, the chord, the melody."""
    sound = sound_of('X:1\nM:4/4\nL:1/8\nK:C\n"C"zzzz "N.C."c4|')
    bass, chord, melody = (loudness(at(sound, start, start + 0.5)) for start in (0, 1, 2))
    assert 0.2 * melody < chord < 0.9 * melody
    assert 0.2 * melody < bass < 0.9 * melody


def test_a_roll_is_five_notes_in_the_time_of_one() -> None:
    sound = sound_of("X:1\nM:6/8\nL:1/8\nK:C\n~c3 z3|")
    for start, pitch in ((0, 72), (0.625, 72), (1.125, 72)):
        heard = at(sound, start + 0.1, start + 0.35)
        assert strength(heard, pitch) > 3 * max(strength(heard, pitch + 2), strength(heard, pitch - 1))
    for start, pitch, main in ((0.5, 74, 72), (1.0, 71, 72)):  # the cut, the tap
        heard = at(sound, start + 0.02, start + 0.12)
        assert strength(heard, pitch) > strength(heard, main)
    assert loudness(at(sound, 1.9, 2.5)) < 0.1 * loudness(at(sound, 0, 1.5))


def test_staccato_is_heard_for_half_of_its_time() -> None:
    plain, short = (sound_of(f"X:1\nM:4/4\nL:1/4\n%%MIDI program 73\nK:C\n{sign}c2z2|") for sign in ("", "."))
    assert loudness(at(short, 0.2, 0.8)) == pytest.approx(loudness(at(plain, 0.2, 0.8)), rel=0.15)
    assert loudness(at(short, 1.4, 1.9)) < 0.1 * loudness(at(plain, 1.4, 1.9))


def test_an_accent_is_louder() -> None:
    sound = sound_of("X:1\nM:4/4\nL:1/4\nK:C\nczLcz|")
    assert loudness(at(sound, 2, 2.5)) > 1.2 * loudness(at(sound, 0, 0.5))


@pytest.mark.parametrize("swing", [50, 60, 70])
def test_swing_is_heard_where_it_should_be(swing: int) -> None:
    sound = sound_of("X:1\nM:4/4\nL:1/8\nK:C\ncgcg cgcg|", swing=swing)
    expected = [beat + half for beat in range(4) for half in (0, swing / 100)]
    for moment, pitch, before in zip(expected, [72, 79] * 4, [79, 72] * 4, strict=True):
        heard = at(sound, moment + 0.03, moment + 0.18)
        assert strength(heard, pitch) > strength(heard, before)
        if moment:
            heard = at(sound, moment - 0.16, moment - 0.01)
            assert strength(heard, before) > strength(heard, pitch)
