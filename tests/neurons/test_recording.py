from __future__ import annotations

import numpy as np
import pytest

from charlstm.errors import ConfigError, VocabularyError
from charlstm.lm.cells import CELLS
from charlstm.lm.infer.engine import Engine
from charlstm.neurons.recording import Unit, record, record_texts, replay
from charlstm.tunes.form_plan.reading import read_plan
from tests.conftest import TUNES, MakeEngine


def test_values_are_the_states_after_each_character(make_engine: MakeEngine) -> None:
    """values[:, t] is the state after text[t]; START is read first and has no entry."""
    engine = make_engine(num_layers=2, lookback_bars=(1, 2))
    acts = record(engine, TUNES[1])
    assert acts.values.shape == (2, len(acts.text), 8)
    _, state = engine.step([engine.vocab.start], engine.initial_state())
    for t, symbol in enumerate(engine.vocab.encode(TUNES[1])):
        _, state = engine.step([symbol], state)
        np.testing.assert_allclose(acts.values[:, t], state.h[:, 0], atol=1e-5)


def test_the_cell_and_the_gates_make_the_hidden_state(tiny_engine: Engine) -> None:
    cell, gate, hidden = (record(tiny_engine, TUNES[0], kind=kind).values for kind in ("cell", "o", "hidden"))
    np.testing.assert_allclose(gate * np.tanh(cell), hidden, atol=1e-5)


def test_what_does_not_exist_is_refused(make_engine: MakeEngine) -> None:
    engine = make_engine(cell="gru")
    with pytest.raises(ConfigError, match="cell"):
        record(engine, "K:D\n", kind="cell")
    assert record(engine, "K:D\n", kind="z").values.min() >= 0
    with pytest.raises(ConfigError):
        record(engine, "")
    with pytest.raises(VocabularyError):
        record(engine, "€")
    with pytest.raises(ConfigError, match="0:7"):
        record(engine, "K:D\n").unit(Unit(0, 8))


def test_a_unit_is_a_column(tiny_engine: Engine) -> None:
    acts = record(tiny_engine, TUNES[0])
    assert (acts.unit(Unit(0, 3)) == acts.values[0, :, 3]).all()
    assert str(Unit(1, 17)) == "1:17"


@pytest.mark.parametrize("cell", ["lstm", "gru", "mingru", "rnn"])
def test_many_texts_at_once_are_each_text_alone(cell: str, make_engine: MakeEngine) -> None:
    engine = make_engine(cell=cell, num_layers=2, lookback_bars=(1,))
    seen: list[tuple[int, int]] = []
    recording = record_texts(engine, TUNES, details=True, report=lambda now: seen.append((now.done, now.total)))
    assert seen[-1] == (recording.characters, recording.characters)
    assert recording.rows.shape == (16, sum(map(len, TUNES)))
    assert np.shares_memory(recording.rows, recording.values)
    for number, text in enumerate(TUNES):
        alone = record(engine, text)
        start, end = recording.starts[number : number + 2]
        assert (recording.tunes[start:end] == number).all()
        assert recording.of_text(number).text == text
        np.testing.assert_allclose(recording.rows[:, start:end], alone.rows, atol=1e-5)
        np.testing.assert_allclose(recording.of_text(number).values, alone.values, atol=1e-5)
        np.testing.assert_allclose(recording.surprisals[number], replay(engine, text).predictions.surprisal, atol=1e-4)
    np.testing.assert_allclose(recording.unit((1, 3)), recording.rows[11])
    np.testing.assert_allclose(recording.means[1, 3], recording.unit((1, 3)).mean(), atol=1e-4)
    assert [len(part) for part in recording.split(recording.unit((0, 0)))] == [len(text) for text in TUNES]
    assert set(recording.gates) == {"lstm": set("ifo"), "gru": set("rz"), "mingru": set("z"), "rnn": set()}[cell]
    half = record_texts(engine, TUNES, dtype=np.float16)
    assert half.values.dtype == np.float16 and not half.gates and not half.surprisals
    np.testing.assert_allclose(half.values, recording.values, atol=5e-4)


@pytest.mark.parametrize("cell", ["lstm", "gru", "mingru", "rnn"])
def test_every_signal_of_a_replay_is_the_recorded_one(cell: str, make_engine: MakeEngine) -> None:
    engine = make_engine(cell=cell)
    read = replay(engine, TUNES[0])
    assert read.kinds == CELLS[cell].signals
    for kind in read.kinds:
        assert np.array_equal(read.activations(kind).values, record(engine, TUNES[0], kind=kind).values)
        assert read.activations(kind).kind == kind


def test_nothing_to_read_is_refused(make_engine: MakeEngine) -> None:
    for texts in ([], [TUNES[0], ""]):
        with pytest.raises(ConfigError):
            record_texts(make_engine(), texts)


def test_a_text_is_recorded_by_the_plan_that_it_was_written_by(make_engine: MakeEngine) -> None:
    engine = make_engine(clock=True, plan=True)
    plans = [read_plan(text) for text in TUNES[:3]]
    many = record_texts(engine, TUNES[:3], plans=plans)
    for number, (text, plan) in enumerate(zip(TUNES[:3], plans, strict=True)):
        alone = record(engine, text, plan=plan)
        np.testing.assert_allclose(many.of_text(number).values, alone.values, atol=1e-5)
        assert plan is None or not np.allclose(alone.values, record(engine, text).values, atol=1e-3)
