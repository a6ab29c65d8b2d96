"""One tune beside other work: microseconds a character of lstm-512 with 0, 1 and 2 busy processes, and the ratios.

    python benchmarks/contention.py [--model lstm-512] [--busy 0 1 2] [--turns 5]

Wanted, on two cores: at most 1.1, 1.3 and 2.2 times the idle time. Run it on an idle machine: what else works there is
busy too. The busy processes are of this process's own priority.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time

from charlstm.lm.config import SampleConfig
from charlstm.lm.infer.engine import Engine, load
from charlstm.lm.sample.sampling import sample

LOOP = "while True: pass"


def microseconds(engine: Engine, turns: int) -> float:
    """Of a character of one tune of 400, the median of some turns."""
    config = SampleConfig(max_length=400)
    times = []
    for turn in range(turns):
        begin = time.perf_counter()
        tune = sample(engine, config, n=1, seed=turn)[0]
        times.append((time.perf_counter() - begin) / len(tune.text) * 1e6)
    return sorted(times)[turns // 2]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="lstm-512")
    parser.add_argument("--busy", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--turns", type=int, default=9)
    options = parser.parse_args()
    engine = load(options.model)
    microseconds(engine, 2)  # warm
    idle = None
    for busy in options.busy:
        others = [subprocess.Popen([sys.executable, "-c", LOOP]) for _ in range(busy)]
        try:
            time.sleep(0.5)
            now = microseconds(engine, options.turns)
        finally:
            for other in others:
                other.kill()
                other.wait()
        idle = idle or now
        print(f"{busy} busy: {now:6.1f} us a character, {now / idle:.2f} times")


if __name__ == "__main__":
    main()
