"""A MIDI file: its notes, and what it says of itself. music21 reads it; every failure is one NotationError."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from charlstm.errors import NotationError
from charlstm.score.midi_import.grid import PlayedNote
from charlstm.score.midi_import.meter_and_key import METERS, key_with
from charlstm.tunes.edit.spelling import clean_title
from charlstm.tunes.keys import Key

MAX_BYTES = 100_000  # a tune of a thousand notes is about 10,000
MAX_NOTES = 2000
MAX_QUARTERS = 4096
_DRUMS = 10  # the channel of percussion, as music21 counts


@dataclass(frozen=True)
class MidiContents:
    """What is in a MIDI file.

    Attributes
    ----------
    voices : list of (str, list of PlayedNote)
        Name and notes, by onset, of each channel of each track that has notes; percussion is left out.
    meter : str
        A name of METERS, or "" where the file has none or another one.
    key : Key or None
    title : str
        The first track name that can be a title, or "".
    """

    voices: list[tuple[str, list[PlayedNote]]]
    meter: str
    key: Key | None
    title: str


def read_midi(data: bytes) -> MidiContents:
    """Read a standard MIDI file. Raises NotationError if it cannot be read, or has no notes, or too many."""
    if len(data) > MAX_BYTES:
        raise NotationError(f"this file has {len(data):,} bytes; one melody has at most {MAX_BYTES:,}")
    if data[:4] != b"MThd" or len(data) < 14:
        raise NotationError("this is not a MIDI file")
    tracks, division = int.from_bytes(data[10:12], "big"), int.from_bytes(data[12:14], "big")
    if division == 0 or division >= 0x8000:
        raise NotationError("this MIDI file counts time in film frames, not in notes; export it in ticks per quarter")
    if not 1 <= tracks <= 256:
        raise NotationError("this MIDI file has no tracks, or too many")
    from music21.midi import MidiFile

    file = MidiFile()
    try:
        file.readstr(data)
        return _contents(file.tracks, division)
    except NotationError:
        raise
    except Exception as error:  # music21 reads a broken file until something, anything, goes wrong
        raise NotationError("this MIDI file is broken and cannot be read") from error


def _contents(tracks: Any, division: int) -> MidiContents:
    """What music21's tracks hold; `division` is ticks per quarter note."""
    from music21.midi import ChannelVoiceMessages, MetaEvents

    voices: dict[tuple[int, int], list[PlayedNote]] = {}  # by track and channel
    names: dict[int, str] = {}  # by track
    meter, key, total = "", None, 0
    for number, track in enumerate(tracks):
        now = 0
        sounding: dict[tuple[int, int], int] = {}  # (channel, pitch) -> onset in ticks
        for event in track.events:
            if event.type == "DeltaTime":
                now += event.time
                if now > MAX_QUARTERS * division:
                    raise NotationError(f"this MIDI file is longer than {MAX_QUARTERS} quarter notes; cut the tune out")
            elif event.type == MetaEvents.SEQUENCE_TRACK_NAME and event.data:
                names.setdefault(number, _one_line(event.data))
            elif event.type == MetaEvents.TIME_SIGNATURE and not meter and len(event.data) >= 2:
                meter = _meter(event.data[0], event.data[1])
            elif event.type == MetaEvents.KEY_SIGNATURE and key is None and len(event.data) >= 2:
                key = _key(event.data[0], event.data[1])
            elif event.type in (ChannelVoiceMessages.NOTE_ON, ChannelVoiceMessages.NOTE_OFF):
                if event.channel == _DRUMS:
                    continue
                # Any event of a pitch ends the note that sounds; one with a velocity begins the next.
                place = (event.channel, event.pitch)
                onset = sounding.pop(place, None)
                if onset is not None and now > onset:
                    note = PlayedNote(onset / division, now / division, event.pitch)
                    voices.setdefault((number, event.channel), []).append(note)
                if event.type == ChannelVoiceMessages.NOTE_ON and event.velocity:
                    sounding[place] = now
                    total += 1
                    if total > MAX_NOTES:
                        raise NotationError(f"this MIDI file has more than {MAX_NOTES} notes; cut the tune out")
    if not voices:
        raise NotationError("this MIDI file has no notes, or nothing but percussion")
    named = [
        (f"{names[number]} (voice {place})" if names.get(number) else f"voice {place}", sorted(notes))
        for place, ((number, _), notes) in enumerate(sorted(voices.items()), 1)
    ]
    titles = (clean_title(name) for _, name in sorted(names.items()))
    return MidiContents(named, meter, key, next(filter(None, titles), ""))


def _one_line(data: bytes | str) -> str:
    """The text of an event, without control characters."""
    text = data if isinstance(data, str) else data.decode("utf-8", "replace")
    return re.sub(r"\s+", " ", "".join(c if c.isprintable() else " " for c in text)).strip()[:60]


def _meter(top: int, power: int) -> str:
    """A time signature as a name of METERS, or "" for another one."""
    name = f"{top}/{2 ** min(power, 6)}"
    return "4/4" if name == "2/2" else name if name in METERS else ""


def _key(sharps: int, minor: int) -> Key | None:
    """A key signature, major or minor, or None where it is out of range."""
    fifths = sharps - 256 if sharps > 127 else sharps
    if not -6 <= fifths <= 6 or minor not in (0, 1):
        return None
    return key_with(fifths, "minor" if minor else "major")
