"""Sound in a tenth of the time: each pitch of an instrument is rendered once, cached, and mixed in where it is played.

A tune of a minute has three hundred notes of a dozen pitches. A note that is released fades as fast as its instrument
does, into the reverberation that was rendered behind it. That is close to the synthesizer and not the same, so a file
for download is rendered whole (`audio.to_wav`).
"""

from __future__ import annotations

import io
import threading
from collections import OrderedDict
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from charlstm.score.synthesis import synthesize

HOLDS = (1.0, 2.0, 4.0, 8.0)  # seconds for which a pitch is rendered; a longer note is not for the bank
CROSS = 0.06  # seconds in which a released note fades over to the reverberation behind it
SILENCE = 0.005  # of a pitch's peak; the reverberation ends where it falls below
GAP = 1.5  # seconds between two pitches while they are rendered, for the first to die away
FADES = (0.015, 0.6)  # seconds in which a released sound falls to 1/e
MAX_BYTES = 48_000_000  # of a bank; the pitches that were not used for longest go
_TYPES = ("note_on", "note_off", "program_change")


class Note(NamedTuple):
    """A note of a MIDI file, in seconds."""

    start: float
    end: float
    program: int
    pitch: int
    velocity: int


class _Pitch(NamedTuple):
    """A cached pitch: its sound while it is held and after its release, and how fast it fades when it is released."""

    sound: NDArray[np.int16]
    hold: float  # seconds until its release
    fade: float  # seconds to 1/e


_Key = tuple[int, int, int, int]  # program, pitch, velocity, sample rate
_BANKS: dict[int, OrderedDict[_Key, _Pitch]] = {}  # by soundfont
_LOCK = threading.Lock()


def mixed(midi: bytes, soundfont: bytes, rate: int, length: float) -> NDArray[np.float32] | None:
    """The sound of a MIDI file.

    Parameters
    ----------
    midi : bytes
        A standard MIDI file.
    soundfont : bytes
        A .sf2 file.
    rate : int
        Samples per second, one of `audio.SAMPLE_RATES`.
    length : float
        Seconds of sound wanted.

    Returns
    -------
    ndarray of shape (samples, 1), or None where the bank cannot play the file.
    """
    notes = read_notes(midi)
    if notes is None or not notes or max(n.end - n.start for n in notes) + CROSS > HOLDS[-1]:
        return None
    pitches = _pitches(notes, soundfont, rate)
    sound = np.zeros(round(length * rate) + 1, np.float32)
    for note in notes:
        pitch = pitches[note.program, note.pitch, note.velocity, rate]
        start, end = round(note.start * rate), round(note.end * rate)
        sound[start:end] += pitch.sound[: end - start]
        tail = _tail(pitch, end - start, rate)[: len(sound) - end]
        sound[end : end + len(tail)] += tail
    return sound[:, None]


def read_notes(midi: bytes) -> list[Note] | None:
    """The notes of a MIDI file, or None where it holds more than notes and instruments: bends, pedals, drums."""
    import mido

    notes: list[Note] = []
    programs: dict[int, int] = {}
    sounding: dict[tuple[int, int], tuple[float, int]] = {}
    now = 0.0
    for message in mido.MidiFile(file=io.BytesIO(midi)):
        now += message.time
        if message.is_meta:
            continue
        if message.type not in _TYPES or message.channel == 9:
            return None
        if message.type == "program_change":
            programs[message.channel] = message.program
            continue
        key = message.channel, message.note
        if key in sounding:
            start, velocity = sounding.pop(key)
            notes.append(Note(start, now, programs.get(message.channel, 0), message.note, velocity))
        if message.type == "note_on" and message.velocity:
            sounding[key] = now, message.velocity
    return notes


def clear() -> None:
    """Empty the banks."""
    with _LOCK:
        _BANKS.clear()


