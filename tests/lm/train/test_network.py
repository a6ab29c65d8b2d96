"""The network: output dropout, masks that hold still, state that is handed on, names a checkpoint knows."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
import torch

from charlstm.lm.columns import side_columns
from charlstm.lm.config import ModelConfig
from charlstm.lm.store.tensors import tensor_shapes
from charlstm.lm.train.network import CharRNN

V = 7
PLAIN = ModelConfig(hidden_size=5, embedding_size=4)
SHAPES = [
    ModelConfig(cell=cell, hidden_size=5, embedding_size=e, num_layers=n, tie_weights=tie, lookback_bars=lags)
    for cell, n, e, tie, lags in product(("lstm", "gru", "mingru", "rnn"), (1, 2), (4, 5), (False, True), ((), (1, 3)))
]
SHAPES += [replace(PLAIN, clock=True), replace(PLAIN, lookback_bars=(2, 0), clock=True, plan=True, match=True)]


def network_of(config: ModelConfig) -> CharRNN:
    torch.manual_seed(0)
    return CharRNN(config, V)


def inputs_of(config: ModelConfig, length: int = 9) -> tuple[torch.Tensor, torch.Tensor | None]:
    torch.manual_seed(1)
    columns = [torch.randint(column.rows, (3, length)) for column in side_columns(config, V)]
    return torch.randint(V, (3, length)), torch.stack(columns, dim=2) if columns else None


@pytest.mark.parametrize("config", SHAPES, ids=str)
def test_the_weights_are_those_of_a_checkpoint_and_load_back(config: ModelConfig) -> None:
    network, other = network_of(config), CharRNN(config, V)
    weights = network.weights()
    assert {name: w.shape for name, w in weights.items()} == tensor_shapes(config, V)
    assert all(w.dtype == np.float32 for w in weights.values())
    other.load_weights(weights)
    ids, lookback = inputs_of(config)
    assert torch.equal(network(ids, lookback)[0], other(ids, lookback)[0])


@pytest.mark.parametrize("config", SHAPES, ids=str)
def test_two_halves_with_the_state_handed_on_are_the_whole(config: ModelConfig) -> None:
    network = network_of(config).eval()
    ids, lookback = inputs_of(config)
    parts = [None, None] if lookback is None else [lookback[:, :4], lookback[:, 4:]]
    whole, end = network(ids, lookback)
    first, state = network(ids[:, :4], parts[0])
    second, state = network(ids[:, 4:], parts[1], state)
    assert whole.shape == (3, 9, V)
    assert torch.allclose(torch.cat((first, second), dim=1), whole, atol=1e-6)
    assert len(end) == (2 if config.cell == "lstm" else 1)
    for part, expected in zip(state, end, strict=True):
        assert part.shape == (config.num_layers, 3, 5)
        assert torch.allclose(part, expected, atol=1e-6)


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("where", ["dropout", "embedding_dropout", "weight_dropout"])
def test_dropout_changes_training_and_not_evaluation(where: str, layers: int) -> None:
    """nn.LSTM(dropout=p) with one layer drops nothing; the report's dropout study probably fell for it."""
    config = replace(PLAIN, num_layers=layers)
    plain, dropping = network_of(config), network_of(replace(config, **{where: 0.5}))
    dropping.load_weights(plain.weights())
    ids, _ = inputs_of(config)
    assert not torch.allclose(plain(ids)[0], dropping(ids)[0], atol=1e-3)
    assert torch.equal(plain.eval()(ids)[0], dropping.eval()(ids)[0])


def test_a_mask_holds_through_a_sequence_and_differs_between_sequences() -> None:
    network = CharRNN(replace(PLAIN, dropout=0.5), V)
    dropped = network._drop(torch.ones(50, 20, 8), 0.5, None)
    assert torch.equal(dropped, dropped[:, :1].expand_as(dropped))
    assert set(dropped.unique().tolist()) == {0.0, 2.0}
    assert len(dropped[:, 0].unique(dim=0)) > 25
    assert dropped.mean() == pytest.approx(1.0, abs=0.15)


def test_every_layer_is_dropped_the_last_one_too() -> None:
    network = CharRNN(replace(PLAIN, num_layers=3, dropout=0.5, embedding_dropout=0.25), V)
    seen = []
    network._drop = lambda x, p, generator, rows=None: seen.append((x.shape[2], p)) or x  # type: ignore[method-assign, func-returns-value]
    network(inputs_of(PLAIN)[0])
    assert seen == [(4, 0.25), (5, 0.5), (5, 0.5), (5, 0.5)]


@pytest.mark.parametrize("where", ["dropout", "embedding_dropout", "weight_dropout"])
def test_the_generator_decides_the_masks(where: str) -> None:
    network = network_of(replace(PLAIN, **{where: 0.5}))
    ids, _ = inputs_of(PLAIN)
    one, same, other = (network(ids, generator=torch.Generator().manual_seed(s))[0] for s in (1, 1, 2))
    assert torch.equal(one, same)
    assert not torch.allclose(one, other)


def test_weight_dropout_silences_recurrent_weights_alone_and_scales_the_rest() -> None:
    network = network_of(replace(PLAIN, hidden_size=64, weight_dropout=0.25))
    layer = network.layers[0]
    thinned = network._thinned(layer, torch.Generator().manual_seed(0))
    assert list(thinned) == ["weight_hh_l0"]
    ratio = thinned["weight_hh_l0"] / layer.get_parameter("weight_hh_l0")
    assert torch.allclose(ratio[ratio > 0], torch.tensor(1 / 0.75), atol=1e-4)
    assert (ratio == 0).float().mean().item() == pytest.approx(0.25, abs=0.02)
    network(inputs_of(PLAIN)[0])[0].sum().backward()
    assert layer.get_parameter("weight_hh_l0").grad is not None  # the weights themselves learn


def test_the_forget_gate_starts_open() -> None:
    weights = network_of(PLAIN).weights()
    assert (weights["rnn.bias_ih_l0"][5:10] + weights["rnn.bias_hh_l0"][5:10] == 1).all()


def test_a_tied_decoder_is_the_embedding() -> None:
    network = network_of(replace(PLAIN, tie_weights=True, embedding_size=5))
    ids, _ = inputs_of(PLAIN)
    network(ids)[0].sum().backward()
    assert "decoder.weight" not in network.weights()
    assert sum(p.numel() for p in network.parameters()) == sum(w.size for w in network.weights().values())


def test_lookback_is_not_forgotten() -> None:
    with pytest.raises(ValueError, match="side inputs"):
        network_of(replace(PLAIN, lookback_bars=(1,)))(inputs_of(PLAIN)[0])
