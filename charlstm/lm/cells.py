"""The recurrent cells: all that differs between LSTM, GRU and plain RNN, one CellSpec each.

    lstm   i, f, o = sigmoid(.)   g = tanh(.)   c' = f c + i g            h' = o tanh(c')
    gru    r, z = sigmoid(.)      n = tanh(x_n + r (W_n h + b_n))         h' = (1 - z) n + z h
    rnn    h' = tanh(.)

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

# Called with the layer's input product (B, G); reads and overwrites h and c, and leaves the gates in `gates`.
Advance = Callable[["Array"], None]


@dataclass(frozen=True, slots=True)
class Gate:
    """A gate of a cell: H of the columns that a step computes.

    Attributes
    ----------
    letter, name : str
    is_sigmoid : bool
        Whether it lies in [0, 1]; else in [-1, 1].
    meaning : str
        What its value says of a unit.
    """

    letter: str
    name: str
    is_sigmoid: bool
    meaning: str


@dataclass(frozen=True, kw_only=True)
class CellSpec:
    """A kind of recurrent cell.

    Attributes
    ----------
    name : str
        As configurations, checkpoints and the command line spell it.
    label, title : str
        Its short name in tables and on buttons; its name within a sentence.
    torch_class : str
        Its layer in torch.nn.
    torch_gates : str
        Letters of the gates in the order of PyTorch's rows.
    gates : tuple of Gate
        In the order of the columns here, sigmoids first.
    has_cell_state : bool
        Whether it has a state c beside h.
    memory_gate : str or None
        Letter of the gate that says what share of the memory is kept.
    carries_h : bool
        Whether the memory is h itself, so that the memory gate carries h, and what is added to it, on.
    open_gate : str or None
        Letter of a gate whose bias starts at 1, so that gradients flow from the start.
    inner_gate : str or None
        Letter of a gate whose recurrent bias is inside a product, so that it cannot be added to that of the input.
    learning_rate : float
        A peak that is safe to begin with.
    summary, character : str
        A sentence on what it is, and one on what its tunes are like.
    step : callable
        (w, b, h, c, gates) -> Advance: see `make_layer`.
    """

    name: str
    label: str
    title: str
    torch_class: str
    torch_gates: str
    gates: tuple[Gate, ...]
    has_cell_state: bool = False
    memory_gate: str | None = None
    carries_h: bool = False
    open_gate: str | None = None
    inner_gate: str | None = None
    learning_rate: float
    summary: str
    character: str
    step: Callable[[Array, Array, Array, Array, Array], Advance]

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


def _rnn(w: Array, b: Array, h: Array, c: Array, gates: Array) -> Advance:
    import numpy as np

    def advance(x: Array) -> None:
        np.dot(h, w, gates)
        np.add(gates, x, gates)
        np.tanh(gates, h)

    return advance


def make_layer(spec: CellSpec, w: Array, b: Array, h: Array, c: Array, gates: Array) -> Advance:
    """One layer at work on B texts: a function that moves its state one symbol on, in place.

    Parameters
    ----------
    spec : CellSpec
    w : float array, shape (H, G)
        Recurrent weights, arranged and transposed; G is H times the number of gates.
    b : float array, shape (H,)
        The recurrent bias of the inner gate; not read by a cell without one.
    h, c, gates : float arrays, shapes (B, H), (B, H), (B, G)
        Overwritten at each call; c only by a cell that has a cell state.
    """
    return spec.step(w, b, h, c, gates)


_NOTHING_ALL = "0 nothing, 1 all of it"
_SPECS = (
    CellSpec(
        name="lstm",
        label="LSTM",
        title="LSTM",
        torch_class="LSTM",
        torch_gates="ifgo",
        gates=(
            Gate("i", "input gate", True, f"how much of what is new it writes down: {_NOTHING_ALL}"),
            Gate("f", "forget gate", True, f"how much of its memory it keeps: {_NOTHING_ALL}"),
            Gate("o", "output gate", True, f"how much of its memory it shows: {_NOTHING_ALL}"),
            Gate("g", "candidate", False, "what it would write down"),
        ),
        has_cell_state=True,
        memory_gate="f",
        open_gate="f",
        learning_rate=3e-3,
        summary="LSTM: a memory with gates, the report's network.",
        character="Keeps the beat and the bars, but mostly forgets how the tune began.",
        step=_lstm,
    ),
    CellSpec(
        name="gru",
        label="GRU",
        title="GRU",
        torch_class="GRU",
        torch_gates="rzn",
        gates=(
            Gate("r", "reset gate", True, f"how much of the past its new value may use: {_NOTHING_ALL}"),
            Gate("z", "update gate", True, f"how much of its old value it keeps: {_NOTHING_ALL}"),
            Gate("n", "candidate", False, "the new value that it would take"),
        ),
        memory_gate="z",
        carries_h=True,
        inner_gate="n",
        learning_rate=3e-3,
        summary="GRU: a simpler memory, nearly as good.",
        character="Simpler than an LSTM and about as good: bars, but hardly any form.",
        step=_gru,
    ),
    CellSpec(
        name="rnn",
        label="RNN",
        title="plain RNN",
        torch_class="RNN",
        torch_gates="h",
        gates=(Gate("h", "output", False, "its output"),),
        learning_rate=1e-3,
        summary="Plain RNN: hardly a memory. Train one to see what the gates are for.",
        character="Has a short memory: even one bar is often too long for it.",
        step=_rnn,
    ),
)
CELLS: Mapping[str, CellSpec] = MappingProxyType({spec.name: spec for spec in _SPECS})
GATES: Mapping[str, Gate] = MappingProxyType({gate.letter: gate for spec in _SPECS for gate in spec.gates})
