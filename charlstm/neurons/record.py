"""Record: what every unit of a network did while a text was read. Measures nothing.

Axis letters: L layers, T characters, H units of a layer. `values[:, t]` is what the units hold after reading
`text[t]`. START is read before the first character, as in training, and has no entry.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from charlstm.errors import ConfigError
from charlstm.lm.engine import Engine

Kind = Literal["hidden", "cell", "i", "f", "o", "g", "r", "z", "n"]


class Unit(NamedTuple):
    """One neuron: its layer, counted from 0, and its place in the layer."""

    layer: int
    index: int  # type: ignore[assignment]  # hides tuple.index, which a unit does not need

    def __str__(self) -> str:
        """layer:index, as the command line writes it."""
        return f"{self.layer}:{self.index}"


@dataclass(frozen=True)
class Activations:
    """A text and what the units did as it was read.

    Attributes
    ----------
    text : str
        T characters.
    values : float32 array, shape (L, T, H)
        By kind: hidden states, g and n in [-1, 1]; gates i f o r z in [0, 1]; cell states without bounds.
    kind : str
        "hidden", "cell", or a gate: i f o g of an LSTM, r z n of a GRU.
    """

    text: str
    values: NDArray[np.float32]
    kind: Kind = "hidden"

    def unit(self, unit: Unit | tuple[int, int]) -> NDArray[np.float32]:
        """One unit's values, shape (T,). Raises ConfigError if there is no such unit."""
        layer, index = unit
        layers, _, size = self.values.shape
        if not (0 <= layer < layers and 0 <= index < size):
            last = f"{layers - 1}:{size - 1}"
            raise ConfigError("unit", f"{layer}:{index} does not exist; units go from 0:0 to {last}.")
        values: NDArray[np.float32] = self.values[layer, :, index]
        return values


def record(engine: Engine, text: str, *, kind: Kind = "hidden") -> Activations:
    """Read a text from a zero state, START first, and keep what the units did.

    Parameters
    ----------
    engine : Engine
    text : str
        T characters, 1 or more.
    kind : str
        What to keep: see `Activations`.

    Raises
    ------
    VocabularyError
        If the model does not know a character of the text.
    ConfigError
        If the network has no such thing as `kind`, or the text is empty.
    """
    if not text:
        raise ConfigError("text", "is empty, and has no states to look at.")
    ids = np.concatenate([[engine.vocab.start], engine.vocab.encode(text)])
    _, trace = engine.run(ids)
    known = {"hidden": trace.h, **({} if trace.c is None else {"cell": trace.c}), **trace.gates}
    if kind not in known:
        raise ConfigError("kind", f"{kind!r} is none of this network's {', '.join(known)}.")
    return Activations(text, known[kind][:, 1:].astype(np.float32, copy=False), kind)
