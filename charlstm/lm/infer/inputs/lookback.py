"""Bar lookback: what stood at the same place some bars ago, and whether a repeat is open, from the text read so far.

Knows the six signs that part header from body and bar from bar, and no other ABC. A text here is a model text:
characters without START and END.

Definition. The *body* begins after the newline of the first line that begins with `K:`. A *bar* begins at a body
character that is not a sign, if it is the first such character of the body or if a `|` was read since the last
such character. The *signs* are `|`, and `:`, `]`, `[`, the digits 1 to 3, blank and newline, which may stand
around it. So a bar begins only when its first character is read: nothing depends on what is yet to come.

For predicting character i of a text, let bar u be the last one begun among characters 0 to i-1 and s(u) the index
at which it began. The lookback of lag k is character s(u-k) + (i - s(u)), or nothing (None, or the id V) if there
is no bar u-k, as in the header. The pointer runs on through the old bar's end into the next bar, until the new bar
begins, so that at a bar's end it suggests how the next one begins.

Lag 0 looks back at the section, not at a bar: it gives `:` while a repeat is open, else nothing. A repeat is open if
the last pair of neighbours in the body that was `|:`, `::` or `:|` was one of the first two. Without it a network
forgets over a hundred characters how the section began, and ends every tenth tune in the wrong sign (docs/lab-log.md).

The idea is that of Magenta's Lookback RNN (Waite 2016), which looks back one and two bars at fixed time steps.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from charlstm.lm.vocab import Vocab

SIGNS = frozenset("|:][123 \n")

# Places in a text: in the header at the start of a line, after its `K`, in the K: line, in another line;
# in the body before a bar has begun, or in one.
LINE_START, _K, _KEY_LINE, _OTHER_LINE, GAP, BAR = range(6)


def mode_after(mode: int, char: str) -> int:
    """The place after one more character. A bar begins where GAP becomes BAR."""
    if mode == BAR:
        return GAP if char == "|" else BAR
    if mode == GAP:
        return GAP if char in SIGNS else BAR
    if char == "\n":
        return GAP if mode == _KEY_LINE else LINE_START
    if mode == LINE_START:
        return _K if char == "K" else _OTHER_LINE
    if mode == _K:
        return _KEY_LINE if char == ":" else _OTHER_LINE
    return mode


class Lookback:
    """The lookback of one text, as a value: `after` returns a new one and leaves this one as it was.

    Parameters
    ----------
    lags : iterable of int
        Bars to look back, each 1 or more; 0 for the open repeat.
    """

    __slots__ = ("_distances", "_is_open", "_mode", "_starts", "lags", "text")

    def __init__(self, lags: Iterable[int]) -> None:
        self.lags = tuple(lags)
        self.text = ""
        self._mode = LINE_START
        self._is_open = False
        self._starts: tuple[int, ...] = ()  # where the bars began; only as many as the longest lag needs
        self._distances = (0,) * len(self.lags)  # s(u) - s(u-k) of each lag; 0: there is none

    def after(self, char: str) -> Lookback:
        """The lookback of the text with one more character."""
        new = object.__new__(Lookback)
        new.lags = self.lags
        new.text = self.text + char
        new._mode = mode_after(self._mode, char)
        new._starts, new._distances, new._is_open = self._starts, self._distances, self._is_open
        if self._mode >= GAP and self.text[-1:] + char in ("|:", "::", ":|"):
            new._is_open = char == ":"
        if self._mode == GAP and new._mode == BAR and self.lags:
            start = len(self.text)
            starts = new._starts = (*self._starts[-max(self.lags) :], start)
            new._distances = tuple(start - starts[-1 - k] if 0 < k < len(starts) else 0 for k in self.lags)
        return new

    @property
    def characters(self) -> tuple[str | None, ...]:
        """For the next character, the one at the same place of an earlier bar, by lag; None where there is none."""
        # s(u-k) + (i - s(u)) with i = len(text) is that many characters from the end of the text.
        characters = [self.text[-d] if d else None for d in self._distances]
        if self._is_open and 0 in self.lags:
            characters[self.lags.index(0)] = ":"
        return tuple(characters)


@lru_cache(maxsize=16)
def _signs_of(vocab: Vocab) -> tuple[NDArray[np.bool_], int, int, int, int]:
    """Which ids are signs, (V,), and the ids of bar line, K, colon and newline (-1: not in the vocabulary)."""
    is_sign = np.array([symbol in SIGNS for symbol in vocab.symbols])
    bar_line, key, colon, newline = (vocab.ids.get(c, -1) for c in "|K:\n")
    return is_sign, bar_line, key, colon, newline


def _body_start(ids: NDArray[np.int32], key: int, colon: int, newline: int) -> int:
    """Index after the K: line; len(ids) if there is no complete one."""
    if key < 0:
        return len(ids)
    for k in np.flatnonzero(ids == key).tolist():
        if (k == 0 or ids[k - 1] == newline) and k + 1 < len(ids) and ids[k + 1] == colon:
            ends = np.flatnonzero(ids[k:] == newline)
            return k + int(ends[0]) + 1 if len(ends) else len(ids)
    return len(ids)


def lookback_ids(ids: NDArray[np.int32], vocab: Vocab, lags: Iterable[int]) -> NDArray[np.int32]:
    """The lookback of a whole text: what `Lookback` gives after each of its characters, at once.

    Parameters
    ----------
    ids : int array, shape (T,)
        A text without START and END, as `vocab.encode` gives it.
    vocab : Vocab
        Of V symbols.
    lags : iterable of int
        K numbers of bars, each 1 or more; 0 for the open repeat.

    Returns
    -------
    int32 array, shape (T + 1, K)
        Row i is the lookback for predicting character i (row T: END), so row i goes in beside character i-1
        (row 0: beside START). It depends on ids[:i] only. V means nothing.
    """
    lags, length, nothing = tuple(lags), len(ids), len(vocab)
    is_sign, bar_line, key, colon, newline = _signs_of(vocab)
    body = _body_start(ids, key, colon, newline)
    notes = np.flatnonzero(~is_sign[ids[body:]])  # the body's characters that are not signs
    back = np.full((length + 1, len(lags)), nothing, dtype=np.int32)
    if 0 in lags:
        back[1:, lags.index(0)] = np.where(_repeat_is_open(ids, body, bar_line, colon), colon, nothing)
    bar_lags = [k for k in lags if k]
    if not bar_lags or not len(notes):
        return back
    bar_lines_before = np.cumsum(ids[body:] == bar_line)[notes]
    begins = np.ones(len(notes), dtype=bool)
    np.not_equal(bar_lines_before[1:], bar_lines_before[:-1], out=begins[1:])
    starts = body + notes[begins]
    # Row 0: before any bar; row u + 1: in bar u. A distance beyond the text's length stands for "no such bar".
    distances = np.full((len(starts) + 1, len(bar_lags)), length + 1, dtype=np.int64)
    for column, k in enumerate(bar_lags):
        distances[k + 1 :, column] = starts[k:] - starts[: max(len(starts) - k, 0)]
    bars_begun = np.zeros(length + 1, dtype=np.int64)
    bars_begun[starts + 1] = 1  # a bar counts from the row after its first character
    places = np.arange(length + 1)[:, None] - distances[np.cumsum(bars_begun)]
    back[:, [column for column, k in enumerate(lags) if k]] = np.where(places < 0, nothing, ids[places.clip(0)])
    return back


def _repeat_is_open(ids: NDArray[np.int32], body: int, bar_line: int, colon: int) -> NDArray[np.bool_]:
    """(T,): whether a repeat is open after each character."""
    sign = (ids == bar_line) | (ids == colon)
    sign[:body] = False
    changes = np.zeros(len(ids), dtype=bool)
    changes[1:] = sign[1:] & sign[:-1] & ((ids[1:] == colon) | (ids[:-1] == colon))
    last = np.maximum.accumulate(np.where(changes, np.arange(len(ids)), -1))
    is_open: NDArray[np.bool_] = (last >= 0) & (ids[last.clip(0)] == colon)
    return is_open
