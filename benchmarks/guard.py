"""What the guard is worth: many guarded tunes at several temperatures, judged by abc2midi and abcm2ps.

    python benchmarks/guard.py lstm-form -n 1000

A line a temperature: tunes that ended, tunes without an error of either program and without one of both, bars that
fill their meter, tunes with a fault (and what it is, most frequent first), characters that it overruled a tune and what
they cost in nats, characters a second, and how many times as long a character takes as without it: in a batch, and of
one tune alone.
"""

from __future__ import annotations

import argparse
import re
import time
from collections import Counter

from charlstm.evaluate.external_checkers import installed_tools, tool_faults
from charlstm.evaluate.validity import validity
from charlstm.lm.config import SampleConfig
from charlstm.lm.infer.engine import Engine, load
from charlstm.lm.sample.sampling import Sample, sample

ALONE = 12  # tunes that are written one by one, for the time alone


def timed(engine: Engine, config: SampleConfig, seeds: range, *, alone: bool) -> tuple[list[Sample], float]:
    """The tunes of these seeds, at once or one by one, and seconds of processor time per character."""
    started = time.process_time()
    if alone:
        tunes = [tune for seed in seeds for tune in sample(engine, config, seed=seed)]
    else:
        tunes = sample(engine, config, n=len(seeds), seed=seeds.start)
    return tunes, (time.process_time() - started) / sum(len(tune.text) for tune in tunes)


def slowdown(engine: Engine, temperature: float, seeds: range, *, alone: bool) -> float:
    """Time of a character with the guard, in that of one without it."""
    seconds = [
        timed(engine, SampleConfig(temperature=temperature, guard=guard), seeds, alone=alone)[1]
        for guard in (False, True)
    ]
    return seconds[1] / seconds[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("-n", type=int, default=1000)
    parser.add_argument("--temperatures", type=float, nargs="+", default=[0.5, 0.8, 1.0, 1.2, 2.0])
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    engine = load(options.model)
    tools = "  ".join(installed_tools())
    print(f"T    ended  clean  {tools}  filled  faulty  overruled  nats  characters/s  times as long, alone")
    for temperature in options.temperatures:
        seeds = range(options.seed, options.seed + options.n)
        tunes, seconds = timed(engine, SampleConfig(temperature=temperature, guard=True), seeds, alone=False)
        batch = slowdown(engine, temperature, seeds[:128], alone=False)
        alone = slowdown(engine, temperature, seeds[:ALONE], alone=True)
        texts = [tune.text for tune in tunes]
        faults = {tool: tool_faults(texts, tool) for tool in installed_tools()}
        clean = sum(not any(errors) for errors in zip(*faults.values(), strict=True))
        checked = [validity(text) for text in texts]
        reasons = Counter(re.sub(r"\d+", "N", reason) for one in checked for reason in one.reasons)
        print(
            f"{temperature:<4g} {sum(tune.stopped == 'end' for tune in tunes) / len(tunes):.3f}  "
            f"{clean / len(tunes):.3f}  {'  '.join(str(sum(map(bool, errors))) for errors in faults.values())}  "
            f"{sum(one.bars_filled for one in checked) / len(tunes):.4f}  {sum(not one.valid for one in checked)}  "
            f"{sum(len(tune.overruled) for tune in tunes) / len(tunes):.2f}  "
            f"{sum(tune.guard_cost for tune in tunes) / len(tunes):.2f}  {1 / seconds:,.0f}  "
            f"{batch:.2f}  {alone:.2f}  {reasons.most_common(3)}",
            flush=True,
        )


if __name__ == "__main__":
    main()
