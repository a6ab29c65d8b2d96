"""Training runs in processes of their own: started, found again and steered by their folders alone. Needs no torch.

A run is a folder under runs/ in which `charlstm train` works (run_files.py says what lies there). The folder is the
truth: a server that is restarted, or a second one, reads it and knows everything, and a run outlives the server that
started it. A process that is gone without a status was killed. Knows nothing of pages.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from charlstm import processes
from charlstm.errors import CharlstmError, ProcessError
from charlstm.files import parse_json, write_atomic
from charlstm.lm.train.run_files import (
    JOB,
    State,
    asked,
    is_training,
    read_json,
    silence,
    write_json,
    write_process,
    write_status,
)
from charlstm.paths import CONTROL_FILE, METRICS_FILE, RESUME_FILE, STOP_FILE, runs_path
from charlstm.sharing import limits

RESUMABLE: tuple[State, ...] = ("paused", "stopped", "failed", "killed")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True)
class TrainingRun:
    """A run as its folder tells it now.

    Attributes
    ----------
    folder : Path
    state : str
        queued, running, finished, paused, stopped, failed, killed (its process stopped without reporting) or damaged.
    message : str
        Why it failed or what is damaged; else empty.
    asked : str
        "pause" or "stop" while a running trainer has been asked and is not done yet; else empty.
    settings : mapping
        "corpus", "model", "train", ... as the trainer wrote them; empty for the first seconds of a run.
    created : float
        Seconds since the epoch (time.time).
    pid : int or None
        Of the trainer, while the run is running.
    silent : float
        Seconds since the trainer's last heartbeat, while it is running.
    owner : str
        The visitor who started it, on a server that is shared; else empty.
    """

    folder: Path
    state: State
    message: str = ""
    asked: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    created: float = 0.0
    pid: int | None = None
    silent: float = 0.0
    owner: str = ""

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.folder.name

    @property
    def resumable(self) -> bool:
        """Whether `resume` would start it again."""
        return self.state in RESUMABLE


# ---- finding --------------------------------------------------------------------------------------------------------


def list_runs(root: Path | None = None) -> list[TrainingRun]:
    """All runs in runs/ (or `root`), the newest first."""
    root = root or runs_path()
    folders = [path for path in root.iterdir() if (path / JOB).is_dir()] if root.is_dir() else []
    return sorted((read_run(folder) for folder in folders), key=lambda run: (-run.created, run.name))


def running(root: Path | None = None) -> TrainingRun | None:
    """The run that is being trained now, if any."""
    return next((run for run in list_runs(root) if run.state == "running"), None)


def find_run(name: str, root: Path | None = None) -> TrainingRun:
    """A run by its name. Raises ProcessError if there is none."""
    root = root or runs_path()
    if not NAME.fullmatch(name) or not (root / name / JOB).is_dir():
        raise ProcessError(f"there is no run called {name!r} here; it may have been removed.", path=root)
    return read_run(root / name)


def queue(runs: Sequence[TrainingRun]) -> list[TrainingRun]:
    """Of some runs those that wait, the next one first."""
    return sorted((run for run in runs if run.state == "queued"), key=lambda run: (run.created, run.name))


def read_run(folder: Path) -> TrainingRun:
    """A run as its folder tells it now."""
    job = folder / JOB
    created = next((path.stat().st_mtime for path in (job / "start.json", job) if path.exists()), 0.0)
    try:
        start, settings = read_json(job / "start.json"), read_json(job / "settings.json")
        process, status = read_json(job / "process.json"), read_json(job / "status.json")
    except ProcessError as error:
        return TrainingRun(folder, "damaged", str(error), created=created)
    run = TrainingRun(
        folder,
        status.get("state", "queued" if start.get("queued") else "killed"),
        str(status.get("message", "")),
        settings=settings,
        created=float(start.get("created") or process.get("began") or created),
        owner=str(start.get("owner") or ""),
    )
    if process and not status and is_training(folder, process):
        pid, seconds = int(process["pid"]), silence(folder)
        return replace(run, state="running", message="", asked=asked(folder), pid=pid, silent=seconds)
    if run.state not in ("queued", "finished", *RESUMABLE):
        return replace(run, state="damaged", message=f"{job / 'status.json'} says {run.state!r}.")
    if run.state != "finished" and (problem := _resume_problem(folder)):
        return replace(run, state="damaged", message=problem)
    return run


def memory(run: TrainingRun) -> int | None:
    """Bytes of memory that a running trainer holds; None where the system does not tell."""
    try:
        pages = int(Path(f"/proc/{run.pid}/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")


def log_tail(run: TrainingRun, lines: int = 12) -> str:
    """The last lines that the trainer printed."""
    return processes.log_tail(run.folder / JOB, lines)


# ---- steering -------------------------------------------------------------------------------------------------------


def start(
    arguments: Sequence[str],
    *,
    name: str,
    threads: int = 1,
    beside: str = "",
    root: Path | None = None,
    owner: str = "",
) -> TrainingRun:
    """Start `charlstm train` in a process of its own, or put it into the queue of a server that is shared.

    Parameters
    ----------
    arguments : sequence of str
        Options of `charlstm train`, without --out and --resume.
    name : str
        Of the run; a number is added where that name is taken.
    threads : int
        CPU threads of the trainer. One leaves a page on two cores quick.
    beside : str
        A running run that this one is to be compared with: the two run at the same time.
    root : Path, optional
        Instead of runs/.
    owner : str
        The visitor who starts it.

    Returns
    -------
    TrainingRun
        Running already, though its first report takes some seconds; or queued.

    Raises
    ------
    ProcessError
        If a run is being trained on this machine already and there is no queue, or it is full, or this visitor has
        enough in it; or the name cannot be a folder's.
    """
    root = root or runs_path()
    if not NAME.fullmatch(name):
        raise ProcessError(f"{name!r} cannot name a run; use letters, digits, dots, dashes and underscores.")
    with processes.start_lock(root):
        waits = _must_wait(root, owner, beside)
        # Later than all others, also where the clock was set back: the queue goes by it.
        created = max([time.time(), *(run.created + 0.001 for run in list_runs(root))])
        folder = _new_folder(root, name)
        about: dict[str, Any] = {"arguments": list(arguments), "threads": threads, "created": created}
        about |= ({"owner": owner} if owner else {}) | ({"queued": True} if waits else {})
        # Others see a run once it has a job: by then it says whose it is.
        unseen = folder / f".{JOB}"
        write_json(unseen / "start.json", about)
        unseen.rename(folder / JOB)
        if not waits:
            _start_trainer(folder, arguments, threads)
    return read_run(folder)


def start_queued(root: Path | None = None) -> None:
    """Start the runs whose turn it is; whoever looks at the runs of a shared server calls this now and then."""
    root = root or runs_path()
    if not queue(list_runs(root)):
        return
    with processes.start_lock(root):
        runs = list_runs(root)
        free = limits().trainings - sum(run.state == "running" for run in runs)
        for run in queue(runs)[: max(free, 0)]:
            begin = read_json(run.folder / JOB / "start.json")
            write_json(run.folder / JOB / "start.json", {k: v for k, v in begin.items() if k != "queued"})
            _start_trainer(run.folder, list(map(str, begin["arguments"])), int(begin.get("threads") or 1))


def resume(run: TrainingRun) -> TrainingRun:
    """Continue a run where it stopped. Raises ProcessError if it cannot be continued, or another one is running."""
    with processes.start_lock(run.folder.parent):
        run = read_run(run.folder)
        _refuse_another(list_runs(run.folder.parent))
        if not run.resumable:
            raise ProcessError(f"{run.name} is {run.state} and cannot be resumed; start a new run.", path=run.folder)
        start = read_json(run.folder / JOB / "start.json")
        arguments = [str(word) for word in start.get("arguments") or ()]
        if not arguments and (corpus := run.settings.get("corpus")):  # it was started by hand
            arguments = ["--corpus", str(corpus)]
        _start_trainer(run.folder, [*arguments, "--resume"], int(start.get("threads") or 1))
    return read_run(run.folder)


def pause(run: TrainingRun) -> None:
    """Ask a running trainer to save its state and end; `resume` continues it. Raises ProcessError if it is not."""
    _ask(run, "pause")


def stop(run: TrainingRun) -> None:
    """End a run for good: a running trainer saves and ends, any other is only marked.

    Raises
    ------
    ProcessError
        If it has ended already.
    """
    run = read_run(run.folder)
    if run.state == "running":
        _ask(run, "stop")
    elif run.resumable or run.state == "queued":
        write_status(run.folder, "stopped")
    else:
        raise ProcessError(f"{run.name} is already {run.state}.", path=run.folder)


def set_rate(run: TrainingRun, factor: float) -> None:
    """Multiply the planned learning rate by this from the trainer's next step on, also after a pause."""
    write_json(run.folder / CONTROL_FILE, {"rate": float(factor)})


