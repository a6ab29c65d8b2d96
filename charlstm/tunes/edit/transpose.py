"""A tune written in another key, spelled right.

A key is moved along the line of fifths: f fifths up are 4 f letters up, whatever the mode. A note's letter moves by
the letters; its accidental keeps its distance from the key signature and is spelled against the new one (in D `=c` is
one below C sharp; in Bb one below A is `_A`). Only notes, chord symbols and the tonics of K: fields are rewritten; all
other characters stay, in any dialect. A tune is moved only if all of it can be.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from charlstm.errors import ConfigError, NotationError
from charlstm.tunes.abc import body_tokens, field_value, parse_note, split_header, write_pitch
from charlstm.tunes.edit.spelling import split_length
from charlstm.tunes.keys import ACCIDENTALS, ALTERATIONS, FIFTHS, LETTERS, Key, parse_key, signature

FARTHEST = 24  # semitones

_TONIC = re.compile(r"(\[?K:\s*)([A-Ga-g])([#b]?)(?![#b])(.*)", re.DOTALL)
_QUALITY = r"(?:maj|min|dim|aug|sus|add|[mM+°ø()\-]|[#b]?\d+)*"
_CHORD = re.compile(rf'"([A-G])([#b]?)({_QUALITY})(?:/([A-G])([#b]?))?"')
_UNMOVED_FIELDS = "ms"  # macros and symbol lines hide notes and chords


class CannotMove(Exception):
    """A mark has no spelling in the new key, or one that is not allowed."""


class Respelling(dict[str, str]):
    """Mark -> the mark moved, filled as marks come: for tunes with `fifths` sharps, `move` fifths and `steps` letters.

    A note begins with its accidental or letter, a chord symbol with a quotation mark, a key with `K` or `[`. A mark
    with a character outside `allowed` cannot be moved; None: any may be written.
    """

    def __init__(self, fifths: int, move: int, steps: int, allowed: frozenset[str] | None = None) -> None:
        super().__init__()
        self._move, self._steps, self._allowed = move, steps, allowed
        self._old, self._new = signature(fifths), signature(fifths + move)

    def __missing__(self, mark: str) -> str:
        if mark[0] == '"':
            moved = self._chord(mark)
        elif mark[0] in "K[":
            head, letter, accidental, rest = _match(_TONIC, mark)
            tonic = _moved_tonic(letter.upper(), accidental, self._move)
            moved = head + (tonic.lower() if letter.islower() else tonic) + rest
        else:
            moved = self._note(mark)
        if self._allowed is not None and not self._allowed.issuperset(moved):
            raise CannotMove
        self[mark] = moved
        return moved

    def _note(self, mark: str) -> str:
        accidental, letter, *_ = parse_note(mark)
        octave, step = divmod(_height(mark) + self._steps, 7)
        if accidental:
            alteration = ALTERATIONS[accidental] - self._old.get(letter, 0) + self._new.get(LETTERS[step], 0)
            if alteration not in ACCIDENTALS:
                raise CannotMove
            accidental = ACCIDENTALS[alteration]
        return accidental + write_pitch(LETTERS[step], octave) + split_length(mark)[1]

    def _chord(self, mark: str) -> str:
        root, accidental, quality, bass, bass_accidental = _match(_CHORD, mark)
        under = "/" + _moved_tonic(bass, bass_accidental, self._move) if bass else ""
        return f'"{_moved_tonic(root, accidental, self._move)}{quality}{under}"'


@dataclass(frozen=True, slots=True)
class Movable:
    """A tune cut up: its marks that move with the key, and what lies between."""

    head: str  # all before its first K: field
    parts: tuple[str, ...]  # the rest; every odd part is a mark
    keys: tuple[tuple[int, int, int], ...]  # (fifths, first mark, end mark) of each stretch
    mode: str  # of the first key
    low: int  # lowest and highest note, in letters above C,,,, (middle C: 28)
    high: int

    def moved(self, move: int, steps: int, respelling: Callable[[int, int, int], Respelling]) -> list[str]:
        """The marks, moved by so many fifths and letters. Raises CannotMove."""
        marks = self.parts[1::2]
        moved: list[str] = []
        for fifths, first, end in self.keys:
            if not -7 <= fifths + move <= 7:
                raise CannotMove
            spelled = respelling(fifths, move, steps)
            moved += [spelled[mark] for mark in marks[first:end]]
        return moved

    def text(self, marks: Sequence[str]) -> str:
        """The tune with other marks."""
        parts = list(self.parts)
        parts[1::2] = marks
        return self.head + "".join(parts)


def movable(text: str, *, voices: bool = False) -> Movable | None:
    """Cut a tune up.

    Parameters
    ----------
    text : str
        In any dialect of ABC.
    voices : bool
        Whether tunes with V: in their body are taken too. A voice keeps the key that it had.

    Returns
    -------
    Movable or None
        None where no key or no note is found, or where a mark is not understood.
    """
    header = split_header(text)
    key_field = next((f for f in header.fields if f.letter == "K"), None)
    if key_field is None:
        return None
    # Find the marks that move, and where the key changes: at K:, and at V: to the key that the voice had.
    spans = [(key_field.start, key_field.end)]
    first_key = text[key_field.start : key_field.end]
    changes: list[tuple[int, str]] = [(0, first_key)]  # (mark, key field)
    voice, voice_keys = "", {"": first_key}
    heights = []
    for token in body_tokens(text):
        if token.kind == "note":
            heights.append(_height(token.text))
        elif token.kind in ("field", "inline_field"):
            letter, value = token.field
            if letter in _UNMOVED_FIELDS or (letter == "V" and not voices):
                return None
            if letter == "V":
                voice = (value.split() or [""])[0]
                changes.append((len(spans), voice_keys.get(voice, first_key)))
            if letter != "K":
                continue
            changes.append((len(spans), token.text))
            voice_keys[voice] = token.text
        elif token.kind == "unknown" and token.text in "^_=":  # a quarter tone, or unknown
            return None
        elif token.kind != "chord_symbol" or not _CHORD.fullmatch(token.text):
            continue
        spans.append((token.start, token.end))
    # Every stretch must have a key with a plain signature.
    keys = [_key(field) for _, field in changes]
    if not heights or not all(_TONIC.match(field) for _, field in changes):
        return None
    if any(key is None or abs(key.fifths) > 7 or dict(key.signature) != signature(key.fifths) for key in keys):
        return None
    # Cut the text at the marks, and give each stretch its key's fifths.
    parts, at = [], key_field.start
    for a, b in spans:
        parts += [text[at:a], text[a:b]]
        at = b
    ends = [mark for mark, _ in changes[1:]] + [len(spans)]
    stretches = [(key.fifths, first, last) for key, (first, _), last in zip(keys, changes, ends, strict=True) if key]
    mode = keys[0].mode if keys[0] else ""
    head = text[: key_field.start]
    return Movable(head, (*parts, text[at:]), tuple(stretches), mode, min(heights), max(heights))


def transposed(text: str, semitones: int) -> str:
    """A tune moved by semitones: notes, key and chord symbols, in the key of fewest accidentals.

    Raises
    ------
    ConfigError
        If it is farther than two octaves.
    NotationError
        If the tune cannot be moved so: it names no key, or has a mark with no spelling there.
    """
    if not -FARTHEST <= semitones <= FARTHEST:
        raise ConfigError("transpose", f"{semitones} semitones are outside -{FARTHEST} to {FARTHEST}")
    if semitones == 0:
        return text
    tune = movable(text, voices=True)
    if tune is None:
        raise NotationError("this tune has no key that can be moved safely; it stays where it is")
    return tune.text(_marks(tune, semitones))


def keys_around(text: str, semitones: Iterable[int]) -> dict[int, str]:
    """The K: value of a tune for each move that can be made, as `transposed` writes it; {} where none can."""
    tune = movable(text, voices=True)
    keys: dict[int, str] = {}
    for steps in semitones if tune else ():
        try:
            key = _key(_marks(tune, steps)[0]) if tune else None
        except NotationError:
            continue
        if key is not None:
            keys[steps] = str(key)
    return keys


def _marks(tune: Movable, semitones: int) -> list[str]:
    """The marks of a tune moved by semitones. Raises NotationError."""
    nearest = (7 * semitones) % 12  # fifths, but for 12 of them
    fifths = [key for key, _, _ in tune.keys]
    moves = sorted((nearest - 12, nearest, nearest - 24), key=lambda m: (max(abs(key + m) for key in fifths), -m))
    for move in moves:
        octaves = (semitones - 7 * move) // 12
        try:
            return tune.moved(move, 4 * move + 7 * octaves, Respelling)
        except CannotMove:
            continue
    raise NotationError("a mark of this tune has no spelling there; it stays where it is")


def _key(field: str) -> Key | None:
    """The key of `K: Dmaj % once` or `[K:D]`."""
    return parse_key(field_value(field.strip("[]")))


def _height(note: str) -> int:
    """A note's height in letters above C,,,, (middle C: 28)."""
    _, letter, octave, _ = parse_note(note)
    return 7 * octave + LETTERS.index(letter)


def _moved_tonic(letter: str, accidental: str, move: int) -> str:
    """The name of a tonic or root, moved by fifths: at most one sharp or flat."""
    fifths = FIFTHS.index(letter) + 7 * {"": 0, "#": 1, "b": -1}[accidental] + move
    if not -7 <= fifths < 14:
        raise CannotMove
    return FIFTHS[fifths % 7] + {-1: "b", 0: "", 1: "#"}[fifths // 7]


def _match(pattern: re.Pattern[str], text: str) -> tuple[str, ...]:
    match = pattern.fullmatch(text)
    if match is None:  # callers hand in only what they saw to match
        raise CannotMove
    return match.groups()
