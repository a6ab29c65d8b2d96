"""What a MIDI file says: the notes of each voice, its meters, keys and tempos, its words and its names."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

from charlstm.errors import NotationError
from charlstm.score.midi_import import chunks
from charlstm.score.midi_import.grid import PlayedNote
from charlstm.score.midi_import.meter_and_key import key_with
from charlstm.tunes.edit.spelling import clean_title
from charlstm.tunes.keys import Key

DRUMS = 9  # the channel of percussion, counted from 0
MAX_NAME = 60  # characters
_FOREIGN_TITLE = re.compile(r"[\w ,.'()&!?-]+")
_T = TypeVar("_T")


class Syllable(NamedTuple):
    """A syllable that is sung, in quarter notes from the beginning; `hyphen`: its word goes on."""

    onset: float
    text: str
    hyphen: bool


@dataclass
class Marks:
    """What counts from a moment on: lists of (quarter notes from the beginning, value), by time."""

    meters: list[tuple[float, str]] = field(default_factory=list)  # "6/8"
    keys: list[tuple[float, Key]] = field(default_factory=list)
    tempos: list[tuple[float, float]] = field(default_factory=list)  # quarter notes per minute


@dataclass
class Voice:
    """The notes of one channel of one track, by onset, and what belongs to them."""

    name: str
    track: int
    marks: Marks
    notes: list[PlayedNote] = field(default_factory=list)
    syllables: list[Syllable] = field(default_factory=list)
    endless: int = 0  # notes that the file does not end
    no_length: int = 0  # notes that end where they begin; they are not in `notes`
    bends: int = 0
    programs: list[int] = field(default_factory=list)  # General MIDI's, from 0, that it is played with


@dataclass(frozen=True)
class MidiContents:
    """The voices of a MIDI file; percussion is left out."""

    voices: list[Voice]
    title: str  # the first track name that can be one, or ""
    percussion: bool
    division: int  # ticks per quarter note
    remarks: list[str]  # what was damaged
    copyrights: tuple[str, ...]
    texts: tuple[str, ...]  # that are neither names nor words that are sung


def read_contents(data: bytes) -> MidiContents:
    """Read a MIDI file. Raises NotationError if it cannot be read, or has no notes but percussion."""
    file = chunks.read_chunks(data)
    shared = Marks()
    voices: list[Voice] = []
    names: list[str] = []
    words: list[list[Syllable]] = []
    copyrights: list[str] = []
    texts: list[str] = []
    percussion = no_length = False
    for number, track in enumerate(file.tracks):
        # Tracks of format 2 are patterns, each with a time of its own; else the marks of all tracks are one list.
        marks = Marks() if file.format == 2 else shared
        _read_marks(track, marks, file.division)
        names.append(next((decode(e.data) for e in track.events if _is(e, chunks.TRACK_NAME) and e.data), ""))
        copyrights += [decode(e.data) for e in track.events if _is(e, chunks.COPYRIGHT)]
        words.append(_syllables(track, file.division))
        unsung = (chunks.MARKER, chunks.CUE) if words[-1] else (chunks.TEXT, chunks.MARKER, chunks.CUE)
        texts += [decode(e.data) for e in track.events if e.kind == chunks.META and e.number in unsung]
        by_channel = _voices(track, number, marks, file.division)
        percussion |= DRUMS in by_channel
        for channel, voice in sorted(by_channel.items()):
            no_length |= voice.no_length > 0 and channel != DRUMS
            if voice.notes and channel != DRUMS:
                voices.append(voice)
    if not voices:
        if no_length:
            raise NotationError("the notes of this MIDI file have no length, so there is no rhythm to write")
        raise NotationError(f"this MIDI file has {'nothing but percussion' if percussion else 'no notes'}")
    for place, voice in enumerate(voices, 1):
        voice.name = f"{names[voice.track]} (voice {place})" if names[voice.track] else f"voice {place}"
        # Words are in the voice's own track, else in the one that has most.
        voice.syllables = words[voice.track] or (max(words, key=len) if file.format != 2 else [])
        marks = voice.marks
        marks.meters, marks.keys, marks.tempos = _changes(marks.meters), _changes(marks.keys), _changes(marks.tempos)
    title = next(filter(None, map(_title, names)), "")
    return MidiContents(
        voices, title, percussion, file.division, file.remarks, tuple(dict.fromkeys(filter(None, copyrights))),
        tuple(dict.fromkeys(text for text in texts if text and text[0] != "@")),
    )  # fmt: skip


def _title(name: str) -> str:
    """A track's name as a title, in the letters of its language."""
    return name if _FOREIGN_TITLE.fullmatch(name) and not name.isascii() else clean_title(name)


def _is(event: chunks.Event, meta: int) -> bool:
    return event.kind == chunks.META and event.number == meta


def _changes(marks: Iterable[tuple[float, _T]]) -> list[tuple[float, _T]]:
    """By time, of one moment the last, and only those that change something."""
    changes: list[tuple[float, _T]] = []
    for at, value in dict(sorted(marks, key=lambda mark: mark[0])).items():
        if not changes or changes[-1][1] != value:
            changes.append((at, value))
    return changes


