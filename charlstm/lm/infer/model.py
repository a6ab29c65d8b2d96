"""Model: what a session and a batch run on: fused weights, symbols, and the units that are ablated or steered.

Never changed after it is built, and without buffers, so all threads may share one. Runs nothing: lm/infer/session.py
reads a symbol at a time, lm/infer/batch.py whole texts, lm/infer/engine.py is the door to both.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from charlstm.errors import ConfigError
from charlstm.lm.config import ModelConfig
from charlstm.lm.infer.blas import one_blas_thread
from charlstm.lm.infer.inputs.side_inputs import SideInputs, character_ids, side_ids
from charlstm.lm.infer.weights import fuse
from charlstm.lm.store.checkpoint import Checkpoint
from charlstm.lm.vocab import Vocab
from charlstm.tunes.form_plan.plan import FormPlan

if TYPE_CHECKING:
    from charlstm.lm.cells import Array

Clamps = dict[tuple[int, int], float]  # (layer, index) -> the value that a unit is clamped to
Vectors = dict[int, NDArray[np.float64]]  # layer -> what is added to its outputs, (H,)


class Model:
    """A network's weights, fused for reading and writing text.

    Parameters
    ----------
    config : ModelConfig
        Shape of the network.
    vocab : Vocab
        Its V symbols.
    weights : mapping from name to float array
        PyTorch's names, shapes and gate order, as in tensors.tensor_shapes.
    checkpoint : Checkpoint, optional
        Where the weights are from.
    dtype : float32 or float64
        Of the arithmetic.
    """

    def __init__(
        self,
        config: ModelConfig,
        vocab: Vocab,
        weights: Mapping[str, Array],
        *,
        checkpoint: Checkpoint | None = None,
        dtype: type[np.floating] = np.float32,
    ) -> None:
        self.config, self.vocab, self.weights, self.checkpoint = config, vocab, weights, checkpoint
        one_blas_thread()
        self.dtype = np.dtype(dtype)
        self.fused = fuse(config, weights, self.dtype)
        self.character_ids = character_ids(vocab)  # what a side input shows -> id
        self._intervene({}, {})

    @property
    def name(self) -> str:
        """The checkpoint's name, or "" for a network made in memory."""
        return self.checkpoint.name if self.checkpoint else ""

    def ablate(
        self,
        units: Collection[tuple[int, int]],
        value: float | Literal["mean"] = 0.0,
        *,
        means: ArrayLike | None = None,
    ) -> Self:
        """A new engine in which the outputs h of some units are clamped to a value, at every symbol.

        Parameters
        ----------
        units : collection of (layer, index)
            The units; those of an earlier `ablate` stay clamped.
        value : float or "mean"
            The value; "mean" takes each unit's own from `means`.
        means : float array, shape (L, H), optional
            Recorded means of h; needed for "mean".

        Raises
        ------
        ConfigError
            If a unit does not exist, or the means are missing or misshapen.
        """
        shape = (self.config.num_layers, self.config.hidden_size)
        for layer, index in units:
            if not (0 <= layer < shape[0] and 0 <= index < shape[1]):
                known = f"layers are 0 to {shape[0] - 1}, indices 0 to {shape[1] - 1}"
                raise ConfigError("units", f"there is no unit {layer}:{index}; {known}.")
        if value == "mean":
            if means is None or np.shape(means) != shape:
                raise ConfigError("means", f"ablating units to their mean needs their recorded means, shape {shape}.")
            values = np.asarray(means, dtype=np.float64)
        else:
            values = np.full(shape, value, dtype=np.float64)
        if not np.isfinite(values).all():
            raise ConfigError("value", "a unit can only be clamped to a finite number.")
        return self._copy(self._clamps | {(k, j): float(values[k, j]) for k, j in units}, self._vectors)

    def steer(self, vectors: Mapping[int, ArrayLike]) -> Self:
        """A new engine in which a vector is added to the outputs h of a layer, at every symbol.

        h' = cell(h, x) + v, and h' is what the decoder, the layer above and the next step read. A cell whose memory
        gate z carries h itself (a GRU) would add v up; there h' = cell(h, x) + (1 - z) v.

        Parameters
        ----------
        vectors : mapping from layer to float array, shape (H,)
            What to add; those of an earlier `steer` stay and add up. A vector of zeros changes nothing. A unit
            that is ablated stays so.

        Raises
        ------
        ConfigError
            If a layer does not exist, or a vector is misshapen or not finite.
        """
        steered = dict(self._vectors)
        for layer, vector in vectors.items():
            v = np.asarray(vector, dtype=np.float64)
            if not 0 <= layer < self.config.num_layers:
                last = self.config.num_layers - 1
                raise ConfigError("vectors", f"there is no layer {layer}; layers are 0 to {last}.")
            if v.shape != (self.config.hidden_size,) or not np.isfinite(v).all():
                raise ConfigError("vectors", f"a vector is {self.config.hidden_size} finite numbers, one a unit.")
            steered[layer] = steered.get(layer, 0.0) + v
        return self._copy(self._clamps, {k: v for k, v in steered.items() if v.any()})

    @property
    def interventions(self) -> tuple[Clamps, Vectors]:
        """What `ablate` and `steer` have changed: the values of units, and what is added to layers."""
        return dict(self._clamps), dict(self._vectors)

    def _copy(self, clamps: Clamps, vectors: Vectors) -> Self:
        new = copy.copy(self)
        new._intervene(clamps, vectors)
        return new

    def _intervene(self, clamps: Clamps, vectors: Vectors) -> None:
        """Set the ablations and what is added; only while the model is being built."""
        self._clamps, self._vectors = clamps, vectors
        self._clamped_units: dict[int, tuple[list[int], Array]] = {}  # layer -> indices, values
        for layer in {layer for layer, _ in clamps}:
            indices = sorted(index for k, index in clamps if k == layer)
            self._clamped_units[layer] = (indices, np.array([clamps[layer, j] for j in indices], dtype=self.dtype))

    def intervention(self, layer: int, h: Array, gates: Array) -> Callable[[], None] | None:
        """What `ablate` and `steer` do to a layer's h, (B, H), in place after each step; None where they do nothing."""
        units, values = self._clamped_units.get(layer, (None, None))
        vector = self._vectors[layer].astype(self.dtype) if layer in self._vectors else None
        if units is None and vector is None:
            return None
        spec, size, z = self.config.cell_spec, self.config.hidden_size, None
        if spec.carries_h and spec.memory_gate is not None:
            first = spec.recorded_gates.index(spec.memory_gate) * size
            z = gates[:, first : first + size]

        def intervene() -> None:
            if vector is not None:
                np.add(h, vector if z is None else (1 - z) * vector, h)
            if units is not None:
                h[:, units] = values

        return intervene

    def side_ids(self, ids: NDArray[np.int32], plan: FormPlan | None = None) -> NDArray[np.int32]:
        """The side inputs after each of T symbols, (T, K), of a text with this plan; START and END begin a new text."""
        rows = np.zeros((len(ids), len(self.fused.tables) - 1), dtype=np.int32)
        if rows.shape[1]:
            marks = np.flatnonzero(ids <= self.vocab.end).tolist()
            for start, end in zip([0, *[m + 1 for m in marks]], [*marks, len(ids)], strict=True):
                inputs = side_ids(ids[start:end], self.vocab, self.config, plan)
                assert inputs is not None
                rows[start:end] = inputs[1:]
                if start:
                    rows[start - 1] = inputs[0]  # beside the mark itself
        return rows

    def side_inputs(self, plan: FormPlan | None = None) -> SideInputs | None:
        """The side inputs of a text that begins; None for a network without any."""
        has_any = len(self.fused.tables) > 1
        return SideInputs(self.config, self.character_ids, plan) if has_any else None
