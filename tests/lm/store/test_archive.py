"""Packages: what goes out comes back the same, and what is damaged, foreign or hostile is refused with a sentence."""

from __future__ import annotations

import json
import os
import pickle
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save

from charlstm.errors import CheckpointError
from charlstm.lm.config import ModelConfig
from charlstm.lm.store import archive
from charlstm.lm.store.archive import clean_name, is_kept, keep, pack, unpack
from charlstm.lm.store.checkpoint import Checkpoint, list_checkpoints, load_checkpoint, save_checkpoint
from charlstm.lm.store.epochs import list_epochs, save_epoch
from charlstm.processes import acquire
from tests.archives import zipped
from tests.conftest import VOCAB, make_weights

CONFIG = ModelConfig(hidden_size=8, embedding_size=5)
WEIGHTS = make_weights(CONFIG, VOCAB)


@pytest.fixture
def model(tmp_path: Path) -> Checkpoint:
    folder = tmp_path / "run"
    save_epoch(folder / "epochs", 2, WEIGHTS, epoch=2, step=9, loss=1.5)
    return save_checkpoint(Checkpoint(folder, CONFIG, VOCAB, val_loss=1.5), WEIGHTS)


def parts(model: Checkpoint) -> dict[str, bytes]:
    return {name: (model.path / name).read_bytes() for name in ("model.json", "model.safetensors")}


def test_a_model_goes_out_and_comes_back(model: Checkpoint, tmp_path: Path) -> None:
    data = pack(model)
    assert data == pack(model)
    taken = unpack(data, "theirs", root=tmp_path / "models")
    assert (taken.name, taken.config, taken.vocab, taken.val_loss) == ("theirs", CONFIG, VOCAB, 1.5)
    assert all(np.array_equal(array, taken.weights()[name]) for name, array in WEIGHTS.items())
    assert [stored.number for stored in list_epochs(taken.path)] == [2]
    assert [found.name for found in list_checkpoints(tmp_path / "models")] == ["theirs"]
    assert [path.name for path in (tmp_path / "models").iterdir() if path.is_dir()] == ["theirs"]


def test_a_run_is_kept_with_its_film(model: Checkpoint, tmp_path: Path) -> None:
    (model.path / "resume.safetensors").write_bytes(b"large")
    kept = keep(model.path, "mine", root=tmp_path / "models")
    assert sorted(path.name for path in kept.path.iterdir()) == [
        "epochs",
        "model.json",
        "model.safetensors",
        "owner.json",
    ]
    with pytest.raises(CheckpointError, match="no checkpoint"):
        keep(tmp_path / "models" / "nothing", "other", root=tmp_path / "models")


def test_a_run_is_kept_until_it_has_learned_more(model: Checkpoint, tmp_path: Path) -> None:
    assert not is_kept(model.path, "mine", root=tmp_path / "models")
    keep(model.path, "mine", root=tmp_path / "models")
    assert is_kept(model.path, "mine", root=tmp_path / "models")
    save_checkpoint(model, {name: array + 1 for name, array in WEIGHTS.items()})
    assert not is_kept(model.path, "mine", root=tmp_path / "models")


def test_nothing_is_overwritten_unless_that_is_said(model: Checkpoint, tmp_path: Path) -> None:
    data = pack(model)
    unpack(data, "mine", root=tmp_path / "models")
    for again in (
        lambda: unpack(data, "mine", root=tmp_path / "models"),
        lambda: keep(model.path, "mine", root=tmp_path / "models"),
    ):
        with pytest.raises(CheckpointError, match="a model called mine already"):
            again()
    assert unpack(data, "mine", root=tmp_path / "models", replace=True).name == "mine"


@pytest.mark.parametrize("name", ["", "..", "a/b", "a\\b", ".x", "x" * 65, "a\0b", "ä"])
def test_a_name_that_is_none_is_refused(model: Checkpoint, tmp_path: Path, name: str) -> None:
    with pytest.raises(CheckpointError, match="cannot name a model"):
        unpack(pack(model), name, root=tmp_path / "models")


@pytest.mark.parametrize(
    ("typed", "name"),
    [("mine.zip", "mine"), ("../../etc/passwd", "passwd"), ("C:\\a\\Mein Modell.ZIP", "Mein-Modell"), ("...", "model"),
     ("ü", "model"), ("lstm-250 (1).zip", "lstm-250-1"), ("x" * 99, "x" * 64), ("<b>", "b")],
)  # fmt: skip
def test_any_text_gives_a_name(typed: str, name: str) -> None:
    assert clean_name(typed) == name


def changed_json(model: Checkpoint, **values: object) -> dict[str, bytes]:
    about = json.loads((model.path / "model.json").read_text()) | values
    return {**parts(model), "model.json": json.dumps(about).encode()}