def _read_marks(track: chunks.Track, marks: Marks, division: int) -> None:
    for event in track.events:
        at, data = event.tick / division, event.data
        if _is(event, chunks.TIME_SIGNATURE) and len(data) >= 2 and 1 <= data[0] <= 32 and data[1] <= 5:
            marks.meters.append((at, f"{data[0]}/{2 ** data[1]}"))
        elif _is(event, chunks.KEY_SIGNATURE) and len(data) >= 2 and data[1] in (0, 1):
            fifths = data[0] - 256 if data[0] > 127 else data[0]
            if -7 <= fifths <= 7:
                marks.keys.append((at, key_with(fifths, "minor" if data[1] else "major")))
        elif _is(event, chunks.TEMPO) and len(data) == 3 and any(data):
            marks.tempos.append((at, 60_000_000 / int.from_bytes(data, "big")))


def _voices(track: chunks.Track, number: int, marks: Marks, division: int) -> dict[int, Voice]:
    """The notes of a track by channel; of one pitch the first that began is the first that ends."""
    voices: dict[int, Voice] = {}
    sounding: dict[tuple[int, int], deque[int]] = {}  # (channel, pitch) -> ticks of its onsets
    programs: dict[int, int] = {}  # channel -> the one that counts
    for event in track.events:
        if event.kind == chunks.PROGRAM:
            programs[event.number] = event.data[0]
        if event.kind not in (chunks.NOTE_ON, chunks.NOTE_OFF, chunks.PITCH_BEND):
            continue
        voice = voices.setdefault(event.number, Voice("", number, marks))
        if event.kind == chunks.PITCH_BEND:
            voice.bends += event.data != b"\x00\x40"  # in the middle there is none
            continue
        pitch, velocity = event.data
        onsets = sounding.setdefault((event.number, pitch), deque())
        if event.kind == chunks.NOTE_ON and velocity:
            onsets.append(event.tick)
            if (program := programs.get(event.number, 0)) not in voice.programs:
                voice.programs.append(program)
        elif onsets:
            onset = onsets.popleft()
            if onset < event.tick:
                voice.notes.append(PlayedNote(onset / division, event.tick / division, pitch))
            else:
                voice.no_length += 1
    # A note that the file does not end lasts until the next one of its channel, or as long as the track.
    starts = {channel: [note.onset for note in voice.notes] for channel, voice in voices.items()}
    for (channel, _), ticks in sounding.items():
        starts[channel] += [tick / division for tick in ticks]
    for moments in starts.values():
        moments.sort()
    for (channel, pitch), ticks in sounding.items():
        voices[channel].endless += len(ticks)
        for begin in (tick / division for tick in ticks):
            following = bisect_right(starts[channel], begin)
            end = starts[channel][following] if following < len(starts[channel]) else track.end / division
            voices[channel].notes.append(PlayedNote(begin, max(end, begin + 1 / 8), pitch))
    for voice in voices.values():
        voice.notes.sort()
    return {channel: voice for channel, voice in voices.items() if voice.notes or voice.no_length}


# ---- words ----------------------------------------------------------------------------------------------------------


def _syllables(track: chunks.Track, division: int) -> list[Syllable]:
    """The lyrics of a track; of karaoke files, which have none, the texts under the music."""
    lyrics = [(e.tick, decode(e.data, strip=False)) for e in track.events if _is(e, chunks.LYRIC)]
    if not lyrics:
        lyrics = [(e.tick, decode(e.data, strip=False)) for e in track.events if _is(e, chunks.TEXT) and e.tick]
        lyrics = [(tick, text) for tick, text in lyrics if not text.startswith("@")]  # what the file is
    # Words end with a blank or a line break if any do, else with the syllables that have no hyphen.
    lyrics = [(tick, re.sub(r"[\\/\r\n]+", " ", text)) for tick, text in lyrics]
    blanks = any(text != text.strip() for _, text in lyrics)
    syllables: list[Syllable] = []
    for index, (tick, text) in enumerate(lyrics):
        following = lyrics[index + 1][1] if index + 1 < len(lyrics) else " "
        goes_on = not (text.endswith(" ") or following.startswith(" ")) if blanks else text.endswith("-")
        if bare := text.strip().rstrip("-"):
            syllables.append(Syllable(tick / division, bare, goes_on or text.rstrip().endswith("-")))
    return syllables


def decode(data: bytes, *, strip: bool = True) -> str:
    """The text of an event: UTF-8, Shift-JIS or Windows-1252, whichever gives words; else "".

    MIDI files do not say how their texts are written. Control characters are blanks.
    """
    texts = (_decoded(data, encoding) for encoding in ("utf-8", "cp932", "cp1252"))
    text = next((text for text in texts if text is not None), "")
    text = "".join(c if c.isprintable() else " " for c in text)
    return re.sub(r"\s+", " ", text).strip()[:MAX_NAME] if strip else text[:MAX_NAME]


def _decoded(data: bytes, encoding: str) -> str | None:
    """Bytes in an encoding, or None where it makes no words of them."""
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return None
    foreign = [c for c in text if not c.isascii()]
    letters = sum(c.isascii() and c.isalpha() for c in text)
    if encoding == "cp932":  # nearly all bytes mean something in it: kana, or mostly wide characters
        is_wide = all(unicodedata.east_asian_width(c) in "WF" for c in foreign)
        is_kana = any("\u3040" <= c <= "\u30ff" for c in foreign)
        return text if is_wide and (is_kana or len(foreign) > letters) else None
    if encoding == "cp1252":  # Western words are mostly ASCII
        return text if len(foreign) <= letters else None
    return text
