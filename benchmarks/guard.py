"""What the guard is worth: many guarded tunes at several temperatures, judged by abc2midi and abcm2ps.

    python benchmarks/guard.py lstm-512 -n 1000

A line a temperature: tunes that ended, tunes without an error of either program and without one of both, bars that
fill their meter, tunes with a fault (and what it is, most frequent first; of how many bars a tune has the guard says
nothing), characters that it overruled a tune and what they cost in nats, and characters a second.
"""

from __future__ import annotations

import argparse
import re
import time
from collections import Counter

from charlstm.evaluate.external_checkers import installed_tools, tool_faults
from charlstm.evaluate.validity import validity
from charlstm.lm.config import SampleConfig
from charlstm.lm.infer.engine import load
from charlstm.lm.sample.sampling import sample


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("-n", type=int, default=1000)
    parser.add_argument("--temperatures", type=float, nargs="+", default=[0.5, 0.8, 1.0, 1.2])
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    engine = load(options.model)
    print("T    ended  clean  " + "  ".join(installed_tools()) + "  filled  faulty  overruled  nats  characters/s")
    for temperature in options.temperatures:
        started = time.process_time()
        tunes = sample(engine, SampleConfig(temperature=temperature, guard=True), n=options.n, seed=options.seed)
        seconds = time.process_time() - started
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
            f"{sum(tune.guard_cost for tune in tunes) / len(tunes):.2f}  {sum(map(len, texts)) / seconds:,.0f}  "
            f"{reasons.most_common(3)}",
            flush=True,
        )


if __name__ == "__main__":
    main()
