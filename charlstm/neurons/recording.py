"""Record: what every unit of a network did while a text was read. Measures nothing.

Axis letters: L layers, T characters, H units of a layer. `values[:, t]` is what the units hold after reading
`text[t]`. START is read before the first character, as in training, and has no entry.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from charlstm.errors import ConfigError
from charlstm.lm.infer.engine import Engine, Trace
from charlstm.neurons.predictions import Guesses, guesses

Kind = Literal["hidden", "cell", "i", "f", "o", "g", "r", "z", "n"]
KINDS: Mapping[str, tuple[Kind, ...]] = MappingProxyType(
    {
        "lstm": ("hidden", "cell", "i", "f", "o", "g"),
        "gru": ("hidden", "r", "z", "n"),
        "rnn": ("hidden",),
    }
)  # of each cell
UNIT_SCALE = frozenset("iforz")  # kinds that lie in [0, 1]; the others are shown on -1 to 1, c as tanh(c)


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
    known = KINDS[engine.config.cell]
    if kind not in known:
        raise ConfigError("kind", f"{kind!r} is none of this network's {', '.join(known)}.")
    return replay(engine, text).acts(kind)


@dataclass(frozen=True, slots=True)
class Replay:
    """A text read once: every signal of every unit, and what the network expected.

    `guesses` row t is of the character after `text[:t]`; so what was expected after reading `text[t]` is row t + 1.
    """

    text: str
    trace: Trace
    guesses: Guesses

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds of signal there are."""
        if self.trace.c is not None:
            return KINDS["lstm"]
        return KINDS["gru" if self.trace.gates else "rnn"]

    def acts(self, kind: Kind = "hidden") -> Activations:
        """What the units did, of one kind."""
        values = {"hidden": self.trace.h, "cell": self.trace.c}.get(kind)
        values = self.trace.gates[kind] if values is None else values
        return Activations(self.text, values[:, 1:].astype(np.float32, copy=False), kind)


def replay(engine: Engine, text: str) -> Replay:
    """Read a text from a zero state, START first, and keep all that went on.

    Raises
    ------
    VocabularyError
        If the model does not know a character of the text.
    ConfigError
        If the text is empty.
    """
    if not text:
        raise ConfigError("text", "is empty, and has no states to look at.")
    ids = np.concatenate([[engine.vocab.start], engine.vocab.encode(text)])
    logits, trace = engine.run(ids)
    return Replay(text, trace, guesses(logits, np.append(ids[1:], engine.vocab.end)))


def shown(values: NDArray[np.float32], kind: Kind) -> NDArray[np.float32]:
    """Values as they are shown: cell states, which have no bounds, as tanh(c), what the output gate lets through."""
    return np.tanh(values) if kind == "cell" else values
