"""Run: carry out the runs of a study, skip what is done, write one record a run. Here, or on Ray (experiments/cluster).

A run has a folder of its own under runs/experiments/, in which its network lies and from which a run that died goes
on where it last saved. A run is deterministic: the same settings, seed and corpus give the same record, but for the
machine and the time it took, wherever and beside whatever it is run.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from charlstm.errors import CharlstmError, CheckpointError, ConfigError
from charlstm.experiments.catalog import THREADS, Counting, Neurons, Run, Sampling, Training, settings, with_seed
from charlstm.experiments.records import FORMAT, Record, find_record, machine, read_record, thinned, write_record
from charlstm.lm.config import SampleConfig
from charlstm.paths import home
from charlstm.tunes.abc import parse_meter, split_header
from charlstm.tunes.corpus.model import Corpus
from charlstm.tunes.keys import parse_key

if TYPE_CHECKING:
    from charlstm.evaluate.novelty import NoveltyIndex
    from charlstm.lm.infer.engine import Engine
    from charlstm.lm.train.trainer import Progress

RECORD_FILE = "record.json"  # in a run's folder, once it is done
CURVE_FILE = "curve.jsonl"  # one line an epoch, what the trainer itself does not report
ENGINES = ("local", "ray")
SAMPLE_TRAIN_TUNES = 100  # training tunes whose whole-tune loss is followed beside the validation tunes'
NEURON_TUNES = 100  # test tunes on which all neurons are measured
Share = Callable[[float], None]  # how much of a run is done, in [0, 1]
EachEpoch = Callable[[float, float | None], None]  # an epoch is over: its number, the loss on whole validation tunes


@dataclass(frozen=True)
class Update:
    """How far the runs have come: `done` of `total` are finished, and `share` of the one named."""

    run: Run
    key: str
    share: float
    done: int
    total: int


Report = Callable[[Update], None]


def work_path() -> Path:
    """Folder of the networks and of the runs under way, one subfolder each."""
    return home() / "runs" / "experiments"


def run_all(
    runs: Sequence[Run],
    corpus: Corpus,
    *,
    results: Path | None = None,
    work: Path | None = None,
    engine: str = "local",
    address: str | None = None,
    workers: int | None = None,
    again: bool = False,
    report: Report | None = None,
) -> list[Record]:
    """Carry out runs and return their records, in the order of the runs; what has a record is not run.

    Parameters
    ----------
    runs : sequence of Run
        What others need stands before them, as `Study.runs` and `all_runs` give them.
    corpus : Corpus
    results : Path, optional
        Folder of the records (default data/results/).
    work : Path, optional
        Folder of the runs (default runs/experiments/).
    engine : "local" or "ray"
        One after the other in this process, or on a Ray cluster.
    address : str, optional
        Of the Ray cluster; one is started for the occasion when absent.
    workers : int, optional
        Of the Ray that is started (default: one a core).
    again : bool
        Do runs anew that are done.
    report : callable, optional
        Called as the runs come along.

    Raises
    ------
    ConfigError
        If there is no such engine, or Ray is not installed.
    CharlstmError
        If a run failed.
    """
    if engine not in ENGINES:
        raise ConfigError("engine", f"{engine!r} is none of {', '.join(ENGINES)}.")
    work = work or work_path()
    found = {} if again else {run: r for run in runs if (r := find_record(run, corpus.fingerprint, results))}
    missing = [run for run in runs if run not in found]

    def update(run: Run, share: float, done: int) -> None:
        if report:
            report(Update(run, run.key(corpus.fingerprint), share, len(found) if share < 1 else done, len(runs)))

    def keep(run: Run, record: Record) -> None:
        write_record(record, results)
        found[run] = record
        update(run, 1.0, len(found))

    if engine == "ray":
        from charlstm.experiments.ray import run_on_ray

        run_on_ray(missing, corpus, work, keep, address=address, workers=workers, again=again)
    else:
        for run in missing:
            keep(run, carry_out(run, corpus, work, again=again, share=lambda part, run=run: update(run, part, 0)))  # type: ignore[misc]
    return [found[run] for run in runs]


def carry_out(
    run: Run,
    corpus: Corpus,
    work: Path,
    *,
    again: bool = False,
    share: Share | None = None,
    each_epoch: EachEpoch | None = None,
) -> Record:
    """Carry out one run in its folder, or go on with it, and return its record.

    A second process that is asked for the same run waits for the first, and takes its record.
    """
    key = run.key(corpus.fingerprint)
    folder = work / key
    folder.mkdir(parents=True, exist_ok=True)
    begun = time.time()
    with _alone(work / f"{key}.lock"):
        done = folder / RECORD_FILE
        if done.exists() and (not again or done.stat().st_mtime > begun):
            return read_record(done)
        if again:
            shutil.rmtree(folder)
            folder.mkdir()
        started = time.monotonic()
        share = share or (lambda part: None)
        job = run.job
        if isinstance(job, Training):
            result, seconds = _train(job, run.seed, corpus, folder, share, each_epoch)
        else:
            if isinstance(job, Counting):
                result = _count(job, corpus)
            else:
                engine = network(run, corpus, work)
                if isinstance(job, Sampling):
                    result = _sample(job, run.seed, engine, corpus, share)
                else:
                    result = _find_neurons(job, run.seed, engine, corpus)
            seconds = round(time.monotonic() - started, 1)
        record = {
            "format": FORMAT,
            "key": key,
            "kind": job.kind,
            "name": job.name,
            "seed": run.seed,
            "settings": settings(job),
            "corpus": {
                "name": corpus.name,
                "fingerprint": corpus.fingerprint,
                "tunes": [len(corpus.train), len(corpus.validation), len(corpus.test)],
            },
            "machine": machine(THREADS) | ({"torch": result.pop("torch")} if "torch" in result else {}),
            "seconds": seconds,
            "result": result,
        }
        write_record(record, folder).replace(folder / RECORD_FILE)
    return record


def network(run: Run, corpus: Corpus, work: Path) -> Engine:
    """The network that a run looks at: a model of checkpoints/, or one of the studies', trained first if need be."""
    from charlstm.lm.infer.engine import load

    needed = run.needs()
    if needed is None:
        return load(str(run.job.network))  # type: ignore[union-attr]  # a Sampling or Neurons of a named model
    folder = work / needed.key(corpus.fingerprint)
    if not (folder / RECORD_FILE).exists():
        carry_out(needed, corpus, work)
    return load(folder.resolve())


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold a lock file: one process at a time works on a run. The system lets go of it when a process dies."""
    with open(path, "a") as file:
        try:
            import fcntl
        except ImportError:  # Windows: two processes on one run must be kept apart by whoever starts them
            yield
            return
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


# ---- training -------------------------------------------------------------------------------------------------------


def _train(
    job: Training, seed: int, corpus: Corpus, folder: Path, share: Share, each_epoch: EachEpoch | None
) -> tuple[dict[str, Any], float]:
    """Train, or go on training, and return the result and the seconds of all sittings."""
    from charlstm.lm.train.network import CharRNN
    from charlstm.lm.train.resume import RESUME_FILE
    from charlstm.lm.train.trainer import Trainer, slice_loss, whole_tune_loss

    def begin() -> Trainer:
        return Trainer(corpus, job.model, with_seed(job, seed), out=folder, device="cpu", threads=THREADS)

    if (folder / RESUME_FILE).exists():
        try:
            trainer = Trainer.resume(folder, corpus, device="cpu", threads=THREADS)
        except CheckpointError:  # of another version of the program, say
            _empty(folder)
            trainer = begin()
    else:
        _empty(folder)
        trainer = begin()
    watched = corpus.train[:: max(1, len(corpus.train) // SAMPLE_TRAIN_TUNES)]
    length = job.train.sequence_length
    speeds: list[float] = []

    def measure(epoch: float) -> None:
        """Append the curve's line of an epoch that the network stands at the end of."""
        line = {
            "epoch": epoch,
            "validation_slices": slice_loss(trainer.network, corpus.validation, trainer.vocab, sequence_length=length),
            "train_tunes": whole_tune_loss(trainer.network, watched, trainer.vocab)["all"],
            "characters_per_second": float(np.median(speeds)) if speeds else None,
        }
        speeds.clear()
        with open(folder / CURVE_FILE, "a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    def follow(progress: Progress) -> None:
        speeds.append(progress.characters_per_second)
        share(min(progress.done, 0.999))
        if progress.sample is not None:  # at the end of an epoch
            measure(progress.epoch)
            if each_epoch:
                each_epoch(progress.epoch, progress.val_loss)

    history = trainer.standing.history
    if history and trainer.standing.position == 0 and history[-1]["epoch"] not in _curve_lines(folder / CURVE_FILE):
        measure(history[-1]["epoch"])  # killed between the end of the epoch and its line
    checkpoint = trainer.fit([follow])
    if not checkpoint.training.get("ended"):
        raise CharlstmError(f"{folder.name} was stopped before its end; run the study again to go on.")
    kept = CharRNN(job.model, len(trainer.vocab))
    kept.load_weights(checkpoint.weights())
    lines = _curve_lines(folder / CURVE_FILE)
    rows = [(entry, lines[entry["epoch"]]) for entry in checkpoint.history]
    rates = [rate for _, line in rows if (rate := line["characters_per_second"]) is not None]
    curves = {
        "epoch": [entry["epoch"] for entry, _ in rows],
        "train_slices": [entry["train_loss"] for entry, _ in rows],
        "validation_slices": [line["validation_slices"] for _, line in rows],
        "train_tunes": [line["train_tunes"] for _, line in rows],
        "validation_tunes": [entry["val_loss"] for entry, _ in rows],
    }
    best = min(rows, key=lambda row: (row[0]["val_loss"] is None, row[0]["val_loss"] or 0.0))[0]
    test = slice_loss(kept, corpus.test, trainer.vocab, sequence_length=length)
    result = {
        "parameters": sum(parameter.numel() for parameter in trainer.parameters),
        "steps": checkpoint.training["steps"],
        "best_epoch": best["epoch"],
        "validation_tunes": _rounded(checkpoint.val_loss),
        "test_tunes": _rounded(checkpoint.test_loss),
        "test_header": _rounded(checkpoint.training["test_header"]),
        "test_body": _rounded(checkpoint.training["test_body"]),
        "test_slices": _rounded(test),
        "characters_per_second": round(float(np.median(rates))) if rates else None,
        "curves": {name: [_rounded(value) for value in thinned(values)] for name, values in curves.items()},
        "torch": checkpoint.training["torch"],
    }
    return result, float(checkpoint.training["seconds"])


def _empty(folder: Path) -> None:
    """Take away what a run left that died before its first save, or that cannot be gone on with."""
    for path in folder.iterdir():
        if path.is_file():
            path.unlink()


def _curve_lines(path: Path) -> dict[float, dict[str, Any]]:
    """The lines of a curve by epoch: of an epoch done twice, before and after a kill, the later one."""
    found: dict[float, dict[str, Any]] = {}
    if not path.exists():
        return found
    for text in path.read_text(encoding="utf-8").splitlines():
        try:
            line = json.loads(text)
        except ValueError:  # half a line, from a kill; the epoch was done again
            continue
        found[line["epoch"]] = line
    return found


def _rounded(value: float | None, digits: int = 4) -> float | None:
    return None if value is None else round(value, digits)


# ---- what is not training -------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _index(corpus_train: tuple[str, ...]) -> NoveltyIndex:
    """The index of a corpus, which all samplings of one process share."""
    from charlstm.evaluate.novelty import NoveltyIndex

    return NoveltyIndex(corpus_train)


def _sample(job: Sampling, seed: int, engine: Engine, corpus: Corpus, share: Share) -> dict[str, Any]:
    """Tunes at a temperature, measured; the first one is the example, whatever it is like.

    Beside the panel (charlstm.evaluate.panel): `header`, the share of tunes with a readable M: and K:, and
    `in_meter`, the mean share of bars that fill their meter, 0 for a tune without such a header. The panel's own
    bars_filled forgives a tune that names no meter, as most do not at T = 2.
    """
    from charlstm.evaluate.panel import panel
    from charlstm.evaluate.perplexity import hesitation
    from charlstm.evaluate.validity import validity
    from charlstm.lm.sample.sampling import sample

    config = SampleConfig(temperature=job.temperature, max_length=job.max_length)
    first = 1000 * seed
    samples = sample(engine, config, n=job.tunes, seed=first, progress=lambda done: share(0.8 * done / job.tunes))
    texts = [found.text for found in samples]
    measured = panel(
        texts, corpus, ended=[s.stopped == "end" for s in samples], tools=(), index=_index(tuple(corpus.train))
    )
    measures = {
        name: {part: _rounded(value) for part, value in estimate.items()}
        for name, estimate in measured.to_dict().items()
    }
    nats = hesitation(engine, texts, job.temperature)
    readable = [_has_meter_and_key(text) for text in texts]
    filled = [validity(text).bars_filled if known else 0.0 for text, known in zip(texts, readable, strict=True)]
    return {
        "tunes": len(texts),
        "first_seed": first,
        "measures": measures,
        "hesitation": _rounded(float(nats.mean())),
        "header": _rounded(float(np.mean(readable))),
        "in_meter": _rounded(float(np.mean(filled))),
        "example": texts[0],
    }


def _has_meter_and_key(text: str) -> bool:
    header = split_header(text)
    meter, key = header.get("M"), header.get("K")
    return meter is not None and parse_meter(meter) is not None and key is not None and parse_key(key) is not None


def _find_neurons(job: Neurons, seed: int, engine: Engine, corpus: Corpus) -> dict[str, Any]:
    """Three neurons by measurement, and what they do in one tune.

    Over the characters of up to 100 test tunes, with h_t what a unit holds after character t: the header neuron has
    the highest AUROC of h for "in the header" (charlstm.neurons.probe), the body neuron the lowest, and the quiet one,
    of the others, the smallest size max(mean |h| over headers, mean |h| over bodies); `usual_size` is the median of
    that over all units.
    """
    from charlstm.lm.sample.sampling import sample
    from charlstm.neurons.concepts.notes import CONCEPTS
    from charlstm.neurons.probe import auroc, unit_rows
    from charlstm.neurons.recording import record

    tunes = corpus.test or corpus.validation
    acts = [record(engine, text) for text in tunes[:: max(1, len(tunes) // NEURON_TUNES)][:NEURON_TUNES]]
    header = np.concatenate([CONCEPTS["in_header"](a.text) for a in acts])
    values = unit_rows(acts)
    scores = auroc(values, header[None])[:, 0]
    sizes = np.abs(values)
    loudness = np.maximum(sizes[:, header].mean(axis=1), sizes[:, ~header].mean(axis=1))
    usual = float(np.median(loudness))
    first, second = int(scores.argmax()), int(scores.argmin())
    loudness[[first, second]] = np.inf
    found = {"header": first, "body": second, "quiet": int(loudness.argmin())}
    config = SampleConfig(temperature=job.temperature)
    text = sample(engine, config, seed=1000 * seed)[0].text
    shown = unit_rows([record(engine, text)])
    size = acts[0].values.shape[2]
    neurons = {
        role: {
            "unit": list(divmod(row, size)),
            "auroc": _rounded(float(scores[row])),
            "mean": [_rounded(float(values[row, part].mean())) for part in (header, ~header)],
            "size": [_rounded(float(sizes[row, part].mean())) for part in (header, ~header)],
            "values": [round(float(value), 2) for value in shown[row]],
        }
        for role, row in found.items()
    }
    return {"text": text, "characters": len(header), "usual_size": _rounded(usual), "neurons": neurons}


def _count(job: Counting, corpus: Corpus) -> dict[str, Any]:
    """The n-gram model's losses on whole tunes."""
    from charlstm.evaluate.ngram import NGram
    from charlstm.lm.vocab import Vocab

    vocab = Vocab.of((*corpus.train, *corpus.validation, *corpus.test))
    model = NGram.fit(corpus.train, vocab, order=job.order)
    parts = {"validation_tunes": corpus.validation, "test_tunes": corpus.test}
    return {name: _rounded(model.loss(texts)) if texts else None for name, texts in parts.items()}
