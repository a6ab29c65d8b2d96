"""Trainer: teacher forcing on whole tunes, into a folder that is readable at any moment and can always be resumed.

The run's folder holds
    metrics.jsonl        one JSON line a report, appended as it happens
    model.safetensors    the weights that were best on validation, with model.json (charlstm.lm.store.checkpoint)
    resume.safetensors   where the run stands (charlstm.lm.train.resume)
    stop                 put there by anybody: the run saves where it stands and ends, and can be resumed
    control.json         put there by anybody: {"rate": 0.5} halves the learning rate from the next step on
    epochs/              where asked for: the weights after some of the epochs (charlstm.lm.store.epochs)
Every random draw comes from a generator seeded by (seed, purpose, epoch or step), so no random state needs keeping:
a run killed at any moment and resumed gives the numbers of one that never stopped (CPU, same thread count).
Losses are nats per character on text and END. Knows nothing of terminals or pages: reports go to callbacks.
"""

from __future__ import annotations

import ctypes
import json
import math
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from charlstm.errors import CharlstmError, CheckpointError, ConfigError
from charlstm.lm.config import ModelConfig, SampleConfig, TrainConfig
from charlstm.lm.infer.engine import Engine
from charlstm.lm.sample.sampling import sample
from charlstm.lm.store.checkpoint import (
    JSON_FILE,
    Checkpoint,
    check_weights,
    load_checkpoint,
    save_checkpoint,
    write_description,
)
from charlstm.lm.store.epochs import save_epoch
from charlstm.lm.train.augment import Augmentation
from charlstm.lm.train.batches import IGNORED, Batch, encode_tune, fixed_batches, random_slices, shuffled_tunes
from charlstm.lm.train.network import CharRNN
from charlstm.lm.train.parallel import Parallel
from charlstm.lm.train.resume import RESUME_FILE, SavedRun, Standing, load_run, save_run
from charlstm.lm.vocab import Vocab
from charlstm.paths import CONTROL_FILE, EPOCHS_FOLDER, METRICS_FILE, STOP_FILE
from charlstm.tunes.abc import split_header

REPORT_STEPS = 25
RATES = 0.001, 1000.0  # what control.json may multiply the learning rate by
SAVE_SECONDS = 30.0  # between two resume files: what a kill can cost
EVALUATION_BATCH = 64
SAMPLE = SampleConfig(temperature=0.8)
WARMUP_SHARE = 0.05  # of a run by the clock: its warm-up ends then at the latest
BETAS = (0.9, 0.99)  # a shorter memory of squared gradients than Adam's 0.999: runs are a few thousand steps
SHARD = 8192  # tunes that are cut, augmented and encoded at once; a corpus of more goes by in shards
_ORDER, _AUGMENT, _DROPOUT, _INIT, _SHARDS = range(5)  # purposes of random draws


class TrainingCorpus(Protocol):
    """What the trainer needs of a charlstm.tunes.corpus.model.Corpus: model texts."""

    @property
    def name(self) -> str: ...
    @property
    def train(self) -> Sequence[str]: ...
    @property
    def validation(self) -> Sequence[str]: ...
    @property
    def test(self) -> Sequence[str]: ...
    @property
    def fingerprint(self) -> str: ...
    @property
    def characters(self) -> str: ...
    @property
    def headers(self) -> Mapping[str, Mapping[str, int]]: ...


@dataclass(frozen=True)
class Progress:
    """One report of a run; a line of metrics.jsonl."""

    step: int
    epoch: float
    done: float  # share of the run, in [0, 1]
    train_loss: float  # since the last report
    val_loss: float | None  # whole tunes; at the end of an epoch only, like its two parts and the sample
    val_header: float | None
    val_body: float | None
    seconds: float  # of training so far, earlier sittings included
    grad_norm: float  # before clipping, mean since the last report
    learning_rate: float  # as it is taken: scheduled, and times what control.json says
    characters_per_second: float  # of training alone
    sample: str | None  # a tune of the weights as they are now


Callback = Callable[[Progress], None]


class StopTraining(Exception):
    """Raise it in a callback to end a run: it saves where it stands, and the checkpoint is still written."""


