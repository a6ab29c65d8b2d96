"""A network's weights made ready for NumPy: everything before the first recurrence folded into tables of gates.

Embeddings, input weights and biases together depend on a few characters only, so they become tables with a row for
each character. Knows no state and no text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from charlstm.lm.cells import Array, arrange
from charlstm.lm.config import ModelConfig


@dataclass(frozen=True, slots=True)
class Folded:
    """What a step reads. G is H times the number of gates; all arrays are read-only.

    Attributes
    ----------
    tables : float arrays, shapes (V, G) of the character read and (V + 1, G) of each lookback lag
        Rows that add up to the input product of layer 0, biases included.
    inputs : pairs of float arrays, shapes (H, G) and (G,)
        From layer 1 on: weights of the layer below, biases.
    recurrent : pairs of float arrays, shapes (H, G) and (H,)
        Of each layer: weights of the state, b_n of a GRU (else empty).
    decoder, decoder_bias : float arrays, shapes (H, V) and (V,)
    """

    tables: tuple[Array, ...]
    inputs: tuple[tuple[Array, Array], ...]
    recurrent: tuple[tuple[Array, Array], ...]
    decoder: Array
    decoder_bias: Array

    def first_input(self, columns: Sequence[Sequence[int] | NDArray[np.int32]]) -> Array:
        """Input product of layer 0, (B, G), from the ids of the character and of each lag, (B,) each."""
        x: Array = self.tables[0].take(columns[0], axis=0)
        for table, ids in zip(self.tables[1:], columns[1:], strict=True):
            x += table.take(ids, axis=0)
        return x


def fold(config: ModelConfig, weights: Mapping[str, Array], dtype: np.dtype[np.floating]) -> Folded:
    """Fold weights under a checkpoint's names (checkpoint.tensor_shapes); in float64, rounded to dtype at the end."""
    gru, depth, hidden = config.cell == "gru", range(config.num_layers), config.hidden_size

    def arranged(name: str, k: int) -> Array:
        return arrange(config.cell, np.asarray(weights[f"rnn.{name}_l{k}"]))

    def ready(array: Array) -> Array:
        array = np.array(array, dtype=dtype, order="C")
        array.flags.writeable = False
        return array

    # A GRU's b_n is added inside the product with the reset gate, so it cannot be folded.
    inner = [arranged("bias_hh", k)[2 * hidden :] if gru else np.zeros(0) for k in depth]
    biases = [arranged("bias_ih", k) + arranged("bias_hh", k) for k in depth]
    if gru:
        for k in depth:
            biases[k][2 * hidden :] = arranged("bias_ih", k)[2 * hidden :]

    lags = len(config.lookback_bars)
    embeddings = [weights[name] for name in ["embedding.weight"] + ["lookback_embedding.weight"] * lags]
    edges = np.cumsum([config.width, *[config.lookback_size] * lags])[:-1]
    columns = np.split(arranged("weight_ih", 0), edges, axis=1)
    tables = [np.dot(rows, w.T) for rows, w in zip(embeddings, columns, strict=True)]
    tables[0] = tables[0] + biases[0]

    decoder = np.asarray(weights["embedding.weight" if config.tie_weights else "decoder.weight"], dtype=np.float64)
    if "projection.weight" in weights:
        decoder = np.dot(decoder, weights["projection.weight"])
    # At one text (H, G) is the faster layout of the recurrent weights and (V, H) of the decoder's: OpenBLAS, AVX-512,
    # H from 150 to 512, by up to a third.
    return Folded(
        tables=tuple(ready(table) for table in tables),
        inputs=tuple((ready(arranged("weight_ih", k).T), ready(biases[k])) for k in depth if k),
        recurrent=tuple((ready(arranged("weight_hh", k).T), ready(inner[k])) for k in depth),
        decoder=ready(decoder).T,
        decoder_bias=ready(weights["decoder.bias"]),
    )
