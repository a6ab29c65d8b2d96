"""Tunes to padded batches: whole tunes in length buckets, or the report's random slices. NumPy only.

All randomness comes from the generator that is handed in. The input of a tune of T characters is START and the T
characters, its target the T characters and END: T + 1 of each. Padding carries the target IGNORED and no loss.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from charlstm.lm.infer.lookback import lookback_ids
from charlstm.lm.vocab import Vocab

IGNORED = -100  # what torch's cross-entropy leaves out by default
JITTER = 12  # characters by which lengths are shaken before sorting, so that the same tunes do not always meet


@dataclass(frozen=True, slots=True)
class EncodedTune:
    """One tune as ids: inputs (T + 1,), targets (T + 1,), lookback (T + 1, K) or None without lags."""

    inputs: NDArray[np.int32]
    targets: NDArray[np.int32]
    lookback: NDArray[np.int32] | None

    def __len__(self) -> int:
        return len(self.inputs)

    def part(self, start: int, end: int) -> EncodedTune:
        """The tune's predictions from start to end."""
        lookback = None if self.lookback is None else self.lookback[start:end]
        return EncodedTune(self.inputs[start:end], self.targets[start:end], lookback)


@dataclass(frozen=True, slots=True)
class Batch:
    """Padded tunes: inputs (B, T), targets (B, T), lookback (B, T, K) or None, all int64; `tunes` says which."""

    inputs: NDArray[np.int64]
    targets: NDArray[np.int64]
    lookback: NDArray[np.int64] | None
    tunes: tuple[int, ...]  # the place of each row's tune in the sequence that was batched
    characters: int  # targets that count


def encode_tune(text: str, vocab: Vocab, lags: Sequence[int] = ()) -> EncodedTune:
    """A text as what a network reads and must predict. Raises VocabularyError at an unknown character."""
    ids = vocab.encode(text)
    inputs = np.empty(len(ids) + 1, dtype=np.int32)
    targets = np.empty_like(inputs)
    inputs[0], inputs[1:] = vocab.start, ids
    targets[:-1], targets[-1] = ids, vocab.end
    return EncodedTune(inputs, targets, lookback_ids(ids, vocab, lags) if lags else None)


def shuffled_tunes(tunes: Sequence[EncodedTune], batch_size: int, rng: np.random.Generator) -> Iterator[Batch]:
    """Every tune once, beside tunes of about its length, in batches of random order.

    Parameters
    ----------
    tunes : sequence of EncodedTune
    batch_size : int
        Rows a batch; one batch may have fewer.
    rng : numpy Generator
        Drawn from before the first batch only.
    """
    lengths = np.array([len(tune) for tune in tunes])
    order = np.argsort(lengths + rng.uniform(-JITTER, JITTER, len(tunes)), kind="stable")
    groups = [order[k : k + batch_size] for k in range(0, len(order), batch_size)]
    for k in rng.permutation(len(groups)):
        yield collate(tunes, groups[k].tolist())


def random_slices(
    tunes: Sequence[EncodedTune], batch_size: int, sequence_length: int, rng: np.random.Generator
) -> Iterator[Batch]:
    """One random stretch of each tune (the whole of a shorter one), in random order: the report's way."""
    starts = (rng.random(len(tunes)) * [max(len(tune) - sequence_length, 0) + 1 for tune in tunes]).astype(int)
    slices = [tune.part(start, start + sequence_length) for tune, start in zip(tunes, starts.tolist(), strict=True)]
    order = rng.permutation(len(slices)).tolist()
    for k in range(0, len(order), batch_size):
        yield collate(slices, order[k : k + batch_size])


def fixed_batches(tunes: Sequence[EncodedTune], batch_size: int) -> Iterator[Batch]:
    """Every tune once, shortest first, always in the same batches: for validation and test."""
    order = sorted(range(len(tunes)), key=lambda k: len(tunes[k]))
    for k in range(0, len(order), batch_size):
        yield collate(tunes, order[k : k + batch_size])


def collate(tunes: Sequence[EncodedTune], rows: Sequence[int]) -> Batch:
    """Some of the tunes as one batch, padded at the end to the longest."""
    chosen = [tunes[row] for row in rows]
    shape = (len(chosen), max(len(tune) for tune in chosen))
    inputs = np.zeros(shape, dtype=np.int64)
    targets = np.full(shape, IGNORED, dtype=np.int64)
    first = chosen[0].lookback
    lookback = None if first is None else np.zeros((*shape, first.shape[1]), dtype=np.int64)
    for row, tune in enumerate(chosen):
        inputs[row, : len(tune)] = tune.inputs
        targets[row, : len(tune)] = tune.targets
        if lookback is not None and tune.lookback is not None:
            lookback[row, : len(tune)] = tune.lookback
    return Batch(inputs, targets, lookback, tuple(rows), sum(len(tune) for tune in chosen))
