"""The instruments of the page: each is in tune, and a file changes hands without being written again."""

from __future__ import annotations

import io
import wave

import numpy as np
import pytest

from charlstm.errors import ConfigError
from charlstm.score.audio import to_wav
from charlstm.score.midi import INSTRUMENTS, played_by, to_midi
from charlstm.score.notation import read_score
from charlstm.ui.shared.sound import INSTRUMENTS as OFFERED

SCORE = read_score("X:1\nL:1/2\nQ:1/4=120\nK:C\nA e|")


@pytest.fixture(scope="module")
def piano() -> bytes:
    return to_midi(SCORE)


@pytest.mark.parametrize("name", OFFERED)
def test_each_instrument_is_in_tune(name: str, piano: bytes) -> None:
    """Its strongest partials are those of A: 440 Hz, give or take a sixth of a tone. General MIDI's whistle was not."""
    sound = to_wav(played_by(piano, name), sample_rate=22_050, mono=True)
    with wave.open(io.BytesIO(sound)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(float)
    note = samples[int(0.15 * 22_050) : int(0.8 * 22_050)]
    strength = np.abs(np.fft.rfft(note * np.hanning(len(note)), 4 * len(note)))
    frequencies = np.fft.rfftfreq(4 * len(note), 1 / 22_050)
    peaks = [k for k in range(4, len(strength) - 4) if strength[k] == strength[k - 4 : k + 5].max()]
    loud = sorted(peaks, key=lambda k: -strength[k])[:3]
    partials = frequencies[loud] / 440
    near = [abs(partial / max(1, round(partial)) - 1) < 0.02 for partial in partials]
    assert near[0]
    assert sum(near) >= 2
    assert np.sqrt((note**2).mean()) > 300


@pytest.mark.parametrize("name", ["flute", "banjo"])
def test_a_file_changes_hands(name: str, piano: bytes) -> None:
    assert played_by(piano, name) == to_midi(SCORE, instrument=name)
    assert played_by(played_by(piano, name), "piano") == piano


def test_the_page_offers_what_there_is(piano: bytes) -> None:
    assert set(OFFERED) <= set(INSTRUMENTS)
    with pytest.raises(ConfigError, match="kazoo"):
        played_by(piano, "kazoo")
