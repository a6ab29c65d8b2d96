"""Survey: some tunes read once, and what is kept of it: every unit's output, sums of the gates, the surprise.

The measures of `profile.py`, `gates.py` and `without.py` are taken from it. Knows no concept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from charlstm.errors import ConfigError
from charlstm.lm.infer.batch import read_texts
from charlstm.lm.infer.engine import Engine
from charlstm.neurons.gates import GateSums, gate_sums
from charlstm.neurons.recording import Unit
from charlstm.neurons.store import Progress


@dataclass(frozen=True, eq=False)
class Survey:
    """Some texts, T characters in all, as a network read them.

    Attributes
    ----------
    texts : tuple of str
        N texts, joined in this order.
    values : float16 array, shape (L H, T)
        Outputs h after each character; row layer * H + index is a unit. Off by 0.0005 at most.
    gates : mapping from a letter to GateSums
        i f o of an LSTM, r z of a GRU, over all characters; arrays of shape (L, H).
    surprise : tuple of N float arrays, shapes (T_n + 1,)
        -ln p of each character of a text, and of its END.
    size : int
        H.
    """

    texts: tuple[str, ...]
    values: NDArray[np.float16]
    gates: Mapping[str, GateSums]
    surprise: tuple[NDArray[np.float64], ...]
    size: int

    @cached_property
    def starts(self) -> NDArray[np.int64]:
        """Where each text begins, and where the last ends: shape (N + 1,)."""
        return np.concatenate([[0], np.cumsum([len(text) for text in self.texts])]).astype(np.int64)

    @cached_property
    def tunes(self) -> NDArray[np.int64]:
        """Which text each character is of, shape (T,)."""
        return np.repeat(np.arange(len(self.texts)), np.diff(self.starts))

    @cached_property
    def means(self) -> NDArray[np.float64]:
        """The mean output of each unit, shape (L, H)."""
        return np.array([row.mean(dtype=np.float64) for row in self.values]).reshape(-1, self.size)

    @property
    def characters(self) -> int:
        """T."""
        return int(self.starts[-1])

    def unit(self, unit: Unit | tuple[int, int]) -> NDArray[np.float32]:
        """One unit over all texts, shape (T,)."""
        layer, index = unit
        values: NDArray[np.float32] = self.values[layer * self.size + index].astype(np.float32)
        return values

    def split(self, values: NDArray[np.floating]) -> list[NDArray[np.floating]]:
        """Values over all texts, (T,), text by text."""
        return np.split(values, self.starts[1:-1])


def survey(engine: Engine, texts: Sequence[str], *, progress: Progress | None = None) -> Survey:
    """Read some texts side by side.

    Parameters
    ----------
    engine : Engine
    texts : sequence of str
        Model texts, none empty.
    progress : callable, optional
        Called with the characters read so far and their number; it may raise to stop.

    Raises
    ------
    ConfigError
        If there are no texts.
    VocabularyError
        If the model does not know a character.
    """
    if not texts or not all(texts):
        raise ConfigError("texts", "must be one or more, none of them empty.")
    starts = np.concatenate([[0], np.cumsum([len(text) for text in texts])])
    size = engine.config.hidden_size
    values = np.empty((engine.config.num_layers * size, int(starts[-1])), dtype=np.float16)
    gates: dict[str, GateSums] = {}
    surprise: list[NDArray[np.float64]] = [np.empty(0)] * len(texts)
    for reading in read_texts(engine, texts, inside=True, batch_size=32, progress=progress):
        h = reading.trace.h[:, 1:]
        values[:, starts[reading.index] : starts[reading.index + 1]] = h.transpose(0, 2, 1).reshape(len(values), -1)
        surprise[reading.index] = reading.surprises
        for letter in "iforz":
            if letter in reading.trace.gates:
                sums = gate_sums(reading.trace.gates[letter][:, 1:])
                gates[letter] = gates[letter].plus(sums) if letter in gates else sums
    return Survey(tuple(texts), values, gates, tuple(surprise), size)
