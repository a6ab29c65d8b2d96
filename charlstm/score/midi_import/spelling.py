"""MIDI pitches as ABC notes of a key. Knows no rhythm.

A MIDI file has pitches without names. A note of the scale has the scale's name, the leading note of a minor key is
raised, what a sharp or flat of the signature alters can be natural again; any other pitch has the name that is nearest
to the tonic on the line of fifths (flat second to sharp fourth), but for one that rises a semitone: that is raised.
"""

from __future__ import annotations

from collections.abc import Mapping

from charlstm.tunes.abc import write_pitch
from charlstm.tunes.keys import ALTERATIONS, LETTERS, SEMITONES, Key

_ACCIDENTALS = {alteration: accidental for accidental, alteration in ALTERATIONS.items()}
_FIFTHS = "FCGDAEB"
_ODD = {("E", 1), ("B", 1), ("F", -1), ("C", -1)}  # better called F, C, E, B


def scale(signature: Mapping[str, int]) -> dict[int, str]:
    """Pitch class -> letter, of the seven notes of a key signature (letter -> alteration)."""
    return {(SEMITONES[letter] + signature.get(letter, 0)) % 12: letter for letter in LETTERS}


def chromatic_name(key: Key | None, pitch: int, following: int | None) -> tuple[str, int]:
    """The letter of a MIDI pitch that is not in the scale, and its alteration; `following` is the next pitch."""
    tonic = SEMITONES[key.tonic] + key.alteration if key else 0
    altered = key.signature if key else {}
    above = (pitch - tonic) % 12
    if key and key.mode == "minor" and above == 11:  # the leading note
        letter = LETTERS[LETTERS.index(key.tonic) - 1]
        return letter, (pitch - SEMITONES[letter] + 6) % 12 - 6
    natural = next((letter for letter in altered if SEMITONES[letter] == pitch % 12), "")
    if natural:
        return natural, 0
    # Fifths from F (0, F flat is -7): the tonic's, and of this pitch above it.
    place = (_FIFTHS.index(key.tonic) + 7 * key.alteration if key else 1) + (7 * above + 5) % 12 - 5
    if following == pitch + 1 and (7 * above + 5) % 12 - 5 <= -3:
        raised = place + 12
        if raised // 7 <= 1 and (_FIFTHS[raised % 7], raised // 7) not in _ODD:
            place = raised
    if abs(place // 7) > 1:
        place -= 12 * (1 if place > 0 else -1)
    return _FIFTHS[place % 7], place // 7


class Speller:
    """Spells pitches in a key; an accidental holds until `new_bar`."""

    def __init__(self, key: Key | None) -> None:
        self._key = key
        self._signature = key.signature if key else {}
        self._scale = scale(self._signature)
        self.new_bar()

    def new_bar(self) -> None:
        """Forget the accidentals."""
        self._altered: dict[tuple[str, int], int] = {}  # by letter and octave, as ABC reads them
        self._letters: dict[str, int] = {}  # by letter alone, as some players read them

    def note(self, pitch: int, following: int | None = None) -> str:
        """A MIDI pitch as ABC, with an accidental where either way of reading would miss it."""
        letter = self._scale.get(pitch % 12)
        if letter:
            return self.spelled(letter, self._signature.get(letter, 0), pitch)
        return self.spelled(*chromatic_name(self._key, pitch, following), pitch)

    def spelled(self, letter: str, alteration: int, pitch: int) -> str:
        """A note of this name as ABC; its pitch says the octave."""
        octave = (pitch - alteration) // 12 - 1
        usual = self._signature.get(letter, 0)
        before = self._altered.get((letter, octave), usual), self._letters.get(letter, usual)
        if before == (alteration, alteration):
            return write_pitch(letter, octave)
        self._altered[letter, octave] = self._letters[letter] = alteration
        return _ACCIDENTALS[alteration] + write_pitch(letter, octave)
