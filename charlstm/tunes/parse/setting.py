"""What fields and directives say of a voice: its meter, unit, clef, transposition, program, and letters (U:).

What cannot be read is remarked and changes nothing. Keys are followed by `place.py`; knows no notes.
"""

from __future__ import annotations

import re

from charlstm.tunes.abc import Header, parse_meter, parse_note, parse_unit
from charlstm.tunes.keys import parse_key
from charlstm.tunes.parse.marks import parse_tempo
from charlstm.tunes.parse.remarks import Remarks

UNREAD = {"m": "macros", "s": "symbol lines"}
_CLEF = re.compile(r"(?:clef\s*=\s*|\b)(treble|bass|alto|tenor|perc|none)(\d?)([+^_-](?:8|15))?", re.IGNORECASE)
_NUMBER = r"\s*=\s*(-?\d{1,2})\b"
_MIDDLE = re.compile(r"middle\s*=\s*([A-Ga-g][,']*)")
_MIDDLE_LINES = {"treble": "B", "alto": "C", "tenor": "A,", "bass": "D,"}  # the note there, by clef
_LINE_CLEFS = {"g": "treble", "g2": "treble", "f": "bass", "f4": "bass", "c3": "alto", "c4": "tenor"}  # clef=G2
_UNREAD_PARAMETER = re.compile(r"\b(score|sound|shift|cue|instrument)\s*=\s*\S+")
_UNREAD_DIRECTIVES = ("transpose", "propagate-accidentals", "writeout-accidentals", "microscale")  # that change pitches
# Words of %%MIDI lines that say how chords are played: `score/accompaniment.py` follows them.
_ACCOMPANIMENT = ("gchord", "gchordon", "gchordoff", "chordprog", "bassprog", "chordvol", "bassvol")
_SYMBOL = re.compile(r'([~H-Yh-w])\s*=\s*(?:!([^!]+)!|\+([^+]+)\+|("[\^_<>@][^"]+"))')


