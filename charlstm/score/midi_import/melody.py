"""A MIDI file with a melody as ABC, in the plain spelling that the models know.

One voice of the file is chosen, its top line taken and put on a grid; bars, keys and tempos are those that the file
names, else found; what is played twice is written once between repeat signs. Anybody may have made the file: its size
is bounded, whatever cannot be read is one NotationError, and what is left out or guessed is one remark.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from charlstm.errors import ConfigError, NotationError
from charlstm.score.midi_import.grid import GRIDS, TICK, GridNote, Line, quantize, top_line
from charlstm.score.midi_import.meter_and_key import (
    METERS,
    Bar,
    bar_length,
    beat_length,
    count_bars,
    find_key,
    find_meter,
    key_that_ends,
)
from charlstm.score.midi_import.midi_file import MidiContents, Voice, read_contents
from charlstm.score.midi_import.swing import straightened
from charlstm.score.midi_import.writing import Melody, tempo_value, write_body
from charlstm.score.timeline import attacks, timeline
from charlstm.tunes.keys import parse_key

MAX_NOTES = 2000  # of the voice that is read
MAX_QUARTERS = 4096
MAX_TEXTS = 3  # that a remark quotes
MAX_TEMPOS = 8  # changes that are written; more are somebody's playing
_OFF_BEAT = 1 / 20  # quarters by which onsets are moved on average; above, the notes keep to no beat
_NEAR = 1 / 4  # quarters between a syllable and its note
_UNSUNG = re.compile(r"[_*|~\\%]")  # what means something else in a w: line
_T = TypeVar("_T")
_ACCOMPANYING = ("chords", "bass")  # as our own files call them
_TUNE_NAMES = ("melod", "vocal", "lead", "tune", "song", "sing")  # in the name of a voice


@dataclass(frozen=True)
class ImportedTune:
    """The melody of a file as ABC.

    Attributes
    ----------
    text : str
        ABC: T (if the file has a name), M, L, Q (if it has a tempo), K and the body.
    meter, key : str
        As they stand in the text, at its beginning.
    voices : tuple of str
        The voices of the file that have notes, by name; percussion is left out.
    voice : int
        Which of them this is.
    remarks : tuple of str
        What was left out or guessed, a sentence each.
    """

    text: str
    meter: str
    key: str
    voices: tuple[str, ...]
    voice: int
    remarks: tuple[str, ...]


def read_midi(
    data: bytes, *, voice: int | None = None, meter: str = "", key: str = "", grid: int = 0, repeats: bool = True
) -> ImportedTune:
    """Write the melody of a MIDI file as ABC.

    Parameters
    ----------
    data : bytes
        A standard MIDI file of format 0, 1 or 2, in a RIFF file or not, of at most `chunks.MAX_BYTES`.
    voice : int, optional
        Which voice; without it the one that looks most like a melody.
    meter : str
        One of METERS; "": the file's own, else the one whose bars fit best.
    key : str
        A K: value; "": the file's own, else by its notes and its last one.
    grid : 16, 32 or 0
        The shortest note there may be, tuplets apart: 1/16, 1/32, or as the file needs.
    repeats : bool
        Whether 4, 8 or 16 bars that come twice are written once, between repeat signs.

    Raises
    ------
    NotationError
        If this is not a MIDI file that can be read, or the voice has no notes, or too many.
    ConfigError
        If a setting is out of its range.
    """
    if meter and meter not in METERS:
        raise ConfigError("meter", f"must be one of {', '.join(METERS)}, not {meter}.")
    if key and parse_key(key) is None:
        raise ConfigError("key", f"{key!r} is not a key; write D, Em, Ador or the like.")
    if grid not in (0, *GRIDS):
        raise ConfigError("grid", "the shortest note is a sixteenth (16) or a thirty-second (32).")
    # Choose a voice and take its top line.
    file = read_contents(data)
    chosen = _melody_voice(file.voices) if voice is None else voice
    if not 0 <= chosen < len(file.voices):
        raise ConfigError("voice", f"this file has the voices 1 to {len(file.voices)}.")
    source = file.voices[chosen]
    _check_size(source)
    remarks = [*file.remarks, *_left_out(file, source)]
    played, dropped = top_line(source.notes)
    if dropped:
        remarks.append(f"Several notes at once: the top line was taken, {dropped} lower notes were left out.")

    # Count the bars of the file's meters from its beginning; where it names none, bars are found from the notes.
    end = round(max(note.end for note in played) * TICK)
    meters = [(round(at * TICK), name) for at, name in source.marks.meters if at * TICK < end]
    named = bool(meters) and meter in ("", meters[0][1])
    if meters and meters[0][0] > 0:
        meters.insert(0, (meters[0][0] % bar_length(meters[0][1]) - bar_length(meters[0][1]), meters[0][1]))
    bars = list(count_bars(meters if named else [(0, "4/4")], end))
    beat = beat_length(bars[0].meter) if named else TICK
    played, swing = straightened(played, bars)
    if swing:
        remarks.append(f"The first half of a beat takes {swing:.0%} of it; the notes are written even.")
    line = quantize(played, [*(bar.start for bar in bars), bars[-1].end], beat, grid, file.division)
    remarks += _rhythm_remarks(line)
    if named:
        bars = list(count_bars(meters, max(end, line.notes[-1].end)))
    else:
        bars = _found_bars(line, meter)
        if not meter:
            remarks.append(f"The file names no meter; {bars[0].meter} fits best.")
    bars, start, stop = _in_bars(line.notes, bars)

    # The key, the tempo and the words.
    keys = [(round(at * TICK), value) for at, value in source.marks.keys]
    asked = parse_key(key)
    if asked or not keys:
        keys = [(0, asked or find_key(line.notes))]
    if not asked and not source.marks.keys:
        remarks.append(f"The file names no key; by its notes it is {keys[0][1]}.")
    elif not asked and len(keys) == 1 and (other := key_that_ends(keys[0][1], line.notes[-1].pitch)):
        remarks.append(f"The file says {keys[0][1]}; its last note is that of {other}, which has the same signature.")
    keys = _from(keys, start)
    tempos = _from([(round(at * TICK), qpm) for at, qpm in source.marks.tempos], start)
    if len(tempos) > MAX_TEMPOS + 1:
        remarks.append(f"The tempo changes {len(tempos) - 1} times; the first one is written.")
        del tempos[1:]
    syllables, lost = _words_of(source, line.notes)
    if lost:
        remarks.append(f"{lost} syllables of the words fall on no note of this voice; they were left out.")

    melody = Melody(line.notes, line.tuplets, bars, start, stop, keys, tempos[1:], syllables)
    fields = [f"T:{file.title}"] if file.title else []
    fields += [f"Z:{_as_text(copyright)}" for copyright in file.copyrights]
    fields += [f"M:{bars[0].meter}", "L:1/8", *(f"Q:{tempo_value(qpm)}" for _, qpm in tempos[:1])]
    fields += [f"%%MIDI program {program}" for program in source.programs[:1] if program]
    fields.append(f"K:{keys[0][1]}")
    text = "\n".join([*fields, write_body(melody, repeats=repeats)])
    if repeats and not _sounds_as(text, line.notes):  # a repeat that is not exactly one
        text = "\n".join([*fields, write_body(melody, repeats=False)])
    names = tuple(each.name for each in file.voices)
    return ImportedTune(text, bars[0].meter, str(keys[0][1]), names, chosen, tuple(remarks))


def _as_text(text: str) -> str:
    """A text as the value of a field."""
    return text.replace("\\", "\\\\").replace("%", r"\%")


def _melody_voice(voices: Sequence[Voice]) -> int:
    """The voice that looks most like a melody: among those that last, one that is called so, else the highest.

    Chords and a bass are none, however long they last.
    """

    def rank(voice: Voice) -> tuple[bool, bool, bool, float]:
        called = any(name in voice.name.lower() for name in _TUNE_NAMES)
        lasts = lengths[voice.name] * 2 >= max(lengths.values())
        return voice.name.partition(" (")[0].lower() not in _ACCOMPANYING, lasts, called, _mean_pitch(voice)

    lengths = {voice.name: _sounding_time(voice) for voice in voices}
    return max(range(len(voices)), key=lambda index: rank(voices[index]))


def _sounding_time(voice: Voice) -> float:
    """Quarter notes from the first note to the last, but at most four for each note."""
    return min(voice.notes[-1].end - voice.notes[0].onset, 4.0 * len(voice.notes))


def _mean_pitch(voice: Voice) -> float:
    return sum(note.pitch for note in voice.notes) / len(voice.notes)


def _check_size(voice: Voice) -> None:
    if len(voice.notes) > MAX_NOTES:
        raise NotationError(f"{voice.name} of this MIDI file has more than {MAX_NOTES} notes; cut the tune out")
    if max(note.end for note in voice.notes) > MAX_QUARTERS:
        raise NotationError(f"this MIDI file is longer than {MAX_QUARTERS} quarter notes; cut the tune out")


def _left_out(file: MidiContents, voice: Voice) -> list[str]:
    """What of the file is not in the voice, a sentence each."""
    remarks = []
    if len(file.voices) > 1:
        remarks.append(f"The file has {len(file.voices)} voices; this is {voice.name}.")
    if file.percussion:
        remarks.append("The percussion was left out.")
    if voice.no_length:
        remarks.append(f"{voice.no_length} notes that have no length were left out.")
    if voice.endless:
        remarks.append(f"{voice.endless} notes have no end in the file; they last until the next note.")
    if voice.bends:
        remarks.append("Pitch bends were left out.")
    if len(voice.programs) > 1:
        remarks.append("The instrument changes in the file; the first one is written.")
    if file.texts:
        more = f" and {len(file.texts) - MAX_TEXTS} more" if len(file.texts) > MAX_TEXTS else ""
        remarks.append(f"Texts of the file were left out: {'; '.join(file.texts[:MAX_TEXTS])}{more}.")
    return remarks


def _rhythm_remarks(line: Line) -> list[str]:
    remarks = []
    if line.moved > _OFF_BEAT:
        remarks.append("The notes do not keep to a beat, so their lengths are a guess; record with a metronome.")
    if line.dropped:
        remarks.append(f"{line.dropped} notes come too soon after the note before to be written; they were left out.")
    return remarks


def _found_bars(line: Line, meter: str) -> list[Bar]:
    """Bars of a meter, or of the one that fits best, over all notes; the first may begin before them."""
    name, pickup = find_meter(line.notes, meter)
    first = line.notes[0].onset + pickup - (bar_length(name) if pickup else 0)
    return list(count_bars([(first, name)], line.notes[-1].end))


def _in_bars(notes: Sequence[GridNote], bars: list[Bar]) -> tuple[list[Bar], int, int]:
    """The bars that have music, where it begins, and where it ends."""
    first, last = notes[0].onset, notes[-1].end
    bars = [bar for bar in bars if bar.end > first and bar.start < last]
    # One short bar before another meter is that meter's pickup.
    if len(bars) > 1 and bars[0].meter != bars[1].meter and bars[0].end - bars[0].start < bar_length(bars[1].meter):
        bars[0] = Bar(bars[0].end - bar_length(bars[1].meter), bars[0].end, bars[1].meter)
        return bars, first, _end(bars, first, last)
    # Silence of half a bar and more is a pickup's, a shorter one is a rest.
    start = first if 2 * (first - bars[0].start) >= bars[0].end - bars[0].start else bars[0].start
    return bars, start, _end(bars, start, last)


def _end(bars: Sequence[Bar], start: int, last: int) -> int:
    """Where the last bar ends: full, or short by what the pickup has."""
    pickup = bars[0].end - start if start > bars[0].start else 0
    short = bars[-1].end - pickup
    return short if max(last, bars[-1].start + 1) <= short else bars[-1].end


def _from(changes: Sequence[tuple[int, _T]], start: int) -> list[tuple[int, _T]]:
    """What counts from `start` on; the first one from the beginning."""
    begun = sum(at <= start for at, _ in changes)
    return [(min(at, start) if not k else at, value) for k, (at, value) in enumerate(changes[max(0, begun - 1) :])]


def _words_of(voice: Voice, notes: Sequence[GridNote]) -> tuple[dict[int, tuple[str, bool]], int]:
    """What is sung on each note, by its onset in ticks, and how many syllables fall on none."""
    words: dict[int, tuple[str, bool]] = {}
    lost = 0
    times = [note.played for note in notes]
    for syllable in voice.syllables:
        place = bisect_left(times, syllable.onset)
        near = min((abs(times[k] - syllable.onset), k) for k in (place - 1, place) if 0 <= k < len(times))
        text = _UNSUNG.sub("", syllable.text).replace("-", r"\-").replace(" ", "~")
        if near[0] > _NEAR:
            lost += 1
        elif text:
            onset = notes[near[1]].onset
            before = words[onset][0] + "~" if onset in words else ""
            words[onset] = before + text, syllable.hyphen
    return words, lost


def _sounds_as(text: str, notes: Sequence[GridNote]) -> bool:
    """Whether a text has these notes, played out: neither more nor fewer, each at its time."""
    struck = attacks(timeline(text))
    return len(struck) == len(notes) and all(
        pitch == note.pitch and abs((onset - struck[0][0]) * TICK - (note.onset - notes[0].onset)) < 1
        for (onset, _, pitch, _), note in zip(struck, notes, strict=True)
    )
