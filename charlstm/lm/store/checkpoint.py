"""Checkpoints on disk: model.safetensors (float32 weights) beside model.json (what they are). No torch, no pickle.

A folder with a model.json is a whole checkpoint: both files are renamed into place, the JSON last. Nothing read is
trusted: names, shapes, types and values are checked against the configuration and the vocabulary before use.
Tensors carry PyTorch's names and gate order: embedding.weight (V, E), lookback_embedding.weight (V + 1, K),
rnn.weight_ih_l0, ..., projection.weight (E, H), decoder.weight (V, H; absent when tied to the embedding), decoder.bias.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from charlstm.errors import CheckpointError, ConfigError
from charlstm.lm.config import ModelConfig
from charlstm.lm.vocab import Vocab
from charlstm.paths import checkpoint_roots, checkpoints_path

FORMAT = "charlstm/1"
UNIT = "nats/character"
WEIGHTS_FILE = "model.safetensors"
JSON_FILE = "model.json"
MAX_JSON_BYTES = 16 * 2**20  # a history of 10,000 epochs is about 2 MB
GATES = {"lstm": 4, "gru": 3, "rnn": 1}  # rows of a layer's matrices, in units of H

Weights = dict[str, NDArray[np.float32]]


@dataclass(frozen=True)
class Checkpoint:
    """A trained network as it lies on disk: everything but the weights, which `weights()` reads.

    Attributes
    ----------
    path : Path
        The folder.
    config : ModelConfig
        Shape of the network.
    vocab : Vocab
        Its V symbols.
    training : mapping
        How it was trained: the fields of TrainConfig, and what the run found out (steps, seconds, device).
    corpus : mapping
        name, tunes and fingerprint of what it was trained on.
    history : tuple of mapping
        One entry an epoch: epoch, step, train_loss, val_loss, seconds.
    val_loss, test_loss : float or None
        Nats per character on whole tunes, END counted.
    temperature : float
        The temperature to start from when sampling.
    """

    path: Path
    config: ModelConfig
    vocab: Vocab
    training: Mapping[str, Any]
    corpus: Mapping[str, Any]
    history: tuple[Mapping[str, Any], ...]
    val_loss: float | None
    test_loss: float | None
    temperature: float

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.path.name

    def weights(self) -> Weights:
        """Read the tensors, float32 by name. Raises CheckpointError if one is missing, misshapen or not finite."""
        return read_weights(self.path / WEIGHTS_FILE, self.config, len(self.vocab))


def tensor_shapes(config: ModelConfig, vocab_size: int) -> dict[str, tuple[int, ...]]:
    """Name and shape of every tensor of a network with this configuration and V symbols."""
    width, hidden = config.width, config.hidden_size
    rows = GATES[config.cell] * hidden
    inputs = width + len(config.lookback_bars) * config.lookback_size
    shapes: dict[str, tuple[int, ...]] = {"embedding.weight": (vocab_size, width)}
    if config.lookback_bars:
        shapes["lookback_embedding.weight"] = (vocab_size + 1, config.lookback_size)
    for layer in range(config.num_layers):
        shapes[f"rnn.weight_ih_l{layer}"] = (rows, inputs if layer == 0 else hidden)
        shapes[f"rnn.weight_hh_l{layer}"] = (rows, hidden)
        shapes[f"rnn.bias_ih_l{layer}"] = (rows,)
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


def save_checkpoint(
    path: Path,
    *,
    config: ModelConfig,
    vocab: Vocab,
    weights: Mapping[str, NDArray[np.float32]],
    training: Mapping[str, Any],
    corpus: Mapping[str, Any],
    history: Sequence[Mapping[str, Any]] = (),
    val_loss: float | None = None,
    test_loss: float | None = None,
    temperature: float = 0.8,
) -> Checkpoint:
    """Write a checkpoint into the folder `path`, over the one that is there; both files are renamed into place.

    Raises
    ------
    CheckpointError
        If the weights do not fit the configuration and the vocabulary; nothing is written then.
    """
    path = Path(path)
    arrays = {name: np.ascontiguousarray(w) for name, w in weights.items()}
    check_weights(path, config, len(vocab), arrays)
    path.mkdir(parents=True, exist_ok=True)
    replace_file(path / WEIGHTS_FILE, save(arrays, metadata={"format": FORMAT}))
    checkpoint = Checkpoint(
        path, config, vocab, dict(training), dict(corpus), tuple(history), val_loss, test_loss, temperature
    )
    write_description(checkpoint)
    return checkpoint


def write_description(checkpoint: Checkpoint) -> None:
    """Write model.json alone, by rename: for a checkpoint whose weights are already in place."""
    description = {
        "format": FORMAT,
        "config": checkpoint.config.to_dict(),
        "vocab": list(checkpoint.vocab.symbols),
        "corpus": dict(checkpoint.corpus),
        "training": dict(checkpoint.training),
        "temperature": checkpoint.temperature,
        "val_loss": checkpoint.val_loss,
        "test_loss": checkpoint.test_loss,
        "unit": UNIT,
        "history": list(checkpoint.history),
    }
    replace_file(checkpoint.path / JSON_FILE, (_readable(description) + "\n").encode())


def load_checkpoint(path: str | Path) -> Checkpoint:
    """Read a checkpoint: a folder, or the name of one in checkpoints/.

    Reads no weights, but checks that model.safetensors holds exactly the tensors that the configuration and the
    vocabulary ask for; `Checkpoint.weights()` reads and checks their values.

    Raises
    ------
    CheckpointError
        If a file is missing, is no JSON or safetensors (a pickle, say), or does not fit the other one.
    """
    path = find_checkpoint(path)
    values = _read_json(path / JSON_FILE)

    def fail(reason: str) -> NoReturn:
        raise CheckpointError(f"{path / JSON_FILE} {reason}; train it anew or restore the file.", path=path)

    if values.get("format") != FORMAT:
        fail(f"says format {values.get('format')!r}, and this version reads {FORMAT!r}")
    for field, kind in (("config", dict), ("vocab", list), ("corpus", dict), ("training", dict), ("history", list)):
        if not isinstance(values.get(field), kind):
            fail(f"has no usable {field!r}")
    try:
        config = ModelConfig.from_dict(values["config"])
    except (ConfigError, TypeError) as error:
        fail(f"holds a configuration out of range ({error})")
    symbols = values["vocab"]
    if not all(isinstance(s, str) and not any("\ud800" <= c <= "\udfff" for c in s) for s in symbols):
        fail("holds a vocabulary that is not a list of characters")
    try:
        vocab = Vocab(tuple(symbols))
    except ValueError as error:
        fail(f"holds no vocabulary ({error})")
    if not all(isinstance(entry, dict) and all(_is_number(v) for v in entry.values()) for entry in values["history"]):
        fail("holds a history that is not a list of numbers by name")
    for field in ("val_loss", "test_loss"):
        if not _is_number(values.get(field)):
            fail(f"holds a {field} that is no number")
    temperature = values.get("temperature", 0.8)
    if not _is_number(temperature) or temperature is None or not 0 <= temperature <= 100:
        fail("holds a temperature outside [0, 100]")

    found = _tensors_of(path / WEIGHTS_FILE)
    _check_tensors(path / WEIGHTS_FILE, tensor_shapes(config, len(vocab)), found, "F32")
    return Checkpoint(
        path=path,
        config=config,
        vocab=vocab,
        training=values["training"],
        corpus=values["corpus"],
        history=tuple(values["history"]),
        val_loss=values.get("val_loss"),
        test_loss=values.get("test_loss"),
        temperature=float(temperature),
    )


def list_checkpoints(root: Path | None = None) -> list[Checkpoint]:
    """The whole checkpoints among the subfolders of `root` (default: checkpoints/), by name; broken ones left out."""
    found = []
    for folder in model_folders(root):
        try:
            found.append(load_checkpoint(folder.resolve()))
        except CheckpointError:
            continue  # a torn or foreign folder is no model to offer; naming it raises with the reason
    return found


def model_folders(root: Path | None = None) -> list[Path]:
    """The folders in checkpoints/ (or `root`) with a model.json, by name; a user's model hides a shipped one."""
    roots = checkpoint_roots() if root is None else [Path(root)]
    folders = {file.parent.name: file.parent for each in reversed(roots) for file in each.glob(f"*/{JSON_FILE}")}
    return [folders[name] for name in sorted(folders)]


