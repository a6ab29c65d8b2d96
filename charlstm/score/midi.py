"""Scores as MIDI, written by music21 from the played-out timeline, so that file, page and player never disagree."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from charlstm.errors import ConfigError
from charlstm.score.timeline import Clock, attacks, clock, timeline

if TYPE_CHECKING:
    from music21.stream import Score

TICKS = 10080  # a quarter note; divides by every tuplet up to 10, as music21's own files do
# General MIDI programs. "Whistle" is its piccolo: program 78, the whistle, is out of tune in the soundfont we use.
INSTRUMENTS = {
    "piano": 0, "fiddle": 40, "violin": 40, "flute": 73, "whistle": 72, "recorder": 74, "accordion": 23,
    "harmonica": 22, "banjo": 105, "guitar": 25, "harp": 46, "dulcimer": 15, "clarinet": 71, "bagpipe": 109,
    "cello": 42,
}  # fmt: skip
VELOCITY = 88
TAIL = 1.0  # seconds after the last note, for it to die away


def to_midi(score: Score, *, qpm: float | None = None, instrument: int | str = 0, transpose: int = 0) -> bytes:
    """Write a score as a MIDI file, repeats and endings played out.

    Parameters
    ----------
    score : music21.stream.Score
        From `read_score`.
    qpm : float, optional
        Quarter notes per minute, in [5, 1000]. Without it the tune's own tempo (Q:), else 120. Where the tempo changes
        in the tune, it changes in proportion.
    instrument : int or str
        General MIDI program in [0, 127], or a name of `INSTRUMENTS`.
    transpose : int
        Semitones, in [-36, 36].

    Returns
    -------
    bytes
        A standard MIDI file: a tempo track, then one track a voice.

    Raises
    ------
    ConfigError
        If a setting is out of its range.
    """
    from music21.midi import MidiFile

    reading = score.editorial.reading
    program = INSTRUMENTS.get(instrument, -1) if isinstance(instrument, str) else instrument
    if qpm is not None and not 5 <= qpm <= 1000:
        raise ConfigError("qpm", f"{qpm:g} quarter notes per minute are outside 5 to 1000")
    if not 0 <= program <= 127:
        raise ConfigError("instrument", f"{instrument} is none of {', '.join(INSTRUMENTS)} nor a number from 0 to 127")
    if not -36 <= transpose <= 36:
        raise ConfigError("transpose", f"{transpose} semitones are outside -36 to 36")
    notes = attacks(timeline(reading))
    made = MidiFile()
    made.ticksPerQuarterNote = TICKS
    made.format = 1
    tempos = clock(reading, qpm)
    made.tracks = [_tempo_track(tempos, reading.title)]
    tail = round(TAIL * tempos.qpms[-1] / 60 * TICKS)
    for voice in range(len(reading.voices)):
        own = [(onset, duration, pitch + transpose) for onset, duration, pitch, v in notes if v == voice]
        made.tracks.append(_note_track(own, voice, program, tail))
    written: bytes = made.writestr()
    return written


def played_by(midi: bytes, instrument: str) -> bytes:
    """The same MIDI file for another instrument, a name of `INSTRUMENTS`: a fraction of the time of writing it anew."""
    import mido  # pretty_midi brings it

    if instrument not in INSTRUMENTS:
        raise ConfigError("instrument", f"{instrument} is none of {', '.join(INSTRUMENTS)}")
    file = mido.MidiFile(file=io.BytesIO(midi))
    for track in file.tracks:
        for message in track:
            if message.type == "program_change":
                message.program = INSTRUMENTS[instrument]
    out = io.BytesIO()
    file.save(file=out)
    return out.getvalue()


def _tempo_track(tempos: Clock, title: str) -> Any:
    from music21.midi import MetaEvents, MidiEvent, MidiTrack

    track = MidiTrack(0)
    name = MidiEvent(track, type=MetaEvents.SEQUENCE_TRACK_NAME)
    name.data = title.encode("utf-8", "replace")[:120]
    track.events = [_pause(track, 0), name]
    now = 0
    for start, qpm in zip(tempos.starts, tempos.qpms, strict=True):
        tempo = MidiEvent(track, type=MetaEvents.SET_TEMPO)
        tempo.data = round(60_000_000 / qpm).to_bytes(3, "big")
        track.events += [_pause(track, round(start * TICKS) - now), tempo]
        now = round(start * TICKS)
    _end(track)
    return track


def _note_track(notes: list[tuple[float, float, int]], voice: int, program: int, tail: int) -> Any:
    """Note on and off events; offs before ons of the same time, so that repeated notes are heard apart."""
    from music21.midi import ChannelVoiceMessages, MidiEvent, MidiTrack

    track = MidiTrack(voice + 1)
    channel = voice % 9 + 1  # the tenth channel is drums
    change = MidiEvent(track, type=ChannelVoiceMessages.PROGRAM_CHANGE, channel=channel)
    change.data = program
    track.events = [_pause(track, 0), change]
    moments: list[tuple[int, int, int]] = []
    for onset, duration, pitch in notes:
        if 0 <= pitch <= 127:
            start = round(onset * TICKS)
            moments += [(start, 1, pitch), (max(start + 1, round((onset + duration) * TICKS)), 0, pitch)]
    now, sounding = 0, dict.fromkeys(range(128), 0)
    for time, on, pitch in sorted(moments):
        sounding[pitch] += 1 if on else -1
        if (on and sounding[pitch] > 1) or (not on and sounding[pitch] > 0):
            continue  # a unison of two layers: one note, as long as the longer
        kind = ChannelVoiceMessages.NOTE_ON if on else ChannelVoiceMessages.NOTE_OFF
        event = MidiEvent(track, type=kind, channel=channel)
        event.pitch, event.velocity = pitch, VELOCITY if on else 0
        track.events += [_pause(track, time - now), event]
        now = time
    _end(track, tail)
    return track


def _pause(track: Any, ticks: int) -> Any:
    from music21.midi import DeltaTime

    return DeltaTime(track, time=ticks)


def _end(track: Any, ticks: int = 0) -> None:
    from music21.midi import MetaEvents, MidiEvent

    end = MidiEvent(track, type=MetaEvents.END_OF_TRACK)
    end.data = b""
    track.events += [_pause(track, ticks), end]
