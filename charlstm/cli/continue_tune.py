"""charlstm continue: a tune of the user's, continued by a model from any of its bars."""

from __future__ import annotations

import argparse
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

from charlstm.cli.common import Commands, add_command, add_editing, at_least, read_tunes, seed_of, show

if TYPE_CHECKING:
    from charlstm.lm.sample.continuation import Continued


def add(commands: Commands) -> None:
    parser = add_command(
        commands,
        "continue",
        "continue a tune from one of its bars",
        "charlstm continue lstm-512 tune.abc --bars 8 --seed 7",
        _continue,
    )
    add_editing(parser)
    parser.add_argument(
        "--bars", type=at_least(0), metavar="N", help="how many bars to keep, counting a pickup (default: all)"
    )
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the tune to a file")


def _continue(options: argparse.Namespace) -> None:
    from charlstm.lm.config import SampleConfig
    from charlstm.lm.infer.engine import load
    from charlstm.lm.sample.continuation import continue_tune
    from charlstm.tunes.views.bars import bars

    text, seed = read_tunes(options.tune)[0], seed_of(options)
    keep = len(bars(text)) if options.bars is None else options.bars
    config = SampleConfig(temperature=options.temperature, guard=options.guard)
    continued = _finished(continue_tune(load(options.model), text, keep, config=config, seed=seed))
    if options.out:
        options.out.write_text(continued.text + "\n", encoding="utf-8")
    value = {"abc": continued.text, "start": continued.start, "seed": seed, "stopped": continued.sample.stopped}
    show(options, value, f"written: {options.out}" if options.out else continued.text)


def _finished(writing: Generator[str, None, Continued]) -> Continued:
    """What a generator returns at its end."""
    while True:
        try:
            next(writing)
        except StopIteration as end:
            continued: Continued = end.value
            return continued
