"""The recurrent cells: all that differs between LSTM, GRU, minGRU and plain RNN, one CellSpec each.

    lstm     i, f, o = sigmoid(.)   g = tanh(.)   c' = f c + i g            h' = o tanh(c')
    gru      r, z = sigmoid(.)      n = tanh(x_n + r (W_n h + b_n))         h' = (1 - z) n + z h
    mingru   z = sigmoid(x_z)       n = tanh(x_n)                           h' = (1 - z) n + z h
    rnn      h' = tanh(.)

A further cell is one more entry of CELLS here, its layer in lm/train/network.py, and a test: everything else (shapes,
engine, recordings, command line, page) reads the spec. Knows no characters and no stack of layers.

The NumPy steps are PyTorch's equations, with sigmoid(x) written as (tanh(x / 2) + 1) / 2, because tanh is the fast one
of the two in NumPy: `arrange` halves the rows of the sigmoid gates beforehand (exact in binary) and puts them first, so
that one tanh and one scaling serve them all. A state of one text is a few hundred numbers, so that a ufunc takes half a
microsecond whatever it does; hence no allocation, no slicing and no conversion of Python numbers within a step.

NumPy is imported where it is used: configurations read CELLS too, and most commands need no arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.floating]

# Moves a layer's state one symbol on: takes its input product (B, G), overwrites h and c, leaves the gates in `gates`.
Advance = Callable[["Array"], None]
# Makes one for B texts from the arranged and transposed recurrent weights (H, G), the recurrent bias of the inner gate
# (H,), h and c (B, H) and gates (B, G); only a cell with a cell state touches c. G is H times the number of gates.
# A cell without recurrent weights is given none, (0, G).
Step = Callable[["Array", "Array", "Array", "Array", "Array"], Advance]


@dataclass(frozen=True, slots=True)
class Gate:
    """A gate of a cell: H of the columns that a step computes."""

    letter: str
    name: str
    is_sigmoid: bool  # it lies in [0, 1]; else in [-1, 1]
    meaning: str  # what its value says of a unit


@dataclass(frozen=True, kw_only=True)
class CellSpec:
    """A kind of recurrent cell. A gate is named by its letter."""

    name: str  # in configurations, checkpoints and on the command line
    label: str  # in tables and on buttons
    title: str  # within a sentence
    summary: str  # a sentence on what it is
    character: str  # a sentence on what its tunes are like
    torch_class: str  # its layer in torch.nn, or in lm/train/network.py
    torch_gates: str  # in the order of PyTorch's rows
    gates: tuple[Gate, ...]  # in the order of the columns here, sigmoids first
    step: Step
    has_recurrent_weights: bool = True  # a matrix and a bias between states; else the gates see the input alone
    has_cell_state: bool = False  # a state c beside h
    memory_gate: str | None = None  # the gate that says what share of the memory is kept
    carries_h: bool = False  # the memory is h itself: the memory gate carries what is added to h on
    open_gate: str | None = None  # a gate whose bias starts at 1, so that gradients flow from the start
    inner_gate: str | None = None  # a gate whose recurrent bias is inside a product: not to be added to the input's
    learning_rate: float = 3e-3  # a peak that is safe to begin with

    def open_rows(self, size: int) -> slice | None:
        """Where the open gate lies in PyTorch's biases of a layer of H = `size` units; None without one."""
        if self.open_gate is None:
            return None
        first = self.torch_gates.index(self.open_gate) * size
        return slice(first, first + size)

    @property
    def recorded_gates(self) -> str:
        """Letters of the gates that say more than the hidden state: none where the only gate is the output."""
        return "".join(gate.letter for gate in self.gates) if len(self.gates) > 1 else ""

    @property
    def signals(self) -> tuple[str, ...]:
        """What can be recorded of a unit: "hidden", "cell" where there is one, then its gates."""
        return ("hidden", *(("cell",) if self.has_cell_state else ()), *self.recorded_gates)


def arrange(spec: CellSpec, rows: Array) -> Array:
    """Put the gates of a PyTorch matrix or bias, shape (G, ...), in the order and scale used here; float64."""
    import numpy as np

    blocks = dict(zip(spec.torch_gates, np.split(rows.astype(np.float64), len(spec.torch_gates)), strict=True))
    return np.concatenate([blocks[gate.letter] * (0.5 if gate.is_sigmoid else 1.0) for gate in spec.gates])


def _lstm(w: Array, b: Array, h: Array, c: Array, gates: Array) -> Advance:
    import numpy as np

    size = h.shape[1]
    i, f, o, g = (gates[:, k : k + size] for k in range(0, 4 * size, size))
    sigmoids, spare = gates[:, : 3 * size], np.empty_like(h)
    one, half = np.float32(1), np.float32(0.5)

    def advance(x: Array) -> None:
        np.dot(h, w, gates)
        np.add(gates, x, gates)
        np.tanh(gates, gates)
        np.add(sigmoids, one, sigmoids)
        np.multiply(sigmoids, half, sigmoids)
        np.multiply(c, f, c)
        np.multiply(i, g, spare)
        np.add(c, spare, c)
        np.tanh(c, spare)
        np.multiply(spare, o, h)

    return advance


