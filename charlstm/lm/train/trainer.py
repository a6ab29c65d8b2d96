"""Trainer: teacher forcing on whole tunes, into a folder that is readable at any moment and can always be resumed.

A run killed at any moment and resumed gives the numbers of one that never stopped (CPU, same thread count). Losses are
nats per character on text and END. Knows nothing of terminals or pages: reports go to callbacks.

The parts: data.py makes the batches, step.py an update, schedule.py the learning rate, evaluation.py the losses,
resume.py the file to go on from, run_folder.py what else is in the folder, parallel.py several processes.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from charlstm.errors import CharlstmError, CheckpointError, ConfigError
from charlstm.lm.config import ModelConfig, SampleConfig, TrainConfig
from charlstm.lm.infer.engine import Engine
from charlstm.lm.sample.sampling import sample
from charlstm.lm.store.checkpoint import Checkpoint, TrainingInfo, load_checkpoint, write_description
from charlstm.lm.store.epochs import save_epoch
from charlstm.lm.store.tensors import check_weights
from charlstm.lm.train.batches import TrainingData
from charlstm.lm.train.evaluation import NO_LOSSES, TuneLosses, loss_sums, whole_tune_loss
from charlstm.lm.train.network import CharRNN
from charlstm.lm.train.parallel import Parallel, device_of
from charlstm.lm.train.resume import RunProgress, SavedRun, load_run, save_run
from charlstm.lm.train.run_folder import Callback, RunFolder, StopTraining, TrainingReport
from charlstm.lm.train.schedule import learning_rate
from charlstm.lm.train.step import Learner
from charlstm.lm.train.teacher_tunes import teacher_tunes
from charlstm.lm.train.teachers import Teachers
from charlstm.paths import EPOCHS_FOLDER, RESUME_FILE
from charlstm.processes import return_free_memory
from charlstm.tunes.corpus.model import Corpus
from charlstm.tunes.form_plan.reading import read_plan

REPORT_STEPS = 25
SAVE_SECONDS = 30.0  # between two resume files: what a kill can cost
SAMPLE = SampleConfig(temperature=0.8)


class _Interval(NamedTuple):
    """What happened since the last report: loss, gradient norm, characters a second."""

    loss: float
    grad_norm: float
    speed: float


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
    saved : SavedRun, optional
        Go on from there; see `resume`.

    Raises
    ------
    CheckpointError
        If the folder holds a run already, the weights do not fit, or a teacher is not there.
    ConfigError
        If the device is not there, there are no training tunes, or a teacher reads other inputs.
    """

    def __init__(
        self,
        corpus: Corpus,
        model: ModelConfig,
        train: TrainConfig,
        *,
        out: Path,
        device: str = "auto",
        threads: int | None = None,
        keep_epochs: Literal["float16", "float32"] | None = None,
        weights: Mapping[str, NDArray[np.float32]] | None = None,
        saved: SavedRun | None = None,
    ) -> None:
        self.corpus, self.model, self.config, self.folder = corpus, model, train, RunFolder(Path(out))
        if saved is None:
            self.folder.refuse_second_run()
        if not corpus.train:
            raise ConfigError("corpus", f"{corpus.name} has no training tunes; build it from more tunes.")
        if threads is not None:
            torch.set_num_threads(threads)
        self.device = device_of(device)
        self.parallel = Parallel(self.device)
        checkpoints = [load_checkpoint(name) for name in train.teachers]
        written = teacher_tunes(checkpoints[0], train.teacher_tunes, seed=train.seed) if train.teacher_tunes else []
        self.data = TrainingData(corpus, model, train, written)
        self.vocab = self.data.vocab
        teachers = Teachers(checkpoints, model, self.vocab) if checkpoints else None
        self.learner = Learner(model, train, len(self.vocab), self.device, self.parallel, teachers)
        self.network = self.learner.network
        self.progress = RunProgress(keep_epochs=keep_epochs or "")
        if weights is not None:
            check_weights(self.folder.path, model, len(self.vocab), weights)
            self.learner.load_weights(weights)
        if saved is not None:
            self.progress = saved.progress
            saved.restore(self.learner)
            self.learner.sums.copy_(torch.tensor(self.progress.interval_sums, dtype=torch.float64))
            if not self.parallel.first:
                self.learner.sums[:2] = 0  # losses and characters are each process's own and added up
        self.progress.threads = torch.get_num_threads()

    @classmethod
    def resume(
        cls,
        out: Path,
        corpus: Corpus,
        *,
        device: str = "auto",
        threads: int | None = None,
        **changes: Any,
    ) -> Trainer:
        """A trainer that is as far as the run in `out` was, on the same corpus.

        `threads` are the run's own when absent. `changes` are settings that `SavedRun.changed` lets change.

        Raises
        ------
        CheckpointError
            If there is no run to resume, or it was another corpus.
        ConfigError
            If a setting cannot change.
        """
        saved = load_run(Path(out) / RESUME_FILE).changed(changes)
        if saved.fingerprint != corpus.fingerprint:
            message = f"{out} was trained on another corpus than {corpus.name} is now; start a new run."
            raise CheckpointError(message, path=Path(out))
        threads = saved.progress.threads if threads is None else threads
        return cls(corpus, saved.model, saved.train, out=out, device=device, threads=threads, saved=saved)

    def fit(self, callbacks: Sequence[Callback] = ()) -> Checkpoint:
        """Train to the end, and return the checkpoint of the best weights.

        Raises
        ------
        CharlstmError
            If the loss is no longer a finite number.
        """
        self.parallel.wait()  # until each has seen that the folder is free
        if self.parallel.first:
            self.folder.open(self.progress.metrics_bytes)
        self._started = time.monotonic() - self.progress.seconds
        self._seconds, self._stopping = self.progress.seconds, False
        self._save()
        if self.progress.keep_epochs and not self.progress.step:
            self._keep_epoch(self.validate().all)  # the network before it has learned anything
        try:
            while not self.progress.ended:
                self._epoch(callbacks)
            self._save()
        except StopTraining:
            self._save()
            if self.parallel.broadcast(not self.folder.has_checkpoint)[0]:  # stopped within the first epoch
                self._keep(self.validate())
        if self.parallel.first:
            self._complete()
        self.parallel.wait()
        return load_checkpoint(self.folder.path)

    def _epoch(self, callbacks: Sequence[Callback]) -> None:
        """The rest of the current epoch, then its validation, its checkpoint if it is the best, and its report."""
        progress = self.progress
        self.network.train()
        self._since = time.monotonic()
        steps = self.data.steps(progress.epoch)

        # The batches that are left, with a report now and then.
        for position, batch in enumerate(self.data.batches(progress.epoch)):
            if position < progress.position:
                continue  # done before the run was resumed
            self._obey()
            self.learner.update(batch, progress.step, self.learning_rate())
            progress.step, progress.position = progress.step + 1, position + 1
            if self._done() >= 1:
                break
            if progress.step % REPORT_STEPS == 0 and progress.position < steps:
                self._report(callbacks, self._take_interval())

        # What the epoch has come to.
        interval = self._take_interval()
        losses = self.validate()
        return_free_memory()
        if progress.position == steps:
            progress.epoch, progress.position = progress.epoch + 1, 0
        progress.history.append(
            {
                "epoch": self.data.passes(self.progress.epoch, self.progress.position),
                "step": progress.step,
                "train_loss": progress.epoch_sums[0] / progress.epoch_sums[1],
                "val_loss": losses.all,
                "val_header": losses.header,
                "val_body": losses.body,
                **({"val_plan": self.validate(by_plan=True).all} if self.model.plan else {}),
                "seconds": round(self._elapsed(), 3),
            }
        )
        progress.epoch_sums = [0.0, 0.0]

        # Keep the weights, and see whether it was the last epoch.
        if progress.keep_epochs:
            self._keep_epoch(losses.all)
        if losses.all is None or progress.best_loss is None or losses.all < progress.best_loss:
            progress.best_loss, progress.epochs_without_best = losses.all, 0
            self._keep(losses)
        else:
            progress.epochs_without_best += 1
        if self._done() >= 1:
            progress.ended = "epochs" if self.config.minutes is None else "minutes"
        elif self.config.patience is not None and progress.epochs_without_best >= self.config.patience:
            progress.ended = "patience"
        self._report(callbacks, interval, losses, self._sample())

    def learning_rate(self) -> float:
        """Of the coming step: as it is scheduled, times the factor that was asked for by hand."""
        planned = learning_rate(self.config, self.progress.step, self._done(), self.data.total_steps)
        return planned * self.progress.rate_factor

    def validate(self, *, by_plan: bool = False) -> TuneLosses:
        """Losses of the present (averaged) weights on the validation tunes: read free, or each by its own form plan."""
        with self.learner.averaged() as network:
            plans = self.parallel.share(self.data.validation_plans) if by_plan else None
            sums = loss_sums(network, self.parallel.share(self.corpus.validation), self.vocab, plans)
        return TuneLosses.of(self.parallel.add_up(sums))

    def _obey(self) -> None:
        """Do what was put into the folder: stop, or take another learning rate. Raises StopTraining.

        A new rate is saved at once: a resume takes it at the same step.
        """
        stops, self._seconds, factor = self.parallel.broadcast(
            self._stopping or self.folder.stop_wanted, self._elapsed(), self.folder.wanted_rate()
        )
        if stops:
            raise StopTraining
        if not math.isnan(factor) and factor != self.progress.rate_factor:
            self.progress.rates.append([self.progress.step, factor])
            self._save()

    def _elapsed(self) -> float:
        """Seconds of training, earlier sittings included: the first process's, as of the last step, in all others."""
        return time.monotonic() - self._started if self.parallel.first else self._seconds

    def _done(self) -> float:
        """Share of the run that is done: of its steps, or of its minutes."""
        if self.config.minutes is not None:
            seconds = self._elapsed() if self.parallel.world == 1 else self._seconds
            return seconds / (60 * self.config.minutes)
        return self.progress.step / self.data.total_steps

    def _keep_epoch(self, loss: float | None) -> None:
        """Store the present (averaged) weights in epochs/, under the number of the epoch that they end or are in."""
        if not self.parallel.first:
            return
        with self.learner.averaged() as network:
            save_epoch(
                self.folder.path / EPOCHS_FOLDER,
                self.progress.epoch + (self.progress.position > 0),
                network.weights(),
                epoch=self.data.passes(self.progress.epoch, self.progress.position),
                step=self.progress.step,
                loss=loss,
                half=self.progress.keep_epochs == "float16",
            )

    def _keep(self, losses: TuneLosses) -> None:
        """Write the checkpoint of the present (averaged) weights."""
        if not self.parallel.first:
            return
        with self.learner.averaged() as network:
            self.folder.write_checkpoint(
                network.weights(),
                model=self.model,
                vocab=self.vocab,
                corpus=self.corpus,
                training=self._training(),
                history=self.progress.history,
                val_loss=losses.all,
                plans=self.data.plans,
            )

    def _training(self) -> TrainingInfo:
        """What model.json says of the training: its settings, and how far it has come on what."""
        return TrainingInfo(
            settings=self.config.to_dict(),
            ended=self.progress.ended,
            steps=self.progress.step,
            rates=self.progress.rates,
            seconds=round(self._elapsed(), 1),
            device=str(self.device),
            threads=torch.get_num_threads(),
            processes=self.parallel.world if self.parallel.world > 1 else None,
            torch=str(torch.__version__),
        )

    def _complete(self) -> None:
        """Measure the best weights on the test tunes, and complete the description of the checkpoint."""
        best = load_checkpoint(self.folder.path)
        network = CharRNN(self.model, len(self.vocab)).to(self.device)
        network.load_weights(best.weights())
        test = whole_tune_loss(network, self.corpus.test, self.vocab)
        training = replace(self._training(), test_header=test.header, test_body=test.body)
        if self.model.plan:
            plans = [read_plan(text) for text in self.corpus.test]
            training = replace(training, test_plan=whole_tune_loss(network, self.corpus.test, self.vocab, plans).all)
        history = tuple(self.progress.history)
        write_description(replace(best, history=history, test_loss=test.all, training=training))

    def _take_interval(self) -> _Interval:
        """What happened since the last report; raises CharlstmError if the loss is not finite."""
        loss, characters, norms, steps = self.learner.totals()
        seconds = max(time.monotonic() - self._since, 1e-9)  # after tolist, which waits for the device
        self.learner.sums.zero_()
        self.progress.epoch_sums[0] += loss
        self.progress.epoch_sums[1] += characters
        if not math.isfinite(loss):
            raise CharlstmError(
                f"the loss is no longer a finite number at step {self.progress.step}: start again with a lower "
                f"learning rate than {self.config.learning_rate:g}."
            )
        return _Interval(loss / max(characters, 1), norms / max(steps, 1), characters / seconds)

    def _report(
        self,
        callbacks: Sequence[Callback],
        interval: _Interval,
        losses: TuneLosses = NO_LOSSES,
        sample: str | None = None,
    ) -> None:
        """Write a line of metrics, save how far the run is if it is time, and call back."""
        report = TrainingReport(
            step=self.progress.step,
            epoch=self.data.passes(self.progress.epoch, self.progress.position),
            done=min(1.0, self._done()),
            train_loss=interval.loss,
            val_loss=losses.all,
            val_header=losses.header,
            val_body=losses.body,
            seconds=round(self._elapsed(), 3),
            grad_norm=interval.grad_norm,
            learning_rate=self.learning_rate(),
            characters_per_second=round(interval.speed, 1),
            sample=sample,
        )
        line = report.line()
        if self.parallel.first:
            self.folder.append(line)
        self.progress.metrics_bytes += len(line)
        if self.parallel.broadcast(time.monotonic() - self._saved > SAVE_SECONDS)[0]:
            self._save()
        if self.parallel.first:
            self._call(callbacks, report)
        self._since = time.monotonic()

    def _call(self, callbacks: Sequence[Callback], report: TrainingReport) -> None:
        """Call back. Where there are other processes, they hear at the next step that this one wants to stop."""
        try:
            for callback in callbacks:
                callback(report)
        except StopTraining:
            if self.parallel.world == 1:
                raise
            self._stopping = True

    def _save(self) -> None:
        """Write the resume file."""
        self.progress.seconds = self._elapsed()
        self.progress.interval_sums = self.learner.totals()
        self._saved = time.monotonic()
        if self.parallel.first:
            save_run(
                self.folder.path / RESUME_FILE,
                self.learner,
                train=self.config,
                fingerprint=self.corpus.fingerprint,
                progress=self.progress,
            )

    def _sample(self) -> str:
        """A tune of the present (averaged) weights; the same seed each time, so that one can watch it improve."""
        if not self.parallel.first:
            return ""
        with self.learner.averaged() as network:
            engine = Engine(self.model, self.vocab, network.weights())
        return sample(engine, SAMPLE, seed=self.config.seed)[0].text
