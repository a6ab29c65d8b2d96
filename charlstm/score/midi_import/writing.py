"""Notes of the grid as the body of an ABC tune: bars, beams, tuplets, broken rhythm, ties, changes, words, repeats."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from charlstm.score.midi_import.grid import EIGHTH, TICK, GridNote, Tuplet
from charlstm.score.midi_import.meter_and_key import Bar, bar_length, beam_length
from charlstm.score.midi_import.spelling import Speller
from charlstm.tunes.abc import write_length
from charlstm.tunes.keys import Key

_BROKEN = {(EIGHTH * 3 // 2, EIGHTH // 2): ">", (EIGHTH // 2, EIGHTH * 3 // 2): "<"}  # two lengths in ticks -> the mark
_LINE = 4  # bars
_REPEATED = (16, 8, 4)  # bars of a section that comes twice


@dataclass(frozen=True)
class Melody:
    """One voice in its bars, all times in ticks.

    Attributes
    ----------
    notes : list of GridNote
        By onset, none sounding into the next.
    tuplets : list of Tuplet
    bars : list of Bar
        One after the other.
    start, end : int
        Of the music: in the first bar (later than its beginning for a pickup) and in the last one.
    keys : list of (int, Key)
        From when each counts; the first from the beginning.
    tempos : list of (int, float)
        Quarter notes per minute that come after the beginning, likewise.
    syllables : mapping from an onset to (str, bool)
        What is sung on a note, and whether the word goes on.
    """

    notes: list[GridNote]
    tuplets: list[Tuplet]
    bars: list[Bar]
    start: int
    end: int
    keys: list[tuple[int, Key]]
    tempos: list[tuple[int, float]] = field(default_factory=list)
    syllables: Mapping[int, tuple[str, bool]] = field(default_factory=dict)


class _Section(NamedTuple):
    """A stretch of the tune in ticks; `repeated`: it comes again right after, and is written once."""

    begin: int
    end: int
    repeated: bool


class _Piece(NamedTuple):
    """A note or a rest, or what of it lies within a bar and a tuplet, in ticks."""

    onset: int
    end: int
    note: GridNote | None = None

    @property
    def length(self) -> int:
        return self.end - self.onset


def tempo_value(qpm: float) -> str:
    """A tempo as the value of a Q: field."""
    return f"1/4={round(qpm, 1):g}"


def write_body(melody: Melody, *, repeats: bool) -> str:
    """The body of a tune with L:1/8, four bars a line.

    `repeats`: 4, 8 or 16 bars that come twice are written once, where meter, key and tempo do not change.
    """
    music = _Music(melody)
    is_even = len({bar.meter for bar in melody.bars}) == len(melody.keys) == 1 and not melody.tempos
    whole = _Section(melody.start, melody.end, False)
    sections = list(_sections(melody)) if repeats and is_even else [whole]
    bar_starts = [bar.start for bar in melody.bars]
    lines: list[str] = []
    for section in sections:
        inside = bar_starts[bisect_right(bar_starts, section.begin) : bisect_left(bar_starts, section.end)]
        passes = (0, section.end - section.begin) if section.repeated else (0,)
        text, full_bars = "|:" if section.repeated else "", 0
        sung: list[tuple[int, bool]] = []
        for a, b in pairwise([section.begin, *inside, section.end]):
            bar = melody.bars[bisect_right(bar_starts, a) - 1]
            music_text, notes = music.bar(a, b, bar)
            text, sung = text + music_text, sung + notes
            is_full = b - a == bar.end - bar.start
            full_bars += is_full
            if b == section.end:
                text += ":|" if section.repeated else "|]" if section is sections[-1] else "||"
            else:
                text += "|"
            if b == section.end or (is_full and full_bars % _LINE == 0):
                lines += [text, *_word_lines(sung, melody.syllables, passes)]
                text, sung = "", []
    return "\n".join(lines)


def _sections(melody: Melody) -> Iterator[_Section]:
    """The tune cut where 16, 8 or 4 bars come twice; what comes once in between is one section."""
    notes, bar = melody.notes, bar_length(melody.bars[0].meter)
    onsets = [n.onset for n in notes]

    def heard(a: int, b: int) -> list[tuple[int, int, int]]:
        return [(n.onset - a, n.end - a, n.pitch) for n in notes[bisect_left(onsets, a) : bisect_left(onsets, b)]]

    def is_silent(moment: int) -> bool:
        """Whether no note sounds across a moment."""
        before = bisect_left(onsets, moment)
        return before == 0 or notes[before - 1].end <= moment

    begin = once = melody.start  # what lies between these two comes once
    while begin < melody.end:
        for span in (bars * bar for bars in _REPEATED):
            middle, stop = begin + span, begin + 2 * span
            if stop > melody.end or not (is_silent(middle) and is_silent(stop)):
                continue
            first = heard(begin, middle)
            if first and first == heard(middle, stop):
                if once < begin:
                    yield _Section(once, begin, False)
                yield _Section(begin, middle, True)
                begin = once = stop
                break
        else:
            begin += bar
    if once < melody.end:
        yield _Section(once, melody.end, False)


class _Music:
    """Writes bars, one after the other."""

    def __init__(self, melody: Melody) -> None:
        self.melody = melody
        self.onsets = [note.onset for note in melody.notes]
        self.pitches = [note.pitch for note in melody.notes]
        self.tempos = list(melody.tempos)  # that are still to be written
        self.meter = melody.bars[0].meter
        self.key = melody.keys[0][1]
        self.speller = Speller(self.key)

    def bar(self, start: int, end: int, bar: Bar) -> tuple[str, list[tuple[int, bool]]]:
        """What sounds from `start` to `end` in a bar; and of each note in it the onset, and whether it begins here."""
        text = self._changes(start, end, bar)
        self.speller.new_bar()
        tuplets = [t for t in self.melody.tuplets if t.start < end and t.end > start]
        pieces = list(self._pieces(start, end, tuplets))
        of_tuplet = [next((t for t in tuplets if t.start <= piece.onset < t.end), None) for piece in pieces]
        marks = ["", *(self._broken(a, b, bar.start) for a, b in pairwise(zip(pieces, of_tuplet, strict=True))), ""]
        group = beam_length(bar.meter)
        written = False
        for index, (piece, tuplet) in enumerate(zip(pieces, of_tuplet, strict=True)):
            # A blank ends the beam where a group begins; a tempo stands where it begins to count.
            if written and (piece.onset - bar.start) % group == 0:
                text += " "
            while self.tempos and self.tempos[0][0] <= piece.onset:
                text += f"[Q:{tempo_value(self.tempos.pop(0)[1])}]"
            # In a tuplet a note is written longer than it sounds; a broken pair is written as two eighths.
            length = Fraction(piece.length, EIGHTH)
            before, after = marks[index : index + 2]
            if tuplet is not None:
                if index == 0 or of_tuplet[index - 1] is not tuplet:
                    text += _tuplet_mark(tuplet, sum(t is tuplet for t in of_tuplet))
                length = length * tuplet.parts / tuplet.time_of
            elif before or after:
                length = Fraction(1)
            text += self._note(piece) + write_length(length)
            text += ("-" if piece.note and piece.note.end > piece.end else "") + after
            written = True
        return text, [(piece.note.onset, piece.onset == piece.note.onset) for piece in pieces if piece.note]

    def _changes(self, start: int, end: int, bar: Bar) -> str:
        """The inline fields of a meter or key that is new in this bar; a key that changes in a bar, in the nearest."""
        text = ""
        if bar.meter != self.meter:
            self.meter = bar.meter
            text += f"[M:{self.meter}]"
        key = [key for at, key in self.melody.keys if at <= start or 2 * at < start + end][-1]
        if key != self.key:
            self.key, self.speller = key, Speller(key)
            text += f"[K:{key}]"
        return text

    def _pieces(self, start: int, end: int, tuplets: Sequence[Tuplet]) -> Iterator[_Piece]:
        """The notes and rests between two moments, cut there and where tuplets begin and end."""
        edges = sorted({edge for t in tuplets for edge in (t.start, t.end)})

        def cut(a: int, b: int, note: GridNote | None) -> Iterator[_Piece]:
            inside = edges[bisect_right(edges, a) : bisect_left(edges, b)]
            for c, d in pairwise([a, *inside, b]):
                yield _Piece(c, d, note)

        now = start
        first = max(0, bisect_right(self.onsets, start) - 1)
        for note in self.melody.notes[first : bisect_left(self.onsets, end)]:
            if note.end <= start:
                continue
            onset, until = max(note.onset, start), min(note.end, end)
            if onset > now:
                yield from cut(now, onset, None)
            yield from cut(onset, until, note)
            now = until
        if now < end:
            yield from cut(now, end, None)

    def _note(self, piece: _Piece) -> str:
        if piece.note is None:
            return "z"
        following = bisect_right(self.onsets, piece.note.onset)
        return self.speller.note(piece.note.pitch, self.pitches[following] if following < len(self.pitches) else None)

    @staticmethod
    def _broken(first: tuple[_Piece, Tuplet | None], second: tuple[_Piece, Tuplet | None], bar_start: int) -> str:
        """The mark `>` or `<` if these are a dotted and a short note of one beat, else ""."""
        straight = all(piece.note is not None and tuplet is None for piece, tuplet in (first, second))
        on_beat = (first[0].onset - bar_start) % TICK == 0
        return _BROKEN.get((first[0].length, second[0].length), "") if straight and on_beat else ""


def _tuplet_mark(tuplet: Tuplet, count: int) -> str:
    """What opens a tuplet of so many notes and rests, as short as ABC has it."""
    if (tuplet.parts, tuplet.time_of, count) == (3, 2, 3):
        return "(3"
    ratio = f"({tuplet.parts}:{tuplet.time_of}"
    return ratio if count == tuplet.parts else f"{ratio}:{count}"


def _word_lines(
    sung: Sequence[tuple[int, bool]], syllables: Mapping[int, tuple[str, bool]], passes: Sequence[int]
) -> Iterator[str]:
    """The w: lines under a line of music, one a pass (how many ticks later it is heard) that has words."""
    for later in passes:
        if any(onset + later in syllables for onset, _ in sung):
            line = "w:"
            for onset in (onset for onset, begins in sung if begins):  # a note that is tied on takes no syllable
                text, goes_on = syllables.get(onset + later, ("*", False))
                line += text + ("-" if goes_on else " ")
            yield line.rstrip()
