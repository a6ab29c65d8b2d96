"""Kept epochs: a grid that thins itself, files that are checked, forks that begin where they say."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from charlstm.errors import CheckpointError
from charlstm.lm.config import ModelConfig
from charlstm.lm.store.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from charlstm.lm.store.epochs import epoch_engine, epoch_weights, list_epochs, on_grid, save_epoch
from charlstm.paths import checkpoints_path
from tests.conftest import VOCAB, make_weights

CONFIG = ModelConfig(hidden_size=8, embedding_size=5)
WEIGHTS = make_weights(CONFIG, VOCAB)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    save_checkpoint(Checkpoint(tmp_path / "run", CONFIG, VOCAB), WEIGHTS)
    return tmp_path / "run"


def keep(run: Path, number: int, *, half: bool = True) -> None:
    save_epoch(run / "epochs", number, WEIGHTS, epoch=number, step=10 * number, loss=1 / (1 + number), half=half)


def test_a_long_run_keeps_few_epochs_and_always_the_newest(run: Path) -> None:
    for number in range(201):
        keep(run, number)
        kept = [stored.number for stored in list_epochs(run)]
        assert kept == [n for n in range(number + 1) if on_grid(n) or n == number]
    assert len(kept) < 25
    assert kept[:9] == [0, 1, 2, 3, 4, 5, 6, 8, 10]
    gaps = [later / earlier for earlier, later in itertools.pairwise(kept[7:])]
    assert max(gaps) < 1.4  # even in the logarithm


def test_an_epoch_comes_back(run: Path) -> None:
    keep(run, 3, half=False)
    keep(run, 4)
    exact, halved = (epoch_weights(load_checkpoint(run), number) for number in (3, 4))
    for name, array in WEIGHTS.items():
        assert np.array_equal(exact[name], array)
        assert halved[name].dtype == np.float32
        assert np.allclose(halved[name], array, rtol=1e-3, atol=1e-6)
    (first, second) = list_epochs(run)
    assert (first.number, first.epoch, first.step, first.loss) == (3, 3.0, 30, 0.25)
    assert second.path.stat().st_size < 0.6 * first.path.stat().st_size
    engine = epoch_engine(load_checkpoint(run), 3)
    assert engine.step([engine.vocab.start], engine.initial_state())[0].shape == (1, len(VOCAB))


def test_what_is_no_epoch_is_no_frame(run: Path) -> None:
    keep(run, 1)
    folder = run / "epochs"
    (folder / "0002.safetensors").write_bytes(b"\x80\x04pickle")
    (folder / "0003.safetensors").write_bytes((folder / "0001.safetensors").read_bytes()[:-20])
    (folder / "..safetensors").write_bytes(b"")
    assert [stored.number for stored in list_epochs(run)] == [1]
    with pytest.raises(CheckpointError, match="no stored epoch 9; stored are 1"):
        epoch_weights(load_checkpoint(run), 9)


def test_an_epoch_of_another_network_is_refused(run: Path) -> None:
    other = replace(CONFIG, hidden_size=9)
    save_epoch(run / "epochs", 1, make_weights(other, VOCAB), epoch=1, step=1, loss=None)
    with pytest.raises(CheckpointError, match="does not fit"):
        epoch_weights(load_checkpoint(run), 1)


def test_a_fresh_clone_has_a_film() -> None:
    """lstm-150 was trained again by its command in README, to the same weights, and its epochs were kept."""
    checkpoint = load_checkpoint(checkpoints_path() / "lstm-150")
    stored = list_epochs(checkpoint.path)
    assert len(stored) == 12
    assert (stored[0].number, stored[-1].number) == (0, 30)
    losses = [one.loss for one in stored if one.loss is not None]
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] == checkpoint.val_loss
    for name, array in epoch_weights(checkpoint, 30).items():
        assert np.array_equal(array, checkpoint.weights()[name].astype(np.float16).astype(np.float32))