HOSTILE: dict[str, tuple[Callable[[Checkpoint], bytes], str]] = {
    "empty": (lambda m: b"", "not a ZIP"),
    "text": (lambda m: b"X:1\nK:C\nCDEF", "not a ZIP"),
    "weights alone": (lambda m: parts(m)["model.safetensors"], "not a ZIP"),
    "pickle": (lambda m: pickle.dumps({"weights": [1.0]}), "pickled"),
    "cut": (lambda m: pack(m)[:-40], "damaged"),
    "flipped": (lambda m: pack(m)[:300] + b"\xff" * 40 + pack(m)[340:], "damaged"),
    "no weights": (lambda m: zipped({"model.json": parts(m)["model.json"]}), "no model.safetensors"),
    "no description": (lambda m: zipped({"model.safetensors": parts(m)["model.safetensors"]}), "no model.json"),
    "a torch file": (lambda m: zipped({"archive/data.pkl": b"\x80\x02", "archive/version": b"3"}), "not part of"),
    "path": (lambda m: zipped({**parts(m), "../evil.txt": b""}), "not part of"),
    "absolute": (lambda m: zipped({**parts(m), "/etc/cron.d/evil": b""}), "not part of"),
    "deep": (lambda m: zipped({f"folder/{k}": v for k, v in parts(m).items()}), "not part of"),
    "epoch path": (lambda m: zipped({**parts(m), "epochs/../../0001.safetensors": b""}), "not part of"),
    "program": (lambda m: zipped({**parts(m), "install.py": b"print(1)"}), "not part of"),
    "many": (lambda m: zipped({f"epochs/{n:04d}.safetensors": b"" for n in range(100)}), "holds 100 files"),
    "bomb": (lambda m: zipped({**parts(m), "model.safetensors": bytes(65 * 2**20)}), "more than a model may have"),
    "json bomb": (lambda m: zipped({**parts(m), "model.json": b" " * (17 * 2**20)}), "more than a model may have"),
    "pickled weights": (lambda m: zipped({**parts(m), "model.safetensors": pickle.dumps([1])}), "incomplete"),
    "pickled description": (lambda m: zipped({**parts(m), "model.json": pickle.dumps([1])}), "incomplete"),
    "other size": (
        lambda m: zipped(changed_json(m, config=ModelConfig(hidden_size=9, embedding_size=5).to_dict())),
        "does not fit",
    ),
    "huge size": (lambda m: zipped(changed_json(m, config={"hidden_size": 10**9})), "out of range"),
    "unknown setting": (lambda m: zipped(changed_json(m, config={"program": "rm"})), "out of range"),
    "other vocabulary": (lambda m: zipped(changed_json(m, vocab=["<start>", "<end>", "a"])), "does not fit"),
    "not finite": (
        lambda m: zipped(
            {**parts(m), "model.safetensors": save({k: np.full_like(w, np.inf) for k, w in WEIGHTS.items()})}
        ),
        "not finite",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", HOSTILE)
def test_what_is_no_model_is_refused_and_leaves_nothing(model: Checkpoint, tmp_path: Path, kind: str) -> None:
    make, sentence = HOSTILE[kind]
    with pytest.raises(CheckpointError, match=sentence) as caught:
        unpack(make(model), "theirs", root=tmp_path / "models")
    assert str(tmp_path) not in str(caught.value)
    left = [p for p in (tmp_path / "models").iterdir() if p.is_dir()] if (tmp_path / "models").exists() else []
    assert left == []
    assert {path.name for path in tmp_path.iterdir()} <= {"run", "models"}


def test_too_large_a_file_is_not_opened(monkeypatch: pytest.MonkeyPatch, model: Checkpoint, tmp_path: Path) -> None:
    monkeypatch.setattr(archive, "MAX_BYTES", 1000)
    with pytest.raises(CheckpointError, match="more than a model may have"):
        unpack(pack(model), "theirs", root=tmp_path)


def test_an_epoch_that_does_not_fit_is_not_a_frame(model: Checkpoint, tmp_path: Path) -> None:
    taken = unpack(
        zipped({**parts(model), "epochs/0001.safetensors": pickle.dumps([1])}), "theirs", root=tmp_path / "models"
    )
    assert list_epochs(taken.path) == []
    assert load_checkpoint(taken.path).name == "theirs"


def test_of_six_importers_of_one_name_exactly_one_gets_it(
    model: Checkpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All six have seen that the name is free before the first one takes it; each of the others hears why not."""
    data, barrier, read = pack(model), threading.Barrier(6), archive._read_archive

    def read_together(content: bytes) -> dict[str, bytes]:
        barrier.wait(60)
        return read(content)

    monkeypatch.setattr(archive, "_read_archive", read_together)

    def take(number: int) -> str:
        try:
            return unpack(data, "one", root=tmp_path / "models").name
        except CheckpointError as error:
            return str(error)

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(take, range(6)))
    assert sorted(answers) == ["There is a model called one already; choose another name."] * 5 + ["one"]
    assert load_checkpoint(tmp_path / "models" / "one").weights()
    assert [path.name for path in (tmp_path / "models").iterdir() if path.is_dir()] == ["one"]


def test_what_a_killed_import_left_is_swept_and_what_it_was_replacing_comes_back(
    model: Checkpoint, tmp_path: Path
) -> None:
    """Killed when the old model had left its place and the new one was not there yet; one at work is left alone."""
    root = tmp_path / "models"
    unpack(pack(model), "mine", root=root)
    dead = root / ".import-dead"
    (dead / ".replaced").mkdir(parents=True)
    (root / "mine").rename(dead / ".replaced" / "mine")
    alive = root / ".import-alive"
    alive.mkdir()
    lock = acquire(alive / ".lock")
    assert lock is not None
    unpack(pack(model), "other", root=root)
    assert not dead.exists()
    assert alive.exists()
    assert load_checkpoint(root / "mine").weights()
    os.close(lock)
