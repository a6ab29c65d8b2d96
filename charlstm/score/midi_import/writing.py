"""Notes of the grid as the body of an ABC tune: bars, beams, triplets, broken rhythm, ties and repeats."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from charlstm.score.midi_import.grid import EIGHTH, TICK, GridNote
from charlstm.score.midi_import.meter_and_key import METERS
from charlstm.score.midi_import.spelling import Speller
from charlstm.tunes.abc import write_length
from charlstm.tunes.keys import Key

_BROKEN = {(EIGHTH * 3 // 2, EIGHTH // 2): ">", (EIGHTH // 2, EIGHTH * 3 // 2): "<"}  # two lengths in ticks -> the mark
_LINE = 4  # bars
_REPEATED = (16, 8, 4)  # bars of a section that comes twice


class _Section(NamedTuple):
    """A stretch of the tune in ticks; `repeated`: it comes again right after, and is written once."""

    begin: int
    end: int
    repeated: bool


class _Piece(NamedTuple):
    """A note or a rest, or what of it lies within a bar, in ticks."""

    onset: int
    end: int
    note: GridNote | None = None
    tied: bool = False  # it sounds on into the next bar

    @property
    def length(self) -> int:
        return self.end - self.onset


def write_body(notes: Sequence[GridNote], meter: str, pickup: int, key: Key, *, repeats: bool) -> str:
    """The body of a tune with L:1/8, four bars a line.

    Parameters
    ----------
    notes : sequence of GridNote
        At least one, by onset, none sounding into the next.
    meter : str
        A name of METERS.
    pickup : int
        Ticks before the first full bar.
    key : Key
    repeats : bool
        Whether sections that come twice are written once, between repeat signs.
    """
    bar, group = (eighths * EIGHTH for eighths in METERS[meter])
    start, end = notes[0].onset, max(notes[-1].end, notes[0].onset + pickup)
    music = _Music(notes, key, group)
    sections = list(_sections(notes, start, end, bar)) if repeats else [_Section(start, end, False)]
    lines: list[str] = []
    for section in sections:
        # Every section begins with the tune's pickup, if it has one.
        edges = [section.begin, *range(section.begin + (pickup or bar), section.end, bar), section.end]
        text, full_bars = "|:" if section.repeated else "", 0
        for a, b in pairwise(edges):
            is_full = b - a == bar
            is_pickup = a == section.begin and not is_full
            text += music.bar(a, b, bar_line=b - bar if is_pickup else a)
            full_bars += is_full
            if b == section.end:
                text += ":|" if section.repeated else "|]" if section is sections[-1] else "||"
            else:
                text += "|"
                if is_full and full_bars % _LINE == 0:
                    lines.append(text)
                    text = ""
        lines.append(text)
    return "\n".join(lines)


def _sections(notes: Sequence[GridNote], start: int, end: int, bar: int) -> Iterator[_Section]:
    """The tune cut where 16, 8 or 4 bars come twice; what comes once in between is one section."""
    onsets = [n.onset for n in notes]

    def heard(a: int, b: int) -> list[tuple[int, int, int]]:
        return [(n.onset - a, n.end - a, n.pitch) for n in notes[bisect_left(onsets, a) : bisect_left(onsets, b)]]

    def is_silent(moment: int) -> bool:
        """Whether no note sounds across a moment."""
        before = bisect_left(onsets, moment)
        return before == 0 or notes[before - 1].end <= moment

    begin = once = start  # what lies between these two comes once
    while begin < end:
        for span in (bars * bar for bars in _REPEATED):
            middle, stop = begin + span, begin + 2 * span
            if stop > end or not (is_silent(middle) and is_silent(stop)):
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
    if once < end:
        yield _Section(once, end, False)


class _Music:
    """Writes bars of one key; `group` is the ticks under one beam."""

    def __init__(self, notes: Sequence[GridNote], key: Key, group: int) -> None:
        self.notes, self.group = notes, group
        self.onsets = [n.onset for n in notes]
        self.speller = Speller(key)

    def bar(self, start: int, end: int, *, bar_line: int) -> str:
        """What sounds from `start` to `end`, in a bar that began, or would have begun, at `bar_line`."""
        self.speller.new_bar()
        pieces = list(self._pieces(start, end))
        broken = ["", *(_broken(a, b, bar_line) for a, b in pairwise(pieces)), ""]  # the marks before and after each
        text, of_triplet = "", 0  # notes of the open triplet that are to come
        for index, piece in enumerate(pieces):
            # A blank ends the beam where a group begins.
            if text and (piece.onset - bar_line) % self.group == 0:
                text += " "
            if not of_triplet and _is_triplet(pieces[index : index + 3]):
                text, of_triplet = text + "(3", 3
            # In a triplet a note is written half as long again; a broken pair is written as two eighths.
            before, after = broken[index : index + 2]
            length = Fraction(piece.length, EIGHTH)
            if of_triplet:
                length, of_triplet = length * 3 / 2, of_triplet - 1
            elif before or after:
                length = Fraction(1)
            text += self.speller.note(piece.note.pitch) if piece.note else "z"
            text += write_length(length) + "-" * piece.tied + after
        return text

    def _pieces(self, start: int, end: int) -> Iterator[_Piece]:
        """The notes and rests between two moments, cut there."""
        now = start
        first = max(0, bisect_right(self.onsets, start) - 1)
        for note in self.notes[first : bisect_left(self.onsets, end)]:
            if note.end <= start:
                continue
            onset, until = max(note.onset, start), min(note.end, end)
            if onset > now:
                yield _Piece(now, onset)
            yield _Piece(onset, until, note, note.end > end)
            now = until
        if now < end:
            yield _Piece(now, end)


def _is_triplet(pieces: Sequence[_Piece]) -> bool:
    """Whether these are three equal notes of a triplet, none of them cut."""
    return (
        len(pieces) == 3
        and all(piece.note is not None and piece.note.in_triplet for piece in pieces)
        and len({piece.length for piece in pieces}) == 1
    )


def _broken(first: _Piece, second: _Piece, bar_line: int) -> str:
    """The mark `>` or `<` if these are a dotted and a short note of one beat, else ""."""
    straight = all(piece.note is not None and not piece.note.in_triplet for piece in (first, second))
    on_beat = (first.onset - bar_line) % TICK == 0
    return _BROKEN.get((first.length, second.length), "") if straight and on_beat else ""
