"""A standard MIDI file as tracks of events, read as far as it can be. Knows no notes.

Many files of the web break the rules of SMF 1.0: chunks of other programs between the tracks, a header that is longer
or counts wrong, a RIFF wrapper, tracks that are cut or do not end. Their music is there all the same, so everything
that can be passed over is, and what was damaged is named.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from charlstm.errors import NotationError

MAX_BYTES = 1_000_000  # karaoke and band files are up to some 200,000
_WRAPPER = 512  # bytes before the header: RIFF, MacBinary
_SYSTEM_DATA = {0xF1: 1, 0xF2: 2, 0xF3: 1}  # data bytes of system messages, which files should not have
NOTE_OFF, NOTE_ON, PROGRAM, PITCH_BEND, META = 0x80, 0x90, 0xC0, 0xE0, 0xFF
TEXT, COPYRIGHT, TRACK_NAME, LYRIC, MARKER, CUE = 0x01, 0x02, 0x03, 0x05, 0x06, 0x07
END_OF_TRACK, TEMPO, TIME_SIGNATURE, KEY_SIGNATURE = 0x2F, 0x51, 0x58, 0x59


class Event(NamedTuple):
    """A channel message (`kind` 0x80 to 0xE0, `number` its channel) or a meta event (0xFF, `number` its type)."""

    tick: int
    kind: int
    number: int
    data: bytes


@dataclass(frozen=True)
class Track:
    """The events of a track, and the tick of its end."""

    events: list[Event]
    end: int


@dataclass(frozen=True)
class Chunks:
    """What a MIDI file is made of.

    Attributes
    ----------
    format : int
        0 one track, 1 tracks that sound together, 2 tracks that each stand alone.
    division : int
        Ticks per quarter note.
    tracks : list of Track
    remarks : list of str
        What was damaged, a sentence each.
    """

    format: int
    division: int
    tracks: list[Track]
    remarks: list[str]


def read_chunks(data: bytes) -> Chunks:
    """Walk through a MIDI file. Raises NotationError if there is no header, or no track, or it is too large."""
    if len(data) > MAX_BYTES:
        raise NotationError(f"this file has {len(data):,} bytes; a MIDI file has at most {MAX_BYTES:,}")
    start = data.find(b"MThd", 0, _WRAPPER)
    if start < 0 or len(data) < start + 14:
        raise NotationError("this is not a MIDI file")
    length, kind, promised, division = (
        int.from_bytes(data[start + a : start + b], "big") for a, b in ((4, 8), (8, 10), (10, 12), (12, 14))
    )
    if division >= 0x8000:
        raise NotationError("this MIDI file counts time in film frames, not in notes; export it in ticks per quarter")
    if division == 0 or length < 6 or start + 8 + length > len(data):
        raise NotationError("this MIDI file is broken: its header says nothing that can be used")

    # The chunks after the header, by their lengths; where one is wrong, the next track is looked for.
    tracks: list[Track] = []
    remarks: list[str] = []
    at = start + 8 + length
    while at + 8 <= len(data):
        name, end = data[at : at + 4], at + 8 + int.from_bytes(data[at + 4 : at + 8], "big")
        if end > len(data) or not (end == len(data) or data[end : end + 4].isalnum()):
            following = data.find(b"MTrk", at + 4)
            end = following if following >= 0 else len(data)
        if name == b"MTrk":
            track, is_whole = _read_track(data[at + 8 : end])
            tracks.append(track)
            if not is_whole:
                remarks.append(f"Track {len(tracks)} of the file is damaged; it was read as far as it goes.")
        at = end
    if not tracks:
        raise NotationError("this MIDI file is broken: it has no tracks")
    if len(tracks) < promised:
        remarks.append(f"The file says that it has {promised} tracks, and has {len(tracks)}.")
    return Chunks(kind, division, tracks, remarks)


def _read_track(body: bytes) -> tuple[Track, bool]:
    """The events of a track up to its end or to what cannot be read, and whether that came as it should."""
    events: list[Event] = []
    at = tick = status = 0
    try:
        while at < len(body):
            delta, at = _variable_length(body, at)
            tick += delta
            # A status byte may be left out where it is that of the message before.
            if body[at] >= 0x80:
                status, at = body[at], at + 1
            if status == META:
                number = body[at]
                length, at = _variable_length(body, at + 1)
                events.append(Event(tick, META, number, body[at : at + length]))
                at += length
                if number == END_OF_TRACK:
                    return Track(events, tick), True
            elif status in (0xF0, 0xF7):  # messages of one device
                length, at = _variable_length(body, at)
                at += length
            elif status > 0xF0:
                at += _SYSTEM_DATA.get(status, 0)
            elif status >= 0x80:
                size = 1 if status & 0xE0 == 0xC0 else 2
                message = body[at : at + size]
                if len(message) < size or max(message) >= 0x80:
                    return Track(events, tick), False
                events.append(Event(tick, status & 0xF0, status & 0x0F, message))
                at += size
            else:
                return Track(events, tick), False
    except IndexError:  # the bytes end within an event
        return Track(events, tick), False
    return Track(events, tick), at == len(body)


def _variable_length(body: bytes, at: int) -> tuple[int, int]:
    """A number of MIDI's variable length, and the place after it. Raises IndexError."""
    number = 0
    for _ in range(4):
        byte, at = body[at], at + 1
        number = number << 7 | byte & 0x7F
        if byte < 0x80:
            break
    return number, at
