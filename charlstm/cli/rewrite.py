"""charlstm continue and charlstm rewrite: continue a tune of your own, or rewrite some of its bars."""

from __future__ import annotations

import argparse
import random
import re
from pathlib import Path

from charlstm.cli.common import Commands, add_command, at_least, progress, read_tunes, show
from charlstm.errors import ConfigError
from charlstm.progress import Progress


def add(commands: Commands) -> None:
    """Add both commands."""
    parser = add_command(
        commands, "continue", "carry a tune on from one of its bars",
        "charlstm continue lstm-512 tune.abc --bars 8 --seed 7", _continue,
    )  # fmt: skip
    _common(parser)
    parser.add_argument(
        "--bars", type=at_least(0), metavar="N", help="how many bars stay, a pickup counted in (default: all)"
    )
    parser = add_command(
        commands, "rewrite", "rewrite some bars of a tune, the best candidates first",
        "charlstm rewrite lstm-512 tune.abc --bars 3-4 --seed 7", _rewrite,
    )  # fmt: skip
    _common(parser)
    parser.add_argument(
        "--bars", required=True, type=_span, metavar="FROM-TO", help="which bars, as 3 or 3-4, a pickup counted in"
    )
    parser.add_argument("-n", type=at_least(1), default=5, metavar="N", help="how many candidates (default 5)")


def _common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", help="a name in checkpoints/, or a folder")
    parser.add_argument("tune", type=Path, metavar="TUNE.abc", help="the first tune of the file is taken")
    parser.add_argument("--temperature", type=float, default=0.8, metavar="T", help="0 or more (default %(default)s)")
    parser.add_argument("--seed", type=at_least(0), metavar="S", help="same seed, same result (default: a new one)")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the tune, or the best one, to a file")


def _span(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{1,5})(?:-(\d{1,5}))?", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no bar; write 3 or 3-4")
    return int(match[1]), int(match[2] or match[1])


def _tune(options: argparse.Namespace) -> str:
    tunes = read_tunes(options.tune)
    if not tunes:
        raise ConfigError("tune", f"there is no tune in {options.tune}.")
    return tunes[0]


def _seed(options: argparse.Namespace) -> int:
    return random.SystemRandom().randrange(10**6) if options.seed is None else int(options.seed)


def _continue(options: argparse.Namespace) -> None:
    from charlstm.lm.config import SampleConfig
    from charlstm.lm.infer.engine import load
    from charlstm.lm.sample.continuation import continue_tune
    from charlstm.tunes.views.bars import bars

    text, seed = _tune(options), _seed(options)
    kept = len(bars(text)) if options.bars is None else options.bars
    writing = continue_tune(
        load(options.model), text, kept, config=SampleConfig(temperature=options.temperature), seed=seed
    )
    while True:
        try:
            next(writing)
        except StopIteration as end:
            made = end.value
            break
    if options.out:
        options.out.write_text(made.text + "\n", encoding="utf-8")
    value = {"abc": made.text, "start": made.start, "seed": seed, "stopped": made.sample.stopped}
    show(options, value, f"written: {options.out}" if options.out else made.text)


def _rewrite(options: argparse.Namespace) -> None:
    from charlstm.lm.config import SampleConfig
    from charlstm.lm.infer.engine import load
    from charlstm.lm.sample.infill import infill

    first, last = options.bars
    with progress() as advance:
        made = infill(
            load(options.model), _tune(options), first - 1, last - 1, n=options.n, seed=_seed(options),
            config=SampleConfig(temperature=options.temperature),
            progress=lambda kept, tries: advance(Progress("trying", kept, options.n)),
        )  # fmt: skip
    if options.out and made.candidates:
        options.out.write_text(made.candidates[0].text + "\n", encoding="utf-8")
    value = {
        "rest_log_prob": made.rest_log_prob, "rest_length": made.rest_length, "tries": made.tries,
        "candidates": [
            {"abc": c.text, "start": c.start, "end": c.end, "seed": c.seed, "rest_log_prob": c.rest_log_prob}
            for c in made.candidates
        ],
    }  # fmt: skip
    lines = [
        f"{c.rest_log_prob - made.rest_log_prob:+7.1f}  seed {c.seed}  {c.text[c.start : c.end]!r}"
        for c in made.candidates
    ]
    show(options, value, "\n".join(lines) or f"none of {made.tries} tries fits there; try other bars or a temperature")
