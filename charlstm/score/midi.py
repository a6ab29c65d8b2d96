"""Scores as MIDI files, written from the played-out timeline, so that file, page and player never disagree."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import mido

from charlstm.errors import ConfigError
from charlstm.score.accompaniment import programs
from charlstm.score.performance import Note, perform
from charlstm.score.timeline import Clock, HeardBar, heard_bars
from charlstm.tunes.keys import Key
from charlstm.tunes.parse.events import Reading

if TYPE_CHECKING:
    from music21.stream import Score

TICKS = 10080  # a quarter note; divides by every tuplet up to 10, as music21's own files do
# General MIDI programs. "Whistle" is its piccolo: program 78, the whistle, is out of tune in the soundfont we use.
INSTRUMENTS = {
    "piano": 0, "fiddle": 40, "violin": 40, "flute": 73, "whistle": 72, "recorder": 74, "accordion": 23,
    "harmonica": 22, "banjo": 105, "guitar": 25, "harp": 46, "dulcimer": 15, "clarinet": 71, "bagpipe": 109,
    "cello": 42,
}  # fmt: skip
PARTS = {"chord": ("Chords", 10), "bass": ("Bass", 11)}  # of the accompaniment: their tracks' names and channels
MELODY_CHANNELS = 9  # the tenth is drums
MAX_TITLE = 120  # bytes
TAIL = 1.0  # seconds after the last note, for it to die away


def to_midi(
    score: Score | Reading,
    *,
    qpm: float | None = None,
    instrument: int | str | None = None,
    transpose: int = 0,
    chords: bool = True,
    swing: float | None = None,
) -> bytes:
    """Write a score as a MIDI file, repeats and endings played out.

    Parameters
    ----------
    score : music21.stream.Score or Reading
        From `read_score`, or `tunes.parse.reader.read`: no notation is needed.
    qpm : float, optional
        Quarter notes per minute, in [5, 1000]. Without it the tune's own tempo (Q:), else 120. Where the tempo changes
        in the tune, it changes in proportion.
    instrument : int or str, optional
        General MIDI program in [0, 127], or a name of `INSTRUMENTS`; without it each voice's own (%%MIDI program), else
        a piano.
    transpose : int
        Semitones, in [-36, 36].
    chords : bool
        Whether chord symbols are played.
    swing : float, optional
        Percent of a beat that its first half takes, in [50, 75]; without it 60 for hornpipes, else 50.

    Returns
    -------
    bytes
        A standard MIDI file: a track of the title, the tempos, meters and keys, then one track a voice, then the chords
        and their bass notes if there are any.

    Raises
    ------
    ConfigError
        If a setting is out of its range.
    """
    reading: Reading = score if isinstance(score, Reading) else score.editorial.reading
    program = INSTRUMENTS.get(instrument, -1) if isinstance(instrument, str) else instrument
    if qpm is not None and not 5 <= qpm <= 1000:
        raise ConfigError("qpm", f"{qpm:g} quarter notes per minute are outside 5 to 1000")
    if program is not None and not 0 <= program <= 127:
        raise ConfigError(
            "instrument", f"must be one of {', '.join(INSTRUMENTS)} or a number from 0 to 127, not {instrument}"
        )
    if not -36 <= transpose <= 36:
        raise ConfigError("transpose", f"{transpose} semitones are outside -36 to 36")
    performance = perform(reading, qpm, swing=swing, chords=chords)
    tempos = performance.clock
    tracks = [_marks_track(reading, tempos, transpose)]
    tail = round(TAIL * tempos.qpms[-1] / 60 * TICKS)
    for voice, part in enumerate(reading.voices):
        name = part.name or (reading.title if len(reading.voices) == 1 else "")
        own = [note for note in performance.notes if note.part == "melody" and note.voice == voice]
        own_program = (part.program or 0) if program is None else program
        tracks.append(_note_track(own, name, voice % MELODY_CHANNELS, own_program, transpose, tail))
    for played, program in programs(reading).items():
        name, channel = PARTS[played]
        if own := [note for note in performance.notes if note.part == played]:
            tracks.append(_note_track(own, name, channel, program, transpose, tail))
    header = b"".join(number.to_bytes(2, "big") for number in (1, len(tracks), TICKS))
    return _chunk(b"MThd", header) + b"".join(tracks)


def played_by(midi: bytes, instrument: str) -> bytes:
    """The same MIDI file, its voices played by another instrument, a name of `INSTRUMENTS`; faster than `to_midi`."""
    if instrument not in INSTRUMENTS:
        raise ConfigError("instrument", f"must be one of {', '.join(INSTRUMENTS)}, not {instrument}")
    file = mido.MidiFile(file=io.BytesIO(midi))
    for track in file.tracks:
        for message in track:
            if message.type == "program_change" and message.channel < MELODY_CHANNELS:
                message.program = INSTRUMENTS[instrument]
    out = io.BytesIO()
    file.save(file=out)
    return out.getvalue()


def _marks_track(reading: Reading, tempos: Clock, transpose: int) -> bytes:
    """The title, and the tempos, meters and keys where they change."""
    events = [(0, _name(reading.title))] if reading.title else []
    for start, qpm in zip(tempos.starts, tempos.qpms, strict=True):
        events.append((round(start * TICKS), _meta(0x51, round(60_000_000 / qpm).to_bytes(3, "big"))))
    meter, key = b"", b""
    bars = heard_bars(reading)
    for bar in bars:
        tick = round(bar.onset * 4 * TICKS)
        # A bar that is not full has a meter of its own, so that others count the bars after it right; the last has not.
        new_meter = _time_signature(bar) if bar.is_full or bar is not bars[-1] else b""
        if new_meter and new_meter != meter:
            events.append((tick, _meta(0x58, new_meter)))
            meter = new_meter
        if (new_key := _key_signature(bar.measure.key, transpose)) != key:
            events.append((tick, _meta(0x59, new_key)))
            key = new_key
    return _track(sorted(events, key=lambda event: event[0]))


def _time_signature(bar: HeardBar) -> bytes:
    """The data of a time signature that has the bar's length; b"" if no meter says one, or none can."""
    meter = (bar.measure.meter or "").strip()
    if bar.measure.expected is None:
        return b""
    written = {"C": "4", "C|": "2", "c": "4", "c|": "2"}.get(meter) or meter.rpartition("/")[2].strip(" )")
    lower = next((n for n in (int(written), 4, 8, 16, 32, 64) if n & (n - 1) == 0 and bar.length * n % 1 == 0), 0)
    upper = int(bar.length * lower)
    if not 0 < upper < 256:
        return b""
    click = 36 if lower == 8 and upper % 3 == 0 and upper > 3 else max(1, 96 // lower)  # 24ths of a quarter
    return bytes((upper, lower.bit_length() - 1, click, 8))


def _key_signature(key: Key | None, transpose: int) -> bytes:
    """The data of a key signature: sharps, or 256 less flats; and 1 for minor. In C where there is no key."""
    fifths = max(-7, min(7, key.fifths if key else 0))
    if transpose % 12:
        fifths = (fifths + 7 * transpose + 5) % 12 - 5
    return bytes((fifths % 256, key is not None and key.mode == "minor"))


def _name(text: str) -> bytes:
    return _meta(0x03, text.encode("utf-8", "replace")[:MAX_TITLE])


def _meta(kind: int, data: bytes) -> bytes:
    return bytes((0xFF, kind)) + _variable_length(len(data)) + data


def _note_track(notes: Sequence[Note], name: str, channel: int, program: int, transpose: int, tail: int) -> bytes:
    """A track of notes; offs before ons of the same time keep repeated notes apart."""
    moments: list[tuple[int, int, int, int]] = []  # (tick, 1 on or 0 off, pitch, velocity)
    for note in notes:
        pitch = note.pitch + transpose
        if 0 <= pitch <= 127:
            start, end = round(note.onset * TICKS), round((note.onset + note.duration) * TICKS)
            moments += [(start, 1, pitch, max(1, round(note.velocity * 127))), (max(start + 1, end), 0, pitch, 0)]
    events = [(0, _name(name))] if name else []
    events.append((0, bytes((0xC0 | channel, program))))
    sounding = dict.fromkeys(range(128), 0)
    for tick, on, pitch, velocity in sorted(moments):
        sounding[pitch] += 1 if on else -1
        # A unison of two layers is one note, as long as the longer.
        if sounding[pitch] == on:
            events.append((tick, bytes(((0x90 if on else 0x80) | channel, pitch, velocity))))
    return _track(events, tail)


def _track(events: Iterable[tuple[int, bytes]], tail: int = 0) -> bytes:
    """A track of messages with their ticks from the beginning; it ends `tail` ticks after the last."""
    data, now = bytearray(), 0
    for tick, message in events:
        data += _variable_length(tick - now) + message
        now = tick
    data += _variable_length(tail) + b"\xff\x2f\x00"
    return _chunk(b"MTrk", bytes(data))


def _chunk(name: bytes, data: bytes) -> bytes:
    return name + len(data).to_bytes(4, "big") + data


def _variable_length(number: int) -> bytes:
    """A number as MIDI writes it: seven bits a byte, the top bit set in all but the last."""
    data = bytes([number & 0x7F])
    while number := number >> 7:
        data = bytes([number & 0x7F | 0x80]) + data
    return data
