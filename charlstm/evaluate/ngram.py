"""N-gram: what counting the characters before a character achieves, as a line that a network has to pass.

Interpolated Kneser-Ney smoothing with its three discounts (Chen and Goodman 1998, sections 3 and 4.1.6), on whole
tunes: before a tune stands START, repeated, and END is a character like another. With n(h c) how often c followed the
history h, h' the history without its first character, and d(1), d(2), d(3 and more) the discounts of a length,

    p(c | h) = (n(h c) - d(n(h c)) + D(h) p(c | h')) / n(h),    D(h) = sum of d(n(h c)) over the c that followed h

where of all but the longest histories not occurrences are counted but different characters before them; and below the
empty history each of the V - 1 symbols of the vocabulary without START is as likely. Counting is sorting, so it takes
NumPy a second.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from charlstm.errors import ConfigError, CorpusError
from charlstm.lm.vocab import Vocab

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
UNSEEN = -1


@dataclass(frozen=True)
class _Level:
    """Counts for histories of one length.

    A history of k characters is known by its number: its place among `histories`, which are sorted keys of (the number
    of its last k - 1 characters) times V plus its first one.
    """

    histories: Ints
    pairs: Ints  # keys of (number of h) times V plus c, sorted
    discounted: Floats  # n(h c) - d(n(h c))
    totals: Floats  # n(h), by number
    masses: Floats  # D(h)


@dataclass(frozen=True)
class NGram:
    """Counts of characters after up to `order` - 1 others."""

    vocab: Vocab
    order: int
    levels: tuple[_Level, ...]

    @classmethod
    def fit(cls, texts: Sequence[str], vocab: Vocab, order: int = 6) -> NGram:
        """Count whole tunes.

        Parameters
        ----------
        texts : sequence of str
            Model texts to learn from.
        vocab : Vocab
            With every character of them, and of what will be measured.
        order : int
            Characters that are looked at together, the last one among them; 1 or more.

        Raises
        ------
        ConfigError
            If the order is not from 1 to 30.
        CorpusError
            If there are no texts.
        VocabularyError
            At an unknown character.
        """
        if not 1 <= order <= 30:
            raise ConfigError("order", "must be from 1 to 30.")
        symbols, targets = _laid_out(texts, vocab, order)
        size = len(vocab)
        numbers = np.zeros(len(targets), dtype=np.int64)  # of the history of each target; the empty one is number 0
        histories = np.zeros(1, dtype=np.int64)
        counted: list[tuple[Ints, Ints, Ints]] = []  # histories, pairs, n(h c) of each length
        shorter = numbers
        for length in range(order):
            if length:
                keys = numbers * size + symbols[targets - length]
                shorter = numbers
                histories, numbers = np.unique(keys, return_inverse=True)
            pairs, first, counts = np.unique(numbers * size + symbols[targets], return_index=True, return_counts=True)
            if length:  # each pair here is one more character before a pair of the length below
                below = counted[-1]
                places = _find(below[1], (shorter * size + symbols[targets])[first])
                counted[-1] = (below[0], below[1], np.bincount(places, minlength=len(below[1])))
            counted.append((histories, pairs, counts))
        return cls(vocab, order, tuple(_level(*counts, size) for counts in counted))

    def surprisals(self, texts: Sequence[str]) -> list[NDArray[np.float64]]:
        """The surprisal of every target, -ln p, for each text of T characters an array of shape (T + 1,), END last.

        Raises VocabularyError at an unknown character, CorpusError if there are no texts.
        """
        symbols, targets = _laid_out(texts, self.vocab, self.order)
        size = len(self.vocab)
        p = np.full(len(targets), 1 / (size - 1))
        numbers = np.zeros(len(targets), dtype=np.int64)
        for length, level in enumerate(self.levels):
            if length:
                keys = numbers * size + symbols[targets - length]
                numbers = np.where(numbers == UNSEEN, UNSEEN, _find(level.histories, keys))
            known = numbers != UNSEEN  # a history never seen adds nothing to what the shorter one says
            place = numbers[known]
            pair = _find(level.pairs, place * size + symbols[targets[known]])
            seen = np.where(pair == UNSEEN, 0.0, level.discounted[pair])
            p[known] = (seen + level.masses[place] * p[known]) / level.totals[place]
        ends = np.cumsum([len(text) + 1 for text in texts])
        return np.split(-np.log(p), ends[:-1].tolist())

    def loss(self, texts: Sequence[str]) -> float:
        """Nats per character on whole tunes, END counted; see charlstm.evaluate.loss."""
        return float(np.concatenate(self.surprisals(texts)).mean())


def _level(histories: Ints, pairs: Ints, counts: Ints, size: int) -> _Level:
    """Discount the counts of one length; the discounts are estimated from how many counts are 1, 2, 3 and 4."""
    owners = pairs // size
    once, twice, thrice, often = (max(int((counts == n).sum()), 0) for n in (1, 2, 3, 4))
    base = once / (once + 2 * twice) if once and twice else 0.5
    discounts = np.array([0.0, base, base, base])
    if once and twice and thrice and often:
        discounts[1:] = 1 - 2 * base * twice / once, 2 - 3 * base * thrice / twice, 3 - 4 * base * often / thrice
    taken = np.clip(discounts, 0.05, [1, 0.95, 1.9, 2.9])[np.minimum(counts, 3)]  # small corpora give odd estimates
    return _Level(
        histories,
        pairs,
        counts - taken,
        np.bincount(owners, counts, len(histories)).astype(np.float64),
        np.bincount(owners, taken, len(histories)).astype(np.float64),
    )


def _laid_out(texts: Sequence[str], vocab: Vocab, order: int) -> tuple[Ints, Ints]:
    """All tunes in one row of ids, each after `order` STARTs and with its END; and the places of its targets in it."""
    if not texts:
        raise CorpusError("there are no tunes to count; name a part of the corpus that has some.")
    starts = np.full(order, vocab.start, dtype=np.int64)
    pieces: list[Ints] = []
    targets: list[Ints] = []
    at = 0
    for text in texts:
        ids = vocab.encode(text).astype(np.int64)
        pieces += [starts, ids, np.array([vocab.end], dtype=np.int64)]
        targets.append(np.arange(at + order, at + order + len(ids) + 1))
        at += order + len(ids) + 1
    return np.concatenate(pieces), np.concatenate(targets)


def _find(keys: Ints, wanted: Ints) -> Ints:
    """The place of each wanted key among sorted keys; UNSEEN where it is not there."""
    places = np.searchsorted(keys, wanted)
    places[places == len(keys)] = 0
    return np.where(keys[places] == wanted, places, UNSEEN)
