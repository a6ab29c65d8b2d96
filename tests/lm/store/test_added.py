"""Laws of models that were added here: they have an owner and can be deleted; shipped ones neither."""

from __future__ import annotations

from pathlib import Path

import pytest

from charlstm.errors import CheckpointError
from charlstm.lm.config import ModelConfig
from charlstm.lm.store.added import delete, owner_of
from charlstm.lm.store.archive import keep, pack, unpack
from charlstm.lm.store.checkpoint import Checkpoint, list_checkpoints, save_checkpoint
from tests.conftest import VOCAB, make_weights

CONFIG = ModelConfig(hidden_size=8, embedding_size=5)
WEIGHTS = make_weights(CONFIG, VOCAB)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkpoint:
    """A run, in a checkout whose home it is and that ships one model."""
    monkeypatch.setenv("CHARLSTM_HOME", str(tmp_path))
    monkeypatch.setenv("CHARLSTM_SHIPPED", str(tmp_path))
    for folder in (tmp_path / "checkpoints" / "shipped", tmp_path / "runs" / "mine"):
        folder.mkdir(parents=True)
        run = save_checkpoint(Checkpoint(folder, CONFIG, VOCAB), WEIGHTS)
    return run


def test_what_was_added_has_an_owner_and_can_be_deleted(run: Checkpoint) -> None:
    keep(run.path, "kept", owner="somebody")
    unpack(pack(run), "imported")
    assert [owner_of(name) for name in ("kept", "imported")] == ["somebody", ""]
    delete("kept")
    assert [model.name for model in list_checkpoints()] == ["imported", "shipped"]
    assert run.weights()


@pytest.mark.parametrize("name", ["shipped", "nowhere", "../runs/mine", "..", "", "link"])
def test_nothing_else_is_deleted(run: Checkpoint, tmp_path: Path, name: str) -> None:
    (tmp_path / "checkpoints" / "link").symlink_to(run.path, target_is_directory=True)
    with pytest.raises(CheckpointError, match="no model"):
        delete(name)
    assert run.weights()
    assert "shipped" in [model.name for model in list_checkpoints()]


def test_a_home_beside_the_shipped_models_has_none_of_them(
    run: Checkpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model from before owners were noted can be deleted there; a note that cannot be read names nobody."""
    monkeypatch.setenv("CHARLSTM_SHIPPED", str(tmp_path / "elsewhere"))
    assert owner_of("shipped") == ""
    (tmp_path / "checkpoints" / "shipped" / "owner.json").write_text("[1")
    assert owner_of("shipped") == ""
