"""Notes as they were played, and on a grid: onsets move to sixteenths or thirty-seconds, or into triplets.

Knows no key, no meter and no file.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

GRIDS = (16, 32)  # the shortest note: a sixteenth or a thirty-second
TICK = 24  # of a quarter on the grid: sixteenths, thirty-seconds and all triplets are whole numbers of ticks
EIGHTH = TICK // 2
_LEGATO = 1 / 8  # quarters by which a note may sound into the next and is still one voice, played legato


class PlayedNote(NamedTuple):
    """A note of a file, in quarter notes from its beginning."""

    onset: float
    end: float
    pitch: int


class GridNote(NamedTuple):
    """A note on the grid, in ticks."""

    onset: int
    end: int
    pitch: int
    in_triplet: bool = False  # one of three that divide a time of two


def top_line(notes: Sequence[PlayedNote]) -> tuple[list[PlayedNote], int]:
    """The highest notes, none sounding into the next; and how many were left out."""
    line: list[PlayedNote] = []
    dropped = 0
    for note in sorted(notes, key=lambda n: (n.onset, -n.pitch)):
        last = line[-1] if line else None
        if last is not None and note.onset - last.onset < 1 / 16:  # a chord: its highest note stays
            dropped += 1
            if note.pitch > last.pitch:
                line[-1] = note._replace(onset=last.onset)
        elif last is not None and last.end - note.onset > _LEGATO and last.pitch > note.pitch:
            dropped += 1  # below a note that is held
        else:
            if last is not None and last.end > note.onset:
                line[-1] = last._replace(end=note.onset)
            line.append(note)
    return line, dropped


def quantize(line: Sequence[PlayedNote], grid: int = 0) -> tuple[list[GridNote], float]:
    """A line on a grid.

    Parameters
    ----------
    line : sequence of PlayedNote
        By onset, none sounding into the next.
    grid : 16, 32 or 0
        The shortest note but for triplets; 0: sixteenths, or thirty-seconds where those fit much better.

    Returns
    -------
    notes : list of GridNote
    moved : float
        How far onsets were moved on average, in quarter notes.
    """
    if grid:
        return _quantize(line, 4 / grid)
    coarse, fine = (_quantize(line, 4 / grid) for grid in GRIDS)
    return fine if fine[1] < coarse[1] / 3 else coarse


def _quantize(line: Sequence[PlayedNote], step: float) -> tuple[list[GridNote], float]:
    # Onsets: three notes that divide a time of two evenly are a triplet, any other note goes to the nearest step.
    onsets: list[float] = []
    triplet_of: dict[int, int] = {}  # index of a note in a triplet -> index of the triplet's first
    while len(onsets) < len(line):
        index = len(onsets)
        if span := _triplet_span(line, index, step):
            start = _round(line[index].onset, min(span / 2, step))
            triplet_of |= dict.fromkeys(range(index, index + 3), index)
            onsets += [start, start + span / 3, start + span * 2 / 3]
        else:
            onsets.append(_round(line[index].onset, step))
    moved = sum(abs(a - n.onset) for a, n in zip(onsets, line, strict=True)) / len(line)

    # Ends: a note lasts to the next one, unless there is a gap that is long enough for a rest.
    exact = all(_is_on(n.onset, 1 / 24) and _is_on(n.end, 1 / 24) for n in line)
    shortest_rest = step if exact else 9 / 20
    notes: list[GridNote] = []
    for index, (note, onset) in enumerate(zip(line, onsets, strict=True)):
        if notes and round(onset * TICK) <= notes[-1].onset:
            continue  # two fell on one place of the grid
        following = next((o for o in onsets[index + 1 : index + 9] if o > onset + 1e-6), None)
        end = max(onset + step, _round(note.end, step))
        if index in triplet_of:
            first = triplet_of[index]
            end = onset + (onsets[first + 1] - onsets[first])
        elif following is not None:
            end = min(end, following) if following - note.end + 1e-6 >= shortest_rest else following
        notes.append(GridNote(round(onset * TICK), round(end * TICK), note.pitch, index in triplet_of))
    return notes, moved


def _triplet_span(line: Sequence[PlayedNote], index: int, step: float) -> float:
    """The span of a triplet that begins with this note, in quarters; 0: none does."""
    if index + 2 >= len(line):
        return 0.0
    after = line[index + 3].onset if index + 3 < len(line) else line[index + 2].end
    played = [*(note.onset for note in line[index : index + 3]), after]
    for span in (1.0, 0.5, 2.0):
        start = _round(played[0], min(span / 2, step) if span <= 1 else 1.0)
        even = [start, start + span / 3, start + span * 2 / 3, start + span]
        off_triplet = sum(abs(x - y) for x, y in zip(even, played, strict=True))
        off_grid = sum(abs(x - _round(x, step)) for x in played)
        if off_triplet < span / 8 and off_triplet * 2 < off_grid:
            return span
    return 0.0


def _round(value: float, step: float) -> float:
    return round(value / step) * step


def _is_on(value: float, step: float) -> bool:
    return abs(value - _round(value, step)) < 1 / 200
