from __future__ import annotations

import numpy as np
import pytest

from charlstm.errors import ConfigError, VocabularyError
from charlstm.lm.infer.engine import Engine
from charlstm.neurons.recording import Unit, record
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
