"""How far a training run is, on disk: weights, Adam's moments and counters in one safetensors file, renamed whole.

The counters and both configurations travel as JSON in the file's metadata, so that a run can be resumed from this
file alone, and never from two halves of different age. Like a checkpoint, it is checked before it is believed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from charlstm.errors import CheckpointError, ConfigError
from charlstm.files import parse_json, write_atomic
from charlstm.lm.config import ModelConfig, TrainConfig
from charlstm.lm.train.step import Learner

FORMAT = "charlstm-resume/1"
_MOMENTS = ("exp_avg", "exp_avg_sq")


@dataclass
class RunProgress:
    """The counters of a run; losses in nats per character, sums in nats."""

    step: int = 0
    epoch: int = 0  # epochs completed
    position: int = 0  # batches of the current epoch that are done
    seconds: float = 0.0
    best_loss: float | None = None
    epochs_without_best: int = 0
    metrics_bytes: int = 0  # length of metrics.jsonl
    epoch_sums: list[float] = field(default_factory=lambda: [0.0, 0.0])  # loss, characters, up to the last report
    interval_sums: list[float] = field(default_factory=lambda: [0.0] * 4)  # since: loss, characters, norms, steps
    history: list[dict[str, Any]] = field(default_factory=list)
    rates: list[list[float]] = field(default_factory=list)  # [step, factor] of each change of the learning rate
    keep_epochs: str = ""  # "float16" or "float32": weights go to epochs/, too
    threads: int | None = None  # of torch; None in a run of an older version
    ended: str = ""  # why the run is over: "epochs", "minutes" or "patience"; empty while it is not

    @property
    def rate_factor(self) -> float:
        """What the scheduled learning rate is multiplied by."""
        return self.rates[-1][1] if self.rates else 1.0


@dataclass(frozen=True)
class SavedRun:
    """A resume file, read: the configurations, the corpus's fingerprint, the counters and the tensors by name."""

    path: Path
    model: ModelConfig
    train: TrainConfig
    fingerprint: str
    progress: RunProgress
    tensors: dict[str, Tensor]

    def changed(self, changes: Mapping[str, Any]) -> SavedRun:
        """The run with some settings replaced; those that stay as they are may be given too.

        It may go on on another machine (bfloat16), and train on to a later end, also when it had come to its own.

        Raises
        ------
        ConfigError
            If another setting would change, or the end is not counted so, or the run has come further already.
        """
        own = asdict(self.train)
        end = "epochs" if own["minutes"] is None else "minutes"
        new = {name: value for name, value in changes.items() if value != own[name]}
        for name in new.keys() - {end, "bfloat16"}:
            raise ConfigError(name, f"cannot change on resume; it is {own[name]}. Leave it out, or fork the run.")
        if end in new:
            epochs = self.progress.history[-1]["epoch"] if self.progress.history else 0.0
            done = epochs if end == "epochs" else self.progress.seconds / 60
            if done >= new[end]:
                raise ConfigError(end, f"the run has {done:g} {end} behind it; give more, or fork it.")
            self.progress.ended, self.progress.epochs_without_best = "", 0
        return replace(self, train=replace(self.train, **new))

    def restore(self, learner: Learner) -> None:
        """Put the tensors back where they came from. Raises CheckpointError if they do not fit."""
        try:
            with torch.no_grad():
                for k, (name, parameter) in enumerate(learner.network.named_weights().items()):
                    parameter.copy_(self._fitting(f"weights.{name}", parameter))
                    if learner.average is not None:
                        learner.average[k].copy_(self._fitting(f"average.{name}", parameter))
                    if self.progress.step:
                        learner.optimizer.state[parameter] = {
                            "step": torch.tensor(float(self.progress.step), device=parameter.device),
                            **{m: self._fitting(f"{m}.{name}", parameter).to(parameter.device) for m in _MOMENTS},
                        }
        except KeyError as missing:
            message = f"{self.path} lacks {missing.args[0]}, so the run cannot be resumed; start a new one."
            raise CheckpointError(message, path=self.path) from None

    def _fitting(self, name: str, like: Tensor) -> Tensor:
        tensor = self.tensors[name]
        if tensor.shape != like.shape or tensor.dtype != like.dtype:
            message = f"{self.path}: {name} does not fit the run's configuration; start a new run."
            raise CheckpointError(message, path=self.path)
        return tensor


def save_run(path: Path, learner: Learner, *, train: TrainConfig, fingerprint: str, progress: RunProgress) -> None:
    """Write how far a run is; the old file is replaced at once or not at all."""
    tensors: dict[str, Tensor] = {}
    for k, (name, parameter) in enumerate(learner.network.named_weights().items()):
        tensors[f"weights.{name}"] = parameter.detach()
        if learner.average is not None:
            tensors[f"average.{name}"] = learner.average[k]
        tensors.update({f"{m}.{name}": v for m, v in learner.optimizer.state[parameter].items() if m in _MOMENTS})
    about = {
        "model": learner.network.config.to_dict(),
        "train": train.to_dict(),
        "fingerprint": fingerprint,
        "standing": asdict(progress),  # the name of the format
    }
    metadata = {"format": FORMAT, "run": json.dumps(about)}
    write_atomic(path, save({name: t.cpu().contiguous() for name, t in tensors.items()}, metadata=metadata))


def load_run(path: Path) -> SavedRun:
    """Read how far a run is. Raises CheckpointError if the file is missing, cut, or not one of ours."""
    if not path.is_file():
        message = f"{path.parent} holds no run to resume ({path.name} is missing); start it without --resume."
        raise CheckpointError(message, path=path)
    try:
        with safe_open(str(path), framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no mapping)
        if metadata.get("format") != FORMAT:
            raise ValueError(f"format {metadata.get('format')!r} is not {FORMAT!r}")
        about = parse_json(metadata["run"])
        known = {f.name for f in fields(RunProgress)}
        progress = RunProgress(**{k: v for k, v in about["standing"].items() if k in known})
        model, train = ModelConfig.from_dict(about["model"]), TrainConfig.from_dict(about["train"])
        return SavedRun(path, model, train, str(about["fingerprint"]), progress, tensors)
    except (SafetensorError, OSError, ValueError, KeyError, TypeError, AttributeError, ConfigError) as error:
        message = f"{path} is not a usable resume file ({error}); start a new run."
        raise CheckpointError(message, path=path) from None
