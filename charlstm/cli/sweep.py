"""charlstm sweep: many trainings, to find the best settings."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from charlstm.cli.common import (
    Commands,
    add_command,
    add_corpus,
    add_engine,
    at_least,
    find_corpus,
    progress,
    show,
    table,
)
from charlstm.cli.train_options import DROPOUT, EMBEDDING_DROPOUT
from charlstm.lm.config import LOOKBACK_BARS, ModelConfig, TrainConfig
from charlstm.progress import Progress

SHOWN = 20  # trials of the printed table


def add(commands: Commands) -> None:
    parser = add_command(
        commands,
        "sweep",
        "train many models and rank them by validation loss",
        "charlstm sweep --out runs/sweep --try hidden-size=128,256 --try dropout=0,0.2 --epochs 10 --engine ray",
        _sweep,
    )
    parser.add_argument(
        "--try",
        action="append",
        default=[],
        dest="axes",
        metavar="NAME=VALUES",
        help="a setting of the model or the training, and what to try: hidden-size=128,256, learning-rate=1e-4..1e-2 "
        "(a range), batching=tunes (one value: fixed), lookback-bars=none,1:2:4; may be repeated",
    )
    parser.add_argument(
        "--out", type=Path, required=True, metavar="FOLDER", help="folder for the records and the networks"
    )
    add_corpus(parser)
    parser.add_argument(
        "--samples", type=at_least(1), metavar="N", help="draw N trials at random instead of the whole grid"
    )
    parser.add_argument("--epochs", type=at_least(1), default=10, metavar="N", help="epochs of each trial (default 10)")
    parser.add_argument(
        "--seed", type=at_least(0), default=0, metavar="S", help="seed of the draws and of the trainings"
    )
    add_engine(parser, "side by side, poor trials stopped early")
    parser.add_argument(
        "--grace", type=at_least(1), default=2, metavar="N", help="epochs before a trial may be stopped (default 2)"
    )


def _sweep(options: argparse.Namespace) -> None:
    from charlstm.experiments.sweep import parse_axis, sweep, trials

    axes = [parse_axis(text) for text in options.axes]
    inputs = ModelConfig(lookback_bars=LOOKBACK_BARS, clock=True, match=True)  # as `charlstm train` has them
    model = replace(inputs, dropout=DROPOUT, embedding_dropout=EMBEDDING_DROPOUT)
    train = TrainConfig(epochs=options.epochs)
    runs = trials(axes, model, train, samples=options.samples, seed=options.seed)
    corpus = find_corpus(options.corpus)
    with progress() as advance:
        records = sweep(
            runs,
            corpus,
            options.out,
            engine=options.engine,
            address=options.address,
            workers=options.workers,
            grace=options.grace,
            report=lambda done, total: advance(Progress("trials", done, total)),
        )
    names = [axis.name for axis in axes]
    by_key = {run.key(corpus.fingerprint): run for run in runs}
    rows = []
    for record in records[:SHOWN]:
        job = by_key[record.key].job
        both = {**job.model.to_dict(), **job.train.to_dict()}  # type: ignore[union-attr]  # trials train
        result = record.result
        rows.append(
            (
                record.key,
                f"{result['validation_tunes']:.4f}",
                f"{result['curves']['epoch'][-1]:g}",
                *(str(both[name]) for name in names),
            )
        )
    text = table(rows, ("trial", "validation", "epochs", *(name.replace("_", "-") for name in names)))
    best = options.out / "networks" / records[0].key
    show(options, [record.to_dict() for record in records], f"{text}\nThe best network: {best}")
