"""What information fields say of a voice: its meter, unit note length, clef, and what letters stand for (U:).

What cannot be read is remarked and changes nothing. Keys are followed by `place.py`; knows no notes.
"""

from __future__ import annotations

import re

from charlstm.tunes.abc import Header, parse_unit
from charlstm.tunes.keys import parse_key
from charlstm.tunes.parse.remarks import Remarks

UNREAD = {"m": "macros", "s": "symbol lines"}
_CLEF = re.compile(r"(?:clef\s*=\s*|\b)(treble|bass|alto|tenor|perc|none)(\d?)([+-]8)?", re.IGNORECASE)
_OCTAVE = re.compile(r"octave\s*=\s*(-?[0-4])")
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
    """

    def __init__(self, value: str, header: Header, remarks: Remarks) -> None:
        self._remarks = remarks
        self.meter, self.unit, self.symbols = header.get("M"), header.unit, dict[str, str]()
        self.clef, self._octave, self._clef_octave = "treble", 0, 0
        self._read_clef(" ".join(f.value for f in header.fields if f.letter == "K") + " " + value)
        for letter, is_read, message in (
            ("M", header.meter or (self.meter or "none").strip().lower() in ("none", ""),
             "cannot be read as a meter; bars have no length of their own"),
            ("L", parse_unit(header.get("L")), "cannot be read as a note length; the meter's usual one is taken"),
            ("K", _is_key(header.get("K") or ""), "cannot be read as a key; no sharps and flats are taken"),
        ):  # fmt: skip
            field = next((f for f in header.fields if f.letter == letter), None)
            if field is not None and not is_read:
                remarks.add(field.start, f"{letter}:{field.value} {message}")
        for field in header.fields:
            if field.letter == "U":
                self.change("U", field.value, field.start)

    @property
    def octaves(self) -> int:
        """Octaves by which notes sound higher than written: by `octave=`, and by a clef with an 8 (ABC 2.1, 4.6)."""
        return self._octave + self._clef_octave

    def change(self, letter: str, value: str, start: int) -> None:
        """Follow a field in the body, or a U: field of the header."""
        if letter in ("K", "V"):
            self._read_clef(value)
            if letter == "K" and not _is_key(value):
                self._remarks.add(start, f"K:{value} cannot be read as a key; the key stays")
        elif letter == "M":
            self.meter = value
        elif letter == "L":
            self.unit = parse_unit(value) or self.unit
        elif letter == "U":  # `U: T = !trill!` (ABC 2.1, 4.16)
            if match := _SYMBOL.fullmatch(value):
                self.symbols[match[1]] = match[2] or match[3] or match[4]
            else:
                self._remarks.add(start, "U: wants a letter and a decoration, such as U: T = !trill!; it was skipped")
        elif letter in UNREAD:
            self._remarks.add(start, f"{letter}: {UNREAD[letter]} are not read; it was skipped")

    def _read_clef(self, value: str) -> None:
        value = re.sub(r'"[^"]*"?', "", value)  # a voice may be called "Bass" and have a treble clef
        if match := _CLEF.search(value):
            self.clef = match[1].lower() + match[2] + (match[3] or "")
            self._clef_octave = {"+8": 1, "-8": -1}.get(match[3], 0)
        if match := _OCTAVE.search(value):
            self._octave = int(match[1])


def _is_key(value: str) -> bool:
    """Whether a K: value is a key, says that there is none, or only names a clef."""
    value = value.strip()
    return parse_key(value) is not None or value.lower() in ("none", "") or bool(_CLEF.match(value))
