"""The minGRU layer: its equation step by step, and a gradient made by hand that is the true one."""

from __future__ import annotations

import torch

from charlstm.lm.train.min_gru import MinGRU, _Recurrence


def test_a_layer_is_its_equation_step_by_step() -> None:
    torch.manual_seed(0)
    layer, x, h = MinGRU(5, 4), torch.randn(3, 7, 5), torch.randn(1, 3, 4)
    states, last = layer(x, h)
    for t in range(7):
        z, n = (x[:, t] @ layer.weight_ih_l0.T + layer.bias_ih_l0).chunk(2, dim=1)
        h = (1 - z.sigmoid()) * n.tanh() + z.sigmoid() * h
        assert torch.allclose(states[:, t], h[0], atol=1e-6)
    assert torch.equal(last[0], states[:, -1])


def test_the_gradient_made_by_hand_is_the_true_one() -> None:
    torch.manual_seed(0)
    for steps in (1, 6):
        z, n = (torch.rand(steps, 2, 3, dtype=torch.float64, requires_grad=True) for _ in range(2))
        assert torch.autograd.gradcheck(_Recurrence.apply, (z, n, torch.rand(2, 3).double().requires_grad_()))


def test_in_bfloat16_only_the_products_are_rounded() -> None:
    torch.manual_seed(0)
    layer, x = MinGRU(8, 16), torch.randn(2, 200, 8)
    exact = layer(x)[0]
    with torch.autocast("cpu", torch.bfloat16):
        rounded = layer(x)[0]
    assert rounded.dtype == torch.float32
    assert 0 < (rounded - exact).abs().max() < 0.05
