"""Augmentation of training tunes: written in another key, spelled right, and with optional fields left out.

A key is moved along the line of fifths: f fifths up are 4 f letters up, whatever the mode. A note's letter moves by
the letters; its accidental is kept as its alteration against the key signature and spelled anew against the new one
(in D `=c` is one below C sharp; in Bb one below A is `_A`). Only notes, chord symbols and the tonics of K: fields are
rewritten; every other character stays, in any dialect. A tune that cannot be moved for sure stays as it is.
"""

from __future__ import annotations

import re
from bisect import bisect
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

import numpy as np

from charlstm.lm.vocab import Vocab
from charlstm.tunes.abc import default_unit, lex, parse_meter, parse_unit, split_header
from charlstm.tunes.keys import parse_key, signature

COUNT_POWER = 0.75  # of a key's count in the corpus: rare keys come a little oftener than they are
DRAWS = 8  # keys drawn for a tune before it stays where it is
LOWEST, HIGHEST = 3 * 7 + 4, 6 * 7 + 2  # a fiddle's G, and e' in letters above C,,,, (middle C: 28)

_LETTERS = "CDEFGAB"
_FIFTHS = "FCGDAEB"
_MARKS = {-2: "__", -1: "_", 0: "=", 1: "^", 2: "^^"}
_ALTERATIONS = {mark: alteration for alteration, mark in _MARKS.items()}
_NOTE = re.compile(r"(\^{1,2}|_{1,2}|=)?([A-Ga-g])([,']*)(.*)", re.DOTALL)
_TONIC = re.compile(r"(\[?K:\s*)([A-Ga-g])([#b]?)(?![#b])(.*)", re.DOTALL)
_QUALITY = r"(?:maj|min|dim|aug|sus|add|[mM+°ø()\-]|[#b]?\d+)*"
_CHORD = re.compile(rf'"([A-G])([#b]?)({_QUALITY})(?:/([A-G])([#b]?))?"')
_UNMOVED_FIELDS = "Vms"  # voices have keys of their own; macros and symbol lines hide notes and chords


class _CannotMove(Exception):
    """A mark has no spelling in the key that was drawn, or one that the vocabulary lacks."""


class _Respelling(dict[str, str]):
    """Mark -> the mark moved, filled as marks come: for tunes with `fifths` sharps, `move` fifths and `steps` letters.

    A note begins with its accidental or letter, a chord symbol with a quotation mark, a key with `K` or `[`.
    """

    def __init__(self, fifths: int, move: int, steps: int, allowed: frozenset[str]) -> None:
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
        if not self._allowed.issuperset(moved):
            raise _CannotMove
        self[mark] = moved
        return moved

    def _note(self, mark: str) -> str:
        accidental, letter, octaves, length = _match(_NOTE, mark)
        place = _place(letter, octaves) + self._steps
        octave, new_letter = place // 7, _LETTERS[place % 7]
        if accidental:
            alteration = _ALTERATIONS[accidental] - self._old.get(letter.upper(), 0) + self._new.get(new_letter, 0)
            if alteration not in _MARKS:
                raise _CannotMove
            accidental = _MARKS[alteration]
        written = new_letter + "," * (4 - octave) if octave < 5 else new_letter.lower() + "'" * (octave - 5)
        return (accidental or "") + written + length

    def _chord(self, mark: str) -> str:
        root, accidental, quality, bass, bass_accidental = _match(_CHORD, mark)
        under = "/" + _moved_tonic(bass, bass_accidental, self._move) if bass else ""
        return f'"{_moved_tonic(root, accidental, self._move)}{quality}{under}"'


@dataclass(frozen=True, slots=True)
class _Tune:
    """A training tune, cut up once: what an epoch needs in order to write it anew."""

    header: tuple[tuple[str, str], ...]  # letter of a field that may be left out ("" otherwise), its characters
    parts: tuple[str, ...]  # the rest; every odd part is a mark that moves with the key
    keys: tuple[tuple[int, int, int], ...]  # (fifths, first mark, end mark) of each stretch; () if it cannot move
    mode: str
    low: int  # lowest and highest note, in letters
    high: int

    def text(self, left_out: Iterable[str], moved: Sequence[str] | None) -> str:
        parts: Sequence[str] = self.parts
        if moved is not None:
            parts = list(parts)
            parts[1::2] = moved
        left_out = frozenset(left_out)
        return "".join([field for letter, field in self.header if letter not in left_out]) + "".join(parts)


