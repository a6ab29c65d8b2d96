"""Recording: what every unit of a network did while texts were read, in memory or mapped from a file. Measures nothing.

Axis letters: T characters of all texts, L layers, H units of a layer, U = L H. `values[:, t]` is what the units hold
after reading character t. START is read before the first character, as in training, and has no entry.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from charlstm.errors import ConfigError
from charlstm.lm.cells import GATES
from charlstm.lm.infer.batch import Trace, read_texts
from charlstm.lm.infer.engine import Engine
from charlstm.neurons.gates import GateSums, gate_sums
from charlstm.neurons.predictions import Predictions, predictions
from charlstm.progress import Report
from charlstm.tunes.form_plan.plan import FormPlan

Kind = str  # "hidden", "cell", or the letter of a gate
# Kinds that lie in [0, 1]; the others are shown on -1 to 1, c as tanh(c).
UNIT_SCALE = frozenset(letter for letter, gate in GATES.items() if gate.is_sigmoid)


class Unit(NamedTuple):
    """One neuron: its layer and its index in the layer, both counted from 0."""

    layer: int
    index: int  # type: ignore[assignment]  # hides tuple.index, which a unit does not need

    def __str__(self) -> str:
        """layer:index, as the command line writes it."""
        return f"{self.layer}:{self.index}"


@dataclass(frozen=True, eq=False)
class Activations:
    """One or more texts, and the activations of all units as they were read.

    Attributes
    ----------
    texts : tuple of N strings
        Joined in this order they have T characters.
    values : float16 or float32 array, shape (L, T, H)
        By kind: hidden states, g and n in [-1, 1]; gates i f o r z in [0, 1]; cell states without bounds. Of many
        texts a view of `rows`; mapped from a file it is read-only.
    kind : str
        "hidden", "cell", or a gate: i f o g of an LSTM, r z n of a GRU.
    gates : mapping from a letter to GateSums
        i f o of an LSTM, r z of a GRU, over all characters, arrays of shape (L, H); empty unless asked for.
    surprisals : tuple of N float arrays, shapes (T_n + 1,)
        -ln p of each character of a text, and of its END, in nats; empty unless asked for.
    path : Path, optional
        The file that the values are mapped from.
    """

    texts: tuple[str, ...]
    values: NDArray[np.floating]
    kind: Kind = "hidden"
    gates: Mapping[str, GateSums] = field(default_factory=dict)
    surprisals: tuple[NDArray[np.float64], ...] = ()
    path: Path | None = None

    @property
    def text(self) -> str:
        """All texts, joined."""
        return "".join(self.texts)

    @property
    def layers(self) -> int:
        """L."""
        return len(self.values)

    @property
    def characters(self) -> int:
        """T."""
        return int(self.values.shape[1])

    @property
    def size(self) -> int:
        """H."""
        return int(self.values.shape[2])

    @cached_property
    def rows(self) -> NDArray[np.floating]:
        """The values with one row a unit, layer by layer: (U, T). Row layer * H + index is a unit."""
        return self.values.transpose(0, 2, 1).reshape(self.layers * self.size, -1)

    @cached_property
    def starts(self) -> NDArray[np.int64]:
        """Where each text begins, and where the last ends: shape (N + 1,)."""
        return starts_of(self.texts)

    @cached_property
    def tunes(self) -> NDArray[np.int32]:
        """Which text each character is of, shape (T,)."""
        return np.repeat(np.arange(len(self.texts), dtype=np.int32), np.diff(self.starts))

    @cached_property
    def means(self) -> NDArray[np.float64]:
        """The mean of each unit, shape (L, H)."""
        return np.array([row.mean(dtype=np.float64) for row in self.rows]).reshape(-1, self.size)

    def row(self, unit: Unit | tuple[int, int]) -> int:
        """The row of a unit. Raises ConfigError if there is no such unit."""
        layer, index = unit
        if not (0 <= layer < self.layers and 0 <= index < self.size):
            last = f"{self.layers - 1}:{self.size - 1}"
            raise ConfigError("unit", f"{layer}:{index} does not exist; units go from 0:0 to {last}.")
        return layer * self.size + index

    def unit(self, unit: Unit | tuple[int, int]) -> NDArray[np.float32]:
        """One unit's values, shape (T,). Raises ConfigError if there is no such unit."""
        layer, index = divmod(self.row(unit), self.size)
        values: NDArray[np.float32] = self.values[layer, :, index].astype(np.float32)
        return values

    def of_text(self, number: int) -> Activations:
        """All units over one of the texts."""
        start, end = self.starts[number : number + 2].tolist()
        values = self.values[:, start:end].astype(np.float32)
        return Activations((self.texts[number],), np.ascontiguousarray(values), self.kind)

    def locate(self, character: int) -> tuple[int, int]:
        """Which text a character of the joined texts is of, and which character of that text it is."""
        number = int(np.searchsorted(self.starts, character, "right")) - 1
        return number, int(character - self.starts[number])

    def split(self, values: NDArray[np.floating]) -> list[NDArray[np.floating]]:
        """Values over all texts, (T,), text by text."""
        return np.split(values, self.starts[1:-1])