def rate_of(run: TrainingRun) -> float:
    """The factor that `set_rate` asked for last; 1 if it never did."""
    try:
        return float(read_json(run.folder / CONTROL_FILE).get("rate", 1.0))
    except (ProcessError, ValueError, TypeError):
        return 1.0


def remove(run: TrainingRun) -> None:
    """Delete a run's folder. Raises ProcessError while it is running."""
    if read_run(run.folder).state == "running":
        raise ProcessError(f"{run.name} is running; stop it first.", path=run.folder)
    shutil.rmtree(run.folder)


def _ask(run: TrainingRun, word: str) -> None:
    if read_run(run.folder).state != "running":
        raise ProcessError(f"{run.name} is not running.", path=run.folder)
    write_atomic(run.folder / JOB / "asked", word)
    (run.folder / STOP_FILE).touch()  # the trainer's heartbeat touches it again, should its start have removed it


def _start_trainer(folder: Path, arguments: Sequence[str], threads: int) -> None:
    """Start a trainer in a folder, and write down which process it is before it can do so itself."""
    for old in (folder / JOB / "status.json", folder / JOB / "asked", folder / STOP_FILE):
        old.unlink(missing_ok=True)

    def ended(pid: int, status: int) -> None:
        """A trainer that failed before it could report has printed why on its way out."""
        with contextlib.suppress(ProcessError, OSError):
            was_last = read_json(folder / JOB / "process.json").get("pid") == pid
            if status > 0 and was_last and not (folder / JOB / "status.json").exists():
                message = processes.log_tail(folder / JOB, 1) or f"its process ended with status {status}"
                write_status(folder, "failed", message)
        with contextlib.suppress(CharlstmError, OSError):
            start_queued(folder.parent)

    words = ["train", *arguments, "--out", str(folder.resolve()), "--threads", str(threads)]
    write_process(folder, processes.start(folder / JOB, words, threads=threads, ended=ended))


