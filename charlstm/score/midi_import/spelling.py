"""MIDI pitches as ABC notes of a key. Knows no rhythm."""

from __future__ import annotations

from collections.abc import Mapping

from charlstm.tunes.abc import write_pitch
from charlstm.tunes.keys import ALTERATIONS, LETTERS, SEMITONES, Key

_ACCIDENTALS = {alteration: accidental for accidental, alteration in ALTERATIONS.items()}


def scale(signature: Mapping[str, int]) -> dict[int, str]:
    """Pitch class -> letter, of the seven notes of a key signature (letter -> alteration)."""
    return {(SEMITONES[letter] + signature.get(letter, 0)) % 12: letter for letter in LETTERS}


class Speller:
    """Spells pitches in a key; an accidental holds until `new_bar`."""

    def __init__(self, key: Key) -> None:
        self._signature = key.signature
        self._flat = key.fifths < 0
        self._scale = scale(key.signature)
        self.new_bar()

    def new_bar(self) -> None:
        """Forget the accidentals."""
        self._altered: dict[tuple[str, int], int] = {}  # by letter and octave, as ABC reads them
        self._letters: dict[str, int] = {}  # by letter alone, as some players read them

    def note(self, pitch: int) -> str:
        """A MIDI pitch as ABC, with an accidental where either way of reading would miss it."""
        letter, alteration = self._letter(pitch % 12)
        octave = (pitch - alteration) // 12 - 1
        usual = self._signature.get(letter, 0)
        before = self._altered.get((letter, octave), usual), self._letters.get(letter, usual)
        if before == (alteration, alteration):
            return write_pitch(letter, octave)
        self._altered[letter, octave] = self._letters[letter] = alteration
        return _ACCIDENTALS[alteration] + write_pitch(letter, octave)

    def _letter(self, pitch_class: int) -> tuple[str, int]:
        """The letter of a pitch class and its alteration in semitones."""
        if letter := self._scale.get(pitch_class):
            return letter, self._signature.get(letter, 0)
        # Outside the scale: in flat keys the letter above, lowered, else the one below, raised; if it is in the scale.
        step = 1 if self._flat else -1
        if (pitch_class + step) % 12 not in self._scale:
            step = -step
        letter = self._scale[(pitch_class + step) % 12]
        alteration = self._signature.get(letter, 0) - step
        if alteration not in _ACCIDENTALS:
            letter = self._scale[(pitch_class - step) % 12]
            alteration = self._signature.get(letter, 0) + step
        return letter, alteration
