"""Keys: the value of a K: field as tonic, mode and key signature, and back. Source: ABC standard 2.1, section 3.1.14.

Alterations are semitones: 1 sharp, -1 flat. Knows nothing of notes in a body.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

LETTERS = "CDEFGAB"
NOTE_LETTERS = LETTERS + LETTERS.lower()  # of ABC's notes, from middle C up over two octaves
SEMITONES: Mapping[str, int] = MappingProxyType({"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11})
ALTERATIONS: Mapping[str, int] = MappingProxyType({"^^": 2, "^": 1, "=": 0, "_": -1, "__": -2})
ACCIDENTALS: Mapping[int, str] = MappingProxyType({alteration: mark for mark, alteration in ALTERATIONS.items()})
FIFTHS = "FCGDAEB"  # letters, each a fifth above the last; the order in which a signature's sharps are added
# Fifths between a mode's tonic and the major key with the same signature, and the mode's short name in a K: field.
_MODES = {
    "major": (0, ""),
    "ionian": (0, ""),
    "mixolydian": (-1, "mix"),
    "dorian": (-2, "dor"),
    "minor": (-3, "m"),
    "aeolian": (-3, "m"),
    "phrygian": (-4, "phr"),
    "locrian": (-5, "loc"),
    "lydian": (1, "lyd"),
}
_KEY = re.compile(r"([A-Ga-g])(#|b)?\s*([A-Za-z]*)(.*)$", re.DOTALL)


@dataclass(frozen=True)
class Key:
    """A key: where its scale begins, its mode's full name, and what its signature does to each letter."""

    tonic: str  # "A" to "G"
    alteration: int  # of the tonic: -1, 0, 1
    mode: str  # "major", "minor", "mixolydian", "dorian", "phrygian", "locrian", "lydian"
    signature: Mapping[str, int] = field(default_factory=dict)  # letter -> alteration, only those that are not 0

    @property
    def fifths(self) -> int:
        """Sharps (above 0) or flats (below) of the signature that tonic and mode call for, in [-12, 12]."""
        return FIFTHS.index(self.tonic) - 1 + 7 * self.alteration + _MODES[self.mode][0]

    @property
    def semitone(self) -> int:
        """Pitch class of the tonic, in [0, 11]."""
        return (SEMITONES[self.tonic] + self.alteration) % 12

    def __str__(self) -> str:
        """The shortest K: value: G, Em, Ador, Bbmix."""
        return self.tonic + {-1: "b", 0: "", 1: "#"}[self.alteration] + _MODES[self.mode][1]

    def __hash__(self) -> int:
        return hash(str(self))


def signature(fifths: int) -> dict[str, int]:
    """Letter -> alteration for so many sharps or flats, in [-7, 7]; outside it is cut."""
    fifths = max(-7, min(7, fifths))
    letters = FIFTHS[:fifths] if fifths >= 0 else FIFTHS[fifths:]
    return dict.fromkeys(letters, 1 if fifths > 0 else -1)


def key_of(tonic: str, alteration: int, mode: str) -> Key:
    """The key of a tonic and a mode's full name."""
    mode = {"ionian": "major", "aeolian": "minor"}.get(mode, mode)
    bare = Key(tonic, alteration, mode)
    return Key(tonic, alteration, mode, signature(bare.fifths))


def parse_key(value: str | None) -> Key | None:
    """Read a K: value: "G", "Em", "E Minor", "A Mixolydian", "Bb", "D exp _b ^f", "HP", "none" or "".

    Returns
    -------
    Key or None
        None for no key ("", "none") and for what cannot be read; the notes then have no signature. Extra
        accidentals ("Dmix ^g") are in the signature.
    """
    value = (value or "").strip().replace("♯", "#").replace("♭", "b")
    value = re.sub(r"^([A-Ga-g]) ?(flat|sharp)\b", lambda m: m[1] + "b#"[m[2] == "sharp"], value)
    if re.match(r"H[Pp]\b", value):  # Highland pipes: F and C sharp, G natural, written or not (3.1.14)
        return Key("A", 0, "mixolydian", signature(2))
    match = _KEY.match(value)
    if match is None or re.match(r"(none|clef|bass|alto|treble)", value, re.IGNORECASE):
        return None
    letter, accidental, word, rest = match.groups()
    mode = _mode(word)
    if mode is None:
        parameter = rest.lstrip().startswith("=")  # K:G octave=-1
        if parameter or word.lower().startswith(("exp", "treble", "bass", "alto", "tenor", "perc", "t", "b")):
            mode, rest = "major", word + rest
        else:
            return None
    key = key_of(letter.upper(), {"#": 1, "b": -1}.get(accidental or "", 0), mode)
    marks = re.findall(r"(?:^|(?<=[\s\w]))(\^{1,2}|_{1,2}|=)([A-Ga-g])", rest)
    if not marks and not rest.lower().startswith("exp"):
        return key
    altered = {} if rest.lower().startswith("exp") else dict(key.signature)
    altered.update({name.upper(): ALTERATIONS[mark] for mark, name in marks})
    return Key(key.tonic, key.alteration, key.mode, {k: v for k, v in altered.items() if v})


def printed_key(value: str) -> str:
    """A K: value as it stands in print: G, B♭m, D dorian; what is no plain key stays as it is."""
    key = parse_key(value)
    if key is None or value.strip()[:1].upper() != key.tonic or key != key_of(key.tonic, key.alteration, key.mode):
        return value
    mode = {"major": "", "minor": "m"}.get(key.mode, f" {key.mode}")
    return key.tonic + {-1: "♭", 0: "", 1: "♯"}[key.alteration] + mode


def key_after(key: Key | None, value: str) -> Key | None:
    """The key after a K: field in the body: a clef alone, or what cannot be read, leaves it as it is."""
    new = parse_key(value)
    return key if new is None and value.strip().lower() not in ("none", "") else new


def _mode(word: str) -> str | None:
    """A mode's full name: by its first three letters, in any case; "" and "M" major, "m" minor."""
    if word in ("", "M"):
        return "major"
    if word == "m" or word.lower().startswith("min"):
        return "minor"
    full = next((name for name in _MODES if word.lower().startswith(name[:3])), None)
    return {"ionian": "major", "aeolian": "minor"}.get(full or "", full)
