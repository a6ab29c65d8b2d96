"""A MIDI file with a melody as ABC, in the plain spelling that the models know.

music21 reads the file; then one voice is chosen, its top line taken, its onsets put on a grid (or into triplets), key
and meter read or found, and what is played twice written once between repeat signs. A file is a stranger's: its size,
its notes and its length are bounded, and whatever cannot be read is one NotationError.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any, NamedTuple

from charlstm.errors import ConfigError, NotationError
from charlstm.tunes.abc import write_length
from charlstm.tunes.edit.clean import clean_title
from charlstm.tunes.keys import LETTERS, SEMITONES, Key, key_of, parse_key, signature

MAX_BYTES = 100_000  # a tune of a thousand notes is about 10,000
MAX_NOTES = 2000
MAX_QUARTERS = 4096
GRIDS = (16, 32)  # the shortest note: a sixteenth or a thirty-second
TICK = 24  # on the grid, time is counted in so many parts of a quarter: sixteenths, thirty-seconds and all triplets
EIGHTH = TICK // 2
# Meter -> its bar and its groups, in eighths.
METERS = {"4/4": (8, 4), "2/4": (4, 2), "3/4": (6, 2), "6/8": (6, 3), "9/8": (9, 3), "12/8": (12, 3)}
_MODES = {0: "major", 2: "dorian", 7: "mixolydian", 9: "minor"}  # semitones of the tonic above the signature's major
_MARKS = {-2: "__", -1: "_", 0: "=", 1: "^", 2: "^^"}
_BEFORE = 1 / 8  # quarters: a note that sounds on by less than this is only played legato


class Played(NamedTuple):
    """A note as the file has it, in quarter notes from the beginning."""

    onset: float
    end: float
    pitch: int


class Note(NamedTuple):
    """A note on the grid, in ticks; `third`: one of three that divide a time of two."""

    onset: int
    end: int
    pitch: int
    third: bool = False


@dataclass(frozen=True)
class FromMidi:
    """What was made of a MIDI file.

    Attributes
    ----------
    text : str
        ABC: T (if the file has a name), M, L, K and the body.
    meter, key : str
        As they stand in the text.
    voices : tuple of str
        The voices of the file that have notes, by name; percussion is none.
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


def from_midi(
    data: bytes, *, voice: int | None = None, meter: str = "", key: str = "", grid: int = 0, repeats: bool = True
) -> FromMidi:
    """Write the melody of a MIDI file as ABC.

    Parameters
    ----------
    data : bytes
        A standard MIDI file of at most MAX_BYTES.
    voice : int, optional
        Which voice; without it the one that looks most like a melody.
    meter : str
        One of METERS; "": the file's own, else the one whose bars fit best.
    key : str
        A K: value; "": the file's own, else by its notes and its last one.
    grid : 16, 32 or 0
        The shortest note there may be, triplets apart: 1/16, 1/32, or as the file needs.
    repeats : bool
        Whether 4, 8 or 16 bars that come twice are written once, between repeat signs.

    Raises
    ------
    NotationError
        If this is no MIDI file that can be read, or it has no notes, or too many.
    ConfigError
        If a setting is out of its range.
    """
    if meter and meter not in METERS:
        raise ConfigError("meter", f"{meter} is none of {', '.join(METERS)}.")
    if key and parse_key(key) is None:
        raise ConfigError("key", f"{key!r} is no key; write D, Em, Ador or the like.")
    if grid not in (0, *GRIDS):
        raise ConfigError("grid", "the shortest note is a sixteenth (16) or a thirty-second (32).")
    file = _read(data)
    chosen = _melody_voice(file.voices) if voice is None else voice
    if not 0 <= chosen < len(file.voices):
        raise ConfigError("voice", f"this file has the voices 1 to {len(file.voices)}.")
    remarks: list[str] = []
    names = tuple(name for name, _ in file.voices)
    if len(names) > 1:
        remarks.append(f"The file has {len(names)} voices; this is {names[chosen]}.")
    line, dropped = _top_line(file.voices[chosen][1])
    if dropped:
        remarks.append(f"Several notes at once: the top line was taken, {dropped} lower notes were left out.")
    notes, moved = _quantise(line, 4 / (grid or 16))
    if not grid:
        finer, moved_then = _quantise(line, 4 / 32)
        if moved_then < moved / 3:
            notes, moved = finer, moved_then
    if moved > 1 / 20:
        remarks.append("The notes do not keep to a beat, so their lengths are a guess; record with a metronome.")
    found_key = parse_key(key) or file.key or _find_key(notes)
    found_meter, pickup = _find_meter(notes, meter or file.meter)
    if not meter and not file.meter:
        remarks.append(f"The file names no meter; {found_meter} fits best.")
    if not key and not file.key:
        remarks.append(f"The file names no key; by its notes it is {found_key}.")
    title = f"T:{file.title}\n" if file.title else ""
    body = _write(notes, found_meter, pickup, found_key, repeats)
    text = f"{title}M:{found_meter}\nL:1/8\nK:{found_key}\n{body}"
    return FromMidi(text, found_meter, str(found_key), names, chosen, tuple(remarks))


