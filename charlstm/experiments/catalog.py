"""The report's studies: each with its question, its runs, and what the report says. Runs nothing.

The report (L. Gan, Z. Xia, J. Song, B. Zhu, University of California San Diego) trains networks of one layer on
folk tunes: random slices, teacher forcing, Adam, START and END.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from charlstm.errors import ConfigError
from charlstm.experiments.jobs import (
    ORDER,
    SEEDS,
    TUNES,
    Case,
    Counting,
    Measuring,
    Neurons,
    Run,
    Sampling,
    Study,
    Training,
)
from charlstm.lm.cells import CELLS
from charlstm.lm.config import ModelConfig, TrainConfig

EPOCHS = 25  # so that every run of every study, with two seeds, takes one core an hour and a half; the report took 100
SLICE = 30  # characters; with slices of 30 the losses are those that the report plots
BATCH = 8  # slices a step; the report takes one, which is six times slower a character and no better for the study
LEARNING_RATE = 2e-3  # constant; a step of eight slices can be longer than one of a single slice (1e-3)
THREADS = 1  # of a run, so that its numbers do not depend on how many run side by side
TEMPERATURES = (0.5, 0.8, 1.0, 2.0)  # the report's three, and its code's default
MINGRU_TEMPERATURE = 0.8
PANEL_TEMPERATURES = (0.5, 0.8, 1.0, 1.2, 2.0)
SHIPPED = ("lstm-form", "lstm-512", "lstm-250", "gru-250", "lstm-150", "rnn-250")  # models that the panel measures
GUARDED = SHIPPED[:2]  # those of them that it also measures with the guard


def report_training(
    cell: str, hidden_size: int, dropout: float = 0.0, *, layers: int = 1, epochs: int = EPOCHS
) -> Training:
    """A network and its training as the report did it: random slices, Adam at a constant rate, nothing transposed.

    Parameters
    ----------
    cell : str
        One of charlstm.lm.cells.CELLS.
    hidden_size : int
        Units, and size of the embedding, as in the report.
    dropout : float
        Output dropout, on what the layer gives. 0 for what the report's code did: it gave its p to nn.LSTM,
        which drops between layers only, and there was one.
    layers : int
        On top of each other; the report's networks have one.
    epochs : int
        Passes over the tunes, one slice of each.
    """
    return Training(
        model=ModelConfig(
            cell=cell,
            hidden_size=hidden_size,
            num_layers=layers,
            embedding_size=hidden_size,
            dropout=dropout,
        ),
        train=TrainConfig(
            batching="slices",
            sequence_length=SLICE,
            batch_size=BATCH,
            learning_rate=LEARNING_RATE,
            warmup_steps=0,
            final_rate=1.0,
            optimizer="adam",
            clip_norm=5.0,  # only a guard: the norms of these runs stay below it
            epochs=epochs,
            transpose=False,
            drop_fields=0.0,
        ),
    )


def catalog(epochs: int = EPOCHS) -> dict[str, Study]:
    """The studies by name, in the report's order.

    Parameters
    ----------
    epochs : int
        Of every training; other epochs are other runs, with records of their own.
    """
    studies = (
        _baseline(epochs),
        _temperatures(epochs),
        _cells(epochs),
        _mingru(epochs),
        _sizes(epochs),
        _depth(epochs),
        _dropout(epochs),
        _heatmaps(epochs),
        _panel(),
    )
    return {study.name: study for study in studies}


def study(name: str, epochs: int = EPOCHS) -> Study:
    """One study by its name. Raises ConfigError if there is none of that name."""
    studies = catalog(epochs)
    if name not in studies:
        raise ConfigError("study", f"must be one of {', '.join(studies)}, not {name!r}.")
    return studies[name]


def all_runs(studies: Sequence[Study], seeds: int = SEEDS) -> list[Run]:
    """The runs of several studies, each once: all of a seed before the next, what others need first."""
    wanted = dict.fromkeys(run for each in studies for run in each.runs(seeds))
    return sorted(wanted, key=lambda run: (run.seed, not isinstance(run.job, Training)))


def _trained(cell: str, size: int, dropout: float, acts: bool, epochs: int, figure: str, **report: float) -> Case:
    """A case that trains: `dropout` as the figure names it, acting or given to nn.LSTM where it does not."""
    label = f"{CELLS[cell].label}, {size} neurons"
    columns: dict[str, Any] = {"cell": CELLS[cell].label, "neurons": size, "dropout": dropout}
    if dropout:
        columns["dropout acts"] = "yes" if acts else "no"
        label += f", output dropout {dropout:g}" if acts else f", dropout {dropout:g}"
    return Case(label, report_training(cell, size, dropout if acts else 0.0, epochs=epochs), columns, figure, report)


def _counted() -> Case:
    return Case(f"{ORDER}-gram", Counting(), {"cell": f"{ORDER}-gram"})


def _baseline(epochs: int) -> Study:
    return Study(
        "baseline",
        "The baseline",
        "How well does an LSTM of 150 neurons learn to predict the next character?",
        f"One layer of 150 neurons, trained on random windows of {SLICE} characters.",
        (_trained("lstm", 150, 0.0, False, epochs, "1", train=1.5, validation=1.5), _counted()),
    )


def _cells(epochs: int) -> Study:
    lstm, rnn = {"train": 1.3, "validation": 1.3}, {"train": 1.8, "validation": 2.0}
    pairs = ((200, 0.1, "11", "12"), (250, 0.2, "13", "14"))
    cases = []
    for size, dropout, first, second in pairs:
        cases += [
            _trained("lstm", size, dropout, False, epochs, first, **lstm),
            _trained("rnn", size, dropout, False, epochs, second, **rnn),
            _trained("gru", size, dropout, False, epochs, ""),
        ]
    for size, dropout, _, _ in pairs:
        cases += [_trained(cell, size, dropout, True, epochs, "") for cell in ("lstm", "rnn")]
    return Study(
        "cells",
        "LSTM or RNN",
        "What is the LSTM's memory worth?",
        "The same training for an LSTM and an RNN, in two settings. A GRU is added here. The first rows have the "
        "report's dropout, which does nothing in a network of one layer; the last ones have output dropout.",
        (*cases, _counted()),
    )


def _mingru(epochs: int) -> Study:
    # As many weights each as the LSTM's of 150 neurons, give or take one in a hundred.
    shapes = (
        ("lstm", 150, 1),
        ("gru", 171, 1),
        ("rnn", 281, 1),
        ("mingru", 281, 1),
        ("mingru", 206, 2),
        ("mingru", 171, 3),
    )
    trained, sampled = [], []
    for cell, size, layers in shapes:
        training = report_training(cell, size, layers=layers, epochs=epochs)
        label = f"{CELLS[cell].label}, {size} neurons" + (f", {layers} layers" if layers > 1 else "")
        columns = {"cell": CELLS[cell].label, "neurons": size, "layers": layers}
        trained.append(Case(label, training, columns))
        tunes = Sampling(network=training, temperature=MINGRU_TEMPERATURE)
        sampled.append(Case(f"{label}, T = {MINGRU_TEMPERATURE:g}", tunes, columns | {"T": MINGRU_TEMPERATURE}))
    return Study(
        "mingru",
        "minGRU",
        "Does a cell whose gates do not see its state learn as well?",
        f"minGRU (Feng et al. 2024) beside the other cells, each with about 206,000 weights, and {TUNES} tunes of "
        "each. Not in the report.",
        (*trained, *sampled),
    )


def _sizes(epochs: int) -> Study:
    figures = {"lstm": ("15", "16", "17"), "rnn": ("18", "19", "20"), "gru": ("", "", "")}
    cases = [
        _trained(cell, size, 0.0, False, epochs, figure)
        for cell in ("lstm", "rnn", "gru")
        for size, figure in zip((150, 200, 250), figures[cell], strict=True)
    ]
    return Study(
        "sizes",
        "How many neurons",
        "Do more neurons in the hidden layer help?",
        "150, 200 and 250 neurons, for each cell.",
        (*cases, _counted()),
    )


def _depth(epochs: int) -> Study:
    cases = [
        Case(
            f"LSTM, {layers} layer{'s' if layers > 1 else ''}",
            report_training("lstm", 150, layers=layers, epochs=epochs),
            {"cell": "LSTM", "neurons": 150, "layers": layers},
        )
        for layers in (1, 2, 3)
    ]
    return Study(
        "depth",
        "How many layers",
        "Do more layers help?",
        "1, 2 and 3 layers of 150 neurons. The report says that depth was tuned, and shows no figure of it.",
        (*cases, _counted()),
    )


def _dropout(epochs: int) -> Study:
    rates = (0.1, 0.2, 0.3)
    figures = {"rnn": ("21", "22", "23"), "lstm": ("24", "25", "26")}
    as_reported = [
        _trained(cell, 150, rate, False, epochs, figure)
        for cell in ("rnn", "lstm")
        for rate, figure in zip(rates, figures[cell], strict=True)
    ]
    acting = [_trained(cell, 150, rate, True, epochs, "") for cell in ("rnn", "lstm", "gru") for rate in rates]
    without = [_trained("gru", 150, 0.0, False, epochs, "")]
    return Study(
        "dropout",
        "Dropout",
        "Does dropout help?",
        "150 neurons. PyTorch's own dropout works between layers, so with one layer it drops nothing, whatever its "
        "rate: those rows are one and the same training. The others drop the layer's output, which does act.",
        (*as_reported, *without, *acting),
    )


def _temperatures(epochs: int) -> Study:
    baseline = report_training("lstm", 150, epochs=epochs)
    figures = {0.5: "5-7", 1.0: "2-4", 2.0: "8-10"}
    cases = [
        Case(
            f"baseline, T = {t:g}",
            Sampling(network=baseline, temperature=t),
            {"model": "baseline", "T": t},
            figures.get(t, ""),
        )
        for t in TEMPERATURES
    ]
    cases += [
        Case(f"lstm-512, T = {t:g}", Sampling(network="lstm-512", temperature=t), {"model": "lstm-512", "T": t})
        for t in TEMPERATURES
    ]
    return Study(
        "temperatures",
        "Temperature",
        "What does the temperature do to the tunes?",
        f"{TUNES} tunes of the baseline at each temperature, and of lstm-512, which learned on whole tunes.",
        tuple(cases),
    )


def _heatmaps(epochs: int) -> Study:
    baseline = report_training("lstm", 150, epochs=epochs)
    return Study(
        "heatmaps",
        "Three neurons",
        "Are there neurons that know where they are?",
        "In each network three neurons are looked for by measuring all of them on the test tunes: the one that is "
        "highest in headers, the one that is highest in bodies, and the quietest one.",
        (
            Case("lstm-150", Neurons(network="lstm-150"), {"model": "lstm-150"}, "27-29"),
            Case("baseline", Neurons(network=baseline), {"model": "baseline"}, "27-29"),
        ),
    )


def _panel() -> Study:
    settings = [(name, False) for name in SHIPPED] + [(name, True) for name in GUARDED]
    cases = [
        Case(
            f"{name}{', guarded' if guard else ''}, T = {t:g}",
            Measuring(network=name, temperature=t, guard=guard),
            {"model": name + (", guarded" if guard else ""), "T": t},
        )
        for name, guard in settings
        for t in PANEL_TEMPERATURES
    ]
    return Study(
        "panel",
        "Tunes of each model",
        "How good are the tunes, between real ones and real bars shuffled?",
        f"{TUNES} tunes of each shipped model at each temperature. The ceiling is test tunes, which no model has seen, "
        "the control is the same tunes with bars exchanged among tunes of one meter and key. Guarded: the model may "
        "only write what can be engraved and played. lstm-form writes each tune from a form plan in the corpus.",
        tuple(cases),
    )


def with_seed(training: Training, seed: int) -> TrainConfig:
    """The training's configuration under a seed."""
    return replace(training.train, seed=seed)
