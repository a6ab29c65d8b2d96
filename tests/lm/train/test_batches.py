"""Batches: every tune once an epoch, beside tunes of its length, in an order that the generator decides."""

from __future__ import annotations

import numpy as np
import pytest

from charlstm.lm.config import ModelConfig
from charlstm.lm.infer.inputs.lookback import lookback_ids
from charlstm.lm.train.batches import (
    IGNORED,
    Batch,
    EncodedTune,
    encode_tune,
    fixed_batches,
    random_slices,
    shuffled_tunes,
)
from charlstm.lm.vocab import Vocab
from charlstm.tunes.corpus.model import Corpus

VOCAB = Vocab.of(["M:4/\nKD|abcdefg"])
MODEL = ModelConfig(lookback_bars=(1, 2))
RNG = np.random.default_rng(0)
LENGTHS = RNG.integers(20, 400, 100).tolist()
TUNES = [encode_tune("K:D\n" + "".join(RNG.choice(list("abcdefg|"), n)), VOCAB, MODEL) for n in LENGTHS]


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def rows_of(batches: list[Batch]) -> list[tuple[int, EncodedTune]]:
    """Each row without its padding, and which tune it is."""
    rows = []
    for batch in batches:
        assert batch.inputs.shape == batch.targets.shape
        assert batch.side is None or batch.side.shape == (*batch.inputs.shape, 2)
        assert batch.characters == (batch.targets != IGNORED).sum()
        for row, tune in enumerate(batch.tunes):
            n = int((batch.targets[row] != IGNORED).sum())
            assert (batch.targets[row, n:] == IGNORED).all()  # padding stands at the end
            side = None if batch.side is None else batch.side[row, :n]
            rows.append((tune, EncodedTune(batch.inputs[row, :n], batch.targets[row, :n], side)))
    return rows


def same(one: EncodedTune, other: EncodedTune) -> bool:
    fields = ("inputs", "targets", "side")
    return all(np.array_equal(getattr(one, field), getattr(other, field)) for field in fields)


def test_a_tune_is_start_and_text_against_text_and_end(tiny_corpus: Corpus) -> None:
    vocab = Vocab.of(tiny_corpus.texts)
    text = tiny_corpus.train[0]
    tune = encode_tune(text, vocab, MODEL)
    assert len(tune) == len(text) + 1
    assert (tune.inputs[0], tune.targets[-1]) == (vocab.start, vocab.end)
    assert vocab.decode(tune.inputs[1:]) == vocab.decode(tune.targets[:-1]) == text
    assert tune.side is not None
    assert np.array_equal(tune.side, lookback_ids(vocab.encode(text), vocab, (1, 2)))
    assert encode_tune(text, vocab, ModelConfig()).side is None


@pytest.mark.parametrize("batch_size", [1, 7, 32, 1000])
def test_every_tune_comes_once_an_epoch_and_whole(batch_size: int) -> None:
    for batches in (list(shuffled_tunes(TUNES, batch_size, rng())), list(fixed_batches(TUNES, batch_size))):
        rows = rows_of(batches)
        assert sorted(tune for tune, _ in rows) == list(range(len(TUNES)))
        assert all(same(found, TUNES[tune]) for tune, found in rows)
        assert all(len(batch.tunes) <= batch_size for batch in batches)


def test_little_is_padding() -> None:
    batches = list(shuffled_tunes(TUNES * 10, 32, rng()))
    assert sum(b.characters for b in batches) > 0.9 * sum(b.inputs.size for b in batches)


def test_the_seed_decides_the_order_and_the_company() -> None:
    def order(seed: int) -> list[tuple[int, ...]]:
        return [batch.tunes for batch in shuffled_tunes(TUNES, 8, rng(seed))]

    assert order(1) == order(1)
    assert {frozenset(rows) for rows in order(1)} != {frozenset(rows) for rows in order(2)}
    lengths = [len(TUNES[rows[0]]) for rows in order(1)]
    assert lengths != sorted(lengths)


def test_slices_are_stretches_of_each_tune_once() -> None:
    tunes = TUNES[:20]
    starts = []
    for batch in random_slices(tunes, 8, 50, rng()):
        for _, piece in rows_of([batch]):
            places = [(k, i) for k, tune in enumerate(tunes) for i in range(max(len(tune) - 50, 0) + 1)]
            starts.append(next((k, i) for k, i in places if same(tunes[k].part(i, i + 50), piece)))
    assert sorted(k for k, _ in starts) == list(range(20))
    assert len({i for _, i in starts}) > 10


def test_slices_reach_both_ends() -> None:
    tune = encode_tune("abc", VOCAB, ModelConfig())
    seen = {tuple(b.targets[0].tolist()) for s in range(40) for b in random_slices([tune], 1, 3, rng(s))}
    assert seen == {tuple(tune.targets[:3].tolist()), tuple(tune.targets[1:].tolist())}
