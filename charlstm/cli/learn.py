"""charlstm learn: a model goes on learning from tunes that somebody liked. An experiment (docs/lab-log.md)."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from charlstm.cli.common import (
    Commands,
    add_command,
    add_model,
    as_model_texts,
    at_least,
    find_corpus_for,
    progress,
    read_tunes,
    show,
)
from charlstm.errors import CheckpointError, CorpusError


def add(commands: Commands) -> None:
    parser = add_command(
        commands,
        "learn",
        "experiment: a copy of a model that goes on learning from tunes you like",
        "charlstm learn lstm-512 --liked starred.abc --out checkpoints/lstm-mine",
        _learn,
    )
    add_model(parser)
    parser.add_argument(
        "--liked", type=Path, required=True, metavar="FILE", help="tunes that you like, such as a tunebook from Library"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="folder of the new model")
    parser.add_argument(
        "--bound",
        type=float,
        default=0.02,
        metavar="NATS",
        help="end before its loss on its own validation tunes has risen by more than this (default %(default)s)",
    )
    parser.add_argument("--updates", type=at_least(1), default=100, metavar="N", help="at most (default %(default)s)")
    parser.add_argument(
        "--learning-rate", type=float, default=5e-4, metavar="R", help="after a warm-up (default %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="random seed (default %(default)s)")


def _learn(options: argparse.Namespace) -> None:
    from charlstm.lm.infer.engine import load
    from charlstm.lm.store.checkpoint import JSON_FILE, save_checkpoint
    from charlstm.lm.train.liked import learn_from_liked

    if (options.out / JSON_FILE).exists():
        raise CheckpointError(f"{options.out} holds a model already; choose another folder.", path=options.out)
    engine = load(options.model)
    checkpoint = engine.checkpoint
    assert checkpoint is not None
    corpus = find_corpus_for(engine, None)
    if corpus.fingerprint != checkpoint.corpus.fingerprint:
        raise CorpusError(f"{corpus.name} has changed since {engine.name} learned from it; build it again.")
    texts = as_model_texts(engine, read_tunes(options.liked))
    with progress() as advance:
        learned = learn_from_liked(
            checkpoint,
            corpus,
            texts,
            bound=options.bound,
            updates=options.updates,
            learning_rate=options.learning_rate,
            seed=options.seed,
            report=advance,
        )
    path = Path(options.out)
    path.mkdir(parents=True, exist_ok=True)
    loss = dict(learned.losses)[learned.updates]
    save_checkpoint(replace(checkpoint, path=path, val_loss=loss, test_loss=None), learned.weights)
    value = {
        "path": str(path),
        "liked": learned.liked,
        "updates": learned.updates,
        "losses": [list(pair) for pair in learned.losses],
        "rise": learned.rise,
    }
    text = (
        f"{path}: {learned.liked} liked tunes, {learned.updates} updates; loss on validation tunes "
        f"{learned.losses[0][1]:.4f} before, {loss:.4f} after"
    )
    show(options, value, text)
