"""Configurations: younger fields are written only where they are set, and a small corpus is trained to the end."""

from __future__ import annotations

import pytest

from charlstm.errors import ConfigError
from charlstm.lm.config import ENOUGH_UPDATES, ModelConfig, TrainConfig, trained_to_the_end, updates


def test_a_model_without_clock_and_plan_is_written_as_before_there_were_any() -> None:
    assert {"clock", "plan"}.isdisjoint(ModelConfig(lookback_bars=(1, 2)).to_dict())
    assert {"drop_plan", "teachers", "teacher_weight"}.isdisjoint(TrainConfig().to_dict())
    taught = TrainConfig(teachers=("lstm-512", "lstm-form"), teacher_weight=0.9)
    assert TrainConfig.from_dict(taught.to_dict()) == taught
    for config in (ModelConfig(clock=True, plan=True), ModelConfig(plan=True), ModelConfig(match=True)):
        assert ModelConfig.from_dict(config.to_dict()) == config
    assert TrainConfig.from_dict(TrainConfig(drop_plan=0.2).to_dict()).drop_plan == 0.2


def test_what_is_no_setting_is_refused() -> None:
    with pytest.raises(ConfigError, match="clock"):
        ModelConfig(clock=1)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="drop_plan"):
        TrainConfig(drop_plan=2)
    for teachers in ("lstm-512", ("",), (1,), ("lstm-512",) * 17):
        with pytest.raises(ConfigError, match="teachers"):
            TrainConfig(teachers=teachers)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="teacher_weight"):
        TrainConfig(teacher_weight=1.1)
    with pytest.raises(ConfigError, match="no weights from state to state"):
        ModelConfig(cell="mingru", weight_dropout=0.3)


@pytest.mark.parametrize("tunes", [1, 33, 400, 800, 2_873, 100_000])
def test_every_corpus_is_trained_to_the_end(tunes: int) -> None:
    train = trained_to_the_end(TrainConfig(), tunes)
    assert train.epochs * updates(train, tunes) >= ENOUGH_UPDATES
    assert train.epochs >= TrainConfig().epochs
    if train.epochs > TrainConfig().epochs:  # and not for nothing
        assert train.patience is not None
        assert (train.epochs - 1) * updates(train, tunes) < ENOUGH_UPDATES
    else:
        assert train == TrainConfig()
