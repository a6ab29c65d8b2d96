"""charlstm train: learn a model from a corpus, into a folder that can be watched, stopped and resumed.

Needs torch, numpy and safetensors only, given a built corpus.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from charlstm.cli.common import Commands, add_command, find_corpus, remember_given, show, terminal_bar
from charlstm.cli.train_options import FLAGS, add_network_options, add_training_options, configs
from charlstm.errors import CheckpointError, ConfigError
from charlstm.lm.config import ModelConfig, TrainConfig, trained_to_the_end
from charlstm.tunes.corpus.model import DEFAULT_CORPUS

if TYPE_CHECKING:
    from charlstm.lm.store.checkpoint import Checkpoint
    from charlstm.lm.store.tensors import Weights
    from charlstm.lm.train.registration import Registration
    from charlstm.lm.train.run_folder import TrainingReport
    from charlstm.tunes.corpus.model import Corpus


FORK_CHANGES = {"dropout", "embedding_dropout", "weight_dropout", "clock", "plan", "match"}  # where a fork may differ


def add(commands: Commands) -> None:
    parser = add_command(
        commands,
        "train",
        "train a model on a corpus",
        "charlstm train --corpus fiddle --out checkpoints/mine --hidden-size 250 --minutes 10",
        _train,
    )
    remember_given(parser)
    parser.add_argument("--corpus", metavar="NAME", help="a built corpus (default fiddle; to resume or fork: its own)")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="folder for the run and its checkpoint")
    parser.add_argument(
        "--estimate",
        action="store_true",
        help="train nothing: say how many weights there are, and how long it takes here",
    )
    parser.add_argument(
        "--resume", action="store_true", help="continue the run in FOLDER; with --epochs N, up to N epochs"
    )
    parser.add_argument("--fork", metavar="MODEL", help="start from the weights of this model or run, not at random")
    parser.add_argument(
        "--at", type=int, metavar="EPOCH", help="fork from this epoch, if it was kept (default: the best)"
    )
    parser.add_argument(
        "--keep-epochs",
        nargs="?",
        const="float16",
        choices=("float16", "float32"),
        help="keep the weights of some epochs in FOLDER/epochs, to replay the training or to fork (default float16)",
    )

    add_network_options(parser)
    add_training_options(parser)


def _train(options: argparse.Namespace) -> None:
    from charlstm.lm.train.registration import registered

    if options.estimate:
        _estimate(options)
        return
    if options.out is None:
        options.parser.error("say where: --out FOLDER")
    if int(os.environ.get("RANK", "0")):  # of several processes that torchrun started only the first one speaks
        _trained(options, None)
        return
    with registered(options.out) as registration:  # so that a page sees the run, whoever started it
        checkpoint = _trained(options, registration)
        registration.end("finished" if checkpoint.training.ended else registration.state_at_stop())
    show(options, _describe(checkpoint), _text(checkpoint))


def _estimate(options: argparse.Namespace) -> None:
    """What a run with these options would take here."""
    from charlstm.lm.store.tensors import count_weights
    from charlstm.lm.train.step import measure_speed
    from charlstm.lm.vocab import Vocab

    model, train = configs(options)
    corpus = find_corpus(options.corpus or DEFAULT_CORPUS)
    train = _long_enough(options, train, corpus)
    vocab_size = len(Vocab.of(corpus.texts))
    speed = measure_speed(model, vocab_size=vocab_size, threads=options.threads)
    characters = sum(len(text) + 1 for text in corpus.train)
    seconds = 60 * train.minutes if train.minutes is not None else train.epochs * characters / speed
    estimate = {
        "weights": count_weights(model, vocab_size),
        "characters_per_epoch": characters,
        "characters_per_second": speed,
        "epochs": seconds * speed / characters,
        "seconds": seconds,
    }
    text = (
        f"{estimate['weights']:,} weights, {speed:,.0f} characters/s: {characters / speed:.1f} s per epoch, "
        f"{estimate['epochs']:.0f} epochs in {seconds / 60:.1f} minutes"
    )
    show(options, estimate, text)


def _trained(options: argparse.Namespace, registration: Registration | None) -> Checkpoint:
    from charlstm.lm.train.parallel import device_of
    from charlstm.lm.train.step import quickest_threads
    from charlstm.lm.train.trainer import Trainer
    from charlstm.paths import RESUME_FILE, STOP_FILE

    out: Path = options.out
    model, train = configs(options)
    resumes = options.resume and (out / RESUME_FILE).exists()
    if options.resume and not resumes:
        if not options.given - {"out", "resume", "threads", "device"}:  # nothing says what to train
            raise CheckpointError(f"{out} holds no run to resume; start one without --resume.", path=out)
        print(f"charlstm: {out} holds no run yet; starting one", file=sys.stderr)
    own = out if resumes else options.fork
    corpus = find_corpus(options.corpus or (_corpus_of(own) if own else None) or DEFAULT_CORPUS)
    if resumes:
        changes = _changes(options, out)
        trainer = Trainer.resume(out, corpus, device=options.device, threads=options.threads, **changes)
    else:
        weights = None
        if not options.fork:
            train = _long_enough(options, train, corpus)
        else:
            model, weights = _forked(options, corpus)
        threads = options.threads
        if threads is None and "WORLD_SIZE" not in os.environ and device_of(options.device).type == "cpu":
            threads = quickest_threads(model)
        trainer = Trainer(
            corpus,
            model,
            train,
            out=out,
            device=options.device,
            threads=threads,
            keep_epochs=options.keep_epochs,
            weights=weights,
        )
    if registration is None:
        return trainer.fit()
    settings = {"corpus": corpus.name, "model": trainer.model.to_dict(), "train": trainer.config.to_dict()}
    registration.begin({**settings, "fork": options.fork, "at": options.at})
    with _reporter() as report, _stop_on_signal(out / STOP_FILE):
        return trainer.fit([report])


def _long_enough(options: argparse.Namespace, train: TrainConfig, corpus: Corpus) -> TrainConfig:
    """The training as it was asked for; where no length was, as long as the corpus needs."""
    return train if options.given & {"epochs", "minutes"} else trained_to_the_end(train, len(corpus.train))


def _forked(options: argparse.Namespace, corpus: Corpus) -> tuple[ModelConfig, Weights]:
    """The network and the weights that a fork begins with: its parent's, but for the options in FORK_CHANGES.

    The characters must be the same: each has its row in the weights.

    Raises
    ------
    CheckpointError
        If the characters differ.
    ConfigError
        If a shape of network was asked for that the parent does not have.
    """
    from charlstm.lm.store.checkpoint import load_checkpoint
    from charlstm.lm.store.epochs import epoch_weights
    from charlstm.lm.store.tensors import with_inputs
    from charlstm.lm.vocab import Vocab

    parent = load_checkpoint(options.fork)
    if parent.vocab != Vocab.of(corpus.characters):
        message = f"{parent.name} knows other characters than the corpus {corpus.name} has; fork it on its own corpus."
        raise CheckpointError(message, path=parent.path)
    weights = parent.weights() if options.at is None else epoch_weights(parent, options.at)
    wanted, own = configs(options)[0], parent.config
    given = {field.name for field in fields(wanted) if FLAGS.get(field.name, field.name) in options.given}
    for name in given - FORK_CHANGES:
        if getattr(wanted, name) != getattr(own, name):
            message = f"cannot change in a fork; {parent.name} has {getattr(own, name)}. Leave it out."
            raise ConfigError(name, message)
    model = replace(own, **{name: getattr(wanted, name) for name in given & FORK_CHANGES})
    return model, with_inputs(weights, parent.config, model, seed=options.seed)


def _changes(options: argparse.Namespace, out: Path) -> dict[str, Any]:
    """The training settings that were given. Raises ConfigError if a given network is not that of the run in `out`."""
    from charlstm.lm.train.resume import load_run
    from charlstm.paths import RESUME_FILE

    model, train = (config.to_dict() for config in configs(options))
    own = load_run(out / RESUME_FILE).model.to_dict()
    for name in own | model:
        if FLAGS.get(name, name) in options.given and model.get(name) != own.get(name):
            now = own.get(name, False)
            raise ConfigError(name, f"cannot change on resume; it is {now}. Leave it out, or start a new run.")
    return {name: value for name, value in train.items() if FLAGS.get(name, name) in options.given}


def _corpus_of(model: str | Path) -> str | None:
    """The corpus that a model, or the checkpoint in a run's folder, names; None before there is a checkpoint."""
    from charlstm.lm.store.checkpoint import load_checkpoint

    try:
        return load_checkpoint(model.resolve() if isinstance(model, Path) else model).corpus.name
    except CheckpointError:
        return None


