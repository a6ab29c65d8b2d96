"""Cells: the one place that names them, and what every entry must keep to."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest

import charlstm
from charlstm.lm.cells import CELLS, CellSpec, arrange
from charlstm.lm.config import ModelConfig
from charlstm.lm.store.tensors import tensor_shapes
from tests.conftest import MakeEngine

PACKAGE = Path(charlstm.__file__).parent
# Where a cell may be named besides: the default of a configuration, the report's studies with their figures, and the
# two cells that the page Train lets learn side by side.
DATA = {"lm/cells.py", "lm/config.py", "experiments/catalog.py", "experiments/claims.py", "ui/train/new.py"}


def names_a_cell(source: str) -> bool:
    """Whether a string in the code is the name or the label of a cell; docstrings and longer sentences do not count."""
    known = {name for spec in CELLS.values() for name in (spec.name, spec.label)}
    return any(isinstance(node, ast.Constant) and node.value in known for node in ast.walk(ast.parse(source)))


def test_only_the_specs_name_a_cell() -> None:
    """So that another cell is an entry in lm/cells.py, a layer in lm/train/network.py and a test."""
    naming = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if names_a_cell(path.read_text(encoding="utf-8"))
    }
    assert naming <= DATA
    assert names_a_cell('if cell == "gru": pass') and not names_a_cell('"""An LSTM."""')


@pytest.mark.parametrize("spec", CELLS.values(), ids=lambda spec: spec.name)
def test_a_spec_agrees_with_itself(spec: CellSpec) -> None:
    letters = [gate.letter for gate in spec.gates]
    assert sorted(letters) == sorted(spec.torch_gates)
    for letter in (spec.memory_gate, spec.open_gate, spec.inner_gate):
        assert letter is None or letter in letters
    sigmoids = [gate.is_sigmoid for gate in spec.gates]
    assert sigmoids == sorted(sigmoids, reverse=True)  # one tanh and one scaling serve them all
    rows = tensor_shapes(ModelConfig(cell=spec.name, hidden_size=3), 9)["rnn.weight_ih_l0"][0]
    assert rows == 3 * len(letters)
    assert arrange(spec, np.arange(rows)).shape == (rows,)


@pytest.mark.parametrize("cell", CELLS)
def test_what_is_recorded_is_what_the_spec_says(cell: str, make_engine: MakeEngine) -> None:
    engine = make_engine(cell=cell)
    assert engine.run([0, 4, 5])[1].signals == CELLS[cell].signals


def test_a_step_without_a_cell_state_leaves_c_alone() -> None:
    for spec in CELLS.values():
        size = 3
        w, h, gates = (
            np.ones((size * spec.has_recurrent_weights, size * len(spec.gates))),
            np.ones((2, size)),
            np.empty((2, size * len(spec.gates))),
        )
        c = np.full((2, size), 0.5)
        spec.step(w, np.zeros(size), h, c, gates)(np.ones_like(gates))
        assert (c == 0.5).all() != spec.has_cell_state
