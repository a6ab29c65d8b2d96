"""Runs that take a moment: networks of eight units on six tunes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from charlstm.experiments.catalog import report_training
from charlstm.experiments.jobs import Run, Training
from charlstm.lm.config import ModelConfig
from charlstm.lm.train import trainer as train_module


def small(cell: str = "lstm", epochs: int = 2, units: int = 8) -> Training:
    """The report's training of a small network: two steps an epoch."""
    usual = report_training(cell, 150, epochs=epochs)
    model = ModelConfig(cell=cell, hidden_size=units, embedding_size=4)  # type: ignore[arg-type]
    return Training(model=model, train=replace(usual.train, batch_size=2))


@pytest.fixture
def runs() -> list[Run]:
    """Two cells, two seeds."""
    return [Run(small(cell), seed) for seed in (0, 1) for cell in ("lstm", "rnn")]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Samples of a few characters: what a trainer writes after each epoch is not looked at here."""
    monkeypatch.setattr(train_module, "SAMPLE", replace(train_module.SAMPLE, max_length=10))
