"""A bundled corpus that is built in a process of its own: started once, found by everybody who waits for it.

One folder a corpus, under data/cache/building/:
    progress.json   how far it is (charlstm corpus build --progress)
    lock, log       of its process (charlstm.processes)
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from charlstm import processes
from charlstm.errors import CorpusError
from charlstm.files import parse_json, write_atomic
from charlstm.paths import cache_path, corpus_path, home
from charlstm.progress import Progress, Report

USUAL_SECONDS = 30.0  # of the default corpus on a machine that does something else besides
_STEP = 0.3  # seconds between two reports
_LINES = 3  # of the log, where it failed


@dataclass(frozen=True)
class BuildStatus:
    """How far a corpus is.

    Attributes
    ----------
    running : bool
    share : float
        Of the work, in [0, 1].
    seconds_left : float
        An estimate.
    problem : str
        Why it ended without a corpus; "" while it runs, and before it was started.
    """

    running: bool = False
    share: float = 0.0
    seconds_left: float = USUAL_SECONDS
    problem: str = ""


def building_path() -> Path:
    """Folder of what is being built."""
    return cache_path() / "building"


def is_built(name: str) -> bool:
    """Whether a corpus is there."""
    return (corpus_path() / f"{name}.json").exists()


def start_building(name: str) -> None:
    """Build a bundled corpus in a process of its own, unless it is there or being built.

    Raises
    ------
    CorpusError
        Where the home folder cannot be written to.
    ProcessError
        If the process cannot be started.
    """
    folder = building_path() / name
    try:
        with processes.start_lock(building_path()):
            if is_built(name) or processes.is_running(folder):
                return
            folder.mkdir(exist_ok=True)
            for old in ("progress.json", processes.LOG):
                (folder / old).unlink(missing_ok=True)
            file = (folder / "progress.json").resolve()
            processes.start(folder, ["corpus", "build", name, "--progress", str(file)])
    except OSError as error:
        raise CorpusError(
            f"{home()} cannot be written to ({error.strerror}); set CHARLSTM_HOME to a folder that can, and start the "
            "server again"
        ) from error


def build_status(name: str) -> BuildStatus:
    """How far a corpus is."""
    folder = building_path() / name
    running = processes.is_running(folder)
    if not running:
        log = processes.log_tail(folder, _LINES)
        return BuildStatus(problem="" if is_built(name) else log.strip())
    try:
        values = parse_json((folder / "progress.json").read_text(encoding="utf-8"))
        share, began = float(values["share"]), float(values["began"])
    except (OSError, ValueError, KeyError, TypeError):
        return BuildStatus(running=True)
    left = (time.time() - began) * (1 - share) / share if share else USUAL_SECONDS
    return BuildStatus(running=True, share=min(max(share, 0.0), 1.0), seconds_left=max(left, 0.0))


@contextmanager
def progress_file(path: Path) -> Iterator[Report]:
    """A report that keeps a file up to date, for `build_status`."""
    began, last = time.time(), 0.0

    def report(progress: Progress) -> None:
        nonlocal last
        if time.monotonic() - last > _STEP:
            last = time.monotonic()
            write_atomic(path, json.dumps({"share": progress.share, "doing": progress.doing, "began": began}))

    yield report
