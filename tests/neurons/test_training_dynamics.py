from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from charlstm.errors import ConfigError
from charlstm.lm.infer.engine import Engine
from charlstm.lm.store.checkpoint import Checkpoint, load_checkpoint
from charlstm.lm.store.epochs import save_epoch
from charlstm.neurons.concepts.registry import CONCEPTS
from charlstm.neurons.recording import Unit, record
from charlstm.neurons.training_dynamics import concept_learning, unit_through_training
from tests.conftest import TUNES
from tests.memorizing_model import save_reciter

RECITED = (TUNES[3], TUNES[5])


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    """A reciter that knew nothing after epoch 0, half after epoch 1, all after epoch 2."""
    folder = save_reciter(tmp_path_factory.mktemp("run") / "reciter", RECITED)
    found = load_checkpoint(folder)
    weights = found.weights()
    for number, share in ((0, 0.01), (1, 0.5), (2, 1.0)):
        part = {name: array * share for name, array in weights.items()}
        save_epoch(folder / "epochs", number, part, epoch=number, step=number, loss=3.0 - number, half=False)
    return found


def test_a_units_values_are_those_of_each_epochs_weights(checkpoint: Checkpoint) -> None:
    epochs, values = unit_through_training(checkpoint, RECITED[0], Unit(0, 5))
    assert [epoch.number for epoch in epochs] == [0, 1, 2]
    assert values.shape == (3, len(RECITED[0]))
    last = Engine(checkpoint.config, checkpoint.vocab, checkpoint.weights())
    np.testing.assert_allclose(values[2], record(last, RECITED[0]).unit(Unit(0, 5)), atol=1e-6)
    assert values[0].std() < values[2].std()
    with pytest.raises(ConfigError, match="unit"):
        unit_through_training(checkpoint, RECITED[0], Unit(3, 0))


def test_a_concept_is_learnt_and_the_last_epochs_unit_is_followed_back(checkpoint: Checkpoint) -> None:
    seen: list[tuple[int, int]] = []
    chosen = {name: CONCEPTS[name] for name in ("in_header", "bar_line", "chord_symbol")}
    found = concept_learning(
        checkpoint, RECITED[:1], RECITED[1:], chosen, report=lambda now: seen.append((now.done, now.total))
    )
    assert found.concepts == ("in_header", "bar_line")  # no chord symbol anywhere
    assert found.scores.shape == found.final.shape == (3, 2)
    assert ((found.scores >= 0) & (found.scores <= 1)).all()
    np.testing.assert_allclose(found.final[-1], found.scores[-1])
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_without_kept_epochs_a_sentence_says_what_to_do(tmp_path: Path) -> None:
    bare = load_checkpoint(save_reciter(tmp_path / "bare", RECITED))
    with pytest.raises(ConfigError, match="keep-epochs"):
        unit_through_training(bare, RECITED[0], Unit(0, 1))