def _tail(pitch: _Pitch, held: int, rate: int) -> NDArray[np.float32]:
    """What is heard of a pitch after its release, `held` samples after it began."""
    end, cross = round(pitch.hold * rate), round(CROSS * rate)
    level = loudness(pitch.sound[max(0, held - cross) : held]) / max(1.0, loudness(pitch.sound[end - cross : end]))
    tail = pitch.sound[end:] * np.float32(level)  # the reverberation
    time = np.arange(cross, dtype=np.float32)
    near = 1 - time / cross
    fading = pitch.sound[held : held + cross] * np.exp(time / np.float32(-pitch.fade * rate))
    tail[:cross] = tail[:cross] * (1 - near) + fading * near
    return tail


def loudness(sound: NDArray[np.int16] | NDArray[np.float32]) -> float:
    """Root mean square."""
    return float(np.sqrt(np.mean(np.square(sound, dtype=np.float32)))) if len(sound) else 0.0


def _pitches(notes: list[Note], soundfont: bytes, rate: int) -> dict[_Key, _Pitch]:
    """Every pitch that the notes need, rendered where the bank lacks it or has it too short."""
    needed: dict[_Key, float] = {}  # the longest hold of each
    for note in notes:
        key = note.program, note.pitch, note.velocity, rate
        needed[key] = max(needed.get(key, 0.0), note.end - note.start + CROSS)
    with _LOCK:
        bank = _BANKS.setdefault(hash(soundfont), OrderedDict())
        missing = {key: hold for key, hold in needed.items() if key not in bank or bank[key].hold < hold}
        if missing:
            bank.update(_rendered(missing, soundfont, rate))
        pitches = {key: bank[key] for key in needed}
        for key in needed:
            bank.move_to_end(key)
        while len(bank) > len(needed) and sum(pitch.sound.nbytes for pitch in bank.values()) > MAX_BYTES:
            bank.popitem(last=False)
    return pitches


def _rendered(needed: dict[_Key, float], soundfont: bytes, rate: int) -> dict[_Key, _Pitch]:
    """Pitches with their least holds in seconds, rendered one after the other in one file."""
    import mido

    # Write the file: each pitch held as long as one of HOLDS, and silence after it.
    file = mido.MidiFile(ticks_per_beat=1000)  # at the usual tempo 2,000 ticks a second
    track = mido.MidiTrack()
    file.tracks.append(track)
    at, wait, places = 0.0, 0, []
    for (program, pitch, velocity, _), least in needed.items():
        hold = next(hold for hold in HOLDS if hold >= least)
        track.append(mido.Message("program_change", program=program, time=wait))
        track.append(mido.Message("note_on", note=pitch, velocity=velocity))
        track.append(mido.Message("note_off", note=pitch, velocity=0, time=round(hold * 2000)))
        places.append((at, hold))
        at, wait = at + hold + GAP, round(GAP * 2000)
    track.append(mido.MetaMessage("end_of_track", time=wait))
    midi = io.BytesIO()
    file.save(file=midi)
    sound = synthesize(midi.getvalue(), soundfont, rate, mono=True)[:, 0]

    # Cut the sound into the pitches, each as long as it can be heard.
    pitches = {}
    for key, (start, hold) in zip(needed, places, strict=True):
        own = sound[round(start * rate) : round((start + hold + GAP) * rate)]
        fade = fade_time(own[round(hold * rate) :], rate)
        audible = np.flatnonzero(np.abs(own) > SILENCE * np.abs(own).max(initial=0.0))
        end = max(round((hold + CROSS) * rate), int(audible[-1]) + 1 if len(audible) else 0)
        pitches[key] = _Pitch(np.round(own[:end]).astype(np.int16), hold, fade)
    return pitches


def fade_time(tail: NDArray[np.float32], rate: int) -> float:
    """In how many seconds a released sound falls to 1/e, from its loudness at once and a little later."""
    window = round(0.02 * rate)
    first, later = (loudness(tail[at : at + window]) for at in (0, 3 * window))
    if first < 1:
        return 0.1  # it had died away already
    return min(FADES[1], max(FADES[0], 3 * window / rate / max(0.1, float(np.log(first / max(later, 1e-3))))))
