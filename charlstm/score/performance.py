"""A tune as it is performed: the voices with their ornaments, the chords, and the swing that all of them share.

What MIDI files, sound and the page have of a tune comes from here, so that they never disagree. Knows no file format.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from charlstm.score.accompaniment import Part, accompaniment
from charlstm.score.swing import swing_of
from charlstm.score.timeline import Clock, Sounding, clock, joined, timeline
from charlstm.tunes.parse.events import Reading

VELOCITY = 88 / 127  # of a note without an accent


class Note(NamedTuple):
    """A note that is struck, at its time as it is heard: swing, staccato and ties counted in."""

    onset: float
    duration: float
    pitch: int  # MIDI note number
    velocity: float  # in (0, 1]
    part: Part
    voice: int = 0  # of the melody


@dataclass(frozen=True)
class Performance:
    """A tune as it is performed.

    Attributes
    ----------
    soundings : sequence of Sounding
        The note heads of all voices and the small notes of their ornaments, in quarter notes before the swing.
    notes : tuple of Note
        What is struck, by onset, in quarter notes.
    clock : Clock
        Seconds of a moment of the timeline, the swing counted in.
    """

    soundings: Sequence[Sounding]
    notes: tuple[Note, ...]
    clock: Clock

    def notes_in_seconds(self) -> list[Note]:
        """What is struck, by onset, in seconds."""
        elapsed = self.clock.elapsed
        timed = [(note, elapsed(note.onset), elapsed(note.onset + note.duration)) for note in self.notes]
        return [note._replace(onset=onset, duration=end - onset) for note, onset, end in timed]


def perform(
    reading: Reading, qpm: float | None = None, *, swing: float | None = None, chords: bool = True
) -> Performance:
    """Perform a tune.

    Parameters
    ----------
    reading : Reading
    qpm : float, optional
        Quarter notes per minute to begin with, as in `timeline.clock`.
    swing : float, optional
        Percent of a beat that its first half takes, in [50, 75]; without it that of the rhythm.
    chords : bool
        Whether chord symbols are played.

    Raises
    ------
    ConfigError
        If the swing is out of its range.
    """
    soundings = timeline(reading, ornaments=True)
    tempos = clock(reading, qpm, swing_of(reading, swing))
    heard = tempos.heard
    notes = []
    for note in joined(soundings):
        start, end = heard(note.onset), heard(note.onset + note.duration)
        length = (end - start) * note.gate if note.gate < 1 else end - start
        notes.append(Note(start, length, note.pitch, min(1.0, VELOCITY * note.velocity), "melody", note.voice))
    for strike in accompaniment(reading) if chords else ():
        start, end = heard(float(strike.onset) * 4), heard(float(strike.onset + strike.duration) * 4)
        notes.append(Note(start, end - start, strike.pitch, strike.velocity, strike.part))
    return Performance(soundings, tuple(sorted(notes, key=lambda note: (note.onset, note.part, note.pitch))), tempos)
