"""N-gram: probabilities that sum to one, the textbook's formula, and a loss that can be compared with a network's."""

from __future__ import annotations

import math
from collections import Counter, defaultdict

import numpy as np
import pytest

from charlstm.errors import ConfigError, CorpusError, VocabularyError
from charlstm.evaluate.ngram import NGram
from charlstm.lm.vocab import END, START, Vocab
from tests.conftest import TUNES, VOCAB


@pytest.mark.parametrize("order", [1, 2, 4, 6])
@pytest.mark.parametrize("before", ["", "T:", "K:D\n|:d2fd Adfd|", "zzzz", "|"])
def test_what_may_follow_a_text_sums_to_one(order: int, before: str) -> None:
    model = NGram.fit(TUNES[:4], VOCAB, order)
    characters = VOCAB.symbols[2:]
    follows = [math.exp(-model.surprisals([before + c])[0][len(before)]) for c in characters]
    end = math.exp(-model.surprisals([before])[0][-1])
    assert sum(follows) + end == pytest.approx(1)
    assert min(*follows, end) > 0


def textbook(texts: tuple[str, ...], vocab: Vocab, order: int, text: str) -> list[float]:
    """-ln p of each target of a text by the formula in the module's docstring, with dictionaries."""
    windows = [
        (tuple(row[i - k : i]), row[i])
        for k in range(order)
        for t in texts
        for row in [[START] * order + list(t) + [END]]
        for i in range(order, len(row))
    ]
    counts = {k: Counter(w for w in windows if len(w[0]) == k) for k in range(order)}
    kinds = {k: Counter((h[1:], c) for h, c in counts[k + 1]) for k in range(order - 1)}
    kinds[order - 1] = counts[order - 1]
    followers: dict[tuple[str, ...], dict[str, float]] = defaultdict(dict)
    taken: dict[tuple[str, ...], float] = defaultdict(float)
    total: dict[tuple[str, ...], float] = defaultdict(float)
    for table in kinds.values():
        n1, n2, n3, n4 = (sum(n == k for n in table.values()) for k in (1, 2, 3, 4))
        y = n1 / (n1 + 2 * n2)
        d = (0, y, y, y) if 0 in (n3, n4) else (0, 1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3)
        d = tuple(min(max(x, 0.05), high) for x, high in zip(d, (1, 0.95, 1.9, 2.9), strict=True))
        for (history, c), n in table.items():
            followers[history][c] = n - d[min(n, 3)]
            taken[history] += d[min(n, 3)]
            total[history] += n

    def p(c: str, history: tuple[str, ...]) -> float:
        lower = p(c, history[1:]) if history else 1 / (len(vocab) - 1)
        if history not in followers:
            return lower
        return (followers[history].get(c, 0) + taken[history] * lower) / total[history]

    row = [START] * order + list(text) + [END]
    return [-math.log(p(row[i], tuple(row[i - order + 1 : i]))) for i in range(order, len(row))]


@pytest.mark.parametrize("order", [2, 3, 5])
def test_it_is_the_textbooks_formula(order: int) -> None:
    texts = (*TUNES[:5], *TUNES[:3], *TUNES[:2], TUNES[0])  # so that there are counts of 1, 2, 3 and 4
    model = NGram.fit(texts, VOCAB, order)
    assert model.surprisals([TUNES[5]])[0] == pytest.approx(textbook(texts, VOCAB, order, TUNES[5]))


def test_the_loss_counts_every_character_and_end_once() -> None:
    model = NGram.fit(TUNES[:4], VOCAB)
    surprisals = model.surprisals(TUNES[4:])
    assert [len(s) for s in surprisals] == [len(text) + 1 for text in TUNES[4:]]
    assert model.loss(TUNES[4:]) == pytest.approx(np.concatenate(surprisals).mean())
    assert model.surprisals(TUNES[4:5])[0] == pytest.approx(surprisals[0])  # a tune's neighbours do not matter


def test_more_before_a_character_helps_and_its_own_tunes_most() -> None:
    losses = [NGram.fit(TUNES[:5], VOCAB, order).loss(TUNES[:1]) for order in (1, 2, 3, 6)]
    assert losses == sorted(losses, reverse=True)
    assert losses[0] < math.log(len(VOCAB))


def test_what_cannot_be_counted_is_a_sentence() -> None:
    with pytest.raises(CorpusError, match="no tunes"):
        NGram.fit([], VOCAB)
    with pytest.raises(ConfigError, match="order"):
        NGram.fit(TUNES, VOCAB, 0)
    with pytest.raises(VocabularyError):
        NGram.fit(TUNES, VOCAB).loss(["é"])
