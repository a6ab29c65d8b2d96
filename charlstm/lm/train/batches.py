"""Tunes to padded batches: whole tunes in length buckets, or the report's random slices. NumPy only.

Every random draw of a training comes from a generator seeded by (seed, purpose, epoch or step), so no random state
needs keeping: the batches of an epoch are always the same ones. The input of a tune of T characters is START and the T
characters, its target the T characters and END: T + 1 of each. Padding carries the target IGNORED and no loss.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

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
TEACHER_TUNES_EACH = 2  # to one tune of the corpus
BARE = 0.2  # of the plans, share that do not say which degree a part ends on: a plan by hand may leave it open
ORDER, AUGMENT, DROPOUT, INIT, SHARDS, PLANS = range(6)  # purposes of random draws: part of what a seed means


@dataclass(frozen=True, slots=True)
class EncodedTune:
    """One tune as ids: inputs (T + 1,), targets (T + 1,), side inputs (T + 1, K) or None without any.

    `teacher_side` are the side inputs that its teachers read, where they are others.
    """

    inputs: NDArray[np.int32]
    targets: NDArray[np.int32]
    side: NDArray[np.int32] | None
    teacher_side: NDArray[np.int32] | None = None

    def __len__(self) -> int:
        return len(self.inputs)

    def part(self, start: int, end: int) -> EncodedTune:
        """The tune's predictions from start to end."""
        side, teacher_side = (None if s is None else s[start:end] for s in (self.side, self.teacher_side))
        return EncodedTune(self.inputs[start:end], self.targets[start:end], side, teacher_side)


@dataclass(frozen=True, slots=True)
class Batch:
    """Padded tunes: inputs (B, T), targets (B, T), side inputs (B, T, K) or None, all int64; `tunes` says which.

    `teacher_side` are the side inputs that their teachers read, where they are others for some tune.
    """

    inputs: NDArray[np.int64]
    targets: NDArray[np.int64]
    side: NDArray[np.int64] | None
    tunes: tuple[int, ...]  # the place of each row's tune in the sequence that was batched
    characters: int  # targets that count
    teacher_side: NDArray[np.int64] | None = None


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
    for row, tune in enumerate(chosen):
        inputs[row, : len(tune)] = tune.inputs
        targets[row, : len(tune)] = tune.targets
    side = _padded([tune.side for tune in chosen], shape)
    teacher_side = None
    if any(tune.teacher_side is not None for tune in chosen):
        teacher_side = _padded(
            [tune.side if tune.teacher_side is None else tune.teacher_side for tune in chosen], shape
        )
    return Batch(inputs, targets, side, tuple(rows), sum(len(tune) for tune in chosen), teacher_side)


def _padded(sides: Sequence[NDArray[np.int32] | None], shape: tuple[int, int]) -> NDArray[np.int64] | None:
    """The side inputs of some tunes as one array, (B, T, K); None without any."""
    if (first := sides[0]) is None:
        return None
    padded = np.zeros((*shape, first.shape[1]), dtype=np.int64)
    for row, side in enumerate(sides):
        if side is not None:
            padded[row, : len(side)] = side
    return padded


class TrainingData:
    """The batches of each epoch, always the same ones for the same seed and epoch.

    A corpus of several shards goes by one shard an epoch: each once, in an order of each pass's own.

    Parameters
    ----------
    corpus : Corpus
        With training tunes.
    model : ModelConfig
    train : TrainConfig
    teacher_tunes : sequence of str
        Texts to learn from beside the corpus's own: TEACHER_TUNES_EACH to one of the corpus, in turn. The teachers
        read each by its form plan, even where the network must do without: so it learns the mean over all plans.
    """

    def __init__(
        self, corpus: Corpus, model: ModelConfig, train: TrainConfig, teacher_tunes: Sequence[str] = ()
    ) -> None:
        self._corpus, self._config, self._model = corpus, train, model
        self._teacher_tunes = tuple(teacher_tunes)
        self._plan_of = lru_cache(maxsize=None)(read_plan)
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
        augment, draws = _generator(config.seed, AUGMENT, epoch), _generator(config.seed, PLANS, epoch)
        texts = self.augmentation.texts(
            augment, None if len(self._shards) == 1 else self._corpus.train[self._shard(epoch)]
        )
        plans = self._learned_by(self._plans(epoch), draws)
        tunes = [encode_tune(text, self.vocab, self._model, plan) for text, plan in zip(texts, plans, strict=True)]
        if written := self._written(epoch):
            own = [self._plan_of(text) if self._model.plan else None for text in written]
            texts = self.augmentation.texts(augment, written)
            for text, plan, known in zip(texts, self._learned_by(own, draws), own, strict=True):
                tune = encode_tune(text, self.vocab, self._model, plan)
                if plan is None and known is not None:
                    side = side_ids(tune.inputs[1:], self.vocab, self._model, known)
                    tune = replace(tune, teacher_side=side)
                tunes.append(tune)
        rng = _generator(config.seed, ORDER, epoch)
        if config.batching == "slices":
            return random_slices(tunes, config.batch_size, config.sequence_length, rng)
        return shuffled_tunes(tunes, config.batch_size, rng)

    def _plans(self, epoch: int) -> list[FormPlan | None]:
        """The plans of the corpus's tunes in an epoch. A tune has the same plan in every key."""
        shard = self._shard(epoch)
        if not self._model.plan:
            return [None] * len(range(*shard.indices(len(self._corpus.train))))
        if self._read_plans is None or self._read_plans[0] != shard:
            self._read_plans = shard, [read_plan(text) for text in self._corpus.train[shard]]
        return self._read_plans[1]

    def _learned_by(self, plans: Sequence[FormPlan | None], rng: np.random.Generator) -> list[FormPlan | None]:
        """The plans that tunes are learned by: some go without theirs, some without the degrees."""
        return [
            None if plan is None or out < self._config.drop_plan else without_degrees(plan) if bare < BARE else plan
            for plan, (out, bare) in zip(plans, rng.random((len(plans), 2)).tolist(), strict=True)
        ]

    def _written(self, epoch: int) -> list[str]:
        """The teachers' tunes of an epoch: the next ones in turn."""
        tunes = self._teacher_tunes
        count = min(len(tunes), TEACHER_TUNES_EACH * len(range(*self._shard(epoch).indices(len(self._corpus.train)))))
        return [tunes[(epoch * count + k) % len(tunes)] for k in range(count)]

    def _shard(self, epoch: int) -> slice:
        passes, place = divmod(epoch, len(self._shards))
        order = _generator(self._config.seed, SHARDS, passes).permutation(len(self._shards))
        return self._shards[int(order[place])]

    def _steps_of(self, shard: slice) -> int:
        corpus = len(range(*shard.indices(len(self._corpus.train))))
        return math.ceil(
            (corpus + min(len(self._teacher_tunes), TEACHER_TUNES_EACH * corpus)) / self._config.batch_size
        )


def _generator(seed: int, purpose: int, number: int) -> np.random.Generator:
    return np.random.default_rng([seed, purpose, number])


def torch_seed(seed: int, purpose: int, number: int) -> int:
    """A seed of a torch generator, of one purpose and epoch or step."""
    return int(np.random.SeedSequence([seed, purpose, number]).generate_state(1, np.uint64)[0] >> 1)
