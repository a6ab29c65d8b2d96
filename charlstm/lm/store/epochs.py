"""Epochs: the weights of a run as they were after some of its epochs, in epochs/0007.safetensors: for films and forks.

A run that keeps its epochs keeps them on a grid that is even in the logarithm, about three for each doubling, and the
newest: that a network learns most at first makes them worth about the same, and a long run's folder stays small.
NumPy only. Knows nothing of how the weights were learnt.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from charlstm.errors import CheckpointError
from charlstm.files import write_atomic
from charlstm.lm.infer.engine import Engine
from charlstm.lm.store.checkpoint import Checkpoint
from charlstm.lm.store.tensors import Weights, read_weights
from charlstm.paths import EPOCHS_FOLDER

FORMAT = "charlstm-epoch/1"
PER_DOUBLING = 3
_NAME = re.compile(r"[0-9]{4,7}\.safetensors")


@dataclass(frozen=True)
class StoredEpoch:
    """One file of epochs/.

    Attributes
    ----------
    path : Path
    number : int
        Epochs that were over, 0 for the weights a run began with; the last one may be incomplete.
    epoch : float
        The same, exactly.
    step : int
        Updates so far.
    loss : float or None
        On the validation tunes, nats per character.
    """

    path: Path
    number: int
    epoch: float
    step: int
    loss: float | None


def on_grid(number: int) -> bool:
    """Whether an epoch is kept for good: 0, 1, 2, 3, 4, 5, 6, 8, 10, 13, 16, 20, 25, 32, ..."""
    if number < 1:
        return number == 0
    nearest = round(PER_DOUBLING * np.log2(number))
    return any(round(2 ** (place / PER_DOUBLING)) == number for place in (nearest - 1, nearest, nearest + 1))


def save_epoch(
    folder: Path,
    number: int,
    weights: Mapping[str, NDArray[np.float32]],
    *,
    epoch: float,
    step: int,
    loss: float | None,
    half: bool = True,
) -> StoredEpoch:
    """Write the weights of an epoch by rename, and remove the one before it if that was only the newest.

    `half` writes float16: half the size, and a loss that differs in the fourth digit.
    """
    folder.mkdir(parents=True, exist_ok=True)
    kind = np.float16 if half else np.float32
    arrays = {name: np.ascontiguousarray(array.astype(kind)) for name, array in weights.items()}
    about = {"format": FORMAT, "epoch": f"{epoch:g}", "step": str(step), "loss": "" if loss is None else repr(loss)}
    path = folder / f"{number:04d}.safetensors"
    write_atomic(path, save(arrays, metadata=about))
    if number and not on_grid(number - 1):
        (folder / f"{number - 1:04d}.safetensors").unlink(missing_ok=True)
    return StoredEpoch(path, number, epoch, step, loss)


def list_epochs(run: Path) -> list[StoredEpoch]:
    """The stored epochs of a run's or a checkpoint's folder, in order; files that are cut or foreign are left out."""
    stored = []
    for path in sorted((run / EPOCHS_FOLDER).glob("*.safetensors")):
        if not _NAME.fullmatch(path.name):
            continue
        try:
            with safe_open(str(path), framework="np") as file:
                about = file.metadata() or {}
            if about.get("format") == FORMAT:
                loss = float(about["loss"]) if about.get("loss") else None
                stored.append(StoredEpoch(path, int(path.stem), float(about["epoch"]), int(about["step"]), loss))
        except (SafetensorError, OSError, ValueError, KeyError):
            continue
    return sorted(stored, key=lambda one: one.number)


def epoch_weights(checkpoint: Checkpoint, number: int) -> Weights:
    """The weights of a checkpoint's stored epoch, as float32.

    Raises
    ------
    CheckpointError
        If that epoch is not stored, or its file does not fit the checkpoint.
    """
    stored = list_epochs(checkpoint.path)
    path = next((one.path for one in stored if one.number == number), None)
    if path is None:
        known = ", ".join(str(one.number) for one in stored) or "none; train with --keep-epochs"
        raise CheckpointError(
            f"{checkpoint.name} has no stored epoch {number}; stored are {known}.", path=checkpoint.path
        )
    return read_weights(path, checkpoint.config, len(checkpoint.vocab), half=True)


def epoch_engine(checkpoint: Checkpoint, number: int) -> Engine:
    """The network as it was after a stored epoch. Raises CheckpointError as `epoch_weights`."""
    return Engine(checkpoint.config, checkpoint.vocab, epoch_weights(checkpoint, number))
