"""Learning from liked tunes: a trained network goes on with them, mixed with its own corpus, while it still knows that.

Half of each batch are liked tunes, in all keys; the other half are training tunes, so that the network does not forget
what it had learned (rehearsal: Robins 1995, "Catastrophic Forgetting, Rehearsal and Pseudorehearsal"). Every few
updates its loss on the corpus's validation tunes is measured; learning ends before that has risen by more than a bound.
What was liked comes more often then; where as many tunes are liked by chance it does not (docs/lab-log.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from charlstm.errors import CorpusError
from charlstm.lm.config import TrainConfig
from charlstm.lm.store.checkpoint import Checkpoint
from charlstm.lm.store.tensors import Weights
from charlstm.lm.train.augment import Augmentation
from charlstm.lm.train.batches import Batch, collate, encode_tune
from charlstm.lm.train.evaluation import whole_tune_loss
from charlstm.lm.train.parallel import Parallel
from charlstm.lm.train.step import Learner
from charlstm.progress import Progress, Report
from charlstm.tunes.corpus.model import Corpus
from charlstm.tunes.form_plan.reading import read_plan

BOUND = 0.02  # nats per character that the loss on validation tunes may rise by
LEAST = 5  # liked tunes: fewer are learned by heart
EVERY = 10  # updates between two measurements
WARM_UP = 20  # updates up to the full learning rate


@dataclass(frozen=True, eq=False)
class Learned:
    """What came of it.

    Attributes
    ----------
    weights : mapping from name to float32 array
        The last ones that were measured within the bound.
    losses : tuple of (int, float)
        Updates, and the loss on the corpus's validation tunes then: of all measurements, the first before any update.
    updates : int
        That the weights have had.
    liked : int
        Tunes that were learned from.
    """

    weights: Weights
    losses: tuple[tuple[int, float], ...]
    updates: int
    liked: int

    @property
    def rise(self) -> float:
        """By how much the loss on validation tunes has risen, nats per character; below 0 where it fell."""
        return dict(self.losses)[self.updates] - self.losses[0][1]


def learn_from_liked(
    checkpoint: Checkpoint,
    corpus: Corpus,
    liked: Sequence[str],
    *,
    bound: float = BOUND,
    updates: int = 100,
    share: float = 0.5,
    learning_rate: float = 5e-4,
    batch_size: int = 32,
    seed: int = 0,
    threads: int = 1,
    report: Report | None = None,
) -> Learned:
    """Go on training a model with tunes that somebody liked.

    Parameters
    ----------
    checkpoint : Checkpoint
        The model. It is not changed.
    corpus : Corpus
        What it was trained on, with validation tunes.
    liked : sequence of str
        Model texts. Those with characters that the model does not know are left out.
    bound : float
        Nats per character by which the loss on the validation tunes may rise.
    updates : int
        At most.
    share : float
        Of each batch, liked tunes; the rest are training tunes.
    learning_rate : float
        After a warm-up of 20 updates, constant.
    batch_size : int
        Tunes per update.
    seed : int
        Of the draws of tunes, keys and dropout.
    threads : int
        CPU threads of torch.
    report : Report, optional
        Told after each update; it may raise to stop.

    Returns
    -------
    Learned

    Raises
    ------
    CorpusError
        If fewer than five of the liked tunes can be read, or the corpus has no validation tunes.
    """
    vocab, config, device = checkpoint.vocab, checkpoint.config, torch.device("cpu")
    own = [text for text in dict.fromkeys(liked) if vocab.ids.keys() >= set(text)]
    if len(own) < LEAST:
        raise CorpusError(f"{len(own)} liked tunes can be read by {checkpoint.name}; give it at least {LEAST}.")
    if not corpus.validation:
        raise CorpusError(f"{corpus.name} has no validation tunes to see what {checkpoint.name} still knows.")

    # The network as it is, and what makes its batches.
    torch.set_num_threads(threads)
    train = TrainConfig(batch_size=batch_size, learning_rate=learning_rate, seed=seed)
    learner = Learner(config, train, len(vocab), device, Parallel(device))
    learner.load_weights(checkpoint.weights())
    augmentation = Augmentation(corpus.train, vocab, transpose=train.transpose, drop_fields=train.drop_fields)
    rng = np.random.default_rng(seed)

    def batch() -> Batch:
        count = max(1, round(share * batch_size))
        texts = [own[k] for k in rng.integers(len(own), size=count)]
        texts += [corpus.train[k] for k in rng.integers(len(corpus.train), size=batch_size - count)]
        plans = [
            read_plan(text) if config.plan and rng.random() >= train.drop_plan else None for text in texts
        ]  # a tune has the same plan in every key
        moved = augmentation.texts(rng, texts)
        tunes = [encode_tune(text, vocab, config, plan) for text, plan in zip(moved, plans, strict=True)]
        return collate(tunes, range(len(tunes)))

    def loss() -> float:
        measured = whole_tune_loss(learner.network, corpus.validation, vocab).all
        assert measured is not None
        return measured

    # Learn, and keep the weights as long as they are within the bound.
    losses, weights, learned = [(0, loss())], learner.network.weights(), 0
    learner.network.train()
    for step in range(updates):
        learner.update(batch(), step, learning_rate * min(1.0, (step + 1) / WARM_UP))
        if report:
            report(Progress("learning", step + 1, updates))
        if (step + 1) % EVERY == 0 or step + 1 == updates:
            losses.append((step + 1, loss()))
            if losses[-1][1] > losses[0][1] + bound:
                break
            weights, learned = learner.network.weights(), step + 1
    return Learned(weights, tuple(losses), learned, len(own))
