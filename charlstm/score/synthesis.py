"""A MIDI file through the synthesizer (midirenderer with a SoundFont): samples at the rate that is asked for."""

from __future__ import annotations

import importlib.util
import io
import math
import wave
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from charlstm.errors import AudioUnavailable

_SLOPE = 0.94  # where the low-pass begins to fall, of half the lower rate
_CROSSINGS = 24  # of the sinc on either side
_FRAMES = 1 << 20  # read at a time
_WINDOWS = 1 << 12  # resampled at a time
_BLOCK = 64  # samples out of one matrix product at least, so that it is worth its call


def synthesize(midi: bytes, soundfont: bytes, rate: int, *, mono: bool) -> NDArray[np.float32]:
    """Play a MIDI file.

    Returns
    -------
    ndarray of shape (samples, channels)
        In the scale of 16-bit samples; one channel if `mono`, else as many as the synthesizer has.

    Raises
    ------
    AudioUnavailable
        If midirenderer is not installed.
    OSError, ValueError, RuntimeError
        From midirenderer, if it cannot read the file or the SoundFont.
    """
    try:
        import midirenderer
    except ImportError as error:
        raise AudioUnavailable("there is no synthesizer; install midirenderer (pip install midirenderer)") from error
    with wave.open(io.BytesIO(midirenderer.render_wave_from(soundfont, midi))) as file:
        own_rate, channels, length = file.getframerate(), file.getnchannels(), file.getnframes()
        mix = np.full((channels, 1), 1 / channels, np.float32)  # a product takes a fifth of the time of mean()
        sound = np.empty((length, 1 if mono else channels), np.float32)
        for start in range(0, length, _FRAMES):  # ten minutes are a hundred megabytes, and not copied as a whole
            frames = np.frombuffer(file.readframes(_FRAMES), dtype="<i2").reshape(-1, channels).astype(np.float32)
            sound[start : start + len(frames)] = frames @ mix if mono else frames
    return resampled(sound, own_rate, rate)


def soundfont_path() -> Path:
    """The SoundFont that pretty_midi ships. Raises AudioUnavailable where there is none."""
    spec = importlib.util.find_spec("pretty_midi")
    folder = Path(spec.origin).parent if spec and spec.origin else None
    if folder is None or not (folder / "TimGM6mb.sf2").is_file():
        raise AudioUnavailable("there is no soundfont; pip install pretty_midi, which has one, or name a .sf2 file")
    return folder / "TimGM6mb.sf2"


@lru_cache(maxsize=2)
def load_soundfont(path: Path) -> bytes:
    """The bytes of a .sf2 file, read once."""
    return path.read_bytes()


def resampled(sound: NDArray[np.float32], rate: int, new_rate: int) -> NDArray[np.float32]:
    """Change the sample rate of a sound of shape (samples, channels) by a windowed sinc.

    The filter is a matrix: so many samples in, with some around them, give so many samples out, over and over. BLAS
    does that faster than `scipy.signal.resample_poly`, whose import alone takes longer than the sound of a tune.
    """
    if rate == new_rate:
        return sound
    matrix, step, taps = _filter(rate, new_rate)  # (step + 2 * taps, samples out)
    blocks = -(-len(sound) // step)
    padded = np.pad(sound, ((taps, blocks * step - len(sound) + taps), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, len(matrix), axis=0)[::step]
    # windows: (blocks, channels, samples in)
    samples = np.empty((blocks, matrix.shape[1], sound.shape[1]), np.float32)
    for first in range(0, blocks, _WINDOWS):  # a product copies what it is of
        samples[first : first + _WINDOWS] = np.moveaxis(windows[first : first + _WINDOWS] @ matrix, 1, 2)
    return samples.reshape(-1, sound.shape[1])[: len(sound) * new_rate // rate]


@lru_cache(maxsize=8)
def _filter(rate: int, new_rate: int) -> tuple[NDArray[np.float32], int, int]:
    """The low-pass as a matrix, the samples it steps over, and how many it looks at on either side."""
    common = math.gcd(rate, new_rate)
    step, out = rate // common, new_rate // common
    repeat = -(-_BLOCK // out)
    step, out = step * repeat, out * repeat
    cutoff = min(1.0, new_rate / rate) * _SLOPE  # of the old half rate
    taps = round(_CROSSINGS / cutoff)
    distance = np.arange(step + 2 * taps)[:, None] - taps - np.arange(out) * (rate / new_rate)
    window = np.where(np.abs(distance) < taps, 0.5 + 0.5 * np.cos(np.pi * distance / taps), 0.0)
    return (cutoff * np.sinc(cutoff * distance) * window).astype(np.float32), step, taps