def _must_wait(root: Path, owner: str, beside: str) -> bool:
    """Whether a new run goes into the queue. Raises ProcessError if there is none, or no place in it."""
    runs, most = list_runs(root), limits()
    if most.queue == 0:
        _refuse_another([run for run in runs if run.name != beside])
        return False
    own = sum(run.owner == owner and run.state in ("running", "queued") for run in runs)
    if owner and own >= most.queue_each:
        raise ProcessError(f"{own} of your trainings are running or waiting; wait for one of them, or stop it.")
    if len(queue(runs)) >= most.queue:
        raise ProcessError(f"{most.queue} trainings are waiting already; try again later.")
    return sum(run.state == "running" for run in runs) >= most.trainings or bool(queue(runs))


def _refuse_another(runs: Sequence[TrainingRun]) -> None:
    active = [run for run in runs if run.state == "running"]
    if len(active) >= limits().trainings:
        message = f"{active[0].name} is being trained on this machine; pause or stop it first."
        raise ProcessError(message, path=active[0].folder)


def _new_folder(root: Path, name: str) -> Path:
    for number in range(1, 10_000):
        folder = root / (name if number == 1 else f"{name[:58]}-{number}")
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            continue
        return folder
    raise ProcessError(f"there are too many runs called {name}; choose another name.", path=root)


def _resume_problem(folder: Path) -> str:
    """What is wrong with the file that a run resumes from, as far as its header tells; "" if nothing, or none yet."""
    path = folder / RESUME_FILE
    if not path.exists():
        has_reported = (folder / METRICS_FILE).exists() and (folder / METRICS_FILE).stat().st_size > 0
        return f"{path} is missing." if has_reported else ""
    try:
        size = path.stat().st_size
        with open(path, "rb") as file:
            length = int.from_bytes(file.read(8), "little")
            header: dict[str, Any] = parse_json(file.read(length)) if length < min(size, 10**7) else {}
        ends = [entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"]
        is_complete = 8 + length + max(ends, default=0) == size
    except (OSError, ValueError, TypeError, KeyError, IndexError, AttributeError):
        is_complete = False
    return "" if is_complete else f"{path} is incomplete."