@contextmanager
def _stop_on_signal(stop: Path) -> Iterator[None]:
    """Ctrl-C, or a machine that shuts down, asks the run to save where it stands and end; a second one ends it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def ask(number: int, frame: object) -> None:
        signal.signal(number, before[signal.Signals(number)])
        stop.touch()
        print("\ncharlstm: stopping; the run can be resumed with --resume", file=sys.stderr)

    for number in before:
        signal.signal(number, ask)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _reporter() -> Iterator[Callable[[TrainingReport], None]]:
    """A bar on a terminal, else a line an epoch on standard error."""
    bar_type = terminal_bar()
    if bar_type is None:
        yield _print_epoch
        return
    layout = "{l_bar}{bar}| {elapsed}<{remaining}{postfix}"
    with bar_type(total=1.0, bar_format=layout, desc="epoch 0") as bar:
        best = ""

        def show_report(report: TrainingReport) -> None:
            nonlocal best
            if report.val_loss is not None:
                best = f", validation {report.val_loss:.3f}"
            bar.set_description(f"epoch {report.epoch:.1f}", refresh=False)
            speed = f"{report.characters_per_second:,.0f} characters/s"
            bar.set_postfix_str(f"loss {report.train_loss:.3f}{best}, {speed}", refresh=False)
            bar.update(report.done - bar.n)

        yield show_report


def _print_epoch(report: TrainingReport) -> None:
    if report.val_loss is None and report.epoch != int(report.epoch):
        return
    validation = "" if report.val_loss is None else f"  validation {report.val_loss:.4f}"
    print(
        f"epoch {report.epoch:g}  step {report.step}  loss {report.train_loss:.4f}{validation}"
        f"  {report.characters_per_second:,.0f} characters/s  {report.seconds:.0f} s",
        file=sys.stderr,
        flush=True,
    )


def _describe(checkpoint: Checkpoint) -> dict[str, Any]:
    training = checkpoint.training
    return {
        "path": str(checkpoint.path),
        "val_loss": checkpoint.val_loss,
        "test_loss": checkpoint.test_loss,
        "epochs": len(checkpoint.history),
        "steps": training.steps,
        "seconds": training.seconds,
        "ended": training.ended,
        "config": checkpoint.config.to_dict(),
        "corpus": checkpoint.corpus.to_dict(),
    }


def _text(checkpoint: Checkpoint) -> str:
    losses = [
        f"{name} {value:.4f}"
        for name, value in (("validation", checkpoint.val_loss), ("test", checkpoint.test_loss))
        if value is not None
    ]
    seconds = checkpoint.training.seconds
    took = "" if seconds is None else f", {seconds:.0f} s"
    measured = f"{', '.join(losses)} nats/character, " if losses else ""
    return f"{checkpoint.path}: {measured}{len(checkpoint.history)} epochs{took}"