def _gru(w: Array, b: Array, h: Array, c: Array, gates: Array) -> Advance:
    import numpy as np

    size = h.shape[1]
    r, z, n = (gates[:, k : k + size] for k in range(0, 3 * size, size))
    sigmoids, product = gates[:, : 2 * size], np.empty_like(gates)
    product_rz, product_n = product[:, : 2 * size], product[:, 2 * size :]
    one, half = np.float32(1), np.float32(0.5)

    def advance(x: Array) -> None:
        np.dot(h, w, product)
        np.copyto(gates, x)
        np.add(sigmoids, product_rz, sigmoids)
        np.tanh(sigmoids, sigmoids)
        np.add(sigmoids, one, sigmoids)
        np.multiply(sigmoids, half, sigmoids)
        np.add(product_n, b, product_n)
        np.multiply(product_n, r, product_n)
        np.add(n, product_n, n)
        np.tanh(n, n)
        np.subtract(h, n, h)
        np.multiply(h, z, h)
        np.add(h, n, h)

    return advance


def _mingru(w: Array, b: Array, h: Array, c: Array, gates: Array) -> Advance:
    import numpy as np

    size = h.shape[1]
    z, n = gates[:, :size], gates[:, size:]
    one, half = np.float32(1), np.float32(0.5)

    def advance(x: Array) -> None:
        np.tanh(x, gates)
        np.add(z, one, z)
        np.multiply(z, half, z)
        np.subtract(h, n, h)
        np.multiply(h, z, h)
        np.add(h, n, h)

    return advance


def _rnn(w: Array, b: Array, h: Array, c: Array, gates: Array) -> Advance:
    import numpy as np

    def advance(x: Array) -> None:
        np.dot(h, w, gates)
        np.add(gates, x, gates)
        np.tanh(gates, h)

    return advance


_NOTHING_ALL = "0 nothing, 1 all of it"
_SPECS = (
    CellSpec(
        name="lstm", label="LSTM", title="LSTM", torch_class="LSTM", torch_gates="ifgo", step=_lstm,
        summary="LSTM: a memory with gates, which decide what it keeps.",
        character="Keeps the beat and the bars, but mostly forgets how the tune began.",
        gates=(
            Gate("i", "input gate", True, f"how much of what is new it writes down: {_NOTHING_ALL}"),
            Gate("f", "forget gate", True, f"how much of its memory it keeps: {_NOTHING_ALL}"),
            Gate("o", "output gate", True, f"how much of its memory it shows: {_NOTHING_ALL}"),
            Gate("g", "candidate", False, "what it would write down"),
        ),
        has_cell_state=True, memory_gate="f", open_gate="f",
    ),
    CellSpec(
        name="gru", label="GRU", title="GRU", torch_class="GRU", torch_gates="rzn", step=_gru,
        summary="GRU: a simpler memory, nearly as good.",
        character="Simpler than an LSTM and about as good: bars, but hardly any form.",
        gates=(
            Gate("r", "reset gate", True, f"how much of the past its new value may use: {_NOTHING_ALL}"),
            Gate("z", "update gate", True, f"how much of its old value it keeps: {_NOTHING_ALL}"),
            Gate("n", "candidate", False, "the new value that it would take"),
        ),
        memory_gate="z", carries_h=True, inner_gate="n",
    ),
    CellSpec(
        name="mingru", label="minGRU", title="minGRU", torch_class="MinGRU", torch_gates="zn", step=_mingru,
        summary="minGRU: a GRU whose gates see only the input. Give it two or three layers.",
        character="Decides what to keep by what it has just read; each further layer sees more.",
        gates=(
            Gate("z", "update gate", True, f"how much of its old value it keeps: {_NOTHING_ALL}"),
            Gate("n", "candidate", False, "the new value that it would take"),
        ),
        has_recurrent_weights=False, memory_gate="z", carries_h=True,
    ),
    CellSpec(
        name="rnn", label="RNN", title="plain RNN", torch_class="RNN", torch_gates="h", step=_rnn,
        summary="RNN: hardly a memory. Train one to see what the gates are for.",
        character="Has a short memory: even one bar is often too long for it.",
        gates=(Gate("h", "output", False, "its output"),),
        learning_rate=1e-3,
    ),
)  # fmt: skip
CELLS: Mapping[str, CellSpec] = MappingProxyType({spec.name: spec for spec in _SPECS})
GATES: Mapping[str, Gate] = MappingProxyType({gate.letter: gate for spec in _SPECS for gate in spec.gates})
