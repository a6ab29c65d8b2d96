"""Records: one JSON file a run in data/results/, read and written here only. Knows nothing of how a run is executed.

A record says what was run (settings, seed, corpus), on what machine and how long, and what came of it. Its name is
the run's key, so that a run that two studies ask for has one record, and a run that is done is known by its file.
"""

from __future__ import annotations

import json
import os
import platform
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy

from charlstm.errors import CharlstmError
from charlstm.experiments.catalog import EPOCHS, THREADS
from charlstm.experiments.jobs import Run, settings
from charlstm.files import parse_json, write_atomic
from charlstm.lm.config import TrainConfig
from charlstm.paths import result_roots, results_path
from charlstm.tunes.corpus.model import Corpus

FORMAT = "charlstm-result/1"
PASSING = "seconds", "machine", "characters_per_second"  # what differs from machine to machine and run to run


@dataclass(frozen=True)
class CorpusInfo:
    """Which corpus a run was of: its name, its fingerprint, its tunes for training, validation and test."""

    name: str
    fingerprint: str
    tunes: tuple[int, ...]


@dataclass(frozen=True)
class Record:
    """What is known of a run that is done.

    Attributes
    ----------
    key : str
        Of the run, and the file's name.
    kind : str
        "training", "sampling", "neurons" or "counting".
    name : str
        The job's, readable and not unique.
    seed : int
    settings : mapping
        Of the job, where they are not at their defaults (catalog.settings).
    corpus : CorpusInfo
    machine : mapping
        CPU, cores, system, versions, threads.
    seconds : float
        What the run took.
    result : mapping
        What came of it. A training has `parameters`, `steps`, losses in nats per character (`validation_tunes`,
        `test_tunes`, `test_slices`, ...) and `curves`, a list of losses an epoch by name; counting has the losses. A
        sampling has `measures` (charlstm.evaluate.panel), `header`, `in_meter`, `hesitation` and an `example`. Neurons
        have `text` and, by role, `neurons` with `unit`, `auroc`, `mean`, `size` and `values`.
    """

    key: str
    kind: str
    name: str
    seed: int
    settings: Mapping[str, Any]
    corpus: CorpusInfo
    machine: Mapping[str, Any]
    seconds: float
    result: Mapping[str, Any]

    @property
    def curves(self) -> Mapping[str, Sequence[float]]:
        """The losses of a training by name, one an epoch; empty for other runs."""
        curves: Mapping[str, Sequence[float]] = self.result.get("curves") or {}
        return curves

    @property
    def epochs(self) -> int | None:
        """How long the network was trained; None where no training of the studies is behind the run."""
        network = self.settings if self.kind == "training" else self.settings.get("network")
        return network["train"].get("epochs", TrainConfig().epochs) if isinstance(network, Mapping) else None

    def to_dict(self) -> dict[str, Any]:
        """The record as JSON values."""
        values = {**vars(self), "corpus": asdict(self.corpus) | {"tunes": list(self.corpus.tunes)}}
        return {"format": FORMAT, **values}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Record:
        """A record from JSON values. Raises ValueError, TypeError, KeyError or AttributeError if they are not one."""
        if values["format"] != FORMAT or not isinstance(values["result"], dict):
            raise ValueError(f"not {FORMAT}")
        corpus = values["corpus"]
        return cls(
            key=str(values["key"]),
            kind=str(values["kind"]),
            name=str(values["name"]),
            seed=int(values["seed"]),
            settings=dict(values["settings"]),
            corpus=CorpusInfo(str(corpus["name"]), str(corpus["fingerprint"]), tuple(corpus["tunes"])),
            machine=dict(values["machine"]),
            seconds=values["seconds"] + 0,
            result=values["result"],
        )


@dataclass(frozen=True)
class StoredRecords:
    """The records of a folder in the order of their names, and a sentence for each file that is not a record."""

    records: tuple[Record, ...]
    problems: tuple[str, ...]


