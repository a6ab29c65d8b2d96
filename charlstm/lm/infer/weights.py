"""A network's weights made ready for NumPy: everything before the first recurrence fused into tables of gates.

Embeddings, input weights and biases together depend on a few ids only, so they become tables with a row for each.
Knows no state and no text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from charlstm.lm.cells import arrange
from charlstm.lm.columns import side_columns
from charlstm.lm.config import ModelConfig

if TYPE_CHECKING:
    from charlstm.lm.cells import Array


@dataclass(frozen=True, slots=True)
class FusedWeights:
    """What a step reads. G is H times the number of gates; all arrays are read-only.

    Attributes
    ----------
    tables : float arrays, shapes (V, G) of the character read and (rows, G) of each side input
        Rows that add up to the input product of layer 0, biases included.
    inputs : pairs of float arrays, shapes (H, G) and (G,)
        From layer 1 on: weights of the layer below, biases.
    recurrent : pairs of float arrays, shapes (H, G) and (H,)
        Of each layer: weights of the state ((0, G) in a cell without), and the bias of the inner gate (else empty).
    decoder, decoder_bias : float arrays, shapes (H, V) and (V,)
    """

    tables: tuple[Array, ...]
    inputs: tuple[tuple[Array, Array], ...]
    recurrent: tuple[tuple[Array, Array], ...]
    decoder: Array
    decoder_bias: Array

    def first_input(self, columns: Sequence[Sequence[int] | NDArray[np.int32]]) -> Array:
        """Input product of layer 0, (B, G), from the ids of the character and of each side input, (B,) each."""
        x: Array = self.tables[0].take(columns[0], axis=0)
        for table, ids in zip(self.tables[1:], columns[1:], strict=True):
            x += table.take(ids, axis=0)
        return x

    def decode(self, h: Array) -> Array:
        """Logits of the top layer's output: (B, H) -> (B, V)."""
        logits: Array = np.dot(h, self.decoder) + self.decoder_bias
        return logits


def fuse(config: ModelConfig, weights: Mapping[str, Array], dtype: np.dtype[np.floating]) -> FusedWeights:
    """Fuse weights under a checkpoint's names (tensors.tensor_shapes); in float64, rounded to dtype at the end."""
    spec, layers, hidden = config.cell_spec, range(config.num_layers), config.hidden_size

    def arranged(name: str, layer: int) -> Array:
        return arrange(spec, np.asarray(weights[f"rnn.{name}_l{layer}"]))

    def ready(array: Array) -> Array:
        array = np.array(array, dtype=dtype, order="C")
        array.flags.writeable = False
        return array

    # The biases of input and state add up, but for those of a gate whose product with the state is multiplied first.
    biases: list[Array] = [arranged("bias_ih", k) for k in layers]
    matrices: list[Array] = [np.zeros((len(bias), 0)) for bias in biases]
    if spec.has_recurrent_weights:
        biases = [bias + arranged("bias_hh", k) for k, bias in enumerate(biases)]
        matrices = [arranged("weight_hh", k) for k in layers]
    inner: list[Array] = [np.zeros(0) for _ in layers]
    if spec.inner_gate is not None:
        first = spec.recorded_gates.index(spec.inner_gate) * hidden
        columns = slice(first, first + hidden)
        for k in layers:
            inner[k] = arranged("bias_hh", k)[columns]
            biases[k][columns] = arranged("bias_ih", k)[columns]

    # A table for the character and one for each side input: its embeddings times its columns of the input weights.
    side = side_columns(config, len(weights["embedding.weight"]))
    embeddings = [weights[name] for name in ["embedding.weight", *[column.weight for column in side]]]
    edges = np.cumsum([config.width, *[column.width for column in side]])[:-1]
    parts = np.split(arranged("weight_ih", 0), edges, axis=1)
    tables = [np.dot(rows, w.T) for rows, w in zip(embeddings, parts, strict=True)]
    tables[0] = tables[0] + biases[0]

    decoder = np.asarray(weights["embedding.weight" if config.tie_weights else "decoder.weight"], dtype=np.float64)
    if "projection.weight" in weights:
        decoder = np.dot(decoder, weights["projection.weight"])
    # At one text (H, G) is the faster layout of the recurrent weights and (V, H) of the decoder's: OpenBLAS, AVX-512,
    # H from 150 to 512, by up to a third.
    return FusedWeights(
        tables=tuple(ready(table) for table in tables),
        inputs=tuple((ready(arranged("weight_ih", k).T), ready(biases[k])) for k in layers if k),
        recurrent=tuple((ready(matrices[k].T), ready(inner[k])) for k in layers),
        decoder=ready(decoder).T,
        decoder_bias=ready(weights["decoder.bias"]),
    )
