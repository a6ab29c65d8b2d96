"""torchrun: several processes give the numbers of one, the first alone writes, and a run goes on where it stood."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from charlstm.lm.store.checkpoint import load_checkpoint
from charlstm.lm.train.batches import IGNORED, Batch
from charlstm.lm.train.parallel import Parallel
from charlstm.tunes.corpus.io import save_corpus
from charlstm.tunes.corpus.model import Corpus
from tests.conftest import TUNES

ROOT = Path(__file__).parents[3]
STOPPED = """
import sys
from pathlib import Path
from charlstm.lm.train.run_folder import StopTraining
from charlstm.lm.train.trainer import Trainer
from charlstm.cli.train import add
from charlstm.cli.train_options import configs
import argparse
from charlstm.tunes.corpus.io import load_corpus

out, options = Path(sys.argv[1]), sys.argv[2:]
parser = argparse.ArgumentParser()
add(parser.add_subparsers())
model, train = configs(parser.parse_args(["train", "--out", str(out), *options]))


def stop(progress):
    if progress.step >= 5:
        raise StopTraining


Trainer(load_corpus("tiny"), model, train, out=out).fit([stop])
"""
OPTIONS = ["--hidden-size=16", "--embedding-size=8", "--dropout=0.3", "--batch-size=5", "--warmup-steps=2", "--seed=3"]


def train(home: Path, out: str, *more: str, processes: int = 0, script: Path | None = None) -> None:
    """charlstm train (or a script) in a process of its own, or by torchrun in several."""
    start = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"] if processes else []
    what = [str(script)] if script else ["-m", "charlstm", "train", "--corpus", "tiny", "--out"]
    command = [sys.executable, *start, *what, str(home / out)]
    environment = {
        **os.environ,
        "CHARLSTM_HOME": str(home),
        "PYTHONPATH": str(ROOT),
        "OMP_NUM_THREADS": "1",
        "CUDA_VISIBLE_DEVICES": "",
    }
    done = subprocess.run([*command, *OPTIONS, *more], env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]


def losses(run: Path) -> np.ndarray:
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows] == sorted({row["step"] for row in rows})  # one process writes
    return np.array([[row["train_loss"], row["val_loss"], row["grad_norm"]] for row in rows])


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With a corpus of eleven training tunes: batches of 5, 5 and 1, so that one process is left without a row."""
    home = tmp_path_factory.mktemp("home")
    (home / "data" / "corpus").mkdir(parents=True)
    train_texts = tuple(TUNES[k % 6].replace("T:", f"T:{k} ") for k in range(11))
    save_corpus(Corpus("tiny", train_texts, TUNES[3:6], TUNES[:1]), home / "data" / "corpus")
    return home


@pytest.mark.slow
def test_two_processes_give_the_losses_of_one_and_go_on_where_they_stood(home: Path) -> None:
    train(home, "one", "--epochs", "4")
    train(home, "two", "--epochs", "4", processes=2)
    np.testing.assert_allclose(losses(home / "two"), losses(home / "one"), atol=1e-4)
    one, two = load_checkpoint(home / "one"), load_checkpoint(home / "two")
    assert two.test_loss == pytest.approx(one.test_loss, abs=1e-4)
    assert two.training.processes == 2
    # What two processes began and left, two go on with: to the numbers of those that never stopped.
    (home / "stopped.py").write_text(STOPPED)
    train(home, "stopped", "--epochs", "4", processes=2, script=home / "stopped.py")
    assert not load_checkpoint(home / "stopped").training.ended
    train(home, "stopped", "--resume", processes=2)
    np.testing.assert_array_equal(losses(home / "stopped"), losses(home / "two"))


def batch(rows: int) -> Batch:
    ids = np.arange(rows * 4).reshape(rows, 4)
    return Batch(ids, ids + 1, ids[:, :, None], tuple(range(rows)), rows * 4)


@pytest.mark.parametrize("rows", [1, 2, 3, 8])
def test_every_row_of_a_batch_is_somebodys(rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = batch(rows)
    seen = []
    for rank in range(3):
        parallel = Parallel(torch.device("cpu"))
        monkeypatch.setattr(parallel, "world", 3)
        monkeypatch.setattr(parallel, "rank", rank)
        own, place = parallel.rows(whole)
        assert place is not None
        assert np.array_equal(np.arange(rows)[place[1]], own.tunes)
        assert own.characters == (own.targets != IGNORED).sum()
        if own.characters:
            seen += own.tunes
            assert np.array_equal(own.inputs, whole.inputs[list(own.tunes)])
    assert sorted(seen) == list(range(rows))


def test_alone_everything_is_as_it_was() -> None:
    parallel = Parallel(torch.device("cpu"))
    whole = batch(3)
    assert parallel.rows(whole) == (whole, None)
    assert parallel.broadcast(1.5, 2) == [1.5, 2]
    assert parallel.first
