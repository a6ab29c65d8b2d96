"""Checkpoints: what is written comes back, and what is torn, foreign or malicious is refused with a sentence."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from charlstm.errors import CheckpointError
from charlstm.lm.config import ModelConfig
from charlstm.lm.store.checkpoint import (
    Checkpoint,
    CorpusInfo,
    TrainingInfo,
    find_checkpoint,
    list_checkpoints,
    load_checkpoint,
    save_checkpoint,
    write_description,
)
from charlstm.lm.store.tensors import tensor_shapes
from charlstm.lm.vocab import Vocab

VOCAB = Vocab.of(["abc|♯\n"])
CONFIG = ModelConfig(hidden_size=4, num_layers=2, embedding_size=3, lookback_bars=(1, 2), lookback_size=2)


def weights_of(config: ModelConfig) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {name: rng.normal(size=s).astype(np.float32) for name, s in tensor_shapes(config, len(VOCAB)).items()}


def saved(path: Path, config: ModelConfig = CONFIG, **changes: Any) -> Checkpoint:
    values: dict[str, Any] = {
        "training": TrainingInfo(settings={"epochs": 2}, ended="epochs", steps=10),
        "corpus": CorpusInfo(name="tiny", tunes=4, fingerprint="f", headers={"K": {"D": 2, "G": 1}}),
        "history": ({"epoch": 1.0, "train_loss": 2.0, "val_loss": None}, {"epoch": 2.0, "val_loss": 1.5}),
        "val_loss": 1.5,
        "temperature": 0.7,
    }
    weights = changes.pop("weights", weights_of(config))
    return save_checkpoint(Checkpoint(path, config, VOCAB, **(values | changes)), weights)


@pytest.mark.parametrize(
    "config", [CONFIG, replace(CONFIG, cell="gru", tie_weights=True), replace(CONFIG, cell="rnn", lookback_bars=())]
)
def test_what_is_saved_is_what_is_loaded(tmp_path: Path, config: ModelConfig) -> None:
    written = saved(tmp_path / "m", config)
    read = load_checkpoint(tmp_path / "m")
    assert read == written
    weights = read.weights()
    assert weights.keys() == weights_of(config).keys()
    assert all(np.array_equal(weights[name], array) for name, array in weights_of(config).items())
    assert sorted(p.name for p in (tmp_path / "m").iterdir()) == ["model.json", "model.safetensors"]


def test_what_this_version_does_not_know_of_a_checkpoint_is_not_lost(tmp_path: Path) -> None:
    """Fields of a newer version, or of an unusable kind, come back as they were when model.json is written."""
    saved(tmp_path / "m")
    for key, added in (
        ("training", {"steps": 10, "seconds": "many", "optimizer": "lion", "moon": {"phase": [1, 2]}}),
        ("corpus", {"name": "tiny", "tunes": -1, "headers": {"K": {"D": "two"}}, "licence": "CC0"}),
    ):
        edit(key, added)(tmp_path / "m")
        before = load_checkpoint(tmp_path / "m")
        write_description(before)
        assert json.loads((tmp_path / "m" / "model.json").read_text())[key] == added
        assert load_checkpoint(tmp_path / "m") == before
    assert (before.training.steps, before.training.seconds, before.training.settings["optimizer"]) == (10, None, "lion")
    assert (before.corpus.name, before.corpus.tunes, dict(before.corpus.headers)) == ("tiny", None, {})


def test_loading_needs_no_torch(tmp_path: Path) -> None:
    saved(tmp_path / "m")
    code = (
        "import sys; from charlstm.lm.store.checkpoint import load_checkpoint; "
        "load_checkpoint(sys.argv[1]).weights(); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(tmp_path / "m")], check=False).returncode == 0


def edit(key: str, value: object) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        values = json.loads((folder / "model.json").read_text())
        values[key] = value
        (folder / "model.json").write_text(json.dumps(values))

    return damage


def overwrite(name: str, data: bytes) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_bytes(data) and None


def cut(folder: Path) -> None:
    data = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(data[: len(data) // 2])


def tensors(**changes: np.ndarray | None) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        changed = weights_of(CONFIG) | {name.replace("__", "."): array for name, array in changes.items()}
        save_file({n: a for n, a in changed.items() if a is not None}, str(folder / "model.safetensors"))

    return damage


class Malice:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("exit 1",)


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda folder: (folder / "model.safetensors").unlink(), "is missing"),
        (cut, "not a safetensors file"),
        (overwrite("model.safetensors", pickle.dumps(Malice())), "pickled"),
        (overwrite("model.json", b"{"), "cannot be read"),
        (overwrite("model.json", b"[1]"), "not a JSON object"),
        (overwrite("model.json", b"[" * 100_000), "cannot be read"),
        (overwrite("model.json", b"\xff\xfe"), "cannot be read"),
        (overwrite("model.json", b" " * (2**24 + 1)), "bytes"),
        (edit("format", "charlstm/99"), "charlstm/99"),
        (edit("config", {"cell": "transformer"}), "transformer"),
        (edit("config", {"hidden_size": 4, "surprise": 1}), "surprise"),
        (edit("config", {"hidden_size": 5, "num_layers": 2, "embedding_size": 3}), "does not fit"),
        (edit("config", {"lookback_bars": 3}), "out of range"),
        (edit("vocab", ["<start>", "<end>", "ab"]), "unusable vocabulary"),
        (edit("vocab", ["<start>", "<end>", "\ud800"]), "not a list of characters"),
        (edit("vocab", list(VOCAB.symbols[:-1])), "does not fit"),
        (edit("vocab", "abc"), "vocab"),
        (edit("val_loss", "low"), "val_loss"),
        (edit("val_loss", float("nan")), "NaN"),
        (edit("temperature", 1e9), "temperature"),
        (edit("temperature", 10**400), "temperature"),
        (edit("history", [{"val_loss": "<script>"}]), "history"),
        (tensors(decoder__bias=None), "decoder.bias is missing"),
        (tensors(extra=np.zeros(1, np.float32)), "extra is not part"),
        (tensors(decoder__bias=np.zeros(3, np.float32)), r"decoder.bias is F32 \[3\]"),
        (tensors(decoder__bias=np.zeros(len(VOCAB), np.float64)), "F64"),
    ],
)
def test_a_damaged_checkpoint_is_refused_with_a_sentence(
    tmp_path: Path, damage: Callable[[Path], None], says: str
) -> None:
    saved(tmp_path / "m")
    damage(tmp_path / "m")
    with pytest.raises(CheckpointError, match=says):
        load_checkpoint(tmp_path / "m")
    assert list_checkpoints(tmp_path) == []


def test_weights_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    saved(tmp_path / "m")
    tensors(decoder__bias=np.full(len(VOCAB), np.nan, np.float32))(tmp_path / "m")
    with pytest.raises(CheckpointError, match="not finite"):
        load_checkpoint(tmp_path / "m").weights()


def test_what_does_not_fit_is_not_written_over_what_does(tmp_path: Path) -> None:
    before = saved(tmp_path / "m")
    with pytest.raises(CheckpointError, match="missing"):
        saved(tmp_path / "m", weights={})
    assert load_checkpoint(tmp_path / "m") == before


def test_a_write_that_fails_leaves_the_old_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = saved(tmp_path / "m")

    def full_disk(handle: int) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(OSError, match="no space"):
        saved(tmp_path / "m", val_loss=1.0)
    with pytest.raises(OSError, match="no space"):
        write_description(replace(before, val_loss=1.0))
    assert load_checkpoint(tmp_path / "m") == before
    assert load_checkpoint(tmp_path / "m").weights().keys() == weights_of(CONFIG).keys()


def test_models_are_found_by_name_and_by_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHARLSTM_HOME", str(tmp_path))
    saved(tmp_path / "checkpoints" / "b")
    saved(tmp_path / "checkpoints" / "a")
    (tmp_path / "checkpoints" / "half").mkdir()
    assert [c.name for c in list_checkpoints()] == ["a", "b"]
    assert load_checkpoint("a").name == load_checkpoint(tmp_path / "checkpoints" / "a").name == "a"
    for name in ("c", "half", "", "..", "../a", "a\0b"):
        with pytest.raises(CheckpointError, match="known models are a, b"):
            find_checkpoint(name)