class Trainer:
    """Trains a network on a corpus.

    Parameters
    ----------
    corpus : Corpus
        Model texts: train, validation, test. Without validation tunes the last weights are kept, not the best.
    model : ModelConfig
    train : TrainConfig
    out : Path
        The run's folder; must not hold a run yet.
    device : str
        "auto" (CUDA if there is one), "cpu", "cuda", or any torch device.
    threads : int, optional
        CPU threads of torch; left alone when absent.
    keep_epochs : "float16" or "float32", optional
        Keep the weights of some epochs in epochs/, as numbers of this size; a resumed run goes on as it began.
    weights : mapping of arrays, optional
        Begin with these instead of random ones: a fork. They must fit the network and the corpus's characters.

    Raises
    ------
    CheckpointError
        If the folder holds a run already, or the weights do not fit.
    ConfigError
        If the device is not there, or there are no training tunes.
    """

    def __init__(
        self,
        corpus: TrainingCorpus,
        model: ModelConfig,
        train: TrainConfig,
        *,
        out: Path,
        device: str = "auto",
        threads: int | None = None,
        keep_epochs: Literal["float16", "float32"] | None = None,
        weights: Mapping[str, NDArray[np.float32]] | None = None,
    ) -> None:
        if any((Path(out) / name).exists() for name in (JSON_FILE, RESUME_FILE)):
            message = f"{out} holds a run already; resume it with --resume, or choose another folder."
            raise CheckpointError(message, path=Path(out))
        self._build(corpus, model, train, Path(out), device, threads, None)
        self.standing.keep_epochs = keep_epochs or ""
        if weights is not None:
            check_weights(Path(out), model, len(self.vocab), weights)
            self.network.load_weights(weights)
            if self.average is not None:
                _copy(self.parameters, self.average)

    @classmethod
    def resume(
        cls,
        out: Path,
        corpus: TrainingCorpus,
        *,
        device: str = "auto",
        threads: int | None = None,
        bfloat16: bool | None = None,
    ) -> Trainer:
        """A trainer that stands where the run in `out` stood, on the same corpus.

        `bfloat16`, where given, replaces the run's own setting: a run may go on on another machine.

        Raises
        ------
        CheckpointError
            If there is no run to resume, or it was another corpus.
        """
        saved = load_run(Path(out) / RESUME_FILE)
        if saved.fingerprint != corpus.fingerprint:
            message = f"{out} was trained on another corpus than {corpus.name} is now; start a new run."
            raise CheckpointError(message, path=Path(out))
        if bfloat16 is not None:
            saved = replace(saved, train=replace(saved.train, bfloat16=bfloat16))
        trainer = cls.__new__(cls)
        trainer._build(corpus, saved.model, saved.train, Path(out), device, threads, saved)
        return trainer

    def _build(
        self,
        corpus: TrainingCorpus,
        model: ModelConfig,
        train: TrainConfig,
        out: Path,
        device: str,
        threads: int | None,
        saved: SavedRun | None,
    ) -> None:
        self.corpus, self.model, self.config, self.out = corpus, model, train, out
        if not corpus.train:
            raise ConfigError("corpus", f"{corpus.name} has no training tunes; build it from more tunes.")
        if threads is not None:
            torch.set_num_threads(threads)
        self.device = Parallel.device(_device(device))
        self.parallel = Parallel(self.device)
        # Held-out tunes count too: a character that they alone have must cost a loss, not an error.
        self.vocab = Vocab.of(corpus.characters)
        seen = corpus.headers  # so that a page offers only keys and meters that the model has met
        self._headers = {letter: dict(list(counts.items())[:100]) for letter, counts in seen.items()}
        self.shards = [slice(a, a + SHARD) for a in range(0, len(corpus.train), SHARD)]
        self.augmentation = Augmentation(  # a corpus of several shards is in a random order: the first is a sample
            corpus.train[self.shards[0]], self.vocab, transpose=train.transpose, drop_fields=train.drop_fields
        )
        self.total_steps = train.epochs * sum(map(self._steps_of, self.shards))
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(_seed(train.seed, _INIT, 0))
            self.network = CharRNN(model, len(self.vocab)).to(self.device)
        self._shared = self.parallel.wrap(self.network)
        self.parameters = list(self.network.named_weights().values())
        self.average = [p.detach().clone() for p in self.parameters] if train.ema else None
        kind = torch.optim.AdamW if train.optimizer == "adamw" else torch.optim.Adam
        decay = train.weight_decay if train.optimizer == "adamw" else 0.0
        self.optimizer = kind(self.parameters, lr=train.learning_rate, betas=BETAS, weight_decay=decay, fused=True)
        self.generator = torch.Generator(self.device)
        self.standing = Standing()
        if saved is not None:
            self.standing = saved.standing
            saved.restore(self.network, self.optimizer, self.average)
        # Summed on the device, so that no step waits for it: loss, characters, gradient norms, steps since a report.
        self._sums = torch.tensor(self.standing.interval_sums, dtype=torch.float64, device=self.device)
        if not self.parallel.first:
            self._sums[:2] = 0  # losses and characters are each process's own and added up

    def fit(self, callbacks: Sequence[Callback] = ()) -> Checkpoint:
        """Train to the end, and return the checkpoint of the best weights.

        Raises
        ------
        CharlstmError
            If the loss is no longer a finite number.
        """
        self.parallel.wait()  # until each has seen that the folder is free
        if self.parallel.first:
            self.out.mkdir(parents=True, exist_ok=True)
            (self.out / STOP_FILE).unlink(missing_ok=True)
            with open(self.out / METRICS_FILE, "ab") as metrics:
                metrics.truncate(self.standing.metrics_bytes)  # what a killed run reported after its last save
        self._started = time.monotonic() - self.standing.seconds
        self._seconds, self._stopping = self.standing.seconds, False
        self._save()
        if self.standing.keep_epochs and not self.standing.step:
            self._keep_epoch(self.validate()["all"])  # the network as it was born: noise
        try:
            while not self.standing.ended:
                self._epoch(callbacks)
            self._save()
        except StopTraining:
            self._save()
            if self.parallel.told(not (self.out / JSON_FILE).exists())[0]:  # stopped within the first epoch
                self._keep(self.validate())
        return self._finish()

    def _epoch(self, callbacks: Sequence[Callback]) -> None:
        """The rest of the present epoch, then its validation, its checkpoint if it is the best, and its report."""
        standing = self.standing
        self.network.train()
        self._since = time.monotonic()
        steps = self._steps_of(self._shard(standing.epoch))
        for position, batch in enumerate(self._batches(standing.epoch)):
            if position < standing.position:
                continue  # done before the run was resumed
            self._listen()
            self._step(batch)
            standing.step, standing.position = standing.step + 1, position + 1
            if self._done() >= 1:
                break
            if standing.step % REPORT_STEPS == 0 and standing.position < steps:
                self._report(callbacks)
        interval = self._take_interval()
        losses = self.validate()
        _return_free_memory()
        if standing.position == steps:
            standing.epoch, standing.position = standing.epoch + 1, 0
        standing.history.append(
            {
                "epoch": self._epochs(),
                "step": standing.step,
                "train_loss": standing.epoch_sums[0] / standing.epoch_sums[1],
                "val_loss": losses["all"],
                "val_header": losses["header"],
                "val_body": losses["body"],
                "seconds": round(self._elapsed(), 3),
            }
        )
        standing.epoch_sums = [0.0, 0.0]
        if standing.keep_epochs:
            self._keep_epoch(losses["all"])
        self._keep_if_best(losses)
        if self._done() >= 1:
            standing.ended = "epochs" if self.config.minutes is None else "minutes"
        elif self.config.patience is not None and standing.epochs_without_best >= self.config.patience:
            standing.ended = "patience"
        self._report(callbacks, interval, losses, self._sample())

    def _shard(self, epoch: int) -> slice:
        """The training tunes of an epoch, counted in shards: each shard once, in an order of each pass's own."""
        passes, place = divmod(epoch, len(self.shards))
        return self.shards[int(_rng(self.config.seed, _SHARDS, passes).permutation(len(self.shards))[place])]

    def _steps_of(self, shard: slice) -> int:
        """Batches of a shard."""
        return math.ceil(len(range(*shard.indices(len(self.corpus.train)))) / self.config.batch_size)

    def _batches(self, epoch: int) -> Iterator[Batch]:
        """The batches of an epoch: always the same ones for the same seed and epoch."""
        config = self.config
        texts = self.augmentation.texts(
            _rng(config.seed, _AUGMENT, epoch),
            None if len(self.shards) == 1 else self.corpus.train[self._shard(epoch)],
        )
        tunes = [encode_tune(text, self.vocab, self.model.lookback_bars) for text in texts]
        rng = _rng(config.seed, _ORDER, epoch)
        if config.batching == "slices":
            return random_slices(tunes, config.batch_size, config.sequence_length, rng)
        return shuffled_tunes(tunes, config.batch_size, rng)

    def _step(self, batch: Batch) -> None:
        """One update: forward, backward, clip, Adam, average."""
        config, standing = self.config, self.standing
        for group in self.optimizer.param_groups:
            group["lr"] = self.learning_rate()
        self.generator.manual_seed(_seed(config.seed, _DROPOUT, standing.step))
        own, rows = self.parallel.rows(batch)
        inputs, targets, lookback = _tensors(own, self.device)
        logits, _ = self._shared(inputs, lookback, generator=self.generator, bfloat16=config.bfloat16, rows=rows)
        loss = functional.cross_entropy(
            logits.flatten(0, 1), targets.flatten(), ignore_index=IGNORED, reduction="mean" if rows is None else "sum"
        )
        if rows is not None:  # the processes' gradients are averaged: their mean is that of the whole batch's loss
            loss = loss * (self.parallel.world / batch.characters)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        norm = torch.nn.utils.clip_grad_norm_(self.parameters, config.clip_norm)
        self.optimizer.step()
        if self.average is not None:  # a short memory early on, or the random start would stay in the average
            keep = min(config.ema, (1 + standing.step) / (10 + standing.step))
            torch._foreach_lerp_(self.average, [p.detach() for p in self.parameters], 1 - keep)
        self._sums[0] += loss.detach() * (batch.characters / self.parallel.world)
        self._sums[1] += own.characters
        self._sums[2] += norm.detach()
        self._sums[3] += 1

    def learning_rate(self) -> float:
        """Of the coming step: linear warm-up, then a cosine from the peak to final_rate of it."""
        config, warmup = self.config, self.config.warmup_steps
        if config.minutes is None:  # a run of few steps must reach its peak too
            warmup = min(warmup, self.total_steps // 5)
        rise = min(1.0, (self.standing.step + 1) / warmup) if warmup else 1.0
        if config.minutes is not None:  # so must a run of few minutes
            rise = max(rise, min(1.0, self._done() / WARMUP_SHARE))
        fall = (1 + math.cos(math.pi * min(1.0, self._done()))) / 2
        planned = config.learning_rate * rise * (config.final_rate + (1 - config.final_rate) * fall)
        return planned * (self.standing.rates[-1][1] if self.standing.rates else 1.0)

    def _listen(self) -> None:
        """Obey what was put into the folder: stop, or another learning rate. Raises StopTraining.

        A new rate is saved at once: a resume takes it at the same step.
        """
        stops, self._seconds, asked = self.parallel.told(
            self._stopping or (self.out / STOP_FILE).exists(), self._elapsed(), self._asked_rate()
        )
        if stops:
            raise StopTraining
        now = self.standing.rates[-1][1] if self.standing.rates else 1.0
        if RATES[0] <= asked <= RATES[1] and asked != now:
            self.standing.rates.append([self.standing.step, asked])
            self._save()

    def _asked_rate(self) -> float:
        """The factor of the learning rate that control.json asks for; not a number if it asks for none."""
        try:
            asked = json.loads((self.out / CONTROL_FILE).read_bytes())["rate"]
        except (OSError, ValueError, TypeError, KeyError):
            return math.nan
        return float(asked) if isinstance(asked, (int, float)) else math.nan

    def _elapsed(self) -> float:
        """Seconds of training, earlier sittings included: the first process's, as of the last step, in all others."""
        return time.monotonic() - self._started if self.parallel.first else self._seconds

    def _done(self) -> float:
        """Share of the run that lies behind: of its steps, or of its minutes."""
        if self.config.minutes is not None:
            seconds = self._elapsed() if self.parallel.world == 1 else self._seconds
            return seconds / (60 * self.config.minutes)
        return self.standing.step / self.total_steps

    def _epochs(self) -> float:
        shard = self.standing.position / self._steps_of(self._shard(self.standing.epoch))
        return round((self.standing.epoch + shard) / len(self.shards), 4)

    def validate(self) -> dict[str, float | None]:
        """Loss of the present (averaged) weights on the validation tunes: "all", "header", "body"; None without any."""
        with self._averaged():
            sums = _loss_sums(self.network, self.parallel.share(self.corpus.validation), self.vocab)
        return _means(self.parallel.add_up(sums))

    @contextmanager
    def _averaged(self) -> Iterator[None]:
        """Within it the network holds the averaged weights, if the run keeps an average."""
        if self.average is None:
            yield
            return
        now = [p.detach().clone() for p in self.parameters]
        try:
            _copy(self.average, self.parameters)
            yield
        finally:
            _copy(now, self.parameters)

    def _keep_epoch(self, loss: float | None) -> None:
        """Keep the present (averaged) weights in epochs/, under the number of the epoch that they end or stand in."""
        if not self.parallel.first:
            return
        number = self.standing.epoch + (self.standing.position > 0)
        with self._averaged():
            save_epoch(
                self.out / EPOCHS_FOLDER,
                number,
                self.network.weights(),
                epoch=self._epochs(),
                step=self.standing.step,
                loss=loss,
                half=self.standing.keep_epochs == "float16",
            )

    def _keep_if_best(self, losses: dict[str, float | None]) -> None:
        loss, standing = losses["all"], self.standing
        if loss is None or standing.best_loss is None or loss < standing.best_loss:
            standing.best_loss, standing.epochs_without_best = loss, 0
            self._keep(losses)
        else:
            standing.epochs_without_best += 1

    def _keep(self, losses: dict[str, float | None]) -> None:
        """Write the checkpoint of the present (averaged) weights."""
        if not self.parallel.first:
            return
        with self._averaged():
            save_checkpoint(
                self.out,
                config=self.model,
                vocab=self.vocab,
                weights=self.network.weights(),
                training=self._training(),
                corpus={
                    "name": self.corpus.name,
                    "tunes": len(self.corpus.train),
                    "fingerprint": self.corpus.fingerprint,
                    "headers": self._headers,
                },
                history=self.standing.history,
                val_loss=losses["all"],
            )

    def _training(self) -> dict[str, object]:
        """What model.json says of the training: its settings, and how far it has come on what."""
        standing = self.standing
        return {
            **self.config.to_dict(),
            "ended": standing.ended,
            "steps": standing.step,
            **({"rates": standing.rates} if standing.rates else {}),  # [step, factor] of each change by hand
            "seconds": round(self._elapsed(), 1),
            "device": str(self.device),
            "threads": torch.get_num_threads(),
            **({"processes": self.parallel.world} if self.parallel.world > 1 else {}),
            "torch": torch.__version__,
        }

    def _finish(self) -> Checkpoint:
        """The checkpoint, when its description is complete."""
        if self.parallel.first:
            self._complete()
        self.parallel.wait()
        return load_checkpoint(self.out)

    def _complete(self) -> None:
        """Measure the kept weights on the test tunes, and complete the description of the checkpoint."""
        kept = load_checkpoint(self.out)
        network = CharRNN(self.model, len(self.vocab)).to(self.device)
        network.load_weights(kept.weights())
        test = whole_tune_loss(network, self.corpus.test, self.vocab)
        training = {**self._training(), "test_header": test["header"], "test_body": test["body"]}
        kept = replace(kept, history=tuple(self.standing.history), test_loss=test["all"], training=training)
        write_description(kept)

    def _take_interval(self) -> tuple[float, float, float]:
        """What happened since the last report: loss, gradient norm, characters a second."""
        loss, characters, norms, steps = self._all_sums()
        seconds = max(time.monotonic() - self._since, 1e-9)  # after tolist, which waits for the device
        self._sums.zero_()
        self.standing.epoch_sums[0] += loss
        self.standing.epoch_sums[1] += characters
        if not math.isfinite(loss):
            raise CharlstmError(
                f"the loss is no longer a finite number at step {self.standing.step}: start anew with a lower "
                f"learning rate than {self.config.learning_rate:g}."
            )
        return loss / max(characters, 1), norms / max(steps, 1), characters / seconds

    def _all_sums(self) -> list[float]:
        """Loss, characters, gradient norms and steps since the last report, of all processes together."""
        sums = self.parallel.add_up(self._sums.clone())
        sums[2:] /= self.parallel.world  # norms and steps are the same in each
        return sums.tolist()

    def _report(
        self,
        callbacks: Sequence[Callback],
        interval: tuple[float, float, float] | None = None,
        losses: dict[str, float | None] | None = None,
        sample: str | None = None,
    ) -> None:
        """Write a line of metrics, save where the run stands if it is time, and call back."""
        train_loss, grad_norm, speed = interval or self._take_interval()
        losses = losses or {"all": None, "header": None, "body": None}
        report = Progress(
            step=self.standing.step,
            epoch=self._epochs(),
            done=min(1.0, self._done()),
            train_loss=train_loss,
            val_loss=losses["all"],
            val_header=losses["header"],
            val_body=losses["body"],
            seconds=round(self._elapsed(), 3),
            grad_norm=grad_norm,
            learning_rate=self.learning_rate(),
            characters_per_second=round(speed, 1),
            sample=sample,
        )
        line = (json.dumps(asdict(report), ensure_ascii=False) + "\n").encode()
        if self.parallel.first:
            with open(self.out / METRICS_FILE, "ab") as metrics:
                metrics.write(line)
        self.standing.metrics_bytes += len(line)
        if self.parallel.told(time.monotonic() - self._saved > SAVE_SECONDS)[0]:
            self._save()
        if self.parallel.first:
            self._call(callbacks, report)
        self._since = time.monotonic()

    def _call(self, callbacks: Sequence[Callback], report: Progress) -> None:
        """Call back. Where there are other processes, they are told at the next step that this one wants to stop."""
        try:
            for callback in callbacks:
                callback(report)
        except StopTraining:
            if self.parallel.world == 1:
                raise
            self._stopping = True

    def _save(self) -> None:
        """Write the resume file."""
        self.standing.seconds = self._elapsed()
        self.standing.interval_sums = self._all_sums()
        self._saved = time.monotonic()
        if not self.parallel.first:
            return
        save_run(
            self.out / RESUME_FILE,
            self.network,
            self.optimizer,
            self.average,
            model=self.model,
            train=self.config,
            fingerprint=self.corpus.fingerprint,
            standing=self.standing,
        )

    def _sample(self) -> str:
        """A tune of the present (averaged) weights; the same seed each time, so that one can watch it grow up."""
        if not self.parallel.first:
            return ""
        with self._averaged():
            engine = Engine(self.model, self.vocab, self.network.weights())
        return sample(engine, SAMPLE, seed=self.config.seed)[0].text


def whole_tune_loss(network: CharRNN, texts: Sequence[str], vocab: Vocab) -> dict[str, float | None]:
    """Cross-entropy of whole tunes, each from a zero state at START, in a fixed order.

    loss = -(1/N) sum_i ln p(c_i | START c_1 ... c_(i-1)) over the N characters of all tunes, END counted.

    Parameters
    ----------
    network : CharRNN
    texts : sequence of str
        Model texts.
    vocab : Vocab

    Returns
    -------
    dict
        "all", "header" (characters up to the end of the K: line) and "body" (the others, END too), in nats per
        character; None where there is no character.
    """
    return _means(_loss_sums(network, texts, vocab))


@torch.no_grad()
def _loss_sums(network: CharRNN, texts: Sequence[str], vocab: Vocab) -> Tensor:
    """Loss of all characters and of headers, in nats; their numbers: (4,) in float64."""
    device = network.decoder.bias.device
    tunes = [encode_tune(text, vocab, network.config.lookback_bars) for text in texts]
    headers = np.array([split_header(text).body_start for text in texts], dtype=np.int64)
    sums = torch.tensor([0, 0, sum(map(len, tunes)), int(headers.sum())], dtype=torch.float64, device=device)
    was_training = network.training
    network.eval()
    for batch in fixed_batches(tunes, EVALUATION_BATCH):
        inputs, targets, lookback = _tensors(batch, device)
        logits, _ = network(inputs, lookback)
        losses = functional.cross_entropy(
            logits.flatten(0, 1), targets.flatten(), ignore_index=IGNORED, reduction="none"
        ).view(targets.shape)
        in_header = torch.arange(targets.shape[1]) < torch.from_numpy(headers[list(batch.tunes)])[:, None]
        sums[0] += losses.sum(dtype=torch.float64)
        sums[1] += (losses * in_header.to(device)).sum(dtype=torch.float64)
    network.train(was_training)
    return sums


def _means(sums: Tensor) -> dict[str, float | None]:
    """Nats per character of what `_loss_sums` gives."""
    everything, header, in_all, in_header = sums.tolist()

    def mean(total: float, count: float) -> float | None:
        return total / count if count else None

    return {
        "all": mean(everything, in_all),
        "header": mean(header, in_header),
        "body": mean(everything - header, in_all - in_header),
    }


@torch.no_grad()
def slice_loss(
    network: CharRNN, texts: Sequence[str], vocab: Vocab, *, sequence_length: int, seed: int = 0
) -> float | None:
    """Cross-entropy of one random slice of each tune from a zero state: what the report plots.

    loss = (1/N) sum_n (1/T_n) sum_t -ln p(c_t | c_s ... c_(t-1)), a slice of tune n being its characters from a
    random place s on, T_n of them. It asks of the network only what a slice can show, so it is no measure of tunes:
    use `whole_tune_loss` to compare networks.

    Parameters
    ----------
    network : CharRNN
    texts : sequence of str
        Model texts, N of them.
    vocab : Vocab
    sequence_length : int
        Characters of a slice; a shorter tune is taken whole.
    seed : int
        Of where the slices lie: the same seed, the same slices.

    Returns
    -------
    float or None
        Nats per character; None without texts.
    """
    device = network.decoder.bias.device
    tunes = [encode_tune(text, vocab, network.config.lookback_bars) for text in texts]
    total = torch.zeros((), dtype=torch.float64, device=device)
    was_training = network.training
    network.eval()
    for batch in random_slices(tunes, EVALUATION_BATCH, sequence_length, np.random.default_rng(seed)):
        inputs, targets, lookback = _tensors(batch, device)
        logits, _ = network(inputs, lookback)
        losses = functional.cross_entropy(
            logits.flatten(0, 1), targets.flatten(), ignore_index=IGNORED, reduction="none"
        ).view(targets.shape)
        total += (losses.sum(dim=1, dtype=torch.float64) / (targets != IGNORED).sum(dim=1)).sum()
    network.train(was_training)
    return float(total) / len(tunes) if tunes else None


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

    Whole updates as `Trainer.fit` makes them, without validation and reports.
    """
    if threads is not None:
        torch.set_num_threads(threads)
    rng = np.random.default_rng(0)
    network = CharRNN(model, vocab_size)
    parameters = list(network.named_weights().values())
    optimizer = torch.optim.AdamW(parameters, fused=True)
    lags = len(model.lookback_bars)
    inputs = torch.from_numpy(rng.integers(0, vocab_size, (batch_size, length)))
    lookback = torch.from_numpy(rng.integers(0, vocab_size, (batch_size, length, lags))) if lags else None
    done, started = -1, time.monotonic()
    while done < 1 or time.monotonic() - started < seconds:
        logits, _ = network(inputs, lookback)
        optimizer.zero_grad(set_to_none=True)
        functional.cross_entropy(logits.flatten(0, 1), inputs.flatten()).backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        done += 1
        if done == 0:  # the first step also makes room in memory
            started = time.monotonic()
    return done * batch_size * length / (time.monotonic() - started)


def _tensors(batch: Batch, device: torch.device) -> tuple[Tensor, Tensor, Tensor | None]:
    """Inputs, targets and lookback of a batch on the device."""
    lookback = None if batch.lookback is None else torch.from_numpy(batch.lookback).to(device, non_blocking=True)
    inputs, targets = (torch.from_numpy(a).to(device, non_blocking=True) for a in (batch.inputs, batch.targets))
    return inputs, targets, lookback


@torch.no_grad()
def _copy(source: Sequence[Tensor], target: Sequence[Tensor]) -> None:
    for a, b in zip(source, target, strict=True):
        b.copy_(a)


def _return_free_memory() -> None:
    """Give free heap pages back to the system: batches of ever new lengths leave holes, 200 MB an epoch at 1 x 250."""
    if sys.platform == "linux" and (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)):  # glibc has it
        trim(0)


def _device(name: str) -> torch.device:
    """The device of a name; "auto" is CUDA if there is one. Raises ConfigError if it is not there."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise ConfigError("device", f"{name!r} is not to be had here ({reason}); use auto or cpu.") from None
    return device


def _rng(seed: int, purpose: int, number: int) -> np.random.Generator:
    return np.random.default_rng([seed, purpose, number])


def _seed(seed: int, purpose: int, number: int) -> int:
    """A seed of a torch generator for one purpose and epoch or step."""
    return int(np.random.SeedSequence([seed, purpose, number]).generate_state(1, np.uint64)[0] >> 1)
