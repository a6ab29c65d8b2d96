"""MIDI as sound: rendered by midirenderer with the soundfont that pretty_midi ships."""

from __future__ import annotations

import importlib.util
import io
import math
import wave
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from charlstm.errors import AudioUnavailable, ConfigError
from charlstm.score.bank import mixed

SAMPLE_RATES = (48_000, 44_100, 32_000, 24_000, 22_050, 16_000)
MAX_SECONDS = 600  # of sound; more would fill the memory
PEAK = 32767 * 10 ** (-3 / 20)


def soundfont_path() -> Path:
    """The soundfont that pretty_midi ships. Raises AudioUnavailable where there is none."""
    spec = importlib.util.find_spec("pretty_midi")
    folder = Path(spec.origin).parent if spec and spec.origin else None
    if folder is None or not (folder / "TimGM6mb.sf2").is_file():
        raise AudioUnavailable("there is no soundfont; pip install pretty_midi, which has one, or name a .sf2 file")
    return folder / "TimGM6mb.sf2"


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
        One channel, laid together from single notes (`bank.py`) in about a tenth of the time. What they cannot make is
        rendered whole.

    Returns
    -------
    bytes
        A WAV file, 16-bit, its loudest sample 3 dB below the full scale.

    Raises
    ------
    AudioUnavailable
        If the synthesizer or the soundfont is missing, or cannot read the file, or it lasts more than ten minutes.
    ConfigError
        If the sample rate is not one of those.
    """
    if sample_rate not in SAMPLE_RATES:
        raise ConfigError("sample_rate", f"{sample_rate} Hz is none of {', '.join(map(str, SAMPLE_RATES))}")
    try:
        import midirenderer
    except ImportError as error:
        raise AudioUnavailable("there is no synthesizer; install midirenderer (pip install midirenderer)") from error
    path = soundfont or soundfont_path()
    if (seconds := _seconds(midi)) > MAX_SECONDS:
        reason = f"this lasts {seconds / 60:.0f} minutes, and sound is made for {MAX_SECONDS // 60}; raise the tempo"
        raise AudioUnavailable(reason)
    try:
        if quick and (laid := mixed(midi, _soundfont(path), sample_rate, seconds)) is not None:
            return _wave(laid, sample_rate)
        rendered = midirenderer.render_wave_from(_soundfont(path), midi)
    except (OSError, ValueError, RuntimeError) as error:
        reason = f"{path.name} or the MIDI file could not be rendered ({error}); try another soundfont"
        raise AudioUnavailable(reason) from error
    with wave.open(io.BytesIO(rendered)) as file:
        rate, channels = file.getframerate(), file.getnchannels()
        frames = file.readframes(file.getnframes())
    sound = np.frombuffer(frames, dtype="<i2").reshape(-1, channels).astype(np.float32)  # (samples, channels)
    if mono or quick:
        sound = sound @ np.full((channels, 1), 1 / channels, np.float32)  # a fifth of the time mean() takes
    return _wave(resampled(sound, rate, sample_rate), sample_rate)


def resampled(sound: NDArray[np.float32], rate: int, new_rate: int) -> NDArray[np.float32]:
    """Change the sample rate of a sound of shape (samples, channels) by a windowed sinc.

    The filter is a matrix: so many samples in, with some around them, give so many samples out, over and over.
    """
    if rate == new_rate:
        return sound
    matrix, step, taps = _filter(rate, new_rate)  # (step + 2 * taps, samples out)
    blocks = -(-len(sound) // step)
    padded = np.pad(sound, ((taps, blocks * step - len(sound) + taps), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, len(matrix), axis=0)[::step]
    # windows: (blocks, channels, samples in)
    made = np.moveaxis(windows @ matrix, 1, 2).reshape(-1, sound.shape[1])
    return made[: len(sound) * new_rate // rate]


@lru_cache(maxsize=len(SAMPLE_RATES))
def _filter(rate: int, new_rate: int) -> tuple[NDArray[np.float32], int, int]:
    """The low-pass as a matrix, the samples it steps over, and how many it looks at on either side."""
    common = math.gcd(rate, new_rate)
    step, made = rate // common, new_rate // common
    repeat = -(-64 // made)  # large enough blocks, so that the matrix product is worth its call
    step, made = step * repeat, made * repeat
    cutoff = min(1.0, new_rate / rate) * 0.94  # of the old half rate; the rest is the filter's slope
    taps = round(24 / cutoff)
    distance = np.arange(step + 2 * taps)[:, None] - taps - np.arange(made) * (rate / new_rate)
    window = np.where(np.abs(distance) < taps, 0.5 + 0.5 * np.cos(np.pi * distance / taps), 0.0)
    return (cutoff * np.sinc(cutoff * distance) * window).astype(np.float32), step, taps


def _wave(sound: NDArray[np.float32], rate: int) -> bytes:
    peak = max(float(sound.max(initial=0.0)), -float(sound.min(initial=0.0)))
    scaled = sound * np.float32(PEAK / peak) if peak else sound
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(sound.shape[1])
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(scaled.astype("<i2").tobytes())
    return out.getvalue()


def _seconds(midi: bytes) -> float:
    """How long a MIDI file plays; 0 for what cannot be read, which the synthesizer then says."""
    import mido  # pretty_midi brings it

    try:
        return float(mido.MidiFile(file=io.BytesIO(midi)).length)
    except (OSError, EOFError, ValueError, KeyError, IndexError):
        return 0.0


@lru_cache(maxsize=2)
def _soundfont(path: Path) -> bytes:
    return path.read_bytes()
