"""One training on several processes, each with its rows of every batch: what `torchrun ... -m charlstm train` starts.

Built on torch.distributed alone: gloo between CPUs, nccl between GPUs. Started without torchrun there is one process,
and every function here is the identity. The processes must agree on everything that decides what comes next: what only
one of them can know (its clock, a file put into the run's folder) is broadcast by the first one.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor, distributed, nn

from charlstm.errors import ConfigError
from charlstm.lm.train.batches import IGNORED, Batch

Item = TypeVar("Item")


class Parallel:
    """This process among those of the training.

    Attributes
    ----------
    rank : int
        Its number, from 0. Only process 0 writes files and reports.
    world : int
        How many there are.
    """

    def __init__(self, device: torch.device) -> None:
        self.world = int(os.environ.get("WORLD_SIZE", "1"))
        self.rank = int(os.environ.get("RANK", "0")) if self.world > 1 else 0
        self._device = device
        if self.world > 1 and not distributed.is_initialized():
            distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")

    @property
    def first(self) -> bool:
        """Whether this process is the one that writes and reports."""
        return self.rank == 0

    def wrap(self, network: nn.Module) -> nn.Module:
        """The network as the training step calls it: its gradients are the mean of all processes'."""
        if self.world == 1:
            return network
        return nn.parallel.DistributedDataParallel(
            network, device_ids=[self._device.index] if self._device.type == "cuda" else None
        )

    def rows(self, batch: Batch) -> tuple[Batch, tuple[int, slice] | None]:
        """This process's rows of a batch, and which they are: (rows of the whole batch, every which of them).

        A process for which no row is left takes the first one without its targets, so that all take the same steps.
        """
        if self.world == 1:
            return batch, None
        total = len(batch.inputs)
        mine = slice(self.rank, None, self.world) if self.rank < total else slice(0, 1)
        targets = batch.targets[mine] if self.rank < total else np.full_like(batch.targets[mine], IGNORED)
        own = replace(
            batch,
            inputs=batch.inputs[mine],
            targets=targets,
            side=None if batch.side is None else batch.side[mine],
            teacher_side=None if batch.teacher_side is None else batch.teacher_side[mine],
            tunes=batch.tunes[mine],
            characters=int((targets != IGNORED).sum()),
        )
        return own, (total, mine)

    def share(self, texts: Sequence[Item]) -> Sequence[Item]:
        """This process's part of texts, or of what goes with each, that are to be measured."""
        return texts if self.world == 1 else [texts[k] for k in range(self.rank, len(texts), self.world)]

    def add_up(self, sums: Tensor) -> Tensor:
        """The sum of a tensor over all processes, in place."""
        if self.world > 1:
            distributed.all_reduce(sums)
        return sums

    def broadcast(self, *values: float) -> list[float]:
        """The values that the first process has."""
        if self.world == 1:
            return list(values)
        tensor = torch.tensor(values, dtype=torch.float64, device=self._device)
        distributed.broadcast(tensor, src=0)
        return tensor.tolist()

    def wait(self) -> None:
        """Go on when all processes are here."""
        if self.world > 1:
            distributed.barrier()


def device_of(name: str) -> torch.device:
    """The device of a name; "auto" is CUDA if there is one. Of several processes with GPUs, each takes its own.

    Raises ConfigError if it is not there.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise ConfigError("device", f"{name!r} is not available ({reason}); use auto or cpu.") from None
    local = os.environ.get("LOCAL_RANK")
    return torch.device("cuda", int(local)) if device.type == "cuda" and local else device
