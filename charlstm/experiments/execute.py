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
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from charlstm.experiments.catalog import Counting, Neurons, Run, Sampling, Training
from charlstm.experiments.records import Record, find_record, new_record, read_record, write_record
from charlstm.experiments.train import EachEpoch, Share, rounded, train
from charlstm.lm.config import SampleConfig
from charlstm.paths import runs_path
from charlstm.processes import locked
from charlstm.tunes.abc import parse_meter, split_header
from charlstm.tunes.corpus.model import Corpus
from charlstm.tunes.keys import parse_key

if TYPE_CHECKING:
    from charlstm.evaluate.melody_index import MelodyIndex
    from charlstm.lm.infer.engine import Engine

RECORD_FILE = "record.json"  # in a run's folder, once it is done
NEURON_TUNES = 100  # test tunes on which all neurons are measured
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
                result = _count(job, corpus)
            elif isinstance(job, Sampling):
                result = _sample(job, run.seed, load_network(run, corpus, work), corpus, share)
            else:
                result = _find_neurons(job, run.seed, load_network(run, corpus, work), corpus)
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


# ---- what is not training -------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _index(corpus_train: tuple[str, ...]) -> MelodyIndex:
    """The index of a corpus, which all samplings of one process share."""
    from charlstm.evaluate.melody_index import MelodyIndex

    return MelodyIndex(corpus_train)


def _sample(job: Sampling, seed: int, engine: Engine, corpus: Corpus, share: Share) -> dict[str, Any]:
    """Tunes at a temperature, measured; the first one is the example, whatever it is like.

    Beside the panel (charlstm.evaluate.panel): `header`, the share of tunes with a readable M: and K:, and
    `in_meter`, the mean share of bars that fill their meter, 0 for a tune without such a header. The panel's own
    bars_filled forgives a tune that names no meter, as most do not at T = 2.
    """
    from charlstm.evaluate.panel import panel
    from charlstm.evaluate.perplexity import mean_entropy
    from charlstm.evaluate.validity import validity
    from charlstm.lm.sample.sampling import sample

    config = SampleConfig(temperature=job.temperature, max_length=job.max_length)
    first = 1000 * seed
    samples = sample(engine, config, n=job.tunes, seed=first, progress=lambda done: share(0.8 * done / job.tunes))
    texts = [one.text for one in samples]
    measured = panel(
        texts, corpus, ended=[s.stopped == "end" for s in samples], tools=(), index=_index(tuple(corpus.train))
    )
    measures = {
        name: {part: rounded(value) for part, value in estimate.items()}
        for name, estimate in measured.to_dict().items()
    }
    nats = mean_entropy(engine, texts, job.temperature)
    readable = [_has_meter_and_key(text) for text in texts]
    filled = [validity(text).bars_filled if known else 0.0 for text, known in zip(texts, readable, strict=True)]
    return {
        "tunes": len(texts),
        "first_seed": first,
        "measures": measures,
        "hesitation": rounded(float(nats.mean())),
        "header": rounded(float(np.mean(readable))),
        "in_meter": rounded(float(np.mean(filled))),
        "example": texts[0],
    }


def _has_meter_and_key(text: str) -> bool:
    header = split_header(text)
    meter, key = header.get("M"), header.get("K")
    return meter is not None and parse_meter(meter) is not None and key is not None and parse_key(key) is not None


def _find_neurons(job: Neurons, seed: int, engine: Engine, corpus: Corpus) -> dict[str, Any]:
    """Three neurons by measurement, and what they do in one tune.

    Over the characters of up to 100 test tunes, with h_t what a unit holds after character t: the header neuron has
    the highest AUROC of h for "in the header" (charlstm.neurons.auroc), the body neuron the lowest, and the quiet one,
    of the others, the smallest size max(mean |h| over headers, mean |h| over bodies); `usual_size` is the median of
    that over all units.
    """
    from charlstm.lm.sample.sampling import sample
    from charlstm.neurons.auroc import auroc
    from charlstm.neurons.concepts.registry import CONCEPTS
    from charlstm.neurons.recording import record

    tunes = corpus.test or corpus.validation
    acts = [record(engine, text) for text in tunes[:: max(1, len(tunes) // NEURON_TUNES)][:NEURON_TUNES]]
    header = np.concatenate([CONCEPTS["in_header"](a.text) for a in acts])
    values = np.concatenate([a.rows for a in acts], axis=1)
    scores = auroc(values, header[None])[:, 0]
    sizes = np.abs(values)
    largest = np.maximum(sizes[:, header].mean(axis=1), sizes[:, ~header].mean(axis=1))
    usual = float(np.median(largest))
    first, second = int(scores.argmax()), int(scores.argmin())
    largest[[first, second]] = np.inf
    places = {"header": first, "body": second, "quiet": int(largest.argmin())}
    config = SampleConfig(temperature=job.temperature)
    text = sample(engine, config, seed=1000 * seed)[0].text
    shown = record(engine, text).rows
    size = acts[0].size
    neurons = {
        role: {
            "unit": list(divmod(row, size)),
            "auroc": rounded(float(scores[row])),
            "mean": [rounded(float(values[row, part].mean())) for part in (header, ~header)],
            "size": [rounded(float(sizes[row, part].mean())) for part in (header, ~header)],
            "values": [round(float(value), 2) for value in shown[row]],
        }
        for role, row in places.items()
    }
    return {"text": text, "characters": len(header), "usual_size": rounded(usual), "neurons": neurons}


def _count(job: Counting, corpus: Corpus) -> dict[str, Any]:
    """The n-gram model's losses on whole tunes."""
    from charlstm.evaluate.ngram import NGram
    from charlstm.lm.vocab import Vocab

    vocab = Vocab.of((*corpus.train, *corpus.validation, *corpus.test))
    model = NGram.fit(corpus.train, vocab, order=job.order)
    parts = {"validation_tunes": corpus.validation, "test_tunes": corpus.test}
    return {name: rounded(model.loss(texts)) if texts else None for name, texts in parts.items()}
