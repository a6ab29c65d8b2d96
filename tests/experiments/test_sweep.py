"""Sweeps: what is tried is what was asked for, and the best comes first."""

from __future__ import annotations

import json

import numpy as np
import pytest

from charlstm.cli import main
from charlstm.errors import ConfigError
from charlstm.experiments.sweep import Axis, parse_axis, sweep, trials
from charlstm.lm.config import ModelConfig, TrainConfig
from charlstm.tunes.corpus.io import save_corpus
from charlstm.tunes.corpus.model import Corpus

MODEL = ModelConfig(hidden_size=8, embedding_size=4)
TRAIN = TrainConfig(batch_size=2, epochs=2, warmup_steps=0)


@pytest.mark.parametrize(
    ("text", "axis"),
    [
        ("hidden-size=128,256", Axis("hidden_size", (128, 256))),
        ("cell=lstm, gru", Axis("cell", ("lstm", "gru"))),
        ("learning_rate=1e-3", Axis("learning_rate", (0.001,))),
        ("tie-weights=true,false", Axis("tie_weights", (True, False))),
        ("lookback-bars=none,1:2:4", Axis("lookback_bars", (None, (1, 2, 4)))),
        ("dropout=0..0.5", Axis("dropout", (), 0, 0.5)),
        ("learning-rate=1e-4..1e-2", Axis("learning_rate", (), 1e-4, 1e-2)),
    ],
)
def test_an_axis_is_read(text, axis):
    assert parse_axis(text) == axis


@pytest.mark.parametrize(
    "text",
    ["hidden-size", "hidden-size=", "wings=2", "seed=1", "dropout=0.5..0", "dropout=a..b", "dropout=0.1..0.1", ""],
)
def test_what_is_no_axis_is_a_sentence(text):
    with pytest.raises(ConfigError, match="try: "):
        parse_axis(text)


def test_a_grid_is_every_combination_once():
    runs = trials(
        [Axis("hidden_size", (8, 9)), Axis("learning_rate", (0.1, 0.2)), Axis("cell", ("rnn",))], MODEL, TRAIN
    )
    said = {(r.job.model.hidden_size, r.job.train.learning_rate, r.job.model.cell) for r in runs}
    assert len(runs) == 4 and said == {(h, r, "rnn") for h in (8, 9) for r in (0.1, 0.2)}
    assert trials([], MODEL, TRAIN)[0].job.model == MODEL


def test_a_draw_is_in_its_range_and_the_same_for_the_same_seed():
    axes = [Axis("dropout", (), 0, 0.5), Axis("learning_rate", (), 1e-4, 1e-1), Axis("hidden_size", (), 4, 6)]
    runs = trials(axes, MODEL, TRAIN, samples=200, seed=3)
    assert runs == trials(axes, MODEL, TRAIN, samples=200, seed=3) != trials(axes, MODEL, TRAIN, samples=200, seed=4)
    assert all(0 <= r.job.model.dropout <= 0.5 and 4 <= r.job.model.hidden_size <= 6 for r in runs)
    assert {r.job.model.hidden_size for r in runs} == {4, 5, 6}
    rates = np.array([r.job.train.learning_rate for r in runs])
    assert rates.min() >= 1e-4 and rates.max() <= 1e-1
    assert 0.2 < (rates < 1e-3).mean() < 0.5  # a third of the logarithm


def test_a_range_needs_a_number_of_trials():
    with pytest.raises(ConfigError, match="dropout is a range; say how many trials"):
        trials([Axis("dropout", (), 0, 0.5)], MODEL, TRAIN)


def test_a_value_out_of_its_range_is_a_sentence():
    with pytest.raises(ConfigError, match="dropout: must be in"):
        trials([Axis("dropout", (0.1, 1.5))], MODEL, TRAIN)


def test_the_best_is_first_and_what_is_done_is_skipped(tiny_corpus, tmp_path):
    runs = trials([Axis("learning_rate", (1e-6, 0.05))], MODEL, TRAIN)
    told = []
    records = sweep(runs, tiny_corpus, tmp_path, report=lambda done, total: told.append((done, total)))
    losses = [record.result["validation_tunes"] for record in records]
    assert losses == sorted(losses) and records[0].settings["train"]["learning_rate"] == 0.05
    assert told[-1] == (2, 2)
    assert (tmp_path / "networks" / records[0].key / "model.json").exists()
    seconds = [record.seconds for record in records]
    assert [record.seconds for record in sweep(runs, tiny_corpus, tmp_path)] == seconds


def test_without_validation_tunes_nothing_can_be_compared(tiny_corpus, tmp_path):
    blind = Corpus("blind", train=tiny_corpus.train, validation=())
    with pytest.raises(ConfigError, match="no validation tunes"):
        sweep(trials([], MODEL, TRAIN), blind, tmp_path)


def test_the_command_ranks_trials(tiny_corpus, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("CHARLSTM_HOME", str(tmp_path))
    save_corpus(tiny_corpus)
    tried = [word for axis in ("hidden-size=4,6", "lookback-bars=none", "dropout=0") for word in ("--try", axis)]
    line = ["sweep", "--corpus", "tiny", "--epochs", "1", *tried, "--out"]
    assert main([*line, str(tmp_path / "out")]) == 0
    said = capsys.readouterr().out
    assert "validation" in said and "hidden-size" in said and "The best network:" in said
    assert main([*line, str(tmp_path / "out"), "--json"]) == 0
    records = json.loads(capsys.readouterr().out)
    assert len(records) == 2 and all(record["kind"] == "training" for record in records)
    assert main(["sweep", "--corpus", "tiny", "--try", "wings=2", "--out", str(tmp_path)]) == 1
    assert "not a setting that can be tried" in capsys.readouterr().err