def starts_of(texts: Sequence[str]) -> NDArray[np.int64]:
    """Where each of N texts begins when they are joined, and where the last ends: shape (N + 1,)."""
    return np.concatenate([[0], np.cumsum([len(text) for text in texts])]).astype(np.int64)


def from_rows(texts: Sequence[str], rows: NDArray[np.floating], layers: int, **details: Any) -> Activations:
    """Hidden states of some texts from an array with one row a unit, (U, T), which is not copied."""
    return Activations(tuple(texts), rows.reshape(layers, -1, rows.shape[1]).transpose(0, 2, 1), **details)


def record(engine: Engine, text: str, *, kind: Kind = "hidden", plan: FormPlan | None = None) -> Activations:
    """Read one text from a zero state, START first, and keep what the units did.

    Parameters
    ----------
    engine : Engine
    text : str
        T characters, 1 or more.
    kind : str
        What to keep: see `Activations`.
    plan : FormPlan, optional
        What the text was written by; else a network that reads plans reads it as one without.

    Raises
    ------
    VocabularyError
        If the model does not know a character of the text.
    ConfigError
        If the network has no such signal as `kind`, or the text is empty.
    """
    known = engine.config.cell_spec.signals
    if kind not in known:
        raise ConfigError("kind", f"must be one of this network's {', '.join(known)}, not {kind!r}.")
    return replay(engine, text, plan).activations(kind)


def record_texts(
    engine: Engine,
    texts: Sequence[str],
    *,
    dtype: DTypeLike = np.float32,
    rows: NDArray[np.float16] | None = None,
    details: bool = False,
    report: Report | None = None,
    plans: Sequence[FormPlan | None] | None = None,
) -> Activations:
    """Read many texts side by side, each from a zero state, and keep the hidden states.

    The same numbers as `record` text by text, but for float32's rounding; several times faster.

    Parameters
    ----------
    engine : Engine
    texts : sequence of str
        Model texts, none empty.
    dtype : float32 or float16
        Of the values; as float16 they are off by 0.0005 at most and take half the memory.
    rows : float array, shape (U, T), optional
        Where to write the values, such as a mapped file.
    details : bool
        Whether to keep the gates' sums and the surprisals too.
    report : callable, optional
        Told how many characters are read; it may raise to stop.
    plans : sequence of FormPlan or None, optional
        What each text was written by.

    Raises
    ------
    ConfigError
        If there are no texts, or one is empty.
    VocabularyError
        If the model does not know a character.
    """
    if not texts or not all(texts):
        raise ConfigError("texts", "must be one or more, none of them empty.")
    layers, starts = engine.config.num_layers, starts_of(texts)
    values = np.empty((layers * engine.config.hidden_size, int(starts[-1])), dtype) if rows is None else rows
    gates: dict[str, GateSums] = {}
    surprisals: list[NDArray[np.float64]] = [np.empty(0)] * len(texts)
    # With all gates a batch takes several times the memory, so fewer texts are read side by side.
    for reading in read_texts(
        engine, texts, inside=details, batch_size=32 if details else 64, report=report, plans=plans
    ):
        states = reading.trace.h[:, 1:].transpose(0, 2, 1).reshape(len(values), -1)
        values[:, starts[reading.index] : starts[reading.index + 1]] = states
        if details:
            surprisals[reading.index] = reading.surprisals
            for letter, gate in reading.trace.gates.items():
                if letter not in UNIT_SCALE:
                    continue
                sums = gate_sums(gate[:, 1:])
                gates[letter] = gates[letter].plus(sums) if letter in gates else sums
    return from_rows(texts, values, layers, gates=gates, surprisals=tuple(surprisals) if details else ())


@dataclass(frozen=True, slots=True)
class Replay:
    """A text read once: every signal of every unit, and what the network predicted.

    `predictions` row t is of the character after `text[:t]`; so what was predicted after reading `text[t]` is row
    t + 1.
    """

    text: str
    trace: Trace
    predictions: Predictions

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds of signal there are."""
        return self.trace.signals

    def activations(self, kind: Kind = "hidden") -> Activations:
        """What the units did, of one kind."""
        values = {"hidden": self.trace.h, "cell": self.trace.c}.get(kind)
        values = self.trace.gates[kind] if values is None else values
        return Activations((self.text,), values[:, 1:].astype(np.float32, copy=False), kind)


def replay(engine: Engine, text: str, plan: FormPlan | None = None) -> Replay:
    """Read a text from a zero state, START first, and keep all that went on; `plan` as in `record`.

    Raises
    ------
    VocabularyError
        If the model does not know a character of the text.
    ConfigError
        If the text is empty.
    """
    if not text:
        raise ConfigError("text", "is empty, so there are no states to look at.")
    ids = np.concatenate([[engine.vocab.start], engine.vocab.encode(text)])
    logits, trace = engine.run(ids, plan)
    return Replay(text, trace, predictions(logits, np.append(ids[1:], engine.vocab.end)))


def bounded(values: NDArray[np.float32], kind: Kind) -> NDArray[np.float32]:
    """Values as they are shown: cell states, which have no bounds, as tanh(c), what the output gate lets through."""
    return np.tanh(values) if kind == "cell" else values
