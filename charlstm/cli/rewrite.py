"""charlstm rewrite: some bars of a tune rewritten, the best candidates first."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from charlstm.cli.common import Commands, add_command, add_editing, at_least, progress, read_tunes, seed_of, show
from charlstm.progress import Progress


def add(commands: Commands) -> None:
    parser = add_command(
        commands,
        "rewrite",
        "rewrite some bars of a tune, the best candidates first",
        "charlstm rewrite lstm-512 tune.abc --bars 3-4 --seed 7",
        _rewrite,
    )
    add_editing(parser)
    parser.add_argument(
        "--bars", required=True, type=_span, metavar="FROM-TO", help="which bars, such as 3 or 3-4, counting a pickup"
    )
    parser.add_argument("-n", type=at_least(1), default=5, metavar="N", help="how many candidates (default 5)")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the tune with the best candidate to a file")


def _span(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{1,5})(?:-(\d{1,5}))?", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} does not name bars; write 3 or 3-4")
    return int(match[1]), int(match[2] or match[1])


def _rewrite(options: argparse.Namespace) -> None:
    from charlstm.lm.config import SampleConfig
    from charlstm.lm.infer.engine import load
    from charlstm.lm.sample.infill import infill

    first, last = options.bars
    with progress() as advance:
        infilling = infill(
            load(options.model),
            read_tunes(options.tune)[0],
            first - 1,
            last - 1,
            n=options.n,
            seed=seed_of(options),
            config=SampleConfig(temperature=options.temperature, guard=options.guard),
            progress=lambda candidates, tries: advance(Progress("trying", candidates, options.n)),
        )
    candidates = infilling.candidates
    if options.out and candidates:
        options.out.write_text(candidates[0].text + "\n", encoding="utf-8")
    value = {
        "rest_log_prob": infilling.rest_log_prob,
        "rest_length": infilling.rest_length,
        "tries": infilling.tries,
        "candidates": [
            {"abc": c.text, "start": c.start, "end": c.end, "seed": c.seed, "rest_log_prob": c.rest_log_prob}
            for c in candidates
        ],
    }
    lines = [
        f"{c.rest_log_prob - infilling.rest_log_prob:+7.1f}  seed {c.seed}  {c.text[c.start : c.end]!r}"
        for c in candidates
    ]
    nothing = f"none of {infilling.tries} attempts fits; try other bars or another temperature"
    show(options, value, "\n".join(lines) or nothing)