# ---- the file -------------------------------------------------------------------------------------------------------


class _File(NamedTuple):
    voices: list[tuple[str, list[Played]]]
    meter: str
    key: Key | None
    title: str


def _read(data: bytes) -> _File:
    """The notes of a file by track and channel, and what it says of itself."""
    if len(data) > MAX_BYTES:
        raise NotationError(f"this file has {len(data):,} bytes; one melody has at most {MAX_BYTES:,}")
    if data[:4] != b"MThd" or len(data) < 14:
        raise NotationError("this is no MIDI file")
    tracks, division = int.from_bytes(data[10:12], "big"), int.from_bytes(data[12:14], "big")
    if division == 0 or division >= 0x8000:
        raise NotationError("this MIDI file counts time in film frames, not in notes; export it in ticks per quarter")
    if not 1 <= tracks <= 256:
        raise NotationError("this MIDI file has no tracks, or too many")
    try:
        return _sort(_parse(data), division)
    except NotationError:
        raise
    except Exception as error:  # music21 reads a broken file until something, anything, goes wrong
        raise NotationError("this MIDI file is broken and cannot be read") from error


def _parse(data: bytes) -> Any:
    from music21.midi import MidiFile

    file = MidiFile()
    file.readstr(data)
    return file.tracks


def _sort(tracks: Any, division: int) -> _File:
    from music21.midi import ChannelVoiceMessages, MetaEvents

    voices: dict[tuple[int, int], list[Played]] = {}
    names: dict[int, str] = {}
    meter, key = "", None
    total = 0
    for number, track in enumerate(tracks):
        now = 0
        sounding: dict[tuple[int, int], int] = {}
        for event in track.events:
            if event.type == "DeltaTime":
                now += event.time
                if now > MAX_QUARTERS * division:
                    raise NotationError(f"this MIDI file is longer than {MAX_QUARTERS} quarter notes; cut the tune out")
            elif event.type == MetaEvents.SEQUENCE_TRACK_NAME and event.data:
                names.setdefault(number, _words(event.data))
            elif event.type == MetaEvents.TIME_SIGNATURE and not meter and len(event.data) >= 2:
                meter = _meter_name(event.data[0], event.data[1])
            elif event.type == MetaEvents.KEY_SIGNATURE and key is None and len(event.data) >= 2:
                key = _signature_key(event.data[0], event.data[1])
            elif event.type in (ChannelVoiceMessages.NOTE_ON, ChannelVoiceMessages.NOTE_OFF) and event.channel != 10:
                place = (event.channel, event.pitch)
                begun = sounding.pop(place, None)
                if begun is not None and now > begun:
                    note = Played(begun / division, now / division, event.pitch)
                    voices.setdefault((number, event.channel), []).append(note)
                if event.type == ChannelVoiceMessages.NOTE_ON and event.velocity:
                    sounding[place] = now
                    total += 1
                    if total > MAX_NOTES:
                        raise NotationError(f"this MIDI file has more than {MAX_NOTES} notes; cut the tune out")
    if not voices:
        raise NotationError("this MIDI file has no notes, or nothing but percussion")
    found = [
        (f"{names[number]} (voice {place})" if names.get(number) else f"voice {place}", sorted(notes))
        for place, ((number, _), notes) in enumerate(sorted(voices.items()), 1)
    ]
    title = next((clean_title(name) for _, name in sorted(names.items()) if clean_title(name)), "")
    return _File(found, meter, key, title)


