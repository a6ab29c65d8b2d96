"""The folder of a training run: readable at any moment, and what is put into it is obeyed. No torch.

metrics.jsonl        one JSON line a report, appended as it happens
model.safetensors    the weights that were best on validation, with model.json (charlstm.lm.store.checkpoint)
resume.safetensors   how far the run is (charlstm.lm.train.resume)
stop                 put there by anybody: the run saves how far it is and ends, and can be resumed
control.json         put there by anybody: {"rate": 0.5} halves the learning rate from the next step on
epochs/              where asked for: the weights after some of the epochs (charlstm.lm.store.epochs)
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charlstm.errors import CheckpointError
from charlstm.files import parse_json
from charlstm.lm.config import ModelConfig
from charlstm.lm.store.checkpoint import JSON_FILE, NO_PLANS, Checkpoint, CorpusInfo, TrainingInfo, save_checkpoint
from charlstm.lm.vocab import Vocab
from charlstm.paths import CONTROL_FILE, METRICS_FILE, RESUME_FILE, STOP_FILE
from charlstm.tunes.corpus.model import Corpus
from charlstm.tunes.form_plan.collection import PlanCollection

MOST_VALUES = 100  # of a header field that a checkpoint lists
RATES = 0.001, 1000.0  # what control.json may multiply the learning rate by


@dataclass(frozen=True)
class TrainingReport:
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

    def line(self) -> bytes:
        """As metrics.jsonl has it."""
        return (json.dumps(asdict(self), ensure_ascii=False) + "\n").encode()


Callback = Callable[[TrainingReport], None]


class StopTraining(Exception):
    """Raise it in a callback to end a run: it saves how far it is, and the checkpoint is still written."""


class RunFolder:
    """The folder of a run.

    Parameters
    ----------
    path : Path
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)

    def refuse_second_run(self) -> None:
        """Raise CheckpointError if there is a run already."""
        if any((self.path / name).exists() for name in (JSON_FILE, RESUME_FILE)):
            message = f"{self.path} holds a run already; resume it with --resume, or choose another folder."
            raise CheckpointError(message, path=self.path)

    def open(self, metrics_bytes: int) -> None:
        """Make the folder ready: no file that stops the run, and no report from after its last save."""
        self.path.mkdir(parents=True, exist_ok=True)
        (self.path / STOP_FILE).unlink(missing_ok=True)
        with open(self.path / METRICS_FILE, "ab") as metrics:
            metrics.truncate(metrics_bytes)

    def append(self, line: bytes) -> None:
        """Add a line to metrics.jsonl."""
        with open(self.path / METRICS_FILE, "ab") as metrics:
            metrics.write(line)

    def write_checkpoint(
        self,
        weights: Mapping[str, NDArray[np.float32]],
        *,
        model: ModelConfig,
        vocab: Vocab,
        corpus: Corpus,
        training: TrainingInfo,
        history: Sequence[Mapping[str, Any]],
        val_loss: float | None,
        plans: PlanCollection = NO_PLANS,
    ) -> None:
        """Write the best weights so far, and what they are."""
        # The commonest values of each field, so that a page offers only keys and meters that the model has met.
        headers = {letter: dict(list(counts.items())[:MOST_VALUES]) for letter, counts in corpus.headers.items()}
        about = CorpusInfo(
            name=corpus.name,
            tunes=len(corpus.train),
            fingerprint=corpus.fingerprint,
            terms=corpus.terms or None,
            headers=headers,
        )
        checkpoint = Checkpoint(self.path, model, vocab, training, about, tuple(history), val_loss, plans=plans)
        save_checkpoint(checkpoint, weights)

    @property
    def has_checkpoint(self) -> bool:
        """Whether weights were written."""
        return (self.path / JSON_FILE).exists()

    @property
    def stop_wanted(self) -> bool:
        """Whether somebody wants the run to end."""
        return (self.path / STOP_FILE).exists()

    def wanted_rate(self) -> float:
        """The factor of the learning rate that control.json asks for; not a number if it asks for no usable one."""
        try:
            rate = parse_json((self.path / CONTROL_FILE).read_bytes())["rate"]
        except (OSError, ValueError, TypeError, KeyError):
            return math.nan
        return float(rate) if isinstance(rate, (int, float)) and RATES[0] <= rate <= RATES[1] else math.nan
