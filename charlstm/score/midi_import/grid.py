"""Notes as they were played, and on a grid: onsets move to parts of their beat, straight or in tuplets.

A file that a notation program wrote has onsets that fit exactly: each beat then gets the plainest division in which all
of them lie. What somebody played is moved to the nearest sixteenth or thirty-second, or into triplets. Knows no key.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

GRIDS = (16, 32)  # the shortest note: a sixteenth or a thirty-second
TICK = 5040  # of a quarter on the grid: 64ths, and halves and quarters of beats in 3, 5, 7 or 9 parts, are whole
EIGHTH = TICK // 2
_FINEST = TICK // 16  # a 64th
_LEGATO = 1 / 8  # quarters by which a note may sound into the next and is still one voice, played legato
_CHORD = 1 / 16  # quarters between the onsets of notes that are meant together
_GAP = 9 / 20  # quarters of silence that are a rest in what somebody played
_PARTS = (3, 5, 6, 7, 9)  # of a tuplet
_MOSTLY = 0.98  # of the onsets that fit, in a file that was written


class PlayedNote(NamedTuple):
    """A note of a file, in quarter notes from its beginning."""

    onset: float
    end: float
    pitch: int


class GridNote(NamedTuple):
    """A note on the grid, in ticks; `played`: its onset in the file, in quarter notes."""

    onset: int
    end: int
    pitch: int
    played: float = 0.0


class Tuplet(NamedTuple):
    """A span in ticks that is divided in `parts` notes in the time of `time_of`."""

    start: int
    end: int
    parts: int
    time_of: int

    @property
    def unit(self) -> int:
        """Ticks of one of its notes."""
        return (self.end - self.start) // self.parts


@dataclass(frozen=True)
class Line:
    """One voice on the grid.

    Attributes
    ----------
    notes : list of GridNote
        By onset, none sounding into the next.
    tuplets : list of Tuplet
        By time; every other onset and end is a whole number of 64ths.
    moved : float
        How far onsets were moved on average, in quarter notes.
    dropped : int
        Notes that fell on the place of another one.
    """

    notes: list[GridNote]
    tuplets: list[Tuplet]
    moved: float
    dropped: int


def top_line(notes: Sequence[PlayedNote]) -> tuple[list[PlayedNote], int]:
    """The highest notes, none sounding into the next; and how many were left out."""
    line: list[PlayedNote] = []
    dropped = 0
    for note in sorted(notes, key=lambda n: (n.onset, -n.pitch)):
        last = line[-1] if line else None
        if last is not None and note.onset - last.onset < _CHORD and last.end - note.onset > _CHORD / 4:
            dropped += 1  # a chord: its highest note stays
            if note.pitch > last.pitch:
                line[-1] = note._replace(onset=last.onset)
        elif last is not None and last.end - note.onset > _LEGATO and last.pitch > note.pitch:
            dropped += 1  # below a note that is held
        else:
            if last is not None and last.end > note.onset:
                line[-1] = last._replace(end=note.onset)
            line.append(note)
    return line, dropped


class _Grid:
    """The places where notes may begin and end: steps, and the units of tuplets."""

    def __init__(self, step: int, tuplets: Sequence[Tuplet], tolerance: float) -> None:
        self.step, self.tuplets, self.tolerance = step, list(tuplets), tolerance
        self._starts = [tuplet.start for tuplet in tuplets]

    def unit(self, time: float) -> tuple[int, int]:
        """Where the tuplet begins that a time lies in and its unit; 0 and the step outside of all."""
        place = bisect_right(self._starts, time + self.tolerance) - 1
        if place >= 0 and time + self.tolerance < self.tuplets[place].end:
            return self.tuplets[place].start, self.tuplets[place].unit
        return 0, self.step

    def nearest(self, time: float) -> int:
        """The place that is nearest to a time in ticks."""
        start, unit = self.unit(time)
        return start + round((time - start) / unit) * unit


def quantize(
    line: Sequence[PlayedNote], bars: Sequence[int], beat: int = TICK, grid: int = 0, division: int = 0
) -> Line:
    """A line on a grid.

    Parameters
    ----------
    line : sequence of PlayedNote
        By onset, none sounding into the next.
    bars : sequence of int
        Where bars begin and the last one ends, in ticks of the grid: their beats are divided.
    beat : int
        In ticks; a bar that is no whole number of beats ends with a shorter one.
    grid : 16, 32 or 0
        The shortest note but for tuplets; 0: as the file needs.
    division : int
        Ticks per quarter note of the file, which say how exact its times can be; 0: not known.
    """
    tolerance = max(1 / 200, 0.6 / division if division else 0.0) * TICK
    for step in (4 * TICK // grid,) if grid else (TICK // 8, _FINEST):
        if (written := _written(line, bars, beat, step, tolerance)) is not None:
            return written
    coarse, fine = (_played(line, 4 * TICK // shortest) for shortest in ((grid, grid) if grid else GRIDS))
    return fine if fine.moved < coarse.moved / 3 or fine.dropped < coarse.dropped else coarse


# ---- what was written -----------------------------------------------------------------------------------------------


def _written(line: Sequence[PlayedNote], bars: Sequence[int], beat: int, step: int, tolerance: float) -> Line | None:
    """The line where nearly all onsets lie exactly on a division of their beat, else None."""
    times = [note.onset * TICK for note in line]
    tuplets: list[Tuplet] = []
    misfits = 0
    for start, end in pairwise(bars):
        inside = times[bisect_left(times, start - tolerance) : bisect_left(times, end - tolerance)]
        divided = _divide_bar([time - start for time in inside], end - start, beat, step, tolerance)
        tuplets += [t._replace(start=start + t.start, end=start + t.end) for t in divided.tuplets]
        misfits += divided.misfits
    if misfits > (1 - _MOSTLY) * len(times):
        return None
    grid = _Grid(step, tuplets, tolerance)
    ends = sum(abs(grid.nearest(note.end * TICK) - note.end * TICK) <= tolerance for note in line)
    exact = ends >= _MOSTLY * len(line)
    return _on_grid(line, times, grid, TICK // 4 if exact else _GAP * TICK)


class _Divided(NamedTuple):
    """The tuplets of a bar, and how many of its onsets fit no division."""

    tuplets: list[Tuplet]
    misfits: int


def _divide_bar(times: Sequence[float], length: int, beat: int, step: int, tolerance: float) -> _Divided:
    """Divide the beats of a bar so that all onsets fit; times are ticks from its beginning."""

    def is_struck(moment: int) -> bool:
        return any(abs(time - moment) <= tolerance for time in times)

    def fits(a: int, b: int, unit: int) -> bool:
        inside = [time - a for time in times if a - tolerance <= time < b - tolerance]
        return all(abs(time - round(time / unit) * unit) <= tolerance for time in inside)

    def whole(a: int, b: int) -> Tuplet | None:
        parts = next((n for n in _PARTS if (b - a) % n == 0 and fits(a, b, (b - a) // n)), 0)
        return Tuplet(a, b, parts, _time_of(b - a, parts)) if parts else None

    def divide(a: int, b: int) -> list[Tuplet] | None:
        """Straight, as one tuplet, or part by part; None where nothing fits."""
        if fits(a, b, step):
            return []
        one = whole(a, b)
        edges = list(range(a, b + 1, (b - a) // (3 if _is_dotted(b - a) else 2)))
        if one and not any(map(is_struck, edges[1:-1])):
            return [one]
        split = [divide(c, d) for c, d in pairwise(edges)] if b - a > EIGHTH else [None]
        if None not in split:
            return [tuplet for part in split for tuplet in part or ()]
        return [one] if one else None

    tuplets: list[Tuplet] = []
    misfits = at = 0
    while at < length:
        # Two beats together, where no note begins with the second one; else beat by beat.
        wide = at + 2 * beat
        if at % (2 * beat) == 0 and wide <= length and not is_struck(at + beat) and not fits(at, wide, step):
            tuplet = whole(at, wide)
            if tuplet and tuplet.parts != 6:  # two triplets with a tie
                tuplets.append(tuplet)
                at = wide
                continue
        end = min(at + beat, length)
        if (divided := divide(at, end)) is None:
            misfits += sum(at - tolerance <= time < end - tolerance for time in times)
        tuplets += divided or []
        at = end
    return _Divided(tuplets, misfits)


def _is_dotted(span: int) -> bool:
    """Whether a span is 3, 6 or 12 eighths."""
    return span * 2 % (3 * TICK) == 0


def _time_of(span: int, parts: int) -> int:
    """In the time of how many its notes are, by the convention: less than the parts, and a note value each."""
    time_of = 3 if _is_dotted(span) else 2
    while time_of * 2 < parts:
        time_of *= 2
    return time_of


# ---- what was played ------------------------------------------------------------------------------------------------


def _played(line: Sequence[PlayedNote], step: int) -> Line:
    """The line with every onset moved to the nearest step, or into a triplet of three notes."""
    times: list[float] = []
    tuplets: list[Tuplet] = []
    while len(times) < len(line):
        index = len(times)
        start, span = _triplet(line, index, step)
        if span and (not tuplets or start >= tuplets[-1].end):
            tuplets.append(Tuplet(start, start + span, 3, 2))
            times += [start, start + span // 3, start + span * 2 // 3]
        else:
            times.append(line[index].onset * TICK)
    return _on_grid(line, times, _Grid(step, tuplets, 0.0), _GAP * TICK)


def _triplet(line: Sequence[PlayedNote], index: int, step: int) -> tuple[int, int]:
    """Where a triplet begins with this note and its span, in ticks; a span of 0: none does."""
    if index + 2 >= len(line):
        return 0, 0
    after = line[index + 3].onset if index + 3 < len(line) else line[index + 2].end
    times = [time * TICK for time in (*(note.onset for note in line[index : index + 3]), after)]
    for span in (TICK, TICK // 2, 2 * TICK):
        start = _round(times[0], min(span // 2, step) if span <= TICK else TICK)
        even = [start, start + span / 3, start + span * 2 / 3, start + span]
        off_triplet = sum(abs(x - y) for x, y in zip(even, times, strict=True))
        off_grid = sum(abs(x - _round(x, step)) for x in times)
        if off_triplet < span / 8 and off_triplet * 2 < off_grid:
            return start, span
    return 0, 0


def _on_grid(line: Sequence[PlayedNote], times: Sequence[float], grid: _Grid, shortest_rest: float) -> Line:
    """The notes at these times, each as long as it sounds: to the next one unless there is room for a rest."""
    onsets = [grid.nearest(time) for time in times]
    notes: list[GridNote] = []
    for index, (note, onset) in enumerate(zip(line, onsets, strict=True)):
        if notes and onset <= notes[-1].onset:
            continue  # on the place of another
        following = next((o for o in onsets[index + 1 : index + 9] if o > onset), None)
        end = max(grid.nearest(note.end * TICK), onset + grid.unit(onset)[1])
        if following is not None:
            end = min(end, following) if following - note.end * TICK + 1e-3 >= shortest_rest else following
        notes.append(GridNote(onset, end, note.pitch, note.onset))
    moved = sum(abs(onset - note.onset * TICK) for onset, note in zip(onsets, line, strict=True)) / len(line) / TICK
    return Line(notes, grid.tuplets, moved, len(line) - len(notes))


def _round(value: float, step: int) -> int:
    return round(value / step) * step
