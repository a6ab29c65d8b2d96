"""Augmentation of training tunes: written in another key, spelled right, and with optional fields left out.

How a tune is transposed is in `tunes/edit/transpose.py`; here a key is drawn for it, and characters are counted. A
tune that cannot be moved for sure stays as it is.
"""

from __future__ import annotations

from bisect import bisect
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

import numpy as np

from charlstm.lm.vocab import Vocab
from charlstm.tunes.abc import default_unit, parse_meter, parse_unit, split_header
from charlstm.tunes.edit.transpose import CannotMove, Movable, Respelling, movable

COUNT_POWER = 0.75  # of a key's count in the corpus: rare keys come a little oftener than they are
DRAWS = 8  # keys drawn for a tune before it stays where it is
LOWEST, HIGHEST = 3 * 7 + 4, 6 * 7 + 2  # a fiddle's G, and e' in letters above C,,,, (middle C: 28)


@dataclass(frozen=True, slots=True)
class _Tune:
    """A training tune, cut up once: what an epoch needs to write it in another key."""

    header: tuple[tuple[str, str], ...]  # letter of a field that may be left out ("" otherwise), its characters
    rest: str
    movable: Movable | None  # None: it cannot be moved

    def text(self, left_out: Iterable[str], moved: Sequence[str] | None) -> str:
        left_out = frozenset(left_out)
        header = "".join([field for letter, field in self.header if letter not in left_out])
        if moved is None or self.movable is None:
            return header + self.rest
        return header + self.movable.text(moved)[len(self.movable.head) :]


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
        Chance in [0, 1) to leave out T:, R:, and an L: that the meter implies, independently.
    """

    def __init__(self, texts: Sequence[str], vocab: Vocab, *, transpose: bool = True, drop_fields: float = 0.0) -> None:
        self._texts, self._transpose, self._drop_fields = tuple(texts), transpose, drop_fields
        self._tunes = [_cut(text) for text in texts] if transpose or drop_fields else []
        self._allowed = frozenset(vocab.symbols[2:])
        self.respelling = lru_cache(maxsize=None)(self._new_respelling)
        cut = [tune.movable for tune in self._tunes if tune.movable]
        counts = Counter((tune.mode, tune.keys[0][0]) for tune in cut)
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
                self._moved(tune.movable, draw) if self._transpose and tune.movable else None,
            )
            for tune, draw, drops in zip(tunes, draws, dropped, strict=True)
        ]

    def _moved(self, tune: Movable, draws: Sequence[tuple[float, float]]) -> list[str] | None:
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
                    return tune.moved(move, ways[int(which_way * len(ways))], self.respelling)
                except CannotMove:
                    continue
        return None

    def _new_respelling(self, fifths: int, move: int, steps: int) -> Respelling:
        return Respelling(fifths, move, steps, self._allowed)


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
    return _Tune(chunks, text[end:], movable(text))


def _droppable(fields: Sequence[tuple[str, str]]) -> set[str]:
    """T and R, and L where there is one that says what the meter implies."""
    droppable = {"T", "R"}
    units = [value for letter, value in fields if letter == "L"]
    meter = parse_meter(next((value for letter, value in fields if letter == "M"), None))
    if len(units) == 1 and meter is not None and parse_unit(units[0]) == default_unit(meter):
        droppable.add("L")
    return droppable
