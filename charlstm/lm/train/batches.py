"""Tunes to padded batches: whole tunes in length buckets, or the report's random slices. NumPy only.

Every random draw of a training comes from a generator seeded by (seed, purpose, epoch or step), so no random state
needs keeping: the batches of an epoch are always the same ones. The input of a tune of T characters is START and the T
characters, its target the T characters and END: T + 1 of each. Padding carries the target IGNORED and no loss.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from charlstm.lm.config import ModelConfig, TrainConfig
from charlstm.lm.infer.inputs.side_inputs import side_ids
from charlstm.lm.train.augment import Augmentation
from charlstm.lm.vocab import Vocab
from charlstm.tunes.corpus.model import Corpus
from charlstm.tunes.form_plan.collection import PlanCollection, collect_plans
from charlstm.tunes.form_plan.plan import FormPlan, without_degrees
from charlstm.tunes.form_plan.reading import read_plan

IGNORED = -100  # what torch's cross-entropy leaves out by default
JITTER = 12  # characters by which lengths are shaken before sorting, so that the same tunes do not always meet
SHARD = 8192  # tunes that are cut, augmented and encoded at once; a corpus of more goes by in shards
BARE = 0.2  # of the plans, share that do not say which degree a part ends on: a plan by hand may leave it open
ORDER, AUGMENT, DROPOUT, INIT, SHARDS, PLANS = range(6)  # purposes of random draws: part of what a seed means


@dataclass(frozen=True, slots=True)
class EncodedTune:
    """One tune as ids: inputs (T + 1,), targets (T + 1,), side inputs (T + 1, K) or None without any."""

    inputs: NDArray[np.int32]
    targets: NDArray[np.int32]
    side: NDArray[np.int32] | None

    def __len__(self) -> int:
        return len(self.inputs)

    def part(self, start: int, end: int) -> EncodedTune:
        """The tune's predictions from start to end."""
        side = None if self.side is None else self.side[start:end]
        return EncodedTune(self.inputs[start:end], self.targets[start:end], side)


@dataclass(frozen=True, slots=True)
class Batch:
    """Padded tunes: inputs (B, T), targets (B, T), side inputs (B, T, K) or None, all int64; `tunes` says which."""

    inputs: NDArray[np.int64]
    targets: NDArray[np.int64]
    side: NDArray[np.int64] | None
    tunes: tuple[int, ...]  # the place of each row's tune in the sequence that was batched
    characters: int  # targets that count


def encode_tune(text: str, vocab: Vocab, config: ModelConfig, plan: FormPlan | None = None) -> EncodedTune:
    """A text as what a network reads and must predict. Raises VocabularyError at an unknown character."""
    ids = vocab.encode(text)
    inputs = np.empty(len(ids) + 1, dtype=np.int32)
    targets = np.empty_like(inputs)
    inputs[0], inputs[1:] = vocab.start, ids
    targets[:-1], targets[-1] = ids, vocab.end
    return EncodedTune(inputs, targets, side_ids(ids, vocab, config, plan))


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
    first = chosen[0].side
    side = None if first is None else np.zeros((*shape, first.shape[1]), dtype=np.int64)
    for row, tune in enumerate(chosen):
        inputs[row, : len(tune)] = tune.inputs
        targets[row, : len(tune)] = tune.targets
        if side is not None and tune.side is not None:
            side[row, : len(tune)] = tune.side
    return Batch(inputs, targets, side, tuple(rows), sum(len(tune) for tune in chosen))


class TrainingData:
    """The batches of each epoch, always the same ones for the same seed and epoch.

    A corpus of several shards goes by one shard an epoch: each once, in an order of each pass's own.

    Parameters
    ----------
    corpus : Corpus
        With training tunes.
    model : ModelConfig
    train : TrainConfig
    """

    def __init__(self, corpus: Corpus, model: ModelConfig, train: TrainConfig) -> None:
        self._corpus, self._config, self._model = corpus, train, model
        # Held-out tunes count too: a character that they alone have must cost a loss, not an error.
        self.vocab = Vocab.of(corpus.characters)
        self._shards = [slice(a, a + SHARD) for a in range(0, len(corpus.train), SHARD)]
        self.augmentation = Augmentation(  # a corpus of several shards is in a random order: the first is a sample
            corpus.train[self._shards[0]], self.vocab, transpose=train.transpose, drop_fields=train.drop_fields
        )
        self._read_plans: tuple[slice, list[FormPlan | None]] | None = None  # of the shard that is being read
        self.total_steps = train.epochs * sum(map(self._steps_of, self._shards))

    @cached_property
    def plans(self) -> PlanCollection:
        """Plans of training tunes, for a network that reads plans to compose by."""
        return collect_plans(self._corpus.train[self._shards[0]]) if self._model.plan else PlanCollection(())

    @cached_property
    def validation_plans(self) -> list[FormPlan | None]:
        """The plan of each validation tune."""
        return [read_plan(text) for text in self._corpus.validation]

    def steps(self, epoch: int) -> int:
        """Batches of an epoch."""
        return self._steps_of(self._shard(epoch))

    def passes(self, epoch: int, position: int) -> float:
        """How often the whole corpus went by, after `epoch` epochs and `position` batches of the next."""
        return round((epoch + position / self.steps(epoch)) / len(self._shards), 4)

    def batches(self, epoch: int) -> Iterator[Batch]:
        """The batches of an epoch, in their order."""
        config = self._config
        texts = self.augmentation.texts(
            _generator(config.seed, AUGMENT, epoch),
            None if len(self._shards) == 1 else self._corpus.train[self._shard(epoch)],
        )
        plans = self._plans(epoch)
        tunes = [encode_tune(text, self.vocab, self._model, plan) for text, plan in zip(texts, plans, strict=True)]
        rng = _generator(config.seed, ORDER, epoch)
        if config.batching == "slices":
            return random_slices(tunes, config.batch_size, config.sequence_length, rng)
        return shuffled_tunes(tunes, config.batch_size, rng)

    def _plans(self, epoch: int) -> list[FormPlan | None]:
        """The plans of an epoch's tunes; some tunes go without theirs. A tune has the same plan in every key."""
        shard = self._shard(epoch)
        if not self._model.plan:
            return [None] * len(range(*shard.indices(len(self._corpus.train))))
        if self._read_plans is None or self._read_plans[0] != shard:
            self._read_plans = shard, [read_plan(text) for text in self._corpus.train[shard]]
        plans = self._read_plans[1]
        draws = _generator(self._config.seed, PLANS, epoch).random((len(plans), 2)).tolist()
        return [
            None if plan is None or out < self._config.drop_plan else without_degrees(plan) if bare < BARE else plan
            for plan, (out, bare) in zip(plans, draws, strict=True)
        ]

    def _shard(self, epoch: int) -> slice:
        passes, place = divmod(epoch, len(self._shards))
        order = _generator(self._config.seed, SHARDS, passes).permutation(len(self._shards))
        return self._shards[int(order[place])]

    def _steps_of(self, shard: slice) -> int:
        return math.ceil(len(range(*shard.indices(len(self._corpus.train)))) / self._config.batch_size)


def _generator(seed: int, purpose: int, number: int) -> np.random.Generator:
    return np.random.default_rng([seed, purpose, number])


def torch_seed(seed: int, purpose: int, number: int) -> int:
    """A seed of a torch generator, of one purpose and epoch or step."""
    return int(np.random.SeedSequence([seed, purpose, number]).generate_state(1, np.uint64)[0] >> 1)
