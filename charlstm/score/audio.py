"""MIDI as sound: a WAV file, rendered whole by the synthesizer or mixed from cached notes."""

from __future__ import annotations

import io
import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from charlstm.errors import AudioUnavailable, ConfigError
from charlstm.score.bank import mixed
from charlstm.score.synthesis import load_soundfont, soundfont_path, synthesize

SAMPLE_RATES = (48_000, 44_100, 32_000, 24_000, 22_050, 16_000)
MAX_SECONDS = 600  # of sound; more would fill the memory
PEAK = 32767 * 10 ** (-3 / 20)
_BLOCK = 1 << 18  # samples written at a time


def to_wav(
    midi: bytes,
    *,
    soundfont: Path | None = None,
    sample_rate: int = 44_100,
    mono: bool = False,
    quick: bool = False,
) -> bytes:
    """Render a MIDI file as a WAV file.

    Parameters
    ----------
    midi : bytes
        A standard MIDI file, as `to_midi` writes it.
    soundfont : Path, optional
        A .sf2 file; without it the one that pretty_midi ships.
    sample_rate : int
        Hz, one of `SAMPLE_RATES`.
    mono : bool
        One channel instead of two: half the bytes to send to a page.
    quick : bool
        One channel, mixed from cached notes (`bank.py`) in about a tenth of the time. A file that they cannot play is
        rendered whole.

    Returns
    -------
    bytes
        A WAV file, 16-bit, its loudest sample 3 dB below full scale.

    Raises
    ------
    AudioUnavailable
        If the synthesizer or the soundfont is missing, or cannot read the file, or it lasts more than ten minutes.
    ConfigError
        If the sample rate is not one of those.
    """
    if sample_rate not in SAMPLE_RATES:
        raise ConfigError("sample_rate", f"must be one of {', '.join(map(str, SAMPLE_RATES))} Hz, not {sample_rate}")
    path = soundfont or soundfont_path()
    if (seconds := _seconds(midi)) > MAX_SECONDS:
        reason = f"this lasts {seconds / 60:.0f} minutes, and sound is made for {MAX_SECONDS // 60}; raise the tempo"
        raise AudioUnavailable(reason)
    try:
        font = load_soundfont(path)
        sound = mixed(midi, font, sample_rate, seconds) if quick else None
        if sound is None:
            sound = synthesize(midi, font, sample_rate, mono=mono or quick)
    except (OSError, ValueError, RuntimeError) as error:
        reason = f"{path.name} or the MIDI file could not be rendered ({error}); try another soundfont"
        raise AudioUnavailable(reason) from error
    return _wave(sound, sample_rate)


def _wave(sound: NDArray[np.float32], rate: int) -> bytes:
    """Samples of shape (samples, channels) as a WAV file, as loud as PEAK."""
    peak = max(float(sound.max(initial=0.0)), -float(sound.min(initial=0.0)))
    scale = np.float32(PEAK / peak if peak else 1)
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(sound.shape[1])
        file.setsampwidth(2)
        file.setframerate(rate)
        file.setnframes(len(sound))
        for start in range(0, len(sound), _BLOCK):  # never a second copy of all of it
            file.writeframesraw((sound[start : start + _BLOCK] * scale).astype("<i2").tobytes())
    return out.getvalue()


def _seconds(midi: bytes) -> float:
    """How long a MIDI file plays; 0 for one that cannot be read, which the synthesizer then reports."""
    import mido

    try:
        return float(mido.MidiFile(file=io.BytesIO(midi)).length)
    except (OSError, EOFError, ValueError, KeyError, IndexError):
        return 0.0
