"""The tensors of a network on disk: their names and shapes, and a safetensors file read and checked. No torch.

Tensors carry PyTorch's names and gate order: embedding.weight (V, E), those of side inputs (lm/columns.py),
rnn.weight_ih_l0, ..., projection.weight (E, H), decoder.weight (V, H; absent when tied to the embedding), decoder.bias.
Nothing read is trusted: names, shapes, types and values are checked before use. Knows no vocabulary and no JSON.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from charlstm.errors import CheckpointError
from charlstm.lm.cells import CELLS
from charlstm.lm.columns import side_columns
from charlstm.lm.config import ModelConfig

Weights = dict[str, NDArray[np.float32]]


def tensor_shapes(config: ModelConfig, vocab_size: int) -> dict[str, tuple[int, ...]]:
    """Name and shape of every tensor of a network with this configuration and V symbols."""
    width, hidden = config.width, config.hidden_size
    spec = CELLS[config.cell]
    rows = len(spec.gates) * hidden
    columns = side_columns(config, vocab_size)
    inputs = width + sum(column.width for column in columns)
    shapes: dict[str, tuple[int, ...]] = {"embedding.weight": (vocab_size, width)}
    for column in columns:
        shapes[column.weight] = (column.rows, column.width)
    for layer in range(config.num_layers):
        shapes[f"rnn.weight_ih_l{layer}"] = (rows, inputs if layer == 0 else hidden)
        if spec.has_recurrent_weights:
            shapes[f"rnn.weight_hh_l{layer}"] = (rows, hidden)
        shapes[f"rnn.bias_ih_l{layer}"] = (rows,)
        if spec.has_recurrent_weights:
            shapes[f"rnn.bias_hh_l{layer}"] = (rows,)
    if not config.tie_weights:
        shapes["decoder.weight"] = (vocab_size, hidden)
    elif hidden != width:
        shapes["projection.weight"] = (width, hidden)
    shapes["decoder.bias"] = (vocab_size,)
    return shapes


def count_weights(config: ModelConfig, vocab_size: int) -> int:
    """How many numbers a network of this configuration learns, with V symbols."""
    return sum(math.prod(shape) for shape in tensor_shapes(config, vocab_size).values())


def with_inputs(weights: Weights, before: ModelConfig, after: ModelConfig, *, seed: int = 0) -> Weights:
    """The weights of a network that gets more side inputs: it does as before until it has learned to use them.

    Parameters
    ----------
    weights : mapping from name to float32 array
        Of the network as it was.
    before, after : ModelConfig
        Alike but for `clock`, `plan` and `match`, of which `after` has all that `before` has.
    seed : int
        Of the new embeddings, which are normal; what the first layer makes of them is 0 at first.
    """
    vocab_size = len(weights["embedding.weight"])
    rng = np.random.default_rng(seed)
    new = {
        name: weights[name] if name in weights else rng.standard_normal(shape).astype(np.float32)
        for name, shape in tensor_shapes(after, vocab_size).items()
    }
    old_columns = list(side_columns(before, vocab_size))
    parts, first = [weights["rnn.weight_ih_l0"][:, : before.width]], before.width
    for column in side_columns(after, vocab_size):
        if old_columns and old_columns[0] == column:
            old_columns.pop(0)
            parts.append(weights["rnn.weight_ih_l0"][:, first : first + column.width])
            first += column.width
        else:
            parts.append(np.zeros((len(parts[0]), column.width), dtype=np.float32))
    return new | {"rnn.weight_ih_l0": np.concatenate(parts, axis=1)}


def check_weights(path: Path, config: ModelConfig, vocab_size: int, weights: Mapping[str, NDArray[np.float32]]) -> None:
    """Raise CheckpointError unless the arrays are those of this network: names, shapes, float32, finite."""
    kinds = {name: (array.shape, str(array.dtype)) for name, array in weights.items()}
    _check_kinds(path, config, vocab_size, kinds, "float32")
    _check_finite(path, weights)


def check_header(file: Path, config: ModelConfig, vocab_size: int, *, half: bool = False) -> None:
    """Raise CheckpointError unless a safetensors file holds this network's tensors, as its header says.

    `half`: the file may also hold all of them as float16.
    """
    kinds = _header(file)
    halved = half and bool(kinds) and all(kind == "F16" for _, kind in kinds.values())
    _check_kinds(file, config, vocab_size, kinds, "F16" if halved else "F32")


def read_weights(file: Path, config: ModelConfig, vocab_size: int, *, half: bool = False) -> Weights:
    """The tensors of a safetensors file, checked in name, shape, type and value, as float32.

    `half`: the file may also hold all of them as float16.

    Raises
    ------
    CheckpointError
        If the file is missing, cut or foreign, does not fit the configuration, or holds values that are not finite.
    """
    check_header(file, config, vocab_size, half=half)
    try:
        with safe_open(str(file), framework="np") as tensors:
            arrays: Weights = {
                name: tensors.get_tensor(name).astype(np.float32, copy=False)
                for name in tensors.keys()  # noqa: SIM118 (no mapping)
            }
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{file} cannot be read ({error}); restore it or train it again.", path=file) from None
    _check_finite(file, arrays)
    return arrays


def _header(file: Path) -> dict[str, tuple[tuple[int, ...], str]]:
    """Shape and type of each tensor of a safetensors file, by name, from its header alone."""
    if not file.is_file():
        raise CheckpointError(f"{file} is missing; without it the checkpoint is incomplete.", path=file)
    try:
        with safe_open(str(file), framework="np") as tensors:
            slices = {name: tensors.get_slice(name) for name in tensors.keys()}  # noqa: SIM118
            return {name: (tuple(s.get_shape()), s.get_dtype()) for name, s in slices.items()}
    except (SafetensorError, OSError, ValueError) as error:
        message = f"{file} is not a safetensors file ({error}); it is cut, or pickled, which is never read. Restore it."
        raise CheckpointError(message, path=file) from None


def _check_kinds(
    file: Path, config: ModelConfig, vocab_size: int, kinds: Mapping[str, tuple[tuple[int, ...], str]], dtype: str
) -> None:
    """Raise CheckpointError unless shapes and types by name are exactly those of the network."""
    expected = tensor_shapes(config, vocab_size)
    problems = [f"{name} is missing" for name in expected if name not in kinds]
    problems += [f"{name} is not part of this network" for name in kinds if name not in expected]
    for name in expected.keys() & kinds.keys():
        shape, kind = kinds[name]
        if shape != expected[name] or kind != dtype:
            problems.append(f"{name} is {kind} {list(shape)} where float32 {list(expected[name])} is needed")
    if problems:
        more = f" and {len(problems) - 3} more" if len(problems) > 3 else ""
        message = f"{file} does not fit its configuration: {'; '.join(sorted(problems)[:3])}{more}."
        raise CheckpointError(message, path=file)


def _check_finite(file: Path, arrays: Mapping[str, NDArray[np.float32]]) -> None:
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            message = f"{file}: {name} holds values that are not finite: the training diverged. Restore or retrain it."
            raise CheckpointError(message, path=file)
