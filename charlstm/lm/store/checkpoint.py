"""Checkpoints on disk: model.safetensors (float32 weights) beside model.json (what they are). No torch, no pickle.

A folder with a model.json is a complete checkpoint: both files are renamed into place, the JSON last. This file alone
reads and writes model.json. Nothing read is trusted: all is checked before use, and what this version does not know of
the training or the corpus is written back as it was.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, ClassVar, NoReturn, Self

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from charlstm.errors import CheckpointError, ConfigError
from charlstm.files import write_atomic
from charlstm.lm.config import MAX_TEMPERATURE, ModelConfig, TrainConfig
from charlstm.lm.store.tensors import Weights, check_header, check_weights, read_weights
from charlstm.lm.vocab import Vocab
from charlstm.paths import checkpoint_roots, checkpoints_path
from charlstm.tunes.form_plan.collection import PlanCollection, checked_plans

FORMAT = "charlstm/1"
UNIT = "nats/character"
WEIGHTS_FILE = "model.safetensors"
JSON_FILE = "model.json"
NO_PLANS = PlanCollection(())
MAX_JSON_BYTES = 16 * 2**20  # a history of 10,000 epochs is about 2 MB


def _is_number(value: object) -> bool:
    """A finite number, not a truth value."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and -1e300 < value < 1e300


def _is_count(value: object) -> bool:
    return isinstance(value, int) and _is_number(value) and value >= 0


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_counts(value: object) -> bool:
    """Counts by name, by letter."""
    parts = value.values() if isinstance(value, dict) else [None]
    return all(isinstance(counts, dict) and all(map(_is_count, counts.values())) for counts in parts)


def _is_rates(value: object) -> bool:
    changes = value if isinstance(value, list) else [None]
    return all(isinstance(change, list) and len(change) == 2 and all(map(_is_number, change)) for change in changes)