def find_checkpoint(name: str | Path) -> Path:
    """The folder of a model given by its name in checkpoints/ or by its path. Raises CheckpointError if none is."""
    text = str(name)
    is_name = text not in ("", ".", "..") and not any(mark in text for mark in ("/", "\\", "\0"))
    named = [root / text for root in checkpoint_roots()] if is_name else []
    for folder in named + ([] if "\0" in text else [Path(name)]):
        if (folder / JSON_FILE).is_file():
            return folder
    known = [folder.name for folder in model_folders()]
    hint = f"known models are {', '.join(known)}" if known else f"there are no models in {checkpoints_path()}"
    raise CheckpointError(f"there is no checkpoint {text!r}: {hint}; or give a folder with a {JSON_FILE}.")


def check_weights(path: Path, config: ModelConfig, vocab_size: int, weights: Mapping[str, NDArray[np.float32]]) -> None:
    """Raise CheckpointError unless the arrays are those of this network: names, shapes, float32, finite."""
    found = {name: (array.shape, str(array.dtype)) for name, array in weights.items()}
    _check_tensors(path, tensor_shapes(config, vocab_size), found, "float32")
    _check_finite(path, weights)


def read_weights(file: Path, config: ModelConfig, vocab_size: int, *, half: bool = False) -> Weights:
    """The tensors of a safetensors file, checked in name, shape, type and value; see Checkpoint.weights.

    `half`: the file may also hold them all as float16; what is returned is float32.
    """
    found = _tensors_of(file)
    halved = half and found and all(kind == "F16" for _, kind in found.values())
    _check_tensors(file, tensor_shapes(config, vocab_size), found, "F16" if halved else "F32")
    try:
        with safe_open(str(file), framework="np") as tensors:
            arrays: Weights = {
                name: tensors.get_tensor(name).astype(np.float32, copy=False)
                for name in tensors.keys()  # noqa: SIM118 (no mapping)
            }
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{file} cannot be read ({error}); restore it or train anew.", path=file) from None
    _check_finite(file, arrays)
    return arrays


