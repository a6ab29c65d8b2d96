"""Processes that write are killed at random moments (SIGKILL): what was said to be saved must be there, and whole.

    python benchmarks/kills.py                20 kills of each kind, a few minutes
    python benchmarks/kills.py --only library --count 100

`reliability.py` runs it too. Five kinds: saving a collection over another, importing a model over another, writing to
the library, training (a run that is killed and resumed until it is done must have the same metrics as one that never
was), and the page's server while visitors compose (the tunes that it showed must be in the library).
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from load import Visitor, Waits
from outcomes import HEADS, Row
from serving import started

from charlstm.errors import CharlstmError
from charlstm.library.store import Library
from charlstm.lm.config import ModelConfig, TrainConfig
from charlstm.lm.store.archive import pack, unpack
from charlstm.lm.store.checkpoint import find_checkpoint, load_checkpoint
from charlstm.tunes.corpus.io import load_corpus, save_corpus
from charlstm.tunes.corpus.model import Corpus

ROOT = Path(__file__).parent.parent
TUNE = "T:{n}\nM:4/4\nL:1/8\nK:D\n|:d2fd Adfd|e2ge cege|dfaf bafd|edce d4:|"


def two_corpora() -> list[Corpus]:
    """Two corpora of one name, of half a megabyte each."""
    texts = (f"T:{name}\nK:C\n" + "abcd|" * 400 for name in ("one", "two"))
    return [Corpus("mine", train=(text,) * 300, validation=(), test=()) for text in texts]


# ---- what is killed: each prints a line when it is ready, and after each thing that it has saved ---------------------


def write_corpora(folder: Path) -> None:
    print("ready", flush=True)
    while True:
        for corpus in two_corpora():
            save_corpus(corpus, folder)


def import_models(folder: Path) -> None:
    packed = [pack(load_checkpoint(find_checkpoint(name))) for name in ("rnn-250", "lstm-150")]
    print("ready", flush=True)
    while True:
        for data in packed:
            unpack(data, "mine", root=folder, replace=True)


def write_library(folder: Path) -> None:
    library = Library(folder / "library.sqlite", "visitor")
    print("ready", flush=True)
    for number in range(10**9):
        tune = library.add(f"T:{os.getpid()} {number}\nK:D\nA|", "own", starred=True)
        if tune is None:
            return
        library.change(tune.number, note=f"note {number}")
        print(f"{os.getpid()} {number}", flush=True)


def train(folder: Path) -> None:
    from charlstm.lm.train import trainer

    trainer.SAVE_SECONDS, trainer.REPORT_STEPS = 0.05, 5
    trainer.SAMPLE = replace(trainer.SAMPLE, max_length=10)
    corpus = Corpus("tiny", train=tuple(TUNE.format(n=n) for n in range(40)), validation=(TUNE,) * 4, test=())
    model = ModelConfig(hidden_size=24, embedding_size=8, dropout=0.0, embedding_dropout=0.0, lookback_bars=())
    if (folder / "resume.safetensors").exists():
        run = trainer.Trainer.resume(folder, corpus, threads=1)
    else:
        run = trainer.Trainer(corpus, model, TrainConfig(epochs=30, batch_size=4), out=folder, threads=1)
    print("ready", flush=True)
    run.fit()
    print("done", flush=True)


WRITERS: dict[str, Callable[[Path], None]] = {
    "corpora": write_corpora, "models": import_models, "library": write_library, "train": train,
}  # fmt: skip


def start(writer: str, folder: Path) -> subprocess.Popen[str]:
    """A writer in a process of its own, ready."""
    here = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])}
    code = f"import kills, pathlib; kills.WRITERS[{writer!r}](pathlib.Path({str(folder)!r}))"
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env=here, text=True)
    assert process.stdout is not None
    if process.stdout.readline().strip() != "ready":
        raise SystemExit(f"the writer of {writer} did not start")
    return process


def killed(writer: str, folder: Path, seconds: float) -> list[str]:
    """What a writer has printed until it was killed after so many seconds."""
    process = start(writer, folder)
    threading.Timer(seconds, process.send_signal, [signal.SIGKILL]).start()
    output = process.communicate()[0]
    return [line for line in output.split("\n")[:-1] if line]


# ---- what must be there ---------------------------------------------------------------------------------------------


def corpora(row: Row, count: int, rng: random.Random, folder: Path) -> None:
    pair = two_corpora()
    save_corpus(pair[0], folder)
    for _ in range(count):
        killed("corpora", folder, rng.uniform(0.0, 0.3))
        try:
            is_whole = load_corpus(folder / "mine.json") in pair
        except CharlstmError as error:
            row.fault(str(error))
            continue
        row.outcomes["answer"] += is_whole
        if not is_whole:
            row.fault("neither of the two")


def models(row: Row, count: int, rng: random.Random, folder: Path) -> None:
    names = ("rnn-250", "lstm-150")
    packed = [pack(load_checkpoint(find_checkpoint(name))) for name in names]
    unpack(packed[0], "mine", root=folder)
    for _ in range(count):
        killed("models", folder, rng.uniform(0.0, 0.5))
        unpack(packed[1], "other", root=folder, replace=True)  # the next import sweeps what a killed one left
        left = sorted(path.name for path in folder.iterdir() if path.is_dir())
        try:
            is_whole = pack(load_checkpoint(folder / "mine")) in packed and left == ["mine", "other"]
        except (CharlstmError, OSError) as error:
            row.fault(str(error))
            continue
        row.outcomes["answer"] += is_whole
        if not is_whole:
            row.fault(f"torn, or not swept: {left}")


def library(row: Row, count: int, rng: random.Random, folder: Path) -> None:
    reported: set[str] = set()
    for _ in range(count):
        reported |= set(killed("library", folder, rng.uniform(0.05, 0.5)))
        there = {t.name for t in Library(folder / "library.sqlite", "visitor").newest() if t.note}
        if len(there) > 1500:  # there may be 2,000
            (folder / "library.sqlite").unlink()
            reported.clear()
        elif reported <= there:
            row.outcomes["answer"] += 1
        else:
            row.fault(f"lost: {sorted(reported - there)[:5]}")


def training(row: Row, count: int, rng: random.Random, folder: Path) -> None:
    whole = subprocess.Popen.communicate(start("train", folder / "whole"))[0]
    assert "done" in whole
    expected = _metrics(folder / "whole")
    number = 0
    while sum(row.outcomes.values()) < count:
        number += 1
        for _ in range(8):
            output = killed("train", folder / str(number), rng.uniform(0.1, 0.8))
            if "done" in output or sum(row.outcomes.values()) >= count:
                break
            row.outcomes["answer"] += 1
        if "done" not in output:
            subprocess.Popen.communicate(start("train", folder / str(number)))
        if _metrics(folder / str(number)) != expected:
            row.fault(f"the metrics of run {number} differ")


def _metrics(folder: Path) -> list[dict[str, object]]:
    """The records of a run, without the times."""
    lines = (folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    times = ("seconds", "characters_per_second")
    return [{name: value for name, value in json.loads(line).items() if name not in times} for line in lines]


def server(row: Row, count: int, rng: random.Random, folder: Path) -> None:
    (folder / "checkpoints").symlink_to(ROOT / "checkpoints")
    for turn in range(count):
        waits: list[Waits] = [Waits() for _ in range(3)]
        with contextlib.suppress(OSError), started(home=folder) as (address, pid):

            def visit(number: int, address: str = address, waits: list[Waits] = waits, turn: int = turn) -> None:
                with contextlib.suppress(Exception):  # it is killed, after all
                    visitor = Visitor(address, f"model=lstm-150&seed={(turn * 10 + number) * 1000}")
                    visitor.run()
                    while True:
                        visitor.compose(waits[number])

            threads = [threading.Thread(target=visit, args=(number,)) for number in range(3)]
            for thread in threads:
                thread.start()
            deadline = time.monotonic() + 60
            while not all(w.tunes for w in waits) and time.monotonic() < deadline:
                time.sleep(0.05)
            time.sleep(rng.uniform(0.0, 1.0))
            os.kill(pid, signal.SIGKILL)
            for thread in threads:
                thread.join()
        shown = {text.strip() for w in waits for _, text in w.tunes}
        there = _texts(folder / "data" / "library.sqlite")
        if shown and shown <= there:
            row.outcomes["answer"] += 1
        else:
            row.fault(f"{len(shown)} tunes were shown, {len(shown - there)} of them are not in the library")


def _texts(path: Path) -> set[str]:
    """The tunes of all visitors."""
    import sqlite3

    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return {str(text).strip() for (text,) in connection.execute("SELECT text FROM tunes")}


KINDS: dict[str, tuple[str, Callable[[Row, int, random.Random, Path], None]]] = {
    "corpora": ("kills while a collection is saved", corpora),
    "models": ("kills while a model is imported", models),
    "library": ("kills while the library is written", library),
    "training": ("kills of a training, resumed to the same numbers", training),
    "server": ("kills of the server while three compose", server),
}


def rows(count: int, rng: random.Random, only: str | None = None) -> list[Row]:
    """A row for each kind, of so many kills."""
    result = []
    for name, (words, work) in KINDS.items():
        if only in (None, name):
            row = Row(words)
            with tempfile.TemporaryDirectory() as folder:
                work(row, count, rng, Path(folder))
            print(" | ".join(row.cells()), file=sys.stderr, flush=True)
            result.append(row)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=list(KINDS))
    parser.add_argument("--count", type=int, default=20, help="kills of each kind")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    print("| " + " | ".join(HEADS) + " |\n|" + "---|" * len(HEADS))
    for row in rows(options.count, random.Random(options.seed), options.only):
        print("| " + " | ".join(row.cells()) + " |")


if __name__ == "__main__":
    main()
