"""A study that runs in a process of its own: started by a page, found again by anybody.

One folder a study, under runs/experiments/started/:
    start.json       when it was started, with what command, as which process
    progress.jsonl   how far it is, one line a step (charlstm experiment run --progress)
    lock, log        of its process (charlstm.processes)
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from charlstm import processes
from charlstm.errors import ProcessError
from charlstm.experiments.execute import work_path
from charlstm.files import parse_json, write_atomic


@dataclass(frozen=True)
class StudyStatus:
    """How far a study's process is.

    Attributes
    ----------
    running : bool
    done, total : int
        Runs that are finished, of how many.
    key : str
        The record that was worked on last; empty before the first.
    share : float
        Of that run, in [0, 1].
    seconds : float
        Since it was started, or of the whole where it has ended.
    repeated, identical : int
        Runs that had a record before and were run again, and how many of them gave the same result; known at its end.
    log : str
        The last lines it printed.
    """

    running: bool
    done: int = 0
    total: int = 0
    key: str = ""
    share: float = 0.0
    seconds: float = 0.0
    repeated: int = 0
    identical: int = 0
    log: str = ""

    @property
    def finished(self) -> bool:
        """Whether it completed all its runs."""
        return not self.running and self.done == self.total > 0


def started_path() -> Path:
    """Folder of the studies that were started in the background."""
    return work_path() / "started"


def command(study: str, *, epochs: int, seeds: int, corpus: str, again: bool) -> list[str]:
    """The words of the command line that runs a study, after `charlstm`."""
    words = ["experiment", "run", study, "--epochs", str(epochs), "--seeds", str(seeds), "--corpus", corpus]
    return [*words, *(["--again"] if again else [])]


def start(study: str, words: Sequence[str], root: Path | None = None) -> None:
    """Start a study's process.

    Parameters
    ----------
    study : str
        Names the folder.
    words : sequence of str
        As `command` gives them.
    root : Path, optional
        Instead of runs/experiments/started/.

    Raises
    ------
    ProcessError
        If a study is running on this machine already.
    """
    root = root or started_path()
    folder = root / study
    with processes.start_lock(root):
        if other := running(root):
            raise ProcessError(f"the study {other} is running on this machine; wait for it, or stop it first.")
        folder.mkdir(exist_ok=True)
        for name in ("progress.jsonl", processes.LOG):
            (folder / name).unlink(missing_ok=True)
        began = time.time()
        pid = processes.start(folder, [*words, "--progress", str((folder / "progress.jsonl").resolve())])
        write_atomic(folder / "start.json", json.dumps({"began": began, "pid": pid, "words": list(words)}))


def stop(study: str, root: Path | None = None) -> None:
    """End a study's process; the run it was at continues from its last save when the study is run again."""
    folder = (root or started_path()) / study
    if processes.is_running(folder) and (pid := _read_start(folder).get("pid")):
        with contextlib.suppress(OSError):
            os.killpg(int(pid), signal.SIGTERM)


def running(root: Path | None = None) -> str:
    """The study that is running, or an empty text."""
    root = root or started_path()
    folders = sorted(path for path in root.iterdir() if path.is_dir()) if root.is_dir() else []
    return next((folder.name for folder in folders if processes.is_running(folder)), "")


def is_running(study: str, root: Path | None = None) -> bool:
    """Whether a study's process lives."""
    return processes.is_running((root or started_path()) / study)


def status(study: str, root: Path | None = None) -> StudyStatus | None:
    """How far a study's process is; None if none was ever started."""
    folder = (root or started_path()) / study
    start = _read_start(folder)
    if not start:
        return None
    alive = processes.is_running(folder)
    last = _last_line(folder / "progress.jsonl")
    return StudyStatus(
        running=alive,
        done=int(last.get("done", 0)),
        total=int(last.get("total", 0)),
        key=str(last.get("key", "")),
        share=float(last.get("share", 0.0)),
        seconds=max(time.time() - float(start["began"]), 0.0) if alive else float(last.get("seconds", 0.0)),
        repeated=int(last.get("repeated", 0)),
        identical=int(last.get("identical", 0)),
        log=processes.log_tail(folder, 8),
    )


def _read_start(folder: Path) -> dict[str, Any]:
    try:
        values = parse_json((folder / "start.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return values if isinstance(values, dict) else {}


def _last_line(path: Path) -> dict[str, Any]:
    """The last complete line of a progress file."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    for text in reversed(lines[-2:]):
        with contextlib.suppress(ValueError):
            values = parse_json(text)
            if isinstance(values, dict):
                return values
    return {}
