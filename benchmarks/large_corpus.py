"""Does the cost of a character stay the same when a corpus outgrows memory, and does memory stay bounded?

    python benchmarks/large_corpus.py [--megabytes 1 10 100 1000] [--steps 300] [--keep FOLDER]

For each size: a file of ABC is made of the fiddle corpus, each time in other keys, until it is large enough (a few
hundred thousand tunes repeat from then on; --as-is keeps them); `charlstm corpus build --large --as-is` makes a
memory-mapped corpus of it; then the trainer makes some steps on it. Each is a process of its own, so that its peak of
resident memory (the kernel's count, pages of mapped files included) is its own. Times are CPU time, microseconds are
for a character, and one thread computes: what else the machine does matters little.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from itertools import chain, count
from pathlib import Path

import numpy as np

from charlstm.lm.config import LOOKBACK_BARS, ModelConfig, TrainConfig
from charlstm.lm.train.augment import Augmentation
from charlstm.lm.train.trainer import Trainer
from charlstm.lm.vocab import Vocab
from charlstm.tunes.corpus.io import load_corpus

VARIANTS = 24


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, nargs="+", default=[1, 10, 100, 1000])
    parser.add_argument("--steps", type=int, default=300, help="of training, 32 tunes each")
    parser.add_argument("--train", help=argparse.SUPPRESS)  # the name of a corpus: how this script calls itself
    parser.add_argument("--keep", type=Path, help="work here, and leave the files")
    options = parser.parse_args()
    if options.train:
        with tempfile.TemporaryDirectory() as out:
            train(options.train, options.steps, Path(out) / "run")
        return
    home = options.keep or Path(tempfile.mkdtemp(prefix="charlstm-large-"))
    (home / "data" / "corpus").mkdir(parents=True, exist_ok=True)
    books = variants()
    print(f"{'MB':>6} {'tunes':>10} | build: us, peak MB | train: s to the first batch, us data, us step, peak MB")
    try:
        for size in options.megabytes:
            measure(size, books, home, options.steps)
    finally:
        if options.keep is None:
            shutil.rmtree(home)


def variants() -> list[bytes]:
    """The fiddle corpus as a tunebook, in several draws of keys."""
    texts = tuple(load_corpus("fiddle").texts)
    augmentation = Augmentation(texts, Vocab.of(texts))
    books = []
    for seed in range(VARIANTS):
        moved = augmentation.texts(np.random.default_rng(seed))
        books.append("".join(f"X:{k}\n{text}\n\n" for k, text in enumerate(moved, 1)).encode())
    return books


def measure(megabytes: int, books: list[bytes], home: Path, steps: int) -> None:
    source = home / f"{megabytes}.abc"
    with open(source, "wb") as file:
        k = 0
        while file.tell() < megabytes << 20:
            file.write(books[k % len(books)][: (megabytes << 20) - file.tell()])
            k += 1
    name = f"large-{megabytes}"
    _, build_cpu, build_peak = timed(
        home, "-m", "charlstm", "corpus", "build", name, "--from", str(source), "--large", "--as-is"
    )
    source.unlink()
    about = json.loads((home / "data" / "corpus" / f"{name}.json").read_text())
    characters = sum(about["characters"].values())
    told, _, train_peak = timed(home, __file__, "--train", name, "--steps", str(steps))
    trained = json.loads(told)
    tunes = sum(about["tunes"].values())
    print(
        f"{megabytes:>6} {tunes:>10,} | {1e6 * build_cpu / characters:.2f}  {build_peak:>5.0f} | "
        f"{trained['first']:>5.1f}  {trained['data']:.2f}  {trained['step']:.2f}  {train_peak:>5.0f}",
        flush=True,
    )


def train(name: str, steps: int, out: Path) -> None:
    """Train for some steps and print, as JSON, CPU seconds to the first batch and CPU microseconds a character."""
    began = time.process_time()
    trainer = Trainer(load_corpus(name), ModelConfig(lookback_bars=LOOKBACK_BARS), TrainConfig(), out=out, threads=1)
    batches = chain.from_iterable(trainer.data.batches(epoch) for epoch in count())
    batch = next(batches)
    first = time.process_time() - began
    data = step = characters = 0.0
    for _ in range(steps):
        start = time.process_time()
        trainer._step(batch)
        middle = time.process_time()
        characters += batch.characters
        batch = next(batches)
        step, data = step + middle - start, data + time.process_time() - middle
    per = 1e6 / characters
    print(json.dumps({"first": first, "data": data * per, "step": step * per}))


def timed(home: Path, *arguments: str) -> tuple[str, float, float]:
    """What a command prints, its CPU seconds and its peak resident megabytes."""
    environment = {**os.environ, "CHARLSTM_HOME": str(home), "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen([sys.executable, *arguments], env=environment, stdout=subprocess.PIPE)
    assert process.stdout is not None
    told = process.stdout.read().decode()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(arguments)} failed")
    return told, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


if __name__ == "__main__":
    main()