def _words(data: bytes | str) -> str:
    text = data if isinstance(data, str) else data.decode("utf-8", "replace")
    return re.sub(r"\s+", " ", "".join(c if c.isprintable() else " " for c in text)).strip()[:60]


def _meter_name(top: int, power: int) -> str:
    """A time signature as one of METERS; "": another one, to be found by ear."""
    name = f"{top}/{2 ** min(power, 6)}"
    return {"2/2": "4/4"}.get(name, name if name in METERS else "")


def _signature_key(sharps: int, minor: int) -> Key | None:
    """The key of a file's key signature: its tonic is the scale's, major or minor."""
    fifths = sharps - 256 if sharps > 127 else sharps
    if not -6 <= fifths <= 6 or minor not in (0, 1):
        return None
    return _key_at(fifths, "minor" if minor else "major")


def _melody_voice(voices: Sequence[tuple[str, Sequence[Played]]]) -> int:
    """The voice that looks most like a melody: the highest of those that have many notes."""
    most = max(len(notes) for _, notes in voices)
    heights = [sum(n.pitch for n in notes) / len(notes) if len(notes) * 4 >= most else -1.0 for _, notes in voices]
    return heights.index(max(heights))


# ---- one line on a grid ---------------------------------------------------------------------------------------------


def _top_line(notes: Sequence[Played]) -> tuple[list[Played], int]:
    """The highest notes, none sounding into the next; and how many were left out."""
    line: list[Played] = []
    dropped = 0
    for note in sorted(notes, key=lambda n: (n.onset, -n.pitch)):
        last = line[-1] if line else None
        if last is not None and note.onset - last.onset < 1 / 16:
            dropped += 1  # of a chord, lower
            if note.pitch > last.pitch:
                line[-1] = note._replace(onset=last.onset)
        elif last is not None and last.end - note.onset > _BEFORE and last.pitch > note.pitch:
            dropped += 1  # below a note that is held
        else:
            if last is not None and last.end > note.onset:
                line[-1] = last._replace(end=note.onset)
            line.append(note)
    return line, dropped


def _quantise(line: Sequence[Played], step: float) -> tuple[list[Note], float]:
    """The line with onsets and ends on a grid or in triplets, and how far onsets were moved on average, in quarters."""
    exact = all(_on(n.onset, 1 / 24) and _on(n.end, 1 / 24) for n in line)
    onsets: list[float] = []
    thirds: dict[int, int] = {}  # a note of a triplet -> the triplet's first
    index = 0
    while index < len(line):
        span = _triplet(line, index, step)
        if span:
            start = _round(line[index].onset, min(span / 2, step))
            thirds |= dict.fromkeys(range(index, index + 3), index)
            onsets += [start, start + span / 3, start + span * 2 / 3]
            index += 3
        else:
            onsets.append(_round(line[index].onset, step))
            index += 1
    moved = sum(abs(a - n.onset) for a, n in zip(onsets, line, strict=True)) / len(line)
    notes: list[Note] = []
    for index, (note, onset) in enumerate(zip(line, onsets, strict=True)):
        if notes and round(onset * TICK) <= notes[-1].onset:
            continue  # two fell on one place of the grid
        following = next((o for o in onsets[index + 1 : index + 9] if o > onset + 1e-6), None)
        end = max(onset + step, _round(note.end, step))
        if index in thirds:
            end = onset + (onsets[thirds[index] + 1] - onsets[thirds[index]])
        elif following is not None:
            gap = following - note.end
            rest = gap + 1e-6 >= (step if exact else 9 / 20)
            end = min(end, following) if rest else following
        notes.append(Note(round(onset * TICK), round(end * TICK), note.pitch, index in thirds))
    return notes, moved


