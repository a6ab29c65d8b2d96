"""MinGRU: the layer that torch.nn lacks (Feng et al. 2024, "Were RNNs All We Needed?"), with nn.GRU's interface.

    z = sigmoid(W_z x + b_z)   n = tanh(W_n x + b_n)   h' = (1 - z) n + z h

A GRU whose gate and candidate no longer see the state. Nothing is multiplied by a matrix from step to step, so the
products of all steps are one, and what is left is a linear recurrence per unit. As in nn.GRU, and unlike
in the paper, z is what is kept; and the candidate keeps its tanh, so that a state lies in [-1, 1] as in other cells.

The paper computes the recurrence by a parallel scan in logarithms, for GPUs. On a CPU a loop over the steps with its
gradient by hand is ten times as fast, which is what stands here (docs/lab-log.md).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable


class MinGRU(nn.Module):
    """One layer of minGRU cells.

    Parameters
    ----------
    input_size, hidden_size : int
        E and H.
    batch_first : bool
        Only True: inputs and outputs are (B, T, ...).
    """

    def __init__(self, input_size: int, hidden_size: int, *, batch_first: bool = True) -> None:
        super().__init__()
        if not batch_first:
            raise ValueError("MinGRU reads (B, T, E) only")
        self.hidden_size = hidden_size
        bound = hidden_size**-0.5  # as nn.GRU draws
        self.weight_ih_l0 = nn.Parameter(torch.empty(2 * hidden_size, input_size).uniform_(-bound, bound))
        self.bias_ih_l0 = nn.Parameter(torch.empty(2 * hidden_size).uniform_(-bound, bound))

    def forward(self, x: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Read (B, T, E) from a state (1, B, H), zeros when absent: the states (B, T, H), and the last one."""
        products = nn.functional.linear(x, self.weight_ih_l0, self.bias_ih_l0).float().transpose(0, 1)  # (T, B, 2H)
        z, n = products.chunk(2, dim=2)
        before = products.new_zeros(x.shape[0], self.hidden_size) if state is None else state[0].float()
        h: Tensor = _Recurrence.apply(torch.sigmoid(z), torch.tanh(n), before)  # type: ignore[no-untyped-call]
        return h.transpose(0, 1), h[-1:]


class _Recurrence(torch.autograd.Function):
    """h_t = (1 - z_t) n_t + z_t h_{t-1}: z and n (T, B, H), h_0 (B, H) -> h (T, B, H)."""

    @staticmethod
    def forward(ctx: Any, z: Tensor, n: Tensor, first: Tensor) -> Tensor:
        h = torch.empty_like(n)
        new, before = (1 - z) * n, first
        for t in range(len(n)):
            before = torch.addcmul(new[t], z[t], before, out=h[t])
        ctx.save_for_backward(z, n, h, first)
        return h

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        z, n, h, first = ctx.saved_tensors
        total = gradient.clone(memory_format=torch.contiguous_format)  # of h_t, with what comes back from h_{t+1}
        for t in range(len(n) - 2, -1, -1):
            total[t].addcmul_(z[t + 1], total[t + 1])
        before = torch.cat((first[None], h[:-1]))
        return total * (before - n), total * (1 - z), total[0] * z[0]
