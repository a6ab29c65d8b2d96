"""Background: a study carried out by a process of its own, started by a page and found again by anybody.

One folder a study, under runs/experiments/started/:
    start.json       when it was started, with what command, as which process
    progress.jsonl   how far it has come, one line a step (charlstm experiment run --progress)
    log              what it printed
    lock             held by the process for as long as it lives, however it ends: the system lets go of it
The lock is taken before the process exists and handed to it, so there is no moment at which a study runs unseen.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from charlstm.errors import JobError
from charlstm.experiments.execute import work_path
from charlstm.paths import home

NICENESS = 10  # it gives way to the page that shows it
# glibc keeps the memory of a batch for the next one: 1.3 times as fast (docs/lab-log.md)
_ENVIRONMENT = {"OMP_NUM_THREADS": "1", "MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "4000000000"}


@dataclass(frozen=True)
class Standing:
    """How a study's process stands.

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
    log : str
        The last lines it printed.
    """

    running: bool
    done: int = 0
    total: int = 0
    key: str = ""
    share: float = 0.0
    seconds: float = 0.0
    log: str = ""

    @property
    def finished(self) -> bool:
        """Whether it came to its end."""
        return not self.running and self.done == self.total > 0


def started_path() -> Path:
    """Folder of the studies that were started in the background."""
    return work_path() / "started"


def command(study: str, *, epochs: int, seeds: int, corpus: str, again: bool) -> list[str]:
    """The words of the command line that carries out a study, after `charlstm`."""
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
    JobError
        If a study is running on this machine already.
    """
    root = root or started_path()
    if other := running(root):
        raise JobError(f"the study {other} is running on this machine; wait for it, or stop it first.")
    folder = root / study
    folder.mkdir(parents=True, exist_ok=True)
    with _lock(folder) as lock:
        if lock is None:
            raise JobError(f"the study {study} is running on this machine; wait for it, or stop it first.")
        for name in ("progress.jsonl", "log"):
            (folder / name).unlink(missing_ok=True)
        package = Path(__file__).resolve().parent.parent.parent
        path = os.pathsep.join(filter(None, (str(package), os.environ.get("PYTHONPATH"))))
        environment = {**os.environ, **_ENVIRONMENT, "PYTHONPATH": path, "CHARLSTM_HOME": str(home().resolve())}
        line = [sys.executable, "-m", "charlstm", *words, "--progress", str((folder / "progress.jsonl").resolve())]
        with open(folder / "log", "wb") as log:
            process = subprocess.Popen(
                line,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=package,
                env=environment,
                pass_fds=() if lock < 0 else (lock,),
                start_new_session=True,  # Ctrl-C in the server's terminal is not meant for it
            )
        about = {"began": time.time(), "pid": process.pid, "words": list(words)}
        (folder / "start.json").write_text(json.dumps(about), encoding="utf-8")
    if hasattr(os, "setpriority"):
        with contextlib.suppress(OSError):  # it has ended already
            os.setpriority(os.PRIO_PROCESS, process.pid, NICENESS)
    threading.Thread(target=process.wait, name=f"wait for {study}", daemon=True).start()  # leaves no zombie


def stop(study: str, root: Path | None = None) -> None:
    """End a study's process; the run it was at goes on from its last save when the study is run again."""
    folder = (root or started_path()) / study
    if is_running(study, root) and (pid := _started(folder).get("pid")):
        with contextlib.suppress(OSError):
            os.killpg(int(pid), signal.SIGTERM)


def running(root: Path | None = None) -> str:
    """The study that is running, or an empty text."""
    root = root or started_path()
    names = sorted(path.name for path in root.iterdir() if path.is_dir()) if root.is_dir() else []
    return next((name for name in names if is_running(name, root)), "")


def is_running(study: str, root: Path | None = None) -> bool:
    """Whether a process holds the study's lock."""
    folder = (root or started_path()) / study
    if not (folder / "lock").exists():
        return False
    with _lock(folder) as lock:
        return lock is None


def standing(study: str, root: Path | None = None) -> Standing | None:
    """How a study's process stands; None if none was ever started."""
    folder = (root or started_path()) / study
    about = _started(folder)
    if not about:
        return None
    alive = is_running(study, root)
    last = _last_line(folder / "progress.jsonl")
    log = (folder / "log").read_text(encoding="utf-8", errors="replace") if (folder / "log").exists() else ""
    return Standing(
        running=alive,
        done=int(last.get("done", 0)),
        total=int(last.get("total", 0)),
        key=str(last.get("key", "")),
        share=float(last.get("share", 0.0)),
        seconds=time.time() - float(about["began"]) if alive else float(last.get("seconds", 0.0)),
        log="\n".join(log.splitlines()[-8:]),
    )


def _started(folder: Path) -> dict[str, Any]:
    try:
        found = json.loads((folder / "start.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _last_line(path: Path) -> dict[str, Any]:
    """The last whole line of a progress file."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    for text in reversed(lines[-2:]):
        with contextlib.suppress(ValueError):
            found = json.loads(text)
            if isinstance(found, dict):
                return found
    return {}


@contextmanager
def _lock(folder: Path) -> Iterator[int | None]:
    """The descriptor of the folder's lock, held; None if another process holds it; -1 where there are no locks."""
    try:
        import fcntl
    except ImportError:
        yield -1
        return
    with open(folder / "lock", "a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
            return
        yield file.fileno()  # a process that was handed it holds the lock on when we close ours
