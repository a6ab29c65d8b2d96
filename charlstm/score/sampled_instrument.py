"""An instrument as a browser plays it: an octave of its pitches in one MP3, and where in it each of them lies.

Four pitches of an octave are rendered without reverberation; a player shifts them by a semitone, repeats the loop of
one that is held, and lets it fade when it is released. Knows no page. Octaves are kept on disk once they are made.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import io
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from charlstm.errors import AudioUnavailable
from charlstm.files import parse_json, write_atomic
from charlstm.score.bank import fade_time, loudness
from charlstm.score.synthesis import load_soundfont, soundfont_path, synthesize

RATE = 22_050  # samples per second
OCTAVES = range(11)  # octave 5 begins at middle C, MIDI pitch 60
STEPS = (1, 4, 7, 10)  # semitones above the octave's C that are rendered
VELOCITY = 88  # MIDI velocity at which they are
HOLD = 3.2  # seconds for which a pitch is held
KEPT = 2.0  # seconds of it that are kept where its loudness stays: the rest is its loop
LEAD = 0.05  # seconds of silence before each pitch
GAP = 0.6  # seconds after its release, from which the fading is measured
INAUDIBLE = 0.004  # of a pitch's peak: where one that dies away ends
STAYS = 0.5  # of its early loudness: what is still louder at its end is held by its loop
LOOPS = (0.6, 1.1)  # seconds of a loop at least and at most
MATCH = 0.03  # seconds before both ends of a loop that are alike
PEAK = 0.9  # of full scale, of the loudest pitch
QUALITY = 0.6  # of the MP3's variable bit rate: 0 best, 1 smallest
_FORMAT = 1  # of the files on disk; with another number they are made again


class SampledPitch(NamedTuple):
    """A pitch in the MP3, in seconds; `loop` in seconds from its own start, None where it dies away by itself."""

    pitch: int  # MIDI note number
    start: float
    duration: float
    fade: float  # to 1/e, once it is released
    loop: tuple[float, float] | None


@dataclass(frozen=True)
class OctaveSamples:
    """An octave of an instrument.

    Attributes
    ----------
    mp3 : bytes
        One channel at `RATE`, `length` seconds as it was encoded: a decoder that gives more has left the encoder's
        delay in.
    gain : float
        What brings the samples back to the soundfont's own scale, in which all instruments and octaves are alike.
    pitches : tuple of SampledPitch
    """

    program: int
    octave: int
    mp3: bytes
    length: float
    gain: float
    pitches: tuple[SampledPitch, ...]


def octave_samples(
    program: int, octave: int, *, soundfont: Path | None = None, folder: Path | None = None
) -> OctaveSamples:
    """An octave of an instrument, from a folder or made.

    Parameters
    ----------
    program : int
        General MIDI program in [0, 127].
    octave : int
        Of `OCTAVES`.
    soundfont : Path, optional
        A .sf2 file; without it the one that pretty_midi ships.
    folder : Path, optional
        Where octaves are kept, a file each. One that cannot be read is made again.

    Raises
    ------
    AudioUnavailable
        If there is no synthesizer, no soundfont, or no encoder.
    """
    path = soundfont or soundfont_path()
    try:
        font = load_soundfont(path)
    except OSError as error:
        raise AudioUnavailable(f"{path.name} cannot be read ({error}); try another soundfont") from error
    name = hashlib.sha256(f"{_FORMAT} {program} {octave} ".encode() + hashlib.sha256(font).digest()).hexdigest()[:24]
    file = folder / f"{name}.json" if folder else None
    if file and (samples := _read(file)):
        return samples
    samples = _make(program, octave, font)
    if file:
        with contextlib.suppress(OSError):  # a full disk: it is made again next time
            write_atomic(file, json.dumps(asdict(samples) | {"mp3": base64.b64encode(samples.mp3).decode()}))
    return samples


def _make(program: int, octave: int, font: bytes) -> OctaveSamples:
    """Render an octave and encode it."""
    try:
        import soundfile
    except (ImportError, OSError) as error:
        raise AudioUnavailable("there is no sound encoder; pip install soundfile") from error
    # One pitch after the other, each followed by silence in which it fades.
    pitches = [12 * octave + step for step in STEPS if 12 * octave + step < 128]
    try:
        sound = synthesize(_midi(program, pitches), font, RATE, mono=True)[:, 0]
    except (OSError, ValueError, RuntimeError) as error:
        raise AudioUnavailable(f"the soundfont could not be rendered ({error}); try another one") from error
    # What is kept of each, behind a little silence.
    parts: list[NDArray[np.float32]] = []
    places: list[SampledPitch] = []
    at = 0
    for number, pitch in enumerate(pitches):
        first = round(number * (HOLD + GAP) * RATE)
        held, tail = np.split(sound[first : first + round((HOLD + GAP) * RATE)], [round(HOLD * RATE)])
        loop = _loop(held)
        kept = held[: loop[1]] if loop else held[: _audible(held)]
        silence = np.zeros(round(LEAD * RATE), np.float32)
        parts += [silence, kept]
        at += len(silence)
        seconds = (loop[0] / RATE, loop[1] / RATE) if loop else None
        places.append(SampledPitch(pitch, at / RATE, len(kept) / RATE, fade_time(tail, RATE), seconds))
        at += len(kept)
    joined = np.concatenate([*parts, np.zeros(round(LEAD * RATE), np.float32)])
    peak = max(float(np.abs(joined).max()), 1.0)
    out = io.BytesIO()
    soundfile.write(
        out, joined * np.float32(PEAK / peak), RATE, format="MP3", bitrate_mode="VARIABLE", compression_level=QUALITY
    )
    return OctaveSamples(program, octave, out.getvalue(), len(joined) / RATE, peak / PEAK / 2**15, tuple(places))


def _midi(program: int, pitches: list[int]) -> bytes:
    """A MIDI file of pitches, each held for HOLD and followed by GAP, without reverberation and chorus."""
    import mido

    file = mido.MidiFile(ticks_per_beat=1000)  # at the usual tempo 2,000 ticks a second
    track = mido.MidiTrack()
    file.tracks.append(track)
    track += [mido.Message("control_change", control=control, value=0) for control in (91, 93)]
    track.append(mido.Message("program_change", program=program))
    wait = 0
    for pitch in pitches:
        track.append(mido.Message("note_on", note=pitch, velocity=VELOCITY, time=wait))
        track.append(mido.Message("note_off", note=pitch, velocity=0, time=round(HOLD * 2000)))
        wait = round(GAP * 2000)
    track.append(mido.MetaMessage("end_of_track", time=wait))
    out = io.BytesIO()
    file.save(file=out)
    return out.getvalue()


def _loop(held: NDArray[np.float32]) -> tuple[int, int] | None:
    """The samples from and to which a sound that stays can be repeated; None for one that dies away."""
    early = loudness(held[round(0.3 * RATE) : round(0.6 * RATE)])
    if loudness(held[-round(0.3 * RATE) :]) < STAYS * max(early, 1e-9) or early == 0:
        return None
    end, match = round(KEPT * RATE), round(MATCH * RATE)
    pattern = held[end - match : end]
    first, last = end - round(LOOPS[1] * RATE), end - round(LOOPS[0] * RATE)  # where the loop may begin
    before = held[first - match : last]
    likeness = np.correlate(before, pattern, "valid")
    energy = np.correlate(before**2, np.ones(match, np.float32), "valid")
    return first + int(np.argmax(likeness / np.sqrt(np.maximum(energy, 1e-9)))), end


def _audible(held: NDArray[np.float32]) -> int:
    """How many samples of a sound that dies away can be heard."""
    size = np.abs(held)
    loud = np.flatnonzero(size > INAUDIBLE * size.max(initial=0.0))
    return max(int(loud[-1]) + 1 if len(loud) else 0, round(0.1 * RATE))


def _read(file: Path) -> OctaveSamples | None:
    """An octave from disk; None if there is none, or it is damaged."""
    try:
        stored = parse_json(file.read_bytes())
        pitches = tuple(
            SampledPitch(
                int(pitch), float(start), float(duration), float(fade), loop and (float(loop[0]), float(loop[1]))
            )
            for pitch, start, duration, fade, loop in stored["pitches"]
        )
        return OctaveSamples(
            int(stored["program"]), int(stored["octave"]), base64.b64decode(stored["mp3"]), float(stored["length"]),
            float(stored["gain"]), pitches,
        )  # fmt: skip
    except (OSError, ValueError, TypeError, KeyError, IndexError):
        return None