def _triplet(line: Sequence[Played], index: int, step: float) -> float:
    """The span of a triplet that begins with this note, in quarters; 0: none does."""
    if index + 2 >= len(line):
        return 0.0
    a, b, c = (n.onset for n in line[index : index + 3])
    d = line[index + 3].onset if index + 3 < len(line) else line[index + 2].end
    for span in (1.0, 0.5, 2.0):
        start = _round(a, min(span / 2, step) if span <= 1 else 1.0)
        third = [start, start + span / 3, start + span * 2 / 3, start + span]
        off = sum(abs(x - y) for x, y in zip(third, (a, b, c, d), strict=True))
        straight = sum(abs(x - _round(x, step)) for x in (a, b, c, d))
        if off < span / 8 and off * 2 < straight:
            return span
    return 0.0


def _round(value: float, step: float) -> float:
    return round(value / step) * step


def _on(value: float, step: float) -> bool:
    return abs(value - _round(value, step)) < 1 / 200


# ---- key and meter --------------------------------------------------------------------------------------------------


def _key_at(fifths: int, mode: str) -> Key:
    """The key of a signature and a mode."""
    tonics = [(t, a) for t in LETTERS for a in (0, 1, -1)]
    tonic, alteration = next((t, a) for t, a in tonics if key_of(t, a, mode).fifths == fifths)
    return key_of(tonic, alteration, mode)


def _find_key(notes: Sequence[Note]) -> Key:
    """The signature that most of the sounding time agrees with, and the mode that the last note ends in."""
    weights: Counter[int] = Counter()
    for note in notes:
        weights[note.pitch % 12] += note.end - note.onset
    last = notes[-1].pitch % 12

    def fit(fifths: int) -> tuple[float, int, int]:
        altered = signature(fifths)
        scale = {(SEMITONES[letter] + altered.get(letter, 0)) % 12 for letter in LETTERS}
        above = (last - 7 * fifths) % 12
        place = {0: 0, 9: 1, 2: 2, 7: 2}.get(above, 9)  # of the last note: major, minor, the two modes, none
        return -sum(w for pitch, w in weights.items() if pitch in scale), place, abs(fifths - 1)

    # A little is forgiven for a likelier last note: 2 % of the time may be passing notes.
    fits = {fifths: fit(fifths) for fifths in range(-5, 7)}
    total = sum(weights.values())
    best = min(fits, key=lambda f: (fits[f][0] + 0.02 * total * fits[f][1], fits[f][2]))
    return _key_at(best, _MODES.get((last - 7 * best) % 12, "major"))


def _find_meter(notes: Sequence[Note], wanted: str) -> tuple[str, int]:
    """A meter, and the ticks before its first full bar: where notes begin and long ones stand, bars begin."""
    best: tuple[float, str, int] | None = None
    for name, (length, _) in METERS.items():
        if wanted not in ("", name):
            continue
        for eighths in range(length):
            score = _fit(notes, name, length * EIGHTH, eighths * EIGHTH)
            if best is None or score > best[0]:
                best = score, name, eighths * EIGHTH
    assert best is not None
    return best[1], best[2]


