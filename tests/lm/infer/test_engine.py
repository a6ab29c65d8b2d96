"""The NumPy engine against torch, against a textbook LSTM, and against itself."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from charlstm.errors import CheckpointError, ConfigError
from charlstm.lm.config import ModelConfig
from charlstm.lm.infer.engine import Engine, load
from charlstm.lm.infer.session import InferenceSession
from charlstm.lm.store.checkpoint import Checkpoint, save_checkpoint
from charlstm.lm.store.tensors import tensor_shapes, with_inputs
from charlstm.lm.train.batches import encode_tune
from charlstm.tunes.form_plan.reading import read_plan

TEXT = "M:9/8\nL:1/8\nK:D\n|:dcd fga agf|1gfe dcB A2c:|2gfe dcB A3||"
SHAPES = [
    {},
    {"num_layers": 3},
    {"lookback_bars": (1, 2)},
    {"tie_weights": True},
    {"tie_weights": True, "hidden_size": 5, "num_layers": 2, "lookback_bars": (2,)},
    {"clock": True, "plan": True},
    {"lookback_bars": (1, 0), "plan": True},
]
CELLS = ["lstm", "gru", "mingru", "rnn"]


def ids_of(engine: Engine, text: str = TEXT) -> np.ndarray:
    return np.concatenate([[engine.vocab.start], engine.vocab.encode(text)])


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("shape", SHAPES)
def test_the_engine_equals_the_torch_network(cell, shape, make_engine):
    torch = pytest.importorskip("torch")
    from charlstm.lm.train.network import CharRNN

    engine = make_engine(cell=cell, **shape)
    network = CharRNN(engine.config, len(engine.vocab)).eval()
    network.load_weights(engine.weights)
    tune = encode_tune(TEXT, engine.vocab, engine.config)
    with torch.no_grad():
        side = None if tune.side is None else torch.from_numpy(tune.side)[None].long()
        expected, state = network(torch.from_numpy(tune.inputs)[None].long(), side)
    logits, trace = engine.run(tune.inputs)
    assert np.ptp(expected.numpy()) > 1
    np.testing.assert_allclose(logits, expected[0].numpy(), atol=1e-5)
    np.testing.assert_allclose(trace.h[:, -1], state[0][:, 0].numpy(), atol=1e-5)
    if cell == "lstm":
        np.testing.assert_allclose(trace.c[:, -1], state[1][:, 0].numpy(), atol=1e-5)


def test_the_engine_equals_a_textbook_lstm(make_engine):
    engine = make_engine(num_layers=1)
    w = {name: a.astype(np.float64) for name, a in engine.weights.items()}
    ids = ids_of(engine)
    h, c, expected = np.zeros(8), np.zeros(8), []
    for i in ids:
        x = w["embedding.weight"][i]
        z = w["rnn.weight_ih_l0"] @ x + w["rnn.bias_ih_l0"] + w["rnn.weight_hh_l0"] @ h + w["rnn.bias_hh_l0"]
        i_gate, f_gate, o_gate = (1 / (1 + np.exp(-z[k : k + 8])) for k in (0, 8, 24))
        c = f_gate * c + i_gate * np.tanh(z[16:24])
        h = o_gate * np.tanh(c)
        expected.append(w["decoder.weight"] @ h + w["decoder.bias"])
    np.testing.assert_allclose(engine.run(ids)[0], expected, atol=1e-5)
    np.testing.assert_allclose(engine.exact.run(ids)[0], expected, atol=1e-13)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("shape", SHAPES)
def test_run_is_repeated_step(cell, shape, make_engine):
    engine = make_engine(cell=cell, **shape)
    ids = ids_of(engine)
    logits, trace = engine.run(ids)
    state = engine.initial_state()
    for t, i in enumerate(ids):
        step, state = engine.step([i], state)
        np.testing.assert_allclose(step[0], logits[t], atol=1e-6)
        np.testing.assert_allclose(state.h[:, 0], trace.h[:, t], atol=1e-6)
        if trace.c is not None:
            np.testing.assert_allclose(state.c[:, 0], trace.c[:, t], atol=1e-6)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("shape", SHAPES)
def test_a_batch_is_many_singles(cell, shape, make_engine):
    engine = make_engine(cell=cell, **shape)
    texts = [ids_of(engine)[:40], ids_of(engine)[-40:], ids_of(engine, TEXT[::-1])[:40]]
    reader = InferenceSession(engine, engine.initial_state(3))
    for t in range(40):
        logits = reader.read([int(text[t]) for text in texts])
    for b, text in enumerate(texts):
        expected, trace = engine.run(text)
        np.testing.assert_allclose(logits[b], expected[-1], atol=1e-6)
        np.testing.assert_allclose(reader.state.take([b]).h[:, 0], trace.h[:, -1], atol=1e-6)


def test_the_gates_explain_the_states(make_engine):
    lstm = make_engine(num_layers=2)
    trace = lstm.run(ids_of(lstm))[1]
    i, f, o, g = (trace.gates[name].astype(np.float64) for name in "ifog")
    before = np.concatenate([np.zeros_like(trace.c[:, :1]), trace.c[:, :-1]], axis=1)
    np.testing.assert_allclose(trace.c, f * before + i * g, atol=1e-6)
    np.testing.assert_allclose(trace.h, o * np.tanh(trace.c), atol=1e-6)
    gru = make_engine(cell="gru", num_layers=2)
    trace = gru.run(ids_of(gru))[1]
    before = np.concatenate([np.zeros_like(trace.h[:, :1]), trace.h[:, :-1]], axis=1)
    z = trace.gates["z"]
    np.testing.assert_allclose(trace.h, (1 - z) * trace.gates["n"] + z * before, atol=1e-6)
    assert trace.gates["r"].min() >= 0 and trace.gates["r"].max() <= 1 and trace.c is None
    small = make_engine(cell="mingru", num_layers=2)
    trace = small.run(ids_of(small))[1]
    before = np.concatenate([np.zeros_like(trace.h[:, :1]), trace.h[:, :-1]], axis=1)
    z, n = trace.gates["z"], trace.gates["n"]
    np.testing.assert_allclose(trace.h, (1 - z) * n + z * before, atol=1e-6)
    assert z.min() >= 0 and z.max() <= 1 and np.abs(n).max() <= 1 and trace.c is None


@pytest.mark.parametrize("cell", ["lstm", "gru", "mingru"])
def test_replayed_gates_equal_those_that_torch_computes(cell, make_engine):
    """Torch's layers hide their gates, so they are taken from torch's own states by the equations of its manual."""
    torch = pytest.importorskip("torch")
    from charlstm.lm.train.network import CharRNN

    engine = make_engine(cell=cell, num_layers=2)
    network = CharRNN(engine.config, len(engine.vocab)).eval()
    network.load_weights(engine.weights)
    ids = ids_of(engine)
    gates = engine.run(ids)[1].gates
    with torch.no_grad():
        x = network.embedding(torch.from_numpy(ids[None].astype(np.int64)))
        for k, layer in enumerate(network.layers):
            after, _ = layer(x)
            before = torch.cat([torch.zeros_like(after[:, :1]), after[:, :-1]], dim=1)
            read = torch.nn.functional.linear(x, layer.weight_ih_l0, layer.bias_ih_l0)[0]
            if cell == "mingru":
                z, n = read.chunk(2, dim=1)
                found = {"z": z.sigmoid(), "n": n.tanh()}
            else:
                kept = torch.nn.functional.linear(before, layer.weight_hh_l0, layer.bias_hh_l0)[0]
            if cell == "lstm":
                i, f, g, o = (read + kept).chunk(4, dim=1)
                found = {"i": i.sigmoid(), "f": f.sigmoid(), "g": g.tanh(), "o": o.sigmoid()}
            elif cell == "gru":
                (a, b, c), (d, e, h) = read.chunk(3, dim=1), kept.chunk(3, dim=1)
                r = (a + d).sigmoid()
                found = {"r": r, "z": (b + e).sigmoid(), "n": (c + r * h).tanh()}
            assert found.keys() == gates.keys()
            for name, values in found.items():
                np.testing.assert_allclose(gates[name][k], values.numpy(), atol=1e-5)
            x = after


def test_a_step_changes_neither_its_state_nor_the_engine(make_engine):
    engine = make_engine(lookback_bars=(1,), num_layers=2)
    _, state = engine.step([5], engine.initial_state())
    copies = state.h.copy(), state.c.copy(), state.inputs[0].ids()
    first, left = engine.step([6], state)
    engine.step([7], state)
    again, right = engine.step([6], state)
    assert np.array_equal(first, again) and np.array_equal(left.h, right.h) and np.array_equal(left.c, right.c)
    assert np.array_equal(state.h, copies[0]) and np.array_equal(state.c, copies[1])
    assert state.inputs[0].ids() == copies[2]


@pytest.mark.parametrize("plan", [None, read_plan(TEXT)])
def test_start_begins_a_new_text_for_the_side_inputs(plan, make_engine):
    engine = make_engine(lookback_bars=(1,), clock=True, plan=True)
    text = TEXT[TEXT.index("K:") :]  # a START that is not seen would join the first line
    twice = np.concatenate([ids_of(engine, text), ids_of(engine, text)])
    rows = engine.side_ids(twice, plan)
    assert np.array_equal(rows[: len(twice) // 2], rows[len(twice) // 2 :])
    assert (rows < len(engine.vocab)).any()
    logits, state = engine.run(twice, plan)[0], engine.initial_state()
    state.inputs[0].set_plan(plan)
    for i, expected in zip(twice, logits, strict=True):
        step, state = engine.step([i], state)
        np.testing.assert_allclose(step[0], expected, atol=1e-6)


def test_a_readers_state_is_a_copy(make_engine):
    engine = make_engine(num_layers=2)
    reader = InferenceSession(engine, engine.initial_state())
    reader.read([5])
    state = reader.state
    h, c = state.h.copy(), state.c.copy()
    reader.read([6])
    assert np.array_equal(state.h, h) and np.array_equal(state.c, c) and not np.array_equal(reader.h, h)


@pytest.mark.parametrize("cell", CELLS)
def test_ablating_nothing_changes_nothing(cell, make_engine):
    engine = make_engine(cell=cell, num_layers=2)
    assert np.array_equal(engine.ablate([]).run(ids_of(engine))[0], engine.run(ids_of(engine))[0])


@pytest.mark.parametrize("cell", CELLS)
def test_ablated_units_are_held_and_the_engine_is_not_changed(cell, make_engine):
    engine = make_engine(cell=cell, num_layers=2)
    ids = ids_of(engine)
    before = engine.run(ids)[0]
    assert engine.exact is engine.exact  # made before the ablation, whose own it must not become
    means = np.arange(16).reshape(2, 8) / 16
    held = engine.ablate([(0, 3), (1, 0)]).ablate([(1, 5)], "mean", means=means).ablate([(0, 3)], 0.25)
    logits, trace = held.run(ids)
    assert (trace.h[0, :, 3] == 0.25).all() and (trace.h[1, :, 0] == 0).all() and (trace.h[1, :, 5] == 13 / 16).all()
    assert trace.h[0, :, 4].std() > 0
    state = held.initial_state()
    for i in ids:
        step, state = held.step([i], state)
    np.testing.assert_allclose(step[0], logits[-1], atol=1e-6)
    np.testing.assert_allclose(held.exact.run(ids)[0], logits, atol=1e-5)
    assert np.abs(logits - before).max() > 1e-3
    assert np.array_equal(engine.run(ids)[0], before)


@pytest.mark.parametrize(("units", "value"), [([(1, 0)], 0.0), ([(0, 8)], 0.0), ([(0, -1)], 0.0), ([(0, 0)], "mean")])
def test_a_unit_that_is_not_there_is_a_sentence(units, value, tiny_engine):
    with pytest.raises(ConfigError, match=r"no unit|recorded means"):
        tiny_engine.ablate(units, value)


def test_load_reads_a_checkpoint_without_torch(make_engine, tmp_path):
    engine = make_engine(lookback_bars=(1, 2), tie_weights=True)
    save_checkpoint(Checkpoint(tmp_path / "tiny", engine.config, engine.vocab), engine.weights)
    loaded = load(tmp_path / "tiny")
    assert loaded.name == "tiny" and loaded.checkpoint is not None and engine.name == ""
    assert np.array_equal(loaded.run(ids_of(loaded))[0], engine.run(ids_of(engine))[0])
    program = "import sys, charlstm.lm.sample.sampling; from charlstm.lm.infer import engine; engine.load(sys.argv[1])"
    program += "; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", program, str(tmp_path / "tiny")], check=True)
    with pytest.raises(CheckpointError, match="no checkpoint"):
        load(tmp_path / "none")


def test_rounding_bounds_the_distance_from_the_exact_network(make_engine):
    engine = make_engine(hidden_size=32, num_layers=2)
    ids = ids_of(engine)
    error = engine.run(ids)[0] - engine.exact.run(ids)[0]
    assert 0 < np.abs(error).max() < 2 * engine.rounding < 1e-3
    assert engine.exact.rounding == 0 and engine.exact.exact is engine.exact


def test_a_text_of_nothing_has_no_logits(tiny_engine):
    logits, trace = tiny_engine.run([])
    assert logits.shape == (0, len(tiny_engine.vocab)) and trace.h.shape == (1, 0, 8)


def test_every_tensor_is_used(make_engine):
    """A table folded from the wrong tensor would leave the right one without effect."""
    engine = make_engine(lookback_bars=(1,), num_layers=2, cell="gru")
    logits = engine.run(ids_of(engine))[0]
    for name in tensor_shapes(engine.config, len(engine.vocab)):
        changed = dict(engine.weights) | {name: engine.weights[name] * 2}
        other = Engine(ModelConfig(**engine.config.to_dict() | {"lookback_bars": (1,)}), engine.vocab, changed)
        assert np.abs(other.run(ids_of(engine))[0] - logits).max() > 1e-4, name


@pytest.mark.parametrize("before", [{}, {"lookback_bars": (1, 0)}, {"plan": True}])
def test_a_network_that_gets_more_side_inputs_does_as_before(before, make_engine):
    engine = make_engine(**before)
    config = replace(engine.config, clock=True, plan=True, match=True)
    more = Engine(config, engine.vocab, with_inputs(dict(engine.weights), engine.config, config))
    assert {name: w.shape for name, w in more.weights.items()} == tensor_shapes(config, len(engine.vocab))
    plan = read_plan(TEXT)
    np.testing.assert_allclose(more.run(ids_of(engine), plan)[0], engine.run(ids_of(engine), plan)[0], atol=1e-5)
