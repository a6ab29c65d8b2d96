"""One update of a network: forward, backward, clip, Adam, average. Knows no tunes, no files and no schedule."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from charlstm.lm.columns import side_columns
from charlstm.lm.config import ModelConfig, TrainConfig
from charlstm.lm.train.batches import DROPOUT, IGNORED, INIT, Batch, torch_seed
from charlstm.lm.train.network import CharRNN, to_device
from charlstm.lm.train.parallel import Parallel
from charlstm.lm.train.teachers import Teachers, loss_beside

BETAS = (0.9, 0.99)  # a shorter memory of squared gradients than Adam's 0.999: runs are a few thousand steps


class Learner:
    """A network that learns, with its optimizer and the running average of its weights.

    Parameters
    ----------
    model : ModelConfig
    train : TrainConfig
    vocab_size : int
    device : torch.device
    parallel : Parallel
        This process among those of the training.
    teachers : Teachers, optional
        Networks that it learns from as well, `train.teacher_weight` of its loss.

    Attributes
    ----------
    network : CharRNN
        With random weights of `train.seed`.
    parameters : list of Parameter
    average : list of Tensor or None
        Of the parameters, where the training keeps one.
    optimizer : torch.optim.Optimizer
    sums : float64 tensor, shape (4,)
        Loss, characters, gradient norms and steps since they were last zeroed, on the device: no step waits for it.
    """

    def __init__(
        self,
        model: ModelConfig,
        train: TrainConfig,
        vocab_size: int,
        device: torch.device,
        parallel: Parallel,
        teachers: Teachers | None = None,
    ) -> None:
        self._teachers = None if teachers is None else teachers.to(device)
        self._config, self._device, self._parallel = train, device, parallel
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(torch_seed(train.seed, INIT, 0))
            self.network = CharRNN(model, vocab_size).to(device)
        self._shared = parallel.wrap(self.network)
        self.parameters = list(self.network.named_weights().values())
        self.average = [p.detach().clone() for p in self.parameters] if train.ema else None
        kind = torch.optim.AdamW if train.optimizer == "adamw" else torch.optim.Adam
        decay = train.weight_decay if train.optimizer == "adamw" else 0.0
        self.optimizer = kind(self.parameters, lr=train.learning_rate, betas=BETAS, weight_decay=decay, fused=True)
        self._dropout = torch.Generator(device)
        self.sums = torch.zeros(4, dtype=torch.float64, device=device)

    def load_weights(self, weights: Mapping[str, NDArray[np.float32]]) -> None:
        """Go on from these weights instead of the random ones."""
        self.network.load_weights(weights)
        if self.average is not None:
            _copy(self.parameters, self.average)

    def update(self, batch: Batch, step: int, rate: float) -> None:
        """One step: the `step`-th, at a learning rate.

        Dropout depends on the step alone, and on nothing that came before.
        """
        config = self._config
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self._dropout.manual_seed(torch_seed(config.seed, DROPOUT, step))

        # Forward. The processes' gradients are averaged: their mean is that of the whole batch's loss.
        own, rows = self._parallel.rows(batch)
        inputs, targets, side = to_device(own, self._device)
        logits, _ = self._shared(inputs, side, generator=self._dropout, bfloat16=config.bfloat16, rows=rows)
        loss = functional.cross_entropy(
            logits.flatten(0, 1), targets.flatten(), ignore_index=IGNORED, reduction="mean" if rows is None else "sum"
        )
        if rows is not None:
            loss = loss * (self._parallel.world / batch.characters)
        objective = loss
        if self._teachers is not None:
            if own.teacher_side is not None:
                side = torch.from_numpy(own.teacher_side).to(self._device)
            predicted = self._teachers(inputs, side, bfloat16=config.bfloat16)
            beside = loss_beside(predicted, logits, targets) * (self._parallel.world / batch.characters)
            objective = torch.lerp(loss, beside, config.teacher_weight)

        # Backward, clip, and move the weights.
        self.optimizer.zero_grad(set_to_none=True)
        objective.backward()  # type: ignore[no-untyped-call]
        norm = torch.nn.utils.clip_grad_norm_(self.parameters, config.clip_norm)
        self.optimizer.step()
        if self.average is not None:  # a short memory early on, or the random start would stay in the average
            keep = min(config.ema, (1 + step) / (10 + step))
            torch._foreach_lerp_(self.average, [p.detach() for p in self.parameters], 1 - keep)

        self.sums[0] += loss.detach() * (batch.characters / self._parallel.world)
        self.sums[1] += own.characters
        self.sums[2] += norm.detach()
        self.sums[3] += 1

    def totals(self) -> list[float]:
        """The sums of all processes together: loss, characters, gradient norms, steps."""
        sums = self._parallel.add_up(self.sums.clone())
        sums[2:] /= self._parallel.world  # norms and steps are the same in each
        return sums.tolist()

    @contextmanager
    def averaged(self) -> Iterator[CharRNN]:
        """The network, which within the block holds the averaged weights, if there is an average."""
        if self.average is None:
            yield self.network
            return
        now = [p.detach().clone() for p in self.parameters]
        try:
            _copy(self.average, self.parameters)
            yield self.network
        finally:
            _copy(now, self.parameters)


@torch.no_grad()
def _copy(source: Sequence[Tensor], target: Sequence[Tensor]) -> None:
    for a, b in zip(source, target, strict=True):
        b.copy_(a)


def measure_speed(
    model: ModelConfig,
    *,
    vocab_size: int = 90,
    threads: int | None = None,
    seconds: float = 1.5,
    batch_size: int = 32,
    length: int = 230,
) -> float:
    """Characters a second that this machine trains such a network with, on noise of a usual tune's length.

    Whole updates as in a training, without validation and reports.
    """
    if threads is not None:
        torch.set_num_threads(threads)
    rng = np.random.default_rng(0)
    device = torch.device("cpu")
    learner = Learner(model, TrainConfig(), vocab_size, device, Parallel(device))
    ids = rng.integers(0, vocab_size, (batch_size, length))
    rows = [column.rows for column in side_columns(model, vocab_size)]
    side = rng.integers(0, rows, (batch_size, length, len(rows))) if rows else None
    batch = Batch(ids, ids, side, tuple(range(batch_size)), batch_size * length)
    learner.update(batch, 0, 1e-3)  # the first step also makes room in memory
    steps, started = 0, time.monotonic()
    while steps < 1 or time.monotonic() - started < seconds:
        learner.update(batch, 1 + steps, 1e-3)
        steps += 1
    return steps * batch_size * length / (time.monotonic() - started)


def quickest_threads(model: ModelConfig, *, seconds: float = 0.4) -> int:
    """One thread, or as many as torch would take: whichever trains such a network faster here, tried for a moment."""
    most = torch.get_num_threads()
    speeds = {threads: measure_speed(model, threads=threads, seconds=seconds) for threads in sorted({1, most})}
    torch.set_num_threads(most)
    return max(speeds, key=speeds.__getitem__)
