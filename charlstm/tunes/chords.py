"""Chord symbols: "Am7", "D/F#", "N.C." as pitch classes, and back as text. Source: ABC standard 2.1, section 4.18.

Pitch classes are semitones above C, in [0, 11]. Knows nothing of tunes and of how a chord is played.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from charlstm.tunes.keys import SEMITONES

# The kinds of chords: their notes in semitones above the root. Spellings that mean the same stand in _SPELLINGS.
KINDS: dict[str, tuple[int, ...]] = {
    "": (0, 4, 7), "m": (0, 3, 7), "7": (0, 4, 7, 10), "m7": (0, 3, 7, 10), "maj7": (0, 4, 7, 11), "dim": (0, 3, 6),
    "dim7": (0, 3, 6, 9), "m7b5": (0, 3, 6, 10), "aug": (0, 4, 8), "7#5": (0, 4, 8, 10), "7b5": (0, 4, 6, 10),
    "6": (0, 4, 7, 9), "m6": (0, 3, 7, 9), "9": (0, 4, 7, 10, 14), "m9": (0, 3, 7, 10, 14), "maj9": (0, 4, 7, 11, 14),
    "add9": (0, 4, 7, 14), "6/9": (0, 4, 7, 9, 14), "7b9": (0, 4, 7, 10, 13), "7#9": (0, 4, 7, 10, 15),
    "11": (0, 7, 10, 14, 17), "m11": (0, 3, 7, 10, 14, 17), "13": (0, 4, 7, 10, 14, 21), "sus4": (0, 5, 7),
    "sus2": (0, 2, 7), "7sus4": (0, 5, 7, 10), "9sus4": (0, 5, 7, 10, 14), "5": (0, 7), "mmaj7": (0, 3, 7, 11),
}  # fmt: skip
_SPELLINGS = {
    "maj": "", "M": "", "major": "", "min": "m", "mi": "m", "-": "m", "minor": "m", "dom7": "7", "min7": "m7",
    "mi7": "m7", "-7": "m7", "M7": "maj7", "ma7": "maj7", "Δ": "maj7", "Δ7": "maj7", "j7": "maj7", "o": "dim",
    "°": "dim", "0": "dim", "o7": "dim7", "°7": "dim7", "ø": "m7b5", "ø7": "m7b5", "min7b5": "m7b5", "-7b5": "m7b5",
    "+": "aug", "+7": "7#5", "aug7": "7#5", "7+": "7#5", "maj6": "6", "M6": "6", "min6": "m6", "-6": "m6",
    "min9": "m9", "-9": "m9", "M9": "maj9", "add2": "add9", "2": "add9", "69": "6/9", "min11": "m11", "sus": "sus4",
    "4": "sus4", "7sus": "7sus4", "9sus": "9sus4", "11sus": "9sus4", "mM7": "mmaj7", "m(maj7)": "mmaj7",
}  # fmt: skip
_CHORD = re.compile(r"([A-G])([#b]?)([^/]*?(?:6/9)?)(?:/([A-Ga-g])([#b]?))?")
_SILENCE = re.compile(r"\(?n\.? ?c\.?\)?|tacet", re.IGNORECASE)


class Chord(NamedTuple):
    """What a chord symbol names. `tones` are semitones above the root, rising; none is silence (N.C.)."""

    root: int
    tones: tuple[int, ...]
    bass: int  # the root, or the note behind the slash

    @property
    def pitch_classes(self) -> frozenset[int]:
        """Those of its notes, the bass counted in."""
        return frozenset((self.root + tone) % 12 for tone in self.tones) | ({self.bass} if self.tones else set())


SILENCE = Chord(0, (), 0)


@lru_cache(maxsize=512)
def parse_chord(text: str) -> Chord | None:
    """Read a chord symbol.

    Parameters
    ----------
    text : str
        "G", "Am7", "Bbmaj7", "F#dim", "D/F#"; "N.C." for no chord. Of "G(Em)" or "G;Em", where another chord is
        offered, the first.

    Returns
    -------
    Chord or None
        None for any other text.
    """
    text = text.strip().replace("♯", "#").replace("♭", "b").replace("♮", "")
    if _SILENCE.fullmatch(text):
        return SILENCE
    first = re.split(r"[;,|]", text)[0].strip()
    if (match := re.fullmatch(r"([^(]+?)\s*\((?!maj7\))[^)]*\)?", first)) or (
        match := re.fullmatch(r"\(([^()]+)\)", first)
    ):
        first = match[1]
    match = _CHORD.fullmatch(first)
    if match is None:
        return None
    letter, accidental, kind, bass_letter, bass_accidental = match.groups()
    kind = _SPELLINGS.get(kind.strip(), kind.strip())
    if kind not in KINDS:
        return None
    root = _pitch_class(letter, accidental)
    return Chord(root, KINDS[kind], _pitch_class(bass_letter.upper(), bass_accidental) if bass_letter else root)


def _pitch_class(letter: str, accidental: str) -> int:
    return (SEMITONES[letter] + {"#": 1, "b": -1, "": 0}[accidental]) % 12
