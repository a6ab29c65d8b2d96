"""Records: one JSON file a run in data/results/, written whole or not at all. Knows nothing of how a run is run.

A record says what was run (settings, seed, corpus), on what machine and how long, and what came of it. Its name is
the run's key, so that a run that two studies ask for has one record, and a run that is done is known by its file.
"""

from __future__ import annotations

import json
import os
import platform
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from charlstm.errors import CharlstmError
from charlstm.experiments.catalog import Run
from charlstm.paths import result_roots, results_path

FORMAT = "charlstm-result/1"
Record = dict[str, Any]
PASSING = "seconds", "machine", "characters_per_second"  # what differs from machine to machine and run to run


def write_record(record: Record, folder: Path | None = None) -> Path:
    """Write a record under its key, renamed into place, and return its path."""
    folder = folder or results_path()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{record['key']}.json"
    written = path.with_suffix(f".{os.getpid()}.tmp")
    written.write_text(to_json(record), encoding="utf-8")
    written.replace(path)
    return path


def to_json(record: Record) -> str:
    """A record as indented JSON, but a list of plain values on one line, so that a curve does not take a page."""
    text = json.dumps(record, ensure_ascii=False, allow_nan=False, indent=1)
    return re.sub(r"\[\n\s+([^\[\]{}\"]+?)\n\s+\]", lambda list_: f"[{' '.join(list_[1].split())}]", text) + "\n"


def read_record(path: Path) -> Record:
    """A record by its path.

    Raises
    ------
    CharlstmError
        If the file is no record.
    """
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CharlstmError(f"{path.name} is not there; run the study first.") from None
    except (ValueError, UnicodeDecodeError):
        record = None
    if not isinstance(record, dict) or record.get("format") != FORMAT or not isinstance(record.get("result"), dict):
        raise CharlstmError(f"{path.name} is not a record of a study; delete it and run the study again.")
    return record


def find_record(run: Run, fingerprint: str, folder: Path | None = None) -> Record | None:
    """The record of a run on a corpus; None where it has not been done."""
    name = f"{run.key(fingerprint)}.json"
    paths = [root / name for root in ([folder] if folder else result_roots())]
    return next((read_record(path) for path in paths if path.exists()), None)


def all_records(folder: Path | None = None) -> list[Record]:
    """Every record of a folder, in the order of their names."""
    return [read_record(path) for path in sorted((folder or results_path()).glob("*.json"))]


def lasting(record: Mapping[str, Any]) -> Record:
    """A record without what depends on the machine and the moment: equal for equal runs."""
    return {
        name: lasting(value) if isinstance(value, Mapping) else value
        for name, value in record.items()
        if name not in PASSING
    }


def machine(threads: int) -> dict[str, Any]:
    """What a run was run on: CPU, cores, versions, threads."""
    import numpy

    return {
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
        "numpy": numpy.__version__,
        "threads": threads,
    }


def _cpu() -> str:
    """The processor's name as it tells it, else its kind."""
    try:
        lines: Iterable[str] = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = ()
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, "") or platform.processor() or platform.machine()


def thinned(values: list[Any], most: int = 100) -> list[Any]:
    """At most about `most` of the values, evenly spaced, the last one always among them."""
    step = -(-len(values) // most) or 1
    return [value for place, value in enumerate(values, 1) if place % step == 0 or place == len(values)]
