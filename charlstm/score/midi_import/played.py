"""Bars that somebody plays, as ABC: against a metronome, or step by step. Knows no instrument and no model."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from charlstm.errors import NotationError
from charlstm.score.midi_import.grid import TICK, PlayedNote, quantize, top_line
from charlstm.score.midi_import.meter_and_key import bar_length, beat_length, count_bars, find_key
from charlstm.score.midi_import.writing import Melody, write_body
from charlstm.tunes.keys import Key, parse_key

GRID = 16  # the shortest note, but for triplets
EARLY = 1.0  # quarter notes before the first downbeat from which on a note is meant to be on it
_LEAST = 1e-3  # quarter notes
_GAP = 9 / 20  # quarter notes of silence at the end that are a rest


@dataclass(frozen=True)
class PlayedBars:
    """Some bars as ABC.

    Attributes
    ----------
    text : str
        The bars with L:1/8, on lines of four, a bar line at the end of each.
    key : Key
        In which they are spelled: the one that was given, or found.
    notes : int
        How many there are; of notes that sound together the highest counts.
    """

    text: str
    key: Key
    notes: int


def plain_meter(value: str | None) -> str:
    """A meter as two numbers: C is 4/4, C| 2/2. Raises NotationError where it has no bars of one length."""
    value = (value or "").strip()
    meter = {"C": "4/4", "c": "4/4", "C|": "2/2", "c|": "2/2"}.get(value, value.replace(" ", ""))
    if not re.fullmatch(r"[1-9]\d?/(1|2|4|8|16)", meter):
        raise NotationError(f"bars of the meter {value or 'none'} cannot be counted in; choose one such as 4/4 or 6/8")
    return meter


def bars_played(notes: Sequence[PlayedNote], meter: str, key: Key | None = None, *, bars: int = 4) -> PlayedBars:
    """Write what was played as so many full bars.

    Parameters
    ----------
    notes : sequence of PlayedNote
        Times in quarter notes from the first downbeat. What comes a little before it is on it; what sounds beyond the
        last bar is cut, and what begins there is left out.
    meter : str
        From `plain_meter`.
    key : Key, optional
        Notes are spelled in it; None: in the key that fits them best.
    bars : int
        How many, at least 1. Where nothing was played there are rests.
    """
    bar = bar_length(meter)
    end = bars * bar
    meant = [n._replace(onset=max(n.onset, 0.0)) for n in notes if -EARLY <= n.onset < end / TICK - _LEAST]
    line, _ = top_line([n for n in meant if n.end > n.onset])
    placed = quantize(line, range(0, end + 1, bar), beat_length(meter), GRID) if line else None
    on_grid = [n._replace(end=min(n.end, end)) for n in placed.notes if n.onset < end] if placed else []
    # The last note lasts to the end, as those before it last to the next, unless it was meant to be shorter.
    if on_grid and end - on_grid[-1].end < _GAP * TICK and not all(map(_is_stepped, line)):
        on_grid[-1] = on_grid[-1]._replace(end=end)
    if key is None:
        key = find_key(on_grid) if on_grid else parse_key("C")
        assert key is not None  # C is one
    tuplets = [t for t in placed.tuplets if t.end <= end] if placed else []
    melody = Melody(on_grid, tuplets, list(count_bars([(0, meter)], end))[:bars], 0, end, [(0, key)])
    return PlayedBars(write_body(melody, repeats=False).removesuffix("]"), key, len(on_grid))


def _is_stepped(note: PlayedNote) -> bool:
    """Whether a note begins and ends on a sixteenth, as no hand plays."""
    return all(abs(time - round(4 * time) / 4) < _LEAST for time in (note.onset, note.end))
