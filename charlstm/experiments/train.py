"""A study's training: the network in the run's folder, its losses epoch by epoch, resumed where it was killed."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from charlstm.errors import CharlstmError, CheckpointError
from charlstm.experiments.catalog import THREADS, with_seed
from charlstm.experiments.jobs import Training
from charlstm.files import parse_json
from charlstm.tunes.corpus.model import Corpus

if TYPE_CHECKING:
    from charlstm.lm.train.run_folder import TrainingReport
    from charlstm.lm.train.trainer import Trainer

CURVE_FILE = "curve.jsonl"  # one line an epoch, what the trainer itself does not report
WATCHED_TUNES = 100  # training tunes whose whole-tune loss is followed beside the validation tunes'
CURVE_POINTS = 100  # of a record
Share = Callable[[float], None]  # how much of a run is done, in [0, 1]
EachEpoch = Callable[[float, float | None], None]  # an epoch is over: its number, the loss on whole validation tunes


def train(
    job: Training, seed: int, corpus: Corpus, folder: Path, share: Share, each_epoch: EachEpoch | None
) -> tuple[dict[str, Any], float, str]:
    """Train, or go on training.

    Returns
    -------
    tuple of dict, float, str
        The record's result, the seconds of all sittings, and PyTorch's version.

    Raises
    ------
    CharlstmError
        If the training was stopped before its end.
    """
    from charlstm.lm.train.evaluation import slice_loss, whole_tune_loss
    from charlstm.lm.train.network import CharRNN

    trainer = _trainer(job, seed, corpus, folder)
    watched = corpus.train[:: max(1, len(corpus.train) // WATCHED_TUNES)]
    length = job.train.sequence_length
    speeds: list[float] = []

    def measure(epoch: float) -> None:
        """Append the curve's line for the epoch that has just ended."""
        line = {
            "epoch": epoch,
            "validation_slices": slice_loss(trainer.network, corpus.validation, trainer.vocab, sequence_length=length),
            "train_tunes": whole_tune_loss(trainer.network, watched, trainer.vocab).all,
            "characters_per_second": float(np.median(speeds)) if speeds else None,
        }
        speeds.clear()
        with open(folder / CURVE_FILE, "a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    def follow(report: TrainingReport) -> None:
        speeds.append(report.characters_per_second)
        share(min(report.done, 0.999))
        if report.sample is not None:  # at the end of an epoch
            measure(report.epoch)
            if each_epoch:
                each_epoch(report.epoch, report.val_loss)

    # A run that was killed between the end of an epoch and its line gets that line first.
    history = trainer.progress.history
    if history and trainer.progress.position == 0 and history[-1]["epoch"] not in _curve_lines(folder / CURVE_FILE):
        measure(history[-1]["epoch"])
    checkpoint = trainer.fit([follow])
    if not checkpoint.training.ended:
        raise CharlstmError(f"{folder.name} was stopped before its end; run the study again to go on.")

    # The curves are the trainer's history beside our lines; the test losses are of the best weights, not the last.
    lines = _curve_lines(folder / CURVE_FILE)
    rows = [(entry, lines[entry["epoch"]]) for entry in checkpoint.history]
    curves = {
        "epoch": [entry["epoch"] for entry, _ in rows],
        "train_slices": [entry["train_loss"] for entry, _ in rows],
        "validation_slices": [line["validation_slices"] for _, line in rows],
        "train_tunes": [line["train_tunes"] for _, line in rows],
        "validation_tunes": [entry["val_loss"] for entry, _ in rows],
    }
    rates = [rate for _, line in rows if (rate := line["characters_per_second"]) is not None]
    best = min(checkpoint.history, key=lambda entry: (entry["val_loss"] is None, entry["val_loss"] or 0.0))
    network = CharRNN(job.model, len(trainer.vocab))
    network.load_weights(checkpoint.weights())
    result = {
        "parameters": sum(parameter.numel() for parameter in trainer.learner.parameters),
        "steps": checkpoint.training.steps,
        "best_epoch": best["epoch"],
        "validation_tunes": rounded(checkpoint.val_loss),
        "test_tunes": rounded(checkpoint.test_loss),
        "test_header": rounded(checkpoint.training.test_header),
        "test_body": rounded(checkpoint.training.test_body),
        "test_slices": rounded(slice_loss(network, corpus.test, trainer.vocab, sequence_length=length)),
        "characters_per_second": round(float(np.median(rates))) if rates else None,
        "curves": {name: [rounded(value) for value in thinned(values)] for name, values in curves.items()},
    }
    return result, checkpoint.training.seconds or 0.0, checkpoint.training.torch or ""


def _trainer(job: Training, seed: int, corpus: Corpus, folder: Path) -> Trainer:
    """A trainer where the folder's run stopped, or at the beginning."""
    from charlstm.lm.train.trainer import Trainer
    from charlstm.paths import RESUME_FILE

    if (folder / RESUME_FILE).exists():
        try:
            return Trainer.resume(folder, corpus, device="cpu", threads=THREADS)
        except CheckpointError:  # of another version of the program, say
            pass
    for path in folder.iterdir():  # what a run left that died before its first save, or that cannot be resumed
        if path.is_file():
            path.unlink()
    return Trainer(corpus, job.model, with_seed(job, seed), out=folder, device="cpu", threads=THREADS)


def _curve_lines(path: Path) -> dict[float, dict[str, Any]]:
    """The lines of a curve by epoch: of an epoch done twice, before and after a kill, the later one."""
    lines: dict[float, dict[str, Any]] = {}
    for text in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        try:
            line = parse_json(text)
        except ValueError:  # half a line, from a kill; the epoch was done again
            continue
        lines[line["epoch"]] = line
    return lines


def thinned(values: Sequence[Any], most: int = CURVE_POINTS) -> list[Any]:
    """At most about `most` of the values, evenly spaced, the last one always among them."""
    step = -(-len(values) // most) or 1
    return [value for place, value in enumerate(values, 1) if place % step == 0 or place == len(values)]


def rounded(value: float | None, digits: int = 4) -> float | None:
    """A number with so many digits behind the point; None as it is."""
    return None if value is None else round(value, digits)
