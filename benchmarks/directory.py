"""The directory of a model: seconds for 100,000 characters a part, of the shipped 250 units, all concepts.

    python benchmarks/directory.py [--model lstm-250] [--characters 100000]

Wanted: 250 units, 100,000 characters, 25 concepts in under 20 s on two cores. Characters are those that units are
chosen on and scored on together. The time of loading the corpus and the weights is left out.
"""

from __future__ import annotations

import argparse
import os
import time

from charlstm.lm.infer.engine import load
from charlstm.neurons.directory.naming import directory
from charlstm.tunes.corpus.io import load_corpus


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="lstm-250")
    parser.add_argument("--corpus", default="fiddle")
    parser.add_argument("--characters", type=int, default=100_000)
    options = parser.parse_args()
    engine, corpus = load(options.model), load_corpus(options.corpus)
    parts = []
    for part in (corpus.validation, corpus.test):
        texts, length = [], 0
        for text in part:
            if length < options.characters / 2:
                texts.append(text)
                length += len(text)
        parts.append(texts)
    wall, cpu = time.perf_counter(), time.process_time()
    found = directory(engine, *parts)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    cores = len(os.sched_getaffinity(0))
    print(
        f"{options.model}: {len(found.neurons)} units, {sum(found.characters):,} characters, "
        f"{len(found.measured)} labels: {wall:.1f} s, {cpu:.1f} s of processor time, {cores} cores, "
        f"load {os.getloadavg()[0]:.1f}"
    )


if __name__ == "__main__":
    main()