@dataclass(frozen=True, kw_only=True)
class _Info:
    """An object of model.json: fields that are known and usable, and in `other` the rest, so that it is not lost.

    None, or empty, is what a checkpoint does not say.
    """

    _CHECKS: ClassVar[Mapping[str, Callable[[object], bool]]] = {}
    other: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The object of JSON values; never raises: what does not fit goes to `other`."""
        usable = {name: values[name] for name, fits in cls._CHECKS.items() if name in values and fits(values[name])}
        return cls(**usable, other={name: value for name, value in values.items() if name not in usable})

    def to_dict(self) -> dict[str, Any]:
        """JSON values; a field without a value is left out."""
        known = {f.name: getattr(self, f.name) for f in fields(self) if f.name in self._CHECKS}
        return {name: value for name, value in known.items() if value not in (None, {}, [], ())} | dict(self.other)


@dataclass(frozen=True, kw_only=True)
class CorpusInfo(_Info):
    """The corpus that a network was trained on."""

    _CHECKS: ClassVar = {
        "name": _is_text,
        "tunes": _is_count,
        "fingerprint": _is_text,
        "terms": _is_text,
        "headers": _is_counts,
    }

    name: str | None = None
    tunes: int | None = None  # training tunes
    fingerprint: str | None = None
    terms: str | None = None  # under which its tunes may be used, where something is said
    # How many training tunes have which value of M:, K:, R: and L:, commonest first.
    headers: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class TrainingInfo(_Info):
    """How a network was trained."""

    _CHECKS: ClassVar = {
        **dict.fromkeys(("ended", "device", "torch"), _is_text),
        **dict.fromkeys(("steps", "threads", "processes"), _is_count),
        **dict.fromkeys(("seconds", "test_header", "test_body", "test_plan"), _is_number),
        "rates": _is_rates,
    }

    settings: Mapping[str, Any] = field(default_factory=dict)  # of TrainConfig; old checkpoints lack the newer ones
    ended: str | None = None  # why the run is over: "epochs", "minutes" or "patience"; "" while it is not
    steps: int | None = None  # updates
    rates: Sequence[Sequence[float]] = ()  # [step, factor] of each change of the learning rate by hand
    seconds: float | None = None
    device: str | None = None
    threads: int | None = None
    processes: int | None = None
    torch: str | None = None  # its version
    test_header: float | None = None  # the two parts of the test loss, nats per character
    test_body: float | None = None
    test_plan: float | None = None  # the test loss where each tune is read by its own form plan

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The object of JSON values, in which the settings stand beside the rest."""
        names = {f.name for f in fields(TrainConfig)}
        info = super().from_dict({name: value for name, value in values.items() if name not in names})
        return cls(**vars(info) | {"settings": {name: value for name, value in values.items() if name in names}})

    def to_dict(self) -> dict[str, Any]:
        """JSON values, the settings first."""
        return {**self.settings, **super().to_dict()}


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
    training : TrainingInfo
        How it was trained.
    corpus : CorpusInfo
        On what.
    history : tuple of mapping
        One entry an epoch: epoch, step, train_loss, val_loss, seconds.
    val_loss, test_loss : float or None
        Nats per character on whole tunes, END counted.
    temperature : float
        The temperature to start from when sampling.
    plans : PlanCollection
        Form plans of its corpus, of a network that reads plans; else empty.
    """

    path: Path
    config: ModelConfig
    vocab: Vocab
    training: TrainingInfo = field(default_factory=TrainingInfo)
    corpus: CorpusInfo = field(default_factory=CorpusInfo)
    history: tuple[Mapping[str, Any], ...] = ()
    val_loss: float | None = None
    test_loss: float | None = None
    temperature: float = 0.8
    plans: PlanCollection = NO_PLANS

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.path.name

    def weights(self) -> Weights:
        """Read the tensors, float32 by name. Raises CheckpointError if one is missing, misshapen or not finite."""
        return read_weights(self.path / WEIGHTS_FILE, self.config, len(self.vocab))


def save_checkpoint(checkpoint: Checkpoint, weights: Mapping[str, NDArray[np.float32]]) -> Checkpoint:
    """Write a checkpoint into its folder, over the one that is there; both files are renamed into place.

    Raises
    ------
    CheckpointError
        If the weights do not fit the configuration and the vocabulary; nothing is written then.
    """
    arrays = {name: np.ascontiguousarray(w) for name, w in weights.items()}
    check_weights(checkpoint.path, checkpoint.config, len(checkpoint.vocab), arrays)
    write_atomic(checkpoint.path / WEIGHTS_FILE, save(arrays, metadata={"format": FORMAT}))
    write_description(checkpoint)
    return checkpoint


def write_description(checkpoint: Checkpoint) -> None:
    """Write model.json alone, by rename: for a checkpoint whose weights are already in place."""
    description = {
        "format": FORMAT,
        "config": checkpoint.config.to_dict(),
        "vocab": list(checkpoint.vocab.symbols),
        "corpus": checkpoint.corpus.to_dict(),
        "training": checkpoint.training.to_dict(),
        "temperature": checkpoint.temperature,
        "val_loss": checkpoint.val_loss,
        "test_loss": checkpoint.test_loss,
        "unit": UNIT,
        "history": list(checkpoint.history),
        **({"plans": [list(plan) for plan in checkpoint.plans.plans]} if checkpoint.plans.plans else {}),
    }
    write_atomic(checkpoint.path / JSON_FILE, _readable(description) + "\n")


def load_checkpoint(path: str | Path) -> Checkpoint:
    """Read a checkpoint: a folder, or the name of one in checkpoints/.

    Reads no weights, but checks that model.safetensors holds exactly the tensors that the configuration and the
    vocabulary ask for; `Checkpoint.weights()` reads and checks their values.

    Raises
    ------
    CheckpointError
        If a file is missing, is not JSON or safetensors (a pickle, say), or does not fit the other one.
    """
    path = find_checkpoint(path)
    values = _read_json(path / JSON_FILE)

    def fail(reason: str) -> NoReturn:
        raise CheckpointError(f"{path / JSON_FILE} {reason}; restore the file or train it again.", path=path)

    # The outline: a known format, and of each field the kind of value that it must have.
    if values.get("format") != FORMAT:
        fail(f"says format {values.get('format')!r}, and this version reads {FORMAT!r}")
    for name, kind in (("config", dict), ("vocab", list), ("corpus", dict), ("training", dict), ("history", list)):
        if not isinstance(values.get(name), kind):
            fail(f"has no usable {name!r}")

    # What rebuilds the network: its configuration and its symbols.
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
        fail(f"holds an unusable vocabulary ({error})")

    # The numbers that are shown, and the temperature that sampling starts from.
    numbers = [v for entry in values["history"] for v in (entry.values() if isinstance(entry, dict) else [entry])]
    if not all(isinstance(entry, dict) for entry in values["history"]) or not _are_numbers(numbers):
        fail("holds a history that is not a list of numbers by name")
    for name in ("val_loss", "test_loss"):
        if not _are_numbers([values.get(name)]):
            fail(f"holds a {name} that is not a number")
    temperature = values.get("temperature", 0.8)
    if not _is_number(temperature) or not 0 <= temperature <= MAX_TEMPERATURE:
        fail(f"holds a temperature outside [0, {MAX_TEMPERATURE:g}]")

    # The forms that it composes by.
    try:
        plans = checked_plans(values.get("plans", []))
    except (ValueError, TypeError) as error:
        fail(f"holds unusable form plans ({error})")

    check_header(path / WEIGHTS_FILE, config, len(vocab))
    return Checkpoint(
        path=path,
        config=config,
        vocab=vocab,
        training=TrainingInfo.from_dict(values["training"]),
        corpus=CorpusInfo.from_dict(values["corpus"]),
        history=tuple(values["history"]),
        val_loss=values.get("val_loss"),
        test_loss=values.get("test_loss"),
        temperature=float(temperature),
        plans=plans,
    )


def list_checkpoints(root: Path | None = None) -> list[Checkpoint]:
    """The complete checkpoints among the subfolders of `root` (default: checkpoints/), by name."""
    checkpoints = []
    for folder in model_folders(root):
        try:
            checkpoints.append(load_checkpoint(folder.resolve()))
        except CheckpointError:
            continue  # a torn or foreign folder is not offered; naming it raises with the reason
    return checkpoints


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
    if "\0" not in text and Path(name).is_file():
        raise CheckpointError(f"{text} is {_kind_of(Path(name))}", path=Path(name))
    known = [folder.name for folder in model_folders()]
    hint = f"known models are {', '.join(known)}" if known else f"there are no models in {checkpoints_path()}"
    raise CheckpointError(f"there is no checkpoint {text!r}: {hint}; or give a folder with a {JSON_FILE}.")


def _kind_of(file: Path) -> str:
    """What a file is that somebody gave for a model, and what to do with it."""
    with open(file, "rb") as opened:
        head = opened.read(2048)
    is_pickled = head[:1] == b"\x80" or (head[:2] == b"PK" and b".pkl" in head)
    if is_pickled or file.suffix in (".pt", ".pth", ".pkl", ".ckpt"):
        return f"a pickle, never loaded: it could run a program. A model is a folder with a {JSON_FILE}."
    if head[:2] == b"PK":
        return "a ZIP; if it is an exported model, import it first: charlstm models import"
    return f"a file; a model is a folder with a {JSON_FILE}."


def _readable(description: Mapping[str, Any]) -> str:
    """JSON with one line a field and one line a history entry: readable, and kind to diffs."""
    lines = []
    for key, value in description.items():
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
        if key in ("history", "plans") and value:
            text = "[\n    " + ",\n    ".join(json.dumps(v, allow_nan=False) for v in value) + "\n  ]"
        lines.append(f"  {json.dumps(key)}: {text}")
    return "{\n" + ",\n".join(lines) + "\n}"


def _read_json(file: Path) -> dict[str, Any]:
    """The object of a model.json of bounded size; no NaN, no Infinity."""

    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is not a JSON number")

    try:
        if (size := file.stat().st_size) > MAX_JSON_BYTES:
            raise ValueError(f"{size:,} bytes are more than the {MAX_JSON_BYTES:,} a description may have")
        values = json.loads(file.read_text(encoding="utf-8"), parse_constant=refuse)
    except (OSError, ValueError, RecursionError) as error:
        message = f"{file} cannot be read as a model's description ({error}); restore it or train it again."
        raise CheckpointError(message, path=file) from None
    if not isinstance(values, dict):
        raise CheckpointError(f"{file} is not a JSON object; restore it or train it again.", path=file)
    return values


def _are_numbers(values: Sequence[object]) -> bool:
    """Whether each is a finite number or None."""
    return all(value is None or _is_number(value) for value in values)