def new_record(
    run: Run, corpus: Corpus, result: Mapping[str, Any], seconds: float, versions: Mapping[str, str] | None = None
) -> Record:
    """The record of a run that has just ended on this machine; `versions` of packages that it used besides NumPy."""
    about = {
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
        "numpy": numpy.__version__,
        "threads": THREADS,
        **(versions or {}),
    }
    tunes = (len(corpus.train), len(corpus.validation), len(corpus.test))
    info = CorpusInfo(corpus.name, corpus.fingerprint, tunes)
    key, job = run.key(corpus.fingerprint), run.job
    return Record(key, job.kind, job.name, run.seed, settings(job), info, about, seconds, result)


def _cpu() -> str:
    """The processor's name as it tells it, else its kind."""
    try:
        lines: Iterable[str] = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = ()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, "") or platform.processor() or platform.machine()


# ---- files ----------------------------------------------------------------------------------------------------------


def write_record(record: Record, folder: Path | None = None) -> Path:
    """Write a record under its key, and return its path. Raises OSError."""
    path = (folder or results_path()) / f"{record.key}.json"
    write_atomic(path, to_json(record))
    return path


def to_json(record: Record) -> str:
    """A record as indented JSON, but a list of plain values on one line, so that a curve does not take a page."""
    text = json.dumps(record.to_dict(), ensure_ascii=False, allow_nan=False, indent=1)
    return re.sub(r"\[\n\s+([^\[\]{}\"]+?)\n\s+\]", lambda list_: f"[{' '.join(list_[1].split())}]", text) + "\n"


def read_record(path: Path) -> Record:
    """A record by its path. Raises CharlstmError if there is none."""
    try:
        return Record.from_dict(parse_json(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise CharlstmError(f"{path.name} is missing; run the study first.") from None
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        message = f"{path.name} is not a record of a study; delete it and run the study again."
        raise CharlstmError(message) from None


def find_record(run: Run, fingerprint: str, folder: Path | None = None) -> Record | None:
    """The record of a run on a corpus; None where it has not been done. Raises CharlstmError if it is damaged."""
    name = f"{run.key(fingerprint)}.json"
    paths = [root / name for root in ([folder] if folder else result_roots())]
    return next((read_record(path) for path in paths if path.exists()), None)


def read_records(folder: Path | None = None) -> StoredRecords:
    """Every record of a folder (default: data/results/, then those that are shipped); what is damaged is skipped."""
    roots = [folder] if folder else result_roots()
    paths = {path.name: path for root in reversed(roots) for path in root.glob("*.json")}
    records, problems = [], []
    for name in sorted(paths):
        try:
            records.append(read_record(paths[name]))
        except CharlstmError as error:
            problems.append(str(error))
    return StoredRecords(tuple(records), tuple(problems))


# ---- what belongs together ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class RecordSet:
    """Records that belong together: of one corpus, with trainings of one length."""

    corpus: str
    fingerprint: str
    epochs: int

    def has(self, record: Record) -> bool:
        """Whether a record is of this corpus, and of a training of this length or of none of the studies'."""
        return record.corpus.fingerprint == self.fingerprint and record.epochs in (None, self.epochs)


def record_sets(records: Iterable[Record]) -> dict[RecordSet, int]:
    """The sets that there are, with how many trainings each has; the catalog's own length first, then the most."""
    trainings = (record for record in records if record.kind == "training")
    sets = Counter(RecordSet(r.corpus.name, r.corpus.fingerprint, r.epochs or 0) for r in trainings)
    return dict(sorted(sets.items(), key=lambda item: (item[0].epochs != EPOCHS, -item[1])))


def reproducible_part(record: Record) -> dict[str, Any]:
    """A record without what depends on the machine and the moment: equal for equal runs."""
    return _without_passing(record.to_dict())


def _without_passing(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: _without_passing(value) if isinstance(value, Mapping) else value
        for name, value in values.items()
        if name not in PASSING
    }
