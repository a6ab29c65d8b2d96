"""Laws of an instrument's octave: every pitch is where it is said to be, in tune, and as loud as in the soundfont."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile

from charlstm.errors import AudioUnavailable
from charlstm.score.jobs import instrument_octave
from charlstm.score.sampled_instrument import PEAK, RATE, OctaveSamples, octave_samples
from tests.score.test_audio import pitch_of


def decoded(octave: OctaveSamples) -> np.ndarray:
    sound, rate = soundfile.read(io.BytesIO(octave.mp3))
    assert (rate, sound.ndim) == (RATE, 1)
    return np.asarray(sound)


@pytest.mark.parametrize(("program", "octave"), [(0, 5), (40, 6), (73, 6), (32, 4)])
def test_every_pitch_is_at_its_place_and_in_tune(program: int, octave: int, tmp_path: Path) -> None:
    """The decoder takes the encoder's delay away, so places hold to a millisecond; a fiddle's loop is as loud as it."""
    samples = octave_samples(program, octave, folder=tmp_path)
    sound = decoded(samples)
    assert len(sound) / RATE == pytest.approx(samples.length, abs=0.001)
    assert np.abs(sound).max() == pytest.approx(PEAK, rel=0.1)
    assert [p.pitch - 12 * octave for p in samples.pitches] == [1, 4, 7, 10]
    for p in samples.pitches:
        assert np.abs(sound[round((p.start - 0.04) * RATE) : round((p.start - 0.005) * RATE)]).max() < 0.05
        note = sound[round(p.start * RATE) : round((p.start + p.duration) * RATE)]
        assert np.abs(note[: RATE // 10]).max() > 0.1
        assert pitch_of(note[RATE // 5 : RATE // 2], RATE) == pytest.approx(p.pitch, abs=0.4)
        assert 0 < p.fade < 1
        if p.loop:
            first, last = (round(at * RATE) for at in p.loop)
            assert 0 < first < last <= len(note)
            loop, before = np.std(note[first:last]), np.std(note[first - (last - first) // 2 : first])
            assert loop == pytest.approx(before, rel=0.5)
    assert all(p.loop for p in samples.pitches) == (program in (40, 73))


def test_an_octave_is_made_once_and_a_damaged_file_again(tmp_path: Path) -> None:
    first = octave_samples(15, 7, folder=tmp_path)
    (file,) = tmp_path.iterdir()
    made = file.stat().st_mtime_ns
    assert octave_samples(15, 7, folder=tmp_path) == first
    assert file.stat().st_mtime_ns == made
    for damage in ("", "{}", '{"pitches": [[1]]}', file.read_text()[:-9]):
        file.write_text(damage)
        assert octave_samples(15, 7, folder=tmp_path) == first


def test_the_highest_octave_ends_with_midi(tmp_path: Path) -> None:
    samples = octave_samples(0, 10, folder=tmp_path)
    assert [p.pitch for p in samples.pitches] == [121, 124, 127]


def test_without_a_soundfont_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(AudioUnavailable, match="another"):
        octave_samples(0, 5, soundfont=tmp_path / "none.sf2")


def test_what_a_worker_answers_is_an_octave(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHARLSTM_HOME", str(tmp_path))
    assert instrument_octave(15, 7) == octave_samples(15, 7)