def _fit(notes: Sequence[Note], name: str, bar: int, pickup: int) -> float:
    """How well bar lines of a meter fall: higher is better. The weights were set on tunes of the corpus."""
    begin, end = notes[0].onset + pickup, notes[-1].end
    lengths = {n.onset: n.end - n.onset for n in notes}
    lines = range(begin, max(end - bar, begin) + 1, bar)
    struck = sum(t in lengths for t in lines) / len(lines)
    weight = sum(min(lengths.get(t, 0), 2 * TICK) for t in lines) / len(lines) / TICK
    mean = sum(min(d, 2 * TICK) for d in lengths.values()) / len(lengths) / TICK
    closes = (end - begin) % bar in (0, bar - pickup)
    # Bars that sound alike in rhythm, beside each other and two apart.
    shapes: list[list[int]] = [[] for _ in lines]
    for onset in lengths:
        if 0 <= onset - begin < bar * len(lines):
            shapes[(onset - begin) // bar].append((onset - begin) % bar)
    alike = sum(a == b for a, b in pairwise(shapes)) / max(1, len(shapes) - 1)
    alike_but_one = sum(a == b for a, b in zip(shapes, shapes[2:], strict=False)) / max(1, len(shapes) - 2)
    beat = 3 * EIGHTH if name.endswith("/8") else 2 * EIGHTH
    beats = range(begin, begin + bar * len(lines), beat)
    on_beat = sum(t in lengths for t in beats) / len(beats)
    one_beat = sum(d == beat for d in lengths.values()) / len(lengths)
    prior = {"4/4": 0.30, "6/8": 0.25, "2/4": 0.0, "3/4": 0.05, "9/8": 0.0, "12/8": -0.25}[name]
    sums = 2.0 * struck + 0.6 * (weight - mean) + 0.8 * closes + 0.4 * alike + 0.3 * alike_but_one
    return sums + 1.5 * on_beat + 0.5 * one_beat + prior - 0.05 * pickup / TICK


# ---- text -----------------------------------------------------------------------------------------------------------


class _Piece(NamedTuple):
    """A note or a rest, or what of it lies within a bar."""

    onset: int
    end: int
    note: Note | None
    tied: bool  # it sounds on into the next bar


class _Writer:
    """Bars of one key and meter, from notes."""

    def __init__(self, notes: Sequence[Note], key: Key, bar: int, group: int) -> None:
        self.notes, self.bar, self.group = notes, bar, group
        self.onsets = [n.onset for n in notes]
        self.signature = key.signature
        self.flat = key.fifths < 0
        self.in_scale = {(SEMITONES[x] + key.signature.get(x, 0)) % 12: x for x in LETTERS}

    def music(self, start: int, end: int, line: int) -> str:
        """What sounds from `start` to `end`, in a bar that began (or would have begun) at `line`."""
        self.altered: dict[tuple[str, int], int] = {}
        self.letters: dict[str, int] = {}
        parts: list[str] = []
        pieces = list(self._pieces(start, end))
        skip = 0
        for index, (onset, until, note, tied) in enumerate(pieces):
            if parts and (onset - line) % self.group == 0:
                parts.append(" ")
            length = Fraction(until - onset, EIGHTH)
            if skip:
                skip -= 1
                length = length * 3 / 2
            elif note is not None and note.third and self._three(pieces, index):
                parts.append("(3")
                skip, length = 2, length * 3 / 2
            following = pieces[index + 1] if index + 1 < len(pieces) else None
            before = pieces[index - 1] if index else None
            broken = ""
            if not skip and note is not None and not note.third:
                if self._dotted(onset, length, following, line):
                    broken, length = (">" if length > 1 else "<"), Fraction(1)
                elif before is not None:
                    held = Fraction(before.end - before.onset, EIGHTH)
                    length = Fraction(1) if self._dotted(before.onset, held, pieces[index], line) else length
            parts.append((self._spell(note.pitch) if note else "z") + write_length(length) + ("-" if tied else ""))
            parts.append(broken)
        return "".join(parts)

    def _pieces(self, start: int, end: int) -> Iterator[_Piece]:
        now = start
        first = max(0, bisect_right(self.onsets, start) - 1)
        for note in self.notes[first : bisect_left(self.onsets, end)]:
            if note.end <= start:
                continue
            onset, until = max(note.onset, start), min(note.end, end)
            if onset > now:
                yield _Piece(now, onset, None, False)
            yield _Piece(onset, until, note, note.end > end)
            now = until
        if now < end:
            yield _Piece(now, end, None, False)

    @staticmethod
    def _three(pieces: Sequence[_Piece], index: int) -> bool:
        three = pieces[index : index + 3]
        whole = all(p.note and p.note.third and p.end - p.onset == three[0].end - three[0].onset for p in three)
        return len(three) == 3 and whole

    def _dotted(self, onset: int, length: Fraction, following: _Piece | None, line: int) -> bool:
        """Whether this note and the next are a dotted pair of eighths within a beat."""
        if following is None or following.note is None or following.note.third or (onset - line) % TICK:
            return False
        after = Fraction(following.end - following.onset, EIGHTH)
        return (length, after) in ((Fraction(3, 2), Fraction(1, 2)), (Fraction(1, 2), Fraction(3, 2)))

    def _spell(self, pitch: int) -> str:
        letter = self.in_scale.get(pitch % 12)
        if letter is not None:
            alteration = self.signature.get(letter, 0)
        else:
            step = 1 if self.flat else -1  # the letter above, lowered, or the one below, raised
            letter = self.in_scale.get((pitch + step) % 12) or self.in_scale[(pitch - step) % 12]
            step = step if self.in_scale.get((pitch + step) % 12) else -step
            alteration = self.signature.get(letter, 0) - step
            if alteration not in _MARKS:
                letter = self.in_scale[(pitch - step) % 12]
                alteration = self.signature.get(letter, 0) + step
        octave = (pitch - alteration) // 12 - 1
        usual = self.signature.get(letter, 0)
        held = self.altered.get((letter, octave), usual), self.letters.get(letter, usual)
        mark = "" if held == (alteration, alteration) else _MARKS[alteration]
        if mark:
            self.altered[letter, octave] = self.letters[letter] = alteration
        return mark + (letter + "," * (4 - octave) if octave < 5 else letter.lower() + "'" * (octave - 5))


def _write(notes: Sequence[Note], meter: str, pickup: int, key: Key, repeats: bool) -> str:
    """The body: a line each four bars, repeats where a section comes twice."""
    bar, group = (eighths * EIGHTH for eighths in METERS[meter])
    start = notes[0].onset
    end = max(notes[-1].end, start + pickup)
    writer = _Writer(notes, key, bar, group)
    lines: list[str] = []
    sections = list(_sections(notes, start, end, bar)) if repeats else [(start, end, False)]
    for number, (begin, stop, twice) in enumerate(sections):
        edges = [begin]
        # Bar lines lie on the meter's grid, sections where they begin; a pickup comes first.
        line = start + pickup + ((begin - start - pickup) // bar + 1) * bar if pickup else begin + bar
        line = begin + pickup if pickup and (begin - start) % bar == 0 else line
        while line < stop:
            edges.append(line)
            line += bar
        whole = [*edges[1:], stop]
        text, count = "|:" if twice else "", 0
        for a, b in zip(edges, whole, strict=True):
            text += writer.music(a, b, b - bar if b - a < bar and a == begin else a)
            count += b - a == bar
            if b == stop:
                text += ":|" if twice else "|]" if number == len(sections) - 1 else "||"
            else:
                text += "|"
                if count and count % 4 == 0 and b - a == bar:
                    lines.append(text)
                    text = ""
        lines.append(text)
    return "\n".join(lines)


def _sections(notes: Sequence[Note], start: int, end: int, bar: int) -> Iterator[tuple[int, int, bool]]:
    """The tune cut where 16, 8 or 4 bars come twice: begin, end (of the first time), whether it comes twice."""
    begin, waiting = start, start

    onsets = [n.onset for n in notes]

    def heard(a: int, b: int) -> list[tuple[int, int, int]]:
        played = notes[bisect_left(onsets, a) : bisect_left(onsets, b)]
        return [(n.onset - a, n.end - a, n.pitch) for n in played]

    def clean(t: int) -> bool:
        """Whether nothing sounds across this moment."""
        before = bisect_left(onsets, t)
        return before == 0 or notes[before - 1].end <= t

    while begin < end:
        for count in (16, 8, 4):
            span = count * bar
            if begin + 2 * span > end or not (clean(begin + span) and clean(begin + 2 * span)):
                continue
            first = heard(begin, begin + span)
            if first and first == heard(begin + span, begin + 2 * span):
                if waiting < begin:
                    yield waiting, begin, False
                yield begin, begin + span, True
                begin = waiting = begin + 2 * span
                break
        else:
            begin += bar
    if waiting < end:
        yield waiting, end, False