def replace_file(path: Path, data: bytes) -> None:
    """Write a file by rename, so that a reader, or a run after a crash, sees the old one or the new one whole."""
    partial = path.with_name(f".{path.name}.partial")  # one fixed name: what a killed run leaves is overwritten
    with open(partial, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, path)


def _readable(description: Mapping[str, Any]) -> str:
    """JSON with one line a field and one line a history entry: readable, and kind to diffs."""
    lines = []
    for key, value in description.items():
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
        if key == "history" and value:
            text = "[\n    " + ",\n    ".join(json.dumps(v, allow_nan=False) for v in value) + "\n  ]"
        lines.append(f"  {json.dumps(key)}: {text}")
    return "{\n" + ",\n".join(lines) + "\n}"


def _read_json(file: Path) -> dict[str, Any]:
    """The object of a model.json of bounded size; no NaN, no Infinity."""

    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is no JSON number")

    try:
        if (size := file.stat().st_size) > MAX_JSON_BYTES:
            raise ValueError(f"{size:,} bytes are more than the {MAX_JSON_BYTES:,} a description may have")
        values = json.loads(file.read_text(encoding="utf-8"), parse_constant=refuse)
    except (OSError, ValueError, RecursionError) as error:
        message = f"{file} cannot be read as a model's description ({error}); restore it or train anew."
        raise CheckpointError(message, path=file) from None
    if not isinstance(values, dict):
        raise CheckpointError(f"{file} is no JSON object; restore it or train anew.", path=file)
    return values


def _is_number(value: object) -> bool:
    """None, or a finite number that is no truth value."""
    if value is None:
        return True
    return isinstance(value, (int, float)) and not isinstance(value, bool) and -1e300 < value < 1e300


def _tensors_of(file: Path) -> dict[str, tuple[tuple[int, ...], str]]:
    """Shape and type of each tensor of a safetensors file, by name, from its header alone."""
    if not file.is_file():
        raise CheckpointError(f"{file} is missing; a checkpoint is {JSON_FILE} and {WEIGHTS_FILE}.", path=file)
    try:
        with safe_open(str(file), framework="np") as tensors:
            slices = {name: tensors.get_slice(name) for name in tensors.keys()}  # noqa: SIM118
            return {name: (tuple(s.get_shape()), s.get_dtype()) for name, s in slices.items()}
    except (SafetensorError, OSError, ValueError) as error:
        message = f"{file} is no whole safetensors file ({error}); pickled or cut files are not read. Restore it."
        raise CheckpointError(message, path=file) from None


def _check_tensors(
    file: Path, expected: Mapping[str, tuple[int, ...]], found: Mapping[str, tuple[tuple[int, ...], str]], dtype: str
) -> None:
    """Raise CheckpointError unless `found` has exactly the expected names, shapes and type."""
    problems = [f"{name} is missing" for name in expected if name not in found]
    problems += [f"{name} is not part of this network" for name in found if name not in expected]
    for name in expected.keys() & found.keys():
        shape, kind = found[name]
        if shape != expected[name] or kind != dtype:
            problems.append(f"{name} is {kind} {list(shape)} where float32 {list(expected[name])} is needed")
    if problems:
        more = f" and {len(problems) - 3} more" if len(problems) > 3 else ""
        message = f"{file} does not fit its configuration: {'; '.join(sorted(problems)[:3])}{more}."
        raise CheckpointError(message, path=file)


def _check_finite(file: Path, arrays: Mapping[str, NDArray[np.float32]]) -> None:
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            message = f"{file}: {name} holds values that are not finite; the training diverged. Restore or train anew."
            raise CheckpointError(message, path=file)
