"""Execute the runs of a study one after the other: skip what is done, resume what died, write one record a run.

A run has a folder of its own under runs/experiments/, in which its network lies and from which a run that died goes
on where it last saved. A run is deterministic: the same settings, seed and corpus give the same record, but for the
machine and the time it took, wherever and beside whatever it is executed. On many machines: experiments/ray.py.
"""

from __future__ import annotations

import math
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from charlstm.experiments.jobs import Counting, Measuring, Run, Sampling, Training
from charlstm.experiments.measure import count_ngrams, find_neurons, measure_model, sample_network
from charlstm.experiments.records import Record, find_record, new_record, read_record, write_record
from charlstm.experiments.train import EachEpoch, Share, train
from charlstm.paths import runs_path
from charlstm.processes import locked
from charlstm.tunes.corpus.model import Corpus

if TYPE_CHECKING:
    from charlstm.lm.infer.engine import Engine

RECORD_FILE = "record.json"  # in a run's folder, once it is done
Keep = Callable[[Run, Record], None]  # takes a run's record as soon as it is done


@dataclass(frozen=True)
class Update:
    """How far the runs are: `done` of `total` are finished, and `share` of the one named."""

    run: Run
    key: str
    share: float
    done: int
    total: int


@dataclass(frozen=True)
class Work:
    """The runs that are left to do, as `run_all` hands them to an executor.

    Attributes
    ----------
    runs : sequence of Run
        What others need stands before them.
    corpus : Corpus
    folder : Path
        Of the runs, a subfolder each.
    again : bool
        Whether runs are repeated that have been done in that folder.
    keep : callable
        To be called with each run and its record.
    update : callable
        May be called with a run and how much of it is done.
    """

    runs: Sequence[Run]
    corpus: Corpus
    folder: Path
    again: bool
    keep: Keep
    update: Callable[[Run, float], None]


Executor = Callable[[Work], None]


def work_path() -> Path:
    """Folder of the networks and of the runs under way, one subfolder each."""
    return runs_path() / "experiments"


def one_by_one(work: Work) -> None:
    """Execute runs in this process."""
    for run in work.runs:
        share = partial(work.update, run)
        work.keep(run, execute_run(run, work.corpus, work.folder, again=work.again, share=share))


def run_all(
    runs: Sequence[Run],
    corpus: Corpus,
    *,
    results: Path | None = None,
    work: Path | None = None,
    executor: Executor = one_by_one,
    again: bool = False,
    report: Callable[[Update], None] | None = None,
) -> list[Record]:
    """Execute runs and return their records, in the order of the runs; what has a record is not executed.

    Parameters
    ----------
    runs : sequence of Run
        What others need stands before them, as `Study.runs` and `all_runs` give them.
    corpus : Corpus
    results : Path, optional
        Folder of the records (default data/results/).
    work : Path, optional
        Folder of the runs (default runs/experiments/).
    executor : callable
        `one_by_one` in this process, or `charlstm.experiments.ray.on_ray(...)`.
    again : bool
        Repeat runs that are done.
    report : callable, optional
        Called as the runs proceed.

    Raises
    ------
    CharlstmError
        If a run failed.
    """
    records = {} if again else {run: r for run in runs if (r := find_record(run, corpus.fingerprint, results))}

    def update(run: Run, share: float) -> None:
        if report:
            report(Update(run, run.key(corpus.fingerprint), share, len(records), len(runs)))

    def keep(run: Run, record: Record) -> None:
        write_record(record, results)
        records[run] = record
        update(run, 1.0)

    missing = [run for run in runs if run not in records]
    executor(Work(missing, corpus, work or work_path(), again, keep, update))
    return [records[run] for run in runs]


def execute_run(
    run: Run,
    corpus: Corpus,
    work: Path,
    *,
    again: bool = False,
    share: Share = lambda part: None,
    each_epoch: EachEpoch | None = None,
) -> Record:
    """Execute one run in its folder, or go on with it, and return its record.

    A second process that is asked for the same run waits for the first, and takes its record.
    """
    key, job = run.key(corpus.fingerprint), run.job
    folder = work / key
    folder.mkdir(parents=True, exist_ok=True)
    done = folder / RECORD_FILE
    before = _written(done)
    with locked(work / f"{key}.lock", wait=math.inf):  # one process at a time works on a run
        if (now := _written(done)) and (not again or now != before):  # done already, or while this one waited
            return read_record(done)
        if again:
            shutil.rmtree(folder)
            folder.mkdir()
        if isinstance(job, Training):
            result, seconds, torch_version = train(job, run.seed, corpus, folder, share, each_epoch)
            record = new_record(run, corpus, result, seconds, {"torch": torch_version})
        else:
            started = time.monotonic()
            if isinstance(job, Counting):
                result = count_ngrams(job, corpus)
            elif isinstance(job, Measuring):
                result = measure_model(job, load_network(run, corpus, work), corpus, share)
            elif isinstance(job, Sampling):
                result = sample_network(job, run.seed, load_network(run, corpus, work), corpus, share)
            else:
                result = find_neurons(job, run.seed, load_network(run, corpus, work), corpus)
            record = new_record(run, corpus, result, round(time.monotonic() - started, 1))
        write_record(record, folder).replace(done)
    return record


def load_network(run: Run, corpus: Corpus, work: Path) -> Engine:
    """The network that a run looks at: a model of checkpoints/, or one of the studies', trained first if need be."""
    from charlstm.lm.infer.engine import load

    needed = run.needs()
    if needed is None:
        return load(str(run.job.network))  # type: ignore[union-attr]  # a Sampling or Neurons of a named model
    folder = work / needed.key(corpus.fingerprint)
    if not (folder / RECORD_FILE).exists():
        execute_run(needed, corpus, work)
    return load(folder.resolve())


def _written(path: Path) -> tuple[int, int] | None:
    """What tells a file from the one that was there before; None where there is none."""
    return ((about := path.stat()).st_ino, about.st_mtime_ns) if path.exists() else None