class Augmentation:
    """The training tunes of each epoch.

    Parameters
    ----------
    texts : sequence of str
        Training tunes, in any dialect of ABC.
    vocab : Vocab
        No text gets a character outside it.
    transpose : bool
        Write each tune in a key drawn from these tunes' own keys of its mode (counts to the power 0.75), up or down,
        its notes staying within G, to e' (or its own range, where that is wider).
    drop_fields : float
        Chance in [0, 1) to leave out T:, R:, and an L: that the meter implies, each by itself.
    """

    def __init__(self, texts: Sequence[str], vocab: Vocab, *, transpose: bool = True, drop_fields: float = 0.0) -> None:
        self._texts, self._transpose, self._drop_fields = tuple(texts), transpose, drop_fields
        self._tunes = [_cut(text) for text in texts] if transpose or drop_fields else []
        self._allowed = frozenset(vocab.symbols[2:])
        self._respelling = lru_cache(maxsize=None)(self._new_respelling)
        counts = Counter((tune.mode, tune.keys[0][0]) for tune in self._tunes if tune.keys)
        self._keys: dict[str, tuple[list[int], list[float]]] = {}  # mode -> its keys in fifths, cumulative shares
        for mode in {mode for mode, _ in counts}:
            own = sorted((fifths, n**COUNT_POWER) for (m, fifths), n in counts.items() if m == mode)
            total = sum(weight for _, weight in own)
            self._keys[mode] = [f for f, _ in own], [w / total for w in accumulate(weight for _, weight in own)]

    def texts(self, rng: np.random.Generator, texts: Sequence[str] | None = None) -> list[str]:
        """All tunes, in their order, as this epoch sees them; all randomness is drawn from `rng`.

        `texts`, where given, are taken instead of those that the keys were counted on: the tunes of a corpus that is
        too large to be held, some at a time.
        """
        if not (self._transpose or self._drop_fields):
            return list(self._texts if texts is None else texts)
        tunes = self._tunes if texts is None else [_cut(text) for text in texts]
        draws = rng.random((len(tunes), DRAWS, 2)).tolist()
        dropped = (rng.random((len(tunes), 3)) < self._drop_fields).tolist()
        return [
            tune.text(
                [letter for letter, drop in zip("TRL", drops, strict=True) if drop],
                self._moved(tune, draw) if self._transpose and tune.keys else None,
            )
            for tune, draw, drops in zip(tunes, draws, dropped, strict=True)
        ]

    def _moved(self, tune: _Tune, draws: Sequence[tuple[float, float]]) -> list[str] | None:
        """The moving marks of a tune in the first drawn key that can be; None: where it is."""
        if tune.mode not in self._keys:
            return None
        keys, shares = self._keys[tune.mode]
        for which_key, which_way in draws:
            move = keys[min(bisect(shares, which_key), len(keys) - 1)] - tune.keys[0][0]
            if move == 0:
                return None
            up = 4 * move % 7
            low, high = min(LOWEST, tune.low), max(HIGHEST, tune.high)
            ways = [steps for steps in dict.fromkeys((up, up - 7 if up else 0)) if tune.low + steps >= low]
            ways = [steps for steps in ways if tune.high + steps <= high]
            if ways:
                try:
                    return self.move(tune, move, ways[int(which_way * len(ways))])
                except _CannotMove:
                    continue
        return None

    def move(self, tune: _Tune, move: int, steps: int) -> list[str]:
        """The moving marks of a tune, moved by so many fifths and letters."""
        marks = tune.parts[1::2]
        moved: list[str] = []
        for fifths, first, end in tune.keys:
            if not -7 <= fifths + move <= 7:
                raise _CannotMove
            respelling = self._respelling(fifths, move, steps)
            moved += [respelling[mark] for mark in marks[first:end]]
        return moved

    def _new_respelling(self, fifths: int, move: int, steps: int) -> _Respelling:
        return _Respelling(fifths, move, steps, self._allowed)


