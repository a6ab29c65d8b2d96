"""The clock: how full the bar is, how long the section's pickup was, the key and the meter, of the text read so far.

Nothing here depends on what is yet to come: a bar is over when its `|` is read, and a note is as long as it is written
so far. Reads the marks of cleaned corpora, and passes over chord symbols, graces and chords' other notes; fields within
a body are not read.
"""

from __future__ import annotations

from functools import lru_cache

from charlstm.lm.columns import DURATIONS, METERS, MODES, SHARPS
from charlstm.lm.infer.inputs.lookback import GAP, LINE_START, mode_after
from charlstm.tunes.abc import default_unit, parse_meter, parse_unit
from charlstm.tunes.keys import Key, parse_key

UNIT = 3360  # ticks of a unit note length: divisible by what triplets, dots and quarters ask for
QUARTER = UNIT // 4
UNKNOWN, OVER, MOST = DURATIONS - 1, DURATIONS - 2, DURATIONS - 3
_LETTERS = frozenset("ABCDEFGabcdefgzx")
_MODE_NAMES = ("major", "minor", "mixolydian", "dorian", "phrygian", "locrian", "lydian")


def duration_id(ticks: int | None) -> int:
    """The id of a duration: whole quarters of the unit, rounded up."""
    if ticks is None:
        return UNKNOWN
    return OVER if ticks < 0 else min(-(-ticks // QUARTER), MOST)


@lru_cache(maxsize=256)
def _header_ids(meter: str, unit: str, key: str) -> tuple[int | None, int, int, Key | None, int]:
    """Of three fields: ticks of a bar, id of the meter, id of the key, the key, ticks of a whole note."""
    length = parse_meter(meter)
    unit_length = parse_unit(unit) or default_unit(length)
    spelled = {"C": "4/4", "C|": "2/2"}.get(meter, meter)
    meter_id = len(METERS) + 1 if not meter else METERS.index(spelled) if spelled in METERS else len(METERS)
    parsed = parse_key(key)
    key_id = SHARPS * MODES
    if parsed is not None and abs(parsed.fifths) <= SHARPS // 2:
        key_id = (parsed.fifths + SHARPS // 2) * MODES + _MODE_NAMES.index(parsed.mode)
    ticks = None if length is None else int(length / unit_length * UNIT)
    return ticks, meter_id, key_id, parsed, int(UNIT / unit_length)


class Clock:
    """The clock of one text; `read` moves it on.

    Attributes
    ----------
    mode : int
        Where in the text it is, as lookback has it.
    full : int or None
        Ticks of a bar; None: there is no meter, or none was read yet.
    whole : int
        Ticks of a whole note.
    key : Key or None
    """

    __slots__ = (
        "_base", "_digits", "_divisor", "_done", "_factor", "_gap", "_header", "_in_note", "_inside", "_is_first",
        "_line", "_note", "_pickup", "_plain", "_plays", "_slashes", "_tuplet", "_weight", "full", "key", "key_id",
        "meter_id", "mode", "whole",
    )  # fmt: skip

    def __init__(self) -> None:
        self.mode = LINE_START
        self.full: int | None = None
        self.whole = UNIT
        self.key: Key | None = None
        self.key_id, self.meter_id = SHARPS * MODES, len(METERS) + 1
        self._header: dict[str, str] = {}
        self._line = ""  # of the header; in the body the last character
        self._gap = ""  # between two bars
        self._is_first = True  # bar of its section
        self._pickup: int | None = None
        self._reset()

    def _reset(self) -> None:
        """Begin a bar."""
        self._done = self._note = 0
        # What the last note is multiplied by, without its own broken rhythm and with it; and the next one.
        self._plain = self._base = self._factor = (1, 1)
        self._weight = 0  # strokes of a broken rhythm
        self._digits, self._slashes, self._divisor = 0, 0, 0
        self._in_note, self._inside = False, ""  # what it is passing over: " { ! [
        self._tuplet: tuple[int, ...] = ()  # p, q, r as far as they are read
        self._plays = (0, 1, 1)  # notes of a tuplet still to come, and their time

    def copied(self) -> Clock:
        """One that changes for itself."""
        new = object.__new__(Clock)
        for name in Clock.__slots__:
            setattr(new, name, getattr(self, name))
        new._header = dict(self._header)
        return new

    @property
    def fill(self) -> int:
        """Ticks of the bar that are written."""
        return self._done + self._note

    def ids(self) -> tuple[int, int, int, int]:
        """Ids of what is missing in the bar, of the section's pickup, the key and the meter."""
        missing = UNKNOWN if self.full is None else duration_id(self.full - self._done - self._note)
        return missing, duration_id(self._pickup), self.key_id, self.meter_id

    def read(self, char: str) -> None:
        """Take one more character."""
        before = self.mode
        self.mode = after = mode_after(before, char)
        if before < GAP:
            self._read_header(char)
        elif before == GAP and after == GAP:
            self._gap += char
        else:
            if before == GAP:  # a bar begins
                gap, self._gap = self._gap, ""
                if any(sign in gap for sign in (":", "||", "]")) and not any(digit in gap for digit in "123"):
                    self._is_first, self._pickup = True, None
            if after == GAP:  # it ends
                if self._is_first:
                    short = self.full is not None and self.fill < self.full
                    self._pickup, self._is_first = self.fill if short else 0, False
                self._gap = ":|" if self._line == ":" else "|"
                self._reset()
            else:
                self._read_music(char)
            self._line = char

    def _read_header(self, char: str) -> None:
        if char != "\n":
            self._line += char
            return
        letter, value = self._line[:1], self._line[2:].strip()
        self._line = ""
        self._header.setdefault(letter, value)
        if letter == "K":
            meter, unit = self._header.get("M", ""), self._header.get("L", "")
            self.full, self.meter_id, self.key_id, self.key, self.whole = _header_ids(meter, unit, value)

    def _read_music(self, char: str) -> None:
        inside = self._inside
        if inside in ('"', "!", "{"):  # chord symbols, decorations, graces take no time
            if char == {"{": "}"}.get(inside, inside):
                self._inside = ""
        elif char in _LETTERS:
            if inside == "[":
                self._inside = "]"  # the first note of a chord counts
            elif inside == "]":
                return
            self._begin_note()
        elif inside == "]":
            if char == "]":
                self._inside = ""
        elif self._in_note and char.isdigit():
            if self._slashes:
                self._divisor = min(10 * self._divisor + int(char), 10**4)
            else:
                self._digits = min(10 * self._digits + int(char), 10**4)
            self._measure()
        elif self._in_note and char == "/":
            self._slashes += 1
            self._measure()
        elif char in "<>":
            self._weight = self._weight % 3 + 1
            long, short = (2 ** (self._weight + 1) - 1, 2**self._weight), (1, 2**self._weight)
            self._base = _product(self._plain, long if char == ">" else short)
            self._factor = short if char == ">" else long
            self._measure()
            self._in_note = False
        elif self._tuplet and (char.isdigit() or char == ":"):
            self._tuplet = (*self._tuplet[:-1], int(char)) if char.isdigit() else (*self._tuplet, 0)
        elif char not in ",'":
            self._in_note = False
            if char in '"!{[':
                self._inside = char
            elif char == "(":
                self._tuplet = (0,)
            elif char == " ":
                self._tuplet = self._tuplet[:1] if self._tuplet[:1] != (0,) else ()

    def _begin_note(self) -> None:
        """A note: the last one is as long as it was written."""
        self._done, self._note = self._done + self._note, 0
        if self._tuplet and self._tuplet[0]:
            p, q, r = (*self._tuplet, 0, 0)[:3]
            q = q or {2: 3, 3: 2, 4: 3, 8: 3}.get(p, 2)
            self._plays = (r or p, q, p)
        self._tuplet = ()
        left, q, p = self._plays
        self._plays = (left - 1, q, p) if left > 0 else (0, 1, 1)
        self._base = self._plain = _product(self._plays[1:], self._factor)
        self._factor = (1, 1)
        self._weight = self._digits = self._slashes = self._divisor = 0
        self._in_note = True
        self._measure()

    def _measure(self) -> None:
        """The last note's length, as far as it is written."""
        n, d = self._base
        divisor = self._divisor or 2 ** min(self._slashes, 8)
        self._note = UNIT * (self._digits or 1) * n // (divisor * d)


def _product(a: tuple[int, int], b: tuple[int, int]) -> tuple[int, int]:
    return a[0] * b[0], a[1] * b[1]
