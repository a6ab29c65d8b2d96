"""The tablature of a tune: each note of its first voice with its fingering, and keys in which all can be played."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from charlstm.errors import ConfigError
from charlstm.score.tablature.instruments import INSTRUMENTS, Fingering, Instrument
from charlstm.tunes.keys import Key, parse_key
from charlstm.tunes.parse.events import Reading

FARTHEST = 12  # semitones to a key that fits


class FingeredNote(NamedTuple):
    """A note or a chord: the places of its heads in the text, and its fingering; None: it cannot be played."""

    heads: tuple[int, ...]
    fingering: Fingering | None


@dataclass(frozen=True)
class Tablature:
    """A tune on an instrument.

    Attributes
    ----------
    instrument : Instrument
    notes : tuple of FingeredNote
        In written order. Rests, graces and what is tied to the note before have none.
    semitones : tuple of int
        How far the tune could be moved so that all of it can be played, the best first: with fewest half-covered
        holes, then in a key of one flat to three sharps, then nearest. Empty where no key within an octave fits.
    """

    instrument: Instrument
    notes: tuple[FingeredNote, ...]
    semitones: tuple[int, ...]

    @property
    def unplayable(self) -> int:
        """How many notes cannot be played."""
        return sum(note.fingering is None for note in self.notes)

    @property
    def half_holed(self) -> int:
        """How many notes need a half-covered hole."""
        return sum(note.fingering is not None and note.fingering.is_half_holed for note in self.notes)


def tablature(reading: Reading, name: str) -> Tablature:
    """The tablature of a tune's first voice, overlays left out.

    Parameters
    ----------
    reading : Reading
    name : str
        Of the instrument, in INSTRUMENTS.

    Raises
    ------
    ConfigError
        If there is no such instrument.
    """
    if name not in INSTRUMENTS:
        raise ConfigError("tablature", f"{name!r} is not an instrument; it must be one of {', '.join(INSTRUMENTS)}")
    instrument = INSTRUMENTS[name]
    struck = [event.heads for event in reading.events if event.heads and not all(head.tied for head in event.heads)]
    sounding = [tuple(head.midi for head in heads) for heads in struck]
    notes = tuple(
        FingeredNote(tuple(head.start for head in heads), instrument.finger(pitches))
        for heads, pitches in zip(struck, sounding, strict=True)
    )
    return Tablature(instrument, notes, _fitting(instrument, sounding, parse_key(reading.get("K"))))


def _fitting(instrument: Instrument, sounding: Sequence[tuple[int, ...]], key: Key | None) -> tuple[int, ...]:
    """The moves in semitones after which all can be played, the best first."""
    costs: dict[int, tuple[int, bool, int]] = {}
    different = sorted(set(sounding))
    for semitones in range(-FARTHEST, FARTHEST + 1):
        fingerings = {p: instrument.finger([pitch + semitones for pitch in p]) for p in different}
        if None not in fingerings.values():
            halves = sum(f is not None and f.is_half_holed for f in map(fingerings.get, sounding))
            fifths = 0 if key is None or not semitones else key.fifths + 7 * semitones  # but for 12 of them
            is_unusual = (fifths + 1) % 12 > 4  # F, C, G, D and A, their minors and modes are usual
            costs[semitones] = (halves, is_unusual, abs(semitones))
    return tuple(sorted(costs, key=costs.__getitem__))
