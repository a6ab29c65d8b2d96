"""The catalog: the report's studies are all there, shared runs are one, and keys tell runs apart and stay."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from charlstm.errors import ConfigError
from charlstm.experiments.catalog import all_runs, catalog, report_training, study
from charlstm.experiments.jobs import Counting, Measuring, Neurons, Run, Sampling, Training, settings

STUDIES = catalog()


def test_every_figure_of_the_report_has_a_case():
    """Figures 1, 2-10 (temperatures) and 11-29."""
    figures = {case.figure for each in STUDIES.values() for case in each.cases} - {""}
    numbers = set()
    for figure in figures:
        first, _, last = figure.partition("-")
        numbers |= set(range(int(first), int(last or first) + 1))
    assert numbers == set(range(1, 30))


def test_the_settings_of_the_figures():
    cells = {case.figure: case for case in STUDIES["cells"].cases if case.figure}
    said = {
        figure: (case.columns["cell"], case.columns["neurons"], case.columns["dropout"])
        for figure, case in cells.items()
    }
    assert said == {
        "11": ("LSTM", 200, 0.1),
        "12": ("RNN", 200, 0.1),
        "13": ("LSTM", 250, 0.2),
        "14": ("RNN", 250, 0.2),
    }
    sampled = [
        c.job
        for c in STUDIES["temperatures"].cases
        if isinstance(c.job, Sampling) and isinstance(c.job.network, Training)
    ]
    assert [job.temperature for job in sampled] == [0.5, 0.8, 1.0, 2.0]


def test_a_run_that_two_studies_ask_for_is_one():
    shared = [run for run in STUDIES["sizes"].runs(2) if run in STUDIES["dropout"].runs(2)]
    assert Run(report_training("lstm", 150), 1) in shared
    every = all_runs(list(STUDIES.values()))
    assert len(every) == len(set(every)) == len({run.key("print") for run in every})


@pytest.mark.parametrize("name", STUDIES)
def test_what_a_run_needs_stands_before_it(name):
    for runs in (STUDIES[name].runs(2), all_runs(list(STUDIES.values()), 3)):
        for place, run in enumerate(runs):
            assert run.needs() is None or run.needs() in runs[:place]


def test_every_study_has_two_seeds_of_all_that_is_random():
    for each in STUDIES.values():
        for case in each.cases:
            job = case.job
            alone = isinstance(job, Counting | Measuring) or (isinstance(job, Neurons) and isinstance(job.network, str))
            assert len([run for run in each.runs() if run.job == job]) == (1 if alone else 2)


def test_a_key_tells_settings_seeds_and_corpora_apart():
    usual = report_training("lstm", 150)
    others = [
        Run(replace(usual, model=replace(usual.model, dropout=0.1)), 0),
        Run(replace(usual, train=replace(usual.train, epochs=3)), 0),
        Run(usual, 1),
        Run(Sampling(network=usual, temperature=1.0), 0),
        Run(Sampling(network=usual, temperature=0.5), 0),
        Run(Sampling(network="lstm-150", temperature=0.5), 0),
    ]
    keys = {run.key("print") for run in others} | {Run(usual, 0).key("print"), Run(usual, 0).key("other")}
    assert len(keys) == len(others) + 2


def test_keys_stay():
    """The committed records are found by them: a change here orphans data/results/."""
    fiddle = "8cfa66b290427e0899278192e28fed7ac70688fbb6a4c1ac465a19fa8e6e9726"
    assert Run(report_training("lstm", 150, epochs=25), 0).key(fiddle) == "lstm-150-s0-4a0e606899"


def test_the_seed_is_no_setting():
    usual = report_training("gru", 200)
    assert settings(usual) == settings(replace(usual, train=replace(usual.train, seed=5)))


def test_an_unknown_study_is_a_sentence():
    with pytest.raises(ConfigError, match=r"one of baseline, .* not 'cell'"):
        study("cell")


@pytest.mark.parametrize("layer", [torch.nn.LSTM, torch.nn.RNN, torch.nn.GRU])
def test_pytorchs_dropout_drops_nothing_with_one_layer(layer):
    """Why the report's dropout study compares a training with itself: the study says so, and here it is."""
    x = torch.randn(3, 20, 8)
    with pytest.warns(UserWarning, match="dropout option adds dropout after all but last recurrent layer"):
        net = layer(8, 8, batch_first=True, dropout=0.9).train()
    assert torch.equal(net(x)[0], net(x)[0])
    net.dropout = 0.0
    once = net(x)[0]
    net.dropout = 0.9
    assert torch.equal(net(x)[0], once)
