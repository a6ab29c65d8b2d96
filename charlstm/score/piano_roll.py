"""A tune as a piano roll: what sounds when, repeats played out. pretty_midi reads it, matplotlib draws it.

It is drawn from the MIDI file, not from our own list of notes: what the picture shows is what the file holds.
"""

from __future__ import annotations

import io
import warnings
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from charlstm.errors import ConfigError
from charlstm.score.midi import to_midi
from charlstm.score.swing import STRAIGHT
from charlstm.score.timeline import bar_starts, clock

if TYPE_CHECKING:
    from music21.stream import Score

COLOURS = ("#1f5fa8", "#c2571a", "#3a7d44", "#8a3b8f")  # of the voices, over and over
INK, PAPER, BLACK_KEYS, BAR = "#222222", "#ffffff", "#f1f1f4", "#b9b9c0"
NAMES = ("C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B")
BLACK = (1, 3, 6, 8, 10)
MAX_NUMBERS = 24  # of bars; more would run into each other
SIZES = (200, 5000)  # px


def to_png(score: Score, *, qpm: float | None = None, width: int = 1200, height: int = 360) -> bytes:
    """Draw the piano roll of a tune.

    Parameters
    ----------
    score : music21.stream.Score
        From `read_score`.
    qpm : float, optional
        Quarter notes per minute, as in `to_midi`.
    width, height : int
        Of the picture, in pixels, in [200, 5000].

    Returns
    -------
    bytes
        PNG: pitches upwards with their names, seconds to the right, a line and a number where each bar begins. Bars
        count as they are written, so a repeat shows the same numbers again.

    Raises
    ------
    ConfigError
        If a setting is out of its range.
    """
    for field, size in (("width", width), ("height", height)):
        if not SIZES[0] <= size <= SIZES[1]:
            raise ConfigError(field, f"{size} pixels are outside {SIZES[0]} to {SIZES[1]}")
    from matplotlib.collections import PatchCollection
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

    # What sounds, and when bars begin.
    voices = notes_of(to_midi(score, qpm=qpm, chords=False, swing=STRAIGHT))
    reading = score.editorial.reading
    when = clock(reading, qpm).seconds
    bars = [(when(start), number) for start, number in bar_starts(reading)]
    figure = Figure(figsize=(width / 100, height / 100), dpi=100, facecolor=PAPER, layout="constrained")
    axes = figure.add_subplot()
    # The stripes of the black keys, bar lines, and a box for each note.
    pitches = [pitch for voice in voices for _, pitch, _ in voice] or [60]
    low, high = min(pitches) - 1, max(pitches) + 1
    last = max((end for voice in voices for _, _, end in voice), default=1.0)
    keys = [Rectangle((0, p - 0.5), last, 1) for p in range(low, high + 1) if p % 12 in BLACK]
    axes.add_collection(PatchCollection(keys, facecolors=BLACK_KEYS, linewidths=0))
    _mark_bars(axes, bars)
    for index, voice in enumerate(voices):
        colour = COLOURS[index % len(COLOURS)]
        boxes = [Rectangle((start, pitch - 0.42), end - start, 0.84) for start, pitch, end in voice]
        axes.add_collection(PatchCollection(boxes, facecolors=colour, edgecolors=PAPER, linewidths=0.6, zorder=2))
    axes.set_xlim(0, last)
    axes.set_ylim(low - 0.5, high + 0.5)
    # Up to two and a half octaves every white key has its name, above that only C.
    named = (
        [p for p in range(low, high + 1) if p % 12 not in BLACK]
        if high - low <= 30
        else range(-(-low // 12) * 12, high + 1, 12)
    )
    axes.set_yticks(list(named), [f"{NAMES[pitch % 12]}{pitch // 12 - 1}" for pitch in named], fontsize=8, color=INK)
    axes.set_xlabel("seconds", fontsize=9, color=INK)
    axes.tick_params(axis="x", labelsize=8, colors=INK)
    axes.tick_params(axis="y", length=0)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    out = io.BytesIO()
    figure.savefig(out, format="png", metadata={"Software": None})
    return out.getvalue()


def notes_of(midi: bytes) -> list[list[tuple[float, int, float]]]:
    """Of each voice of a MIDI file its notes as pretty_midi reads them: (onset, pitch, end), in seconds, by onset."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it imports what is deprecated
        import pretty_midi
    played = pretty_midi.PrettyMIDI(io.BytesIO(midi))
    return [sorted((note.start, note.pitch, note.end) for note in voice.notes) for voice in played.instruments]


def _mark_bars(axes: Any, bars: list[tuple[float, int]]) -> None:
    """A line where each bar begins, and the number of every so many above."""
    step = max(1, -(-len(bars) // MAX_NUMBERS))
    axes.vlines([start for start, _ in bars], 0, 1, transform=axes.get_xaxis_transform(), colors=BAR, linewidths=0.9)
    top = axes.secondary_xaxis("top")
    shown = [bar for bar, after in pairwise([*bars, (float("inf"), 0)]) if after[0] > bar[0]][::step]
    top.set_xticks([start for start, _ in shown], [str(number) if number else "" for _, number in shown], fontsize=8)
    top.tick_params(length=0, colors=INK)
    top.spines["top"].set_visible(False)
    top.set_xlabel("bar", fontsize=9, color=INK)
