"""How long a search takes: every unit of a model over 500,000 characters, on disk, in a process of its own each.

python -m benchmarks.search lstm-250
python benchmarks/search.py lstm-250 --characters 500000
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np

from charlstm.lm.infer.engine import load
from charlstm.neurons.recording import Unit, record
from charlstm.neurons.recording_file import open_recording, record_to_file, texts_to_record
from charlstm.neurons.search import Probe, match, nearest, select
from charlstm.tunes.corpus.io import load_corpus


def timed(what: str, work: Callable[[], object]) -> object:
    """Do something three times and print the seconds: first, and best of the others."""
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - start)
    print(f"{what:44s} first {seconds[0]:7.3f} s   then {min(seconds[1:]):7.3f} s")
    return result


def main() -> None:
    """Prepare if need be, then select, match with few and with all units, and find the nearest states."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", nargs="?", default="lstm-250")
    parser.add_argument("--corpus", default="fiddle")
    parser.add_argument("--characters", type=int, help="(default: 500,000, or 250 MB)")
    options = parser.parse_args()
    engine = load(options.model)
    texts = texts_to_record(engine, load_corpus(options.corpus), characters=options.characters)
    if open_recording(engine, texts) is None:
        start = time.perf_counter()
        record_to_file(engine, texts)
        print(f"prepared in {time.perf_counter() - start:.1f} s")
    recording = record_to_file(engine, texts)
    size = f"{recording.characters:,} characters x {len(recording.rows)} units, {recording.rows.nbytes / 1e6:.0f} MB"
    print(f"{options.model}: {size}")
    text = texts[0]
    acts = record(engine, text)
    third = text.index("|", text.index("K:")) + 1
    found = select(acts, third, third + 4, share=0.75)
    few = [s.probe for s in found[:5]] or [Probe(Unit(0, 0), 1, 0.3)]
    every = [Probe(Unit(*divmod(row, recording.size)), 1, 0.3) for row in range(len(recording.rows))]
    timed("open", lambda: open_recording(engine, texts))
    timed("one unit, all characters", lambda: recording.unit((0, 7)))
    timed("select in a tune", lambda: select(acts, third, third + 4))
    timed(f"match, {len(few)} units", lambda: match(recording, few, length=4))
    timed(f"match, all {len(every)} units, from 1 shared", lambda: match(recording, every, length=4, least=1))
    timed("nearest states, all units", lambda: nearest(recording, np.asarray(acts.values[:, third])))


if __name__ == "__main__":
    main()