class Setting:
    """The setting of a voice at the place that is being read.

    Parameters
    ----------
    value : str
        The voice's V: field.
    header : Header
    remarks : Remarks
        Take what cannot be read.

    Attributes
    ----------
    meter : str or None
        As written.
    unit : Fraction
        Unit note length in whole notes.
    clef : str
        "treble", "bass-8" and the like.
    symbols : dict
        Letter -> the decoration, or the annotation in quotation marks, that U: lets it stand for.
    program : int or None
        General MIDI's, from 0, by `%%MIDI program`.
    """

    def __init__(self, value: str, header: Header, remarks: Remarks) -> None:
        self._remarks = remarks
        self.meter, self.unit, self.symbols = header.get("M"), header.unit, dict[str, str]()
        self.clef, self.program = "treble", None  # type: str, int | None
        self._octave = self._clef_octave = self._middle_octaves = 0  # what is drawn higher than written
        self._transpose = self._midi_transpose = 0
        for key in header.fields:
            if key.letter == "K":
                self._read_clef(key.value, key.start)
        self._read_clef(value, next((f.start for f in header.fields if f.letter == "V" and f.value == value), None))
        for letter, is_read, message in (
            ("M", header.meter or (self.meter or "none").strip().lower() in ("none", ""),
             "cannot be read as a meter; bars have no length of their own"),
            ("L", parse_unit(header.get("L")), "cannot be read as a note length; the meter's usual one is taken"),
            ("K", _is_key(header.get("K") or ""), "cannot be read as a key; no sharps and flats are taken"),
            ("Q", _is_tempo(header.get("Q") or ""), _NO_TEMPO),
        ):  # fmt: skip
            field = next((f for f in header.fields if f.letter == letter), None)
            if field is not None and not is_read:
                remarks.add(field.start, f"{letter}:{field.value} {message}")
        for field in header.fields:
            if field.letter == "U":
                self.change("U", field.value, field.start)

    @property
    def octaves(self) -> int:
        """Octaves that notes are drawn higher than written: `octave=`, a clef with an 8, `middle=` (ABC 2.1, 4.6)."""
        return self._octave + self._clef_octave + self._middle_octaves

    @property
    def transpose(self) -> int:
        """Semitones that notes sound higher than they are drawn: `transpose=`, `%%MIDI transpose`, `middle=`."""
        return self._transpose + self._midi_transpose - 12 * self._middle_octaves

    def change(self, letter: str, value: str, start: int) -> None:
        """Follow a field in the body, or a U: field of the header."""
        if letter in ("K", "V"):
            self._read_clef(value, start)
            if letter == "K" and not _is_key(value):
                self._remarks.add(start, f"K:{value} cannot be read as a key; the key stays")
        elif letter == "M":
            self.meter = value
            if parse_meter(value) is None and value.lower() not in ("none", ""):
                self._remarks.add(start, f"M:{value} cannot be read as a meter; bars have no length of their own")
        elif letter == "L":
            self.unit = parse_unit(value) or self.unit
            if parse_unit(value) is None:
                self._remarks.add(start, f"L:{value} cannot be read as a note length; the meter's usual one is taken")
        elif letter == "U":  # `U: T = !trill!` (ABC 2.1, 4.16)
            if match := _SYMBOL.fullmatch(value):
                self.symbols[match[1]] = match[2] or match[3] or match[4]
            else:
                self._remarks.add(start, "U: wants a letter and a decoration, such as U: T = !trill!; it was skipped")
        elif letter == "Q" and not _is_tempo(value):
            self._remarks.add(start, f"Q:{value} {_NO_TEMPO}")
        elif letter == "I":
            self.direct(value, start)
        elif letter in UNREAD:
            self._remarks.add(start, f"{letter}: {UNREAD[letter]} are not read; it was skipped")

    def direct(self, directive: str, start: int) -> None:
        """Follow a directive, such as "MIDI program 60"; those that are not read and change what sounds are named."""
        name, *words = re.split(r"[\s=]+", directive.strip())
        if name in _UNREAD_DIRECTIVES:
            self._remarks.add(start, f"%%{name} is not read; it was skipped")
        if name != "MIDI" or not words:
            return
        numbers = [int(word) for word in words[1:] if re.fullmatch(r"-?\d{1,3}", word)]
        if words[0] == "program" and numbers and 0 <= numbers[-1] <= 127:
            self.program = numbers[-1]
        elif words[0] in ("transpose", "rtranspose") and numbers:
            self._midi_transpose = numbers[0] + (self._midi_transpose if words[0] == "rtranspose" else 0)
        elif words[0] not in _ACCOMPANIMENT:
            self._remarks.add(start, f"%%MIDI {' '.join(words)} is not read; it was skipped")

    def _read_clef(self, value: str, start: int | None) -> None:
        def remark(sentence: str) -> None:
            if start is not None:  # None: the field comes again in the body
                self._remarks.add(start, sentence)

        value = re.sub(r'"[^"]*"?', "", value)  # a voice may be called "Bass" and have a treble clef
        value = re.sub(r"(?i)(?<=clef=)([gcf]\d?)(?=\b|[+^_-])", lambda m: _LINE_CLEFS.get(m[1].lower(), m[1]), value)
        if match := _UNREAD_PARAMETER.search(value):
            remark(f"{match[0]} is not read; it was skipped")
        if (match := re.search(r"\bclef\s*=\s*(\S+)", value)) and not _CLEF.search(value):
            remark(f"{match[1]} is not a clef that is known; the clef stays")
        if match := _CLEF.search(value):
            octaves = (match[3] or "").replace("^", "+").replace("_", "-")
            self.clef = match[1].lower() + match[2] + octaves
            self._clef_octave = {"8": 1, "15": 2}.get(octaves[1:], 0) * (-1 if octaves[:1] == "-" else 1)
        if match := _MIDDLE.search(value):
            usual, middle = _MIDDLE_LINES.get(self.clef, ""), parse_note(match[1])
            if usual and parse_note(usual).letter == middle.letter:
                self._middle_octaves = parse_note(usual).octave - middle.octave
            else:
                remark(f"{match[0]} does not belong to this clef; it was skipped")
        if match := re.search("octave" + _NUMBER, value):
            self._octave = max(-4, min(4, int(match[1])))
        if match := re.search("transpose" + _NUMBER, value):
            self._transpose = int(match[1])


_NO_TEMPO = "cannot be read as a tempo; the usual one is played"


def _is_tempo(value: str) -> bool:
    """Whether a Q: value is a tempo, or words in quotation marks alone."""
    return parse_tempo(value) is not None or not re.sub(r'"[^"]*"?', "", value).strip()


def _is_key(value: str) -> bool:
    """Whether a K: value is a key, says that there is none, or only names a clef."""
    value = value.strip()
    return parse_key(value) is not None or value.lower() in ("none", "") or bool(_CLEF.match(value))