def transpose(text: str, move: int, steps: int, vocab: Vocab) -> str | None:
    """A tune moved by `move` fifths and `steps` letters (4 * move, give or take octaves of 7).

    Returns
    -------
    str or None
        None if the tune cannot be moved so: no readable key, a double accidental too many, a character outside the
        vocabulary.
    """
    if (steps - 4 * move) % 7:
        raise ValueError(f"{move} fifths are not {steps} letters")
    tune = _cut(text)
    try:
        return tune.text((), Augmentation((), vocab).move(tune, move, steps)) if tune.keys else None
    except _CannotMove:
        return None


def _cut(text: str) -> _Tune:
    """Cut a text into header fields, marks that move with the key, and what lies between."""
    header = split_header(text)
    key_field = next((f for f in header.fields if f.letter == "K"), None)
    end = header.body_start if key_field is None else key_field.start
    droppable = _droppable([(f.letter, f.value) for f in header.fields])
    starts = [f.start for f in header.fields if f.start < end]
    letters = [f.letter if f.letter in droppable else "" for f in header.fields if f.start < end]
    bounds = [0, *starts[1:], end] if starts else [0, end]
    chunks = tuple((letter, text[a:b]) for letter, a, b in zip(letters or [""], bounds, bounds[1:], strict=False))
    still = _Tune(chunks, (text[end:],), (), "", 0, 0)
    if key_field is None:
        return still

    spans = [(key_field.start, key_field.end)]
    changes: list[tuple[int, str]] = [(0, text[key_field.start : key_field.end])]  # (mark, key field)
    places = []
    for token in lex(text[header.body_start :], header.body_start):
        if token.kind == "note":
            _, letter, octaves, _ = _match(_NOTE, token.text)
            places.append(_place(letter, octaves))
        elif token.kind in ("field", "inline_field"):
            letter = token.text.lstrip("[")[0]
            if letter in _UNMOVED_FIELDS:
                return still
            if letter != "K":
                continue
            changes.append((len(spans), token.text))
        elif token.kind == "unknown" and token.text in "^_=":  # a quarter tone, or what we do not know
            return still
        elif token.kind != "chord_symbol" or not _CHORD.fullmatch(token.text):
            continue
        spans.append((token.start, token.end))
    keys = [parse_key(_key_value(field)) for _, field in changes]
    if not places or not all(_TONIC.match(field) for _, field in changes):
        return still
    if any(key is None or abs(key.fifths) > 7 or dict(key.signature) != signature(key.fifths) for key in keys):
        return still
    parts, at = [], end
    for a, b in spans:
        parts += [text[at:a], text[a:b]]
        at = b
    ends = [mark for mark, _ in changes[1:]] + [len(spans)]
    stretches = [(key.fifths, first, last) for key, (first, _), last in zip(keys, changes, ends, strict=True) if key]
    mode = keys[0].mode if keys[0] else ""
    return _Tune(chunks, (*parts, text[at:]), tuple(stretches), mode, min(places), max(places))


def _droppable(fields: Sequence[tuple[str, str]]) -> set[str]:
    """T and R, and L where there is one that says what the meter implies."""
    droppable = {"T", "R"}
    units = [value for letter, value in fields if letter == "L"]
    meter = parse_meter(next((value for letter, value in fields if letter == "M"), None))
    if len(units) == 1 and meter is not None and parse_unit(units[0]) == default_unit(meter):
        droppable.add("L")
    return droppable


def _key_value(field: str) -> str:
    """`K: Dmaj % once` and `[K:D]` to their values."""
    return re.sub(r"(^|\s)%.*$", "", field.lstrip("[").rstrip("]")[2:])


def _place(letter: str, octaves: str) -> int:
    """A note's height in letters above C,,,, (middle C: 28)."""
    octave = 4 + letter.islower() + octaves.count("'") - octaves.count(",")
    return 7 * octave + _LETTERS.index(letter.upper())


def _moved_tonic(letter: str, accidental: str, move: int) -> str:
    """The name of a tonic or root, moved by fifths: at most one sharp or flat."""
    fifths = _FIFTHS.index(letter) + 7 * {"": 0, "#": 1, "b": -1}[accidental] + move
    if not -7 <= fifths < 14:
        raise _CannotMove
    return _FIFTHS[fifths % 7] + {-1: "b", 0: "", 1: "#"}[fifths // 7]


def _match(pattern: re.Pattern[str], text: str) -> tuple[str, ...]:
    match = pattern.fullmatch(text)
    if match is None:  # the callers only hand in what was seen to match
        raise _CannotMove
    return match.groups()
