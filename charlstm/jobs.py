"""Jobs: training runs in processes of their own, started, found again and steered by their folders alone.

A run is a folder under runs/. Its trainer is `charlstm train`, which writes metrics, weights and where it stands, and
ends when it finds a file called `stop` (charlstm.lm.train.trainer). Beside that the folder holds, under job/,
    start.json      how it was started, so that it can be started again
    settings.json   what it trains, as the trainer itself understood it
    process.json    who works here: process, when that began, on which machine
    heartbeat       touched every second by the trainer
    asked           "pause" or "stop", from when that is asked for until the next start
    status.json     how it ended: finished, paused, stopped or failed; absent while it runs
    log             what the trainer printed
The folder is the truth: a server that is started again, or a second one, reads it and knows everything. A process that
is gone without a status was killed. A run outlives the server that started it. Knows nothing of pages and models.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from charlstm.errors import CharlstmError, JobError
from charlstm.paths import CONTROL_FILE, METRICS_FILE, STOP_FILE, home, runs_path

State = Literal["running", "finished", "paused", "stopped", "failed", "killed", "damaged"]
RESUMABLE: tuple[State, ...] = ("paused", "stopped", "failed", "killed")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
HEARTBEAT_SECONDS = 1.0
SILENT_SECONDS = 30.0  # without a heartbeat, after which a process that cannot be looked at counts as gone
DOOR_SECONDS = 20.0  # a start that has not let go of the door by then died in it
DOOR_WAIT = 5.0  # seconds; a start holds the door for a few milliseconds
NICENESS = int(os.environ.get("CHARLSTM_NICENESS") or 10)  # a trainer gives way to the page that shows it
JOB = "job"
_RESUME = "resume.safetensors"
# glibc keeps the memory of a batch for the next one: 1.3 times as fast (docs/lab-log.md)
_MEMORY = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "4000000000"}


@dataclass(frozen=True)
class Run:
    """A run as its folder tells it now.

    Attributes
    ----------
    folder : Path
    state : str
        running, finished, paused, stopped, failed, killed (its process is gone without a word) or damaged.
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
    """

    folder: Path
    state: State
    message: str = ""
    asked: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    created: float = 0.0
    pid: int | None = None
    silent: float = 0.0

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.folder.name

    @property
    def resumable(self) -> bool:
        """Whether `resume` would start it again."""
        return self.state in RESUMABLE


# ---- finding --------------------------------------------------------------------------------------------------------


def list_runs(root: Path | None = None) -> list[Run]:
    """All runs in runs/ (or `root`), the newest first."""
    root = root or runs_path()
    folders = [path for path in root.iterdir() if (path / JOB).is_dir()] if root.is_dir() else []
    return sorted((look(folder) for folder in folders), key=lambda run: (-run.created, run.name))


def running(root: Path | None = None) -> Run | None:
    """The run that is being trained now, if any."""
    return next((run for run in list_runs(root) if run.state == "running"), None)


def find(name: str, root: Path | None = None) -> Run:
    """A run by its name. Raises JobError if there is none."""
    root = root or runs_path()
    if not NAME.fullmatch(name) or not (root / name / JOB).is_dir():
        raise JobError(f"there is no run called {name!r} here; it may have been removed.", path=root)
    return look(root / name)


def look(folder: Path) -> Run:
    """A run as its folder tells it now."""
    job = folder / JOB
    created = next((path.stat().st_mtime for path in (job / "start.json", job) if path.exists()), 0.0)
    try:
        start, settings = _read(job / "start.json"), _read(job / "settings.json")
        process, status = _read(job / "process.json"), _read(job / "status.json")
    except JobError as error:
        return Run(folder, "damaged", str(error), created=created)
    known = float(start.get("created") or process.get("began") or created)
    asked = _asked(folder)
    if process and not status and _is_alive(folder, process):
        silent = _silence(folder)
        return Run(folder, "running", "", asked, settings, known, int(process["pid"]), silent)
    state = status.get("state", "killed")
    if state not in ("finished", "paused", "stopped", "failed", "killed"):
        return Run(folder, "damaged", f"{job / 'status.json'} says {state!r}.", settings=settings, created=known)
    if state != "finished" and (problem := _torn(folder)):
        return Run(folder, "damaged", problem, settings=settings, created=known)
    return Run(folder, state, str(status.get("message", "")), "", settings, known)


def memory(run: Run) -> int | None:
    """Bytes of memory that a running trainer holds; None where that cannot be told."""
    try:
        pages = int(Path(f"/proc/{run.pid}/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")


class Metrics:
    """The reports of a run, read as they come: `read` parses only what is new.

    A run that is resumed cuts off what a killed trainer reported after its last save: then all is read again.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rows: list[dict[str, Any]] = []
        self._bytes, self._last = 0, b""  # how far the file is read, and the last line before that
        self._lock = threading.Lock()  # two visitors may look at the same run

    def read(self) -> list[dict[str, Any]]:
        """All whole reports so far. Do not change them."""
        with self._lock:
            try:
                with open(self.folder / METRICS_FILE, "rb") as file:
                    file.seek(self._bytes - len(self._last))
                    if file.read(len(self._last)) != self._last:
                        self.rows, self._bytes, self._last = [], 0, b""
                        file.seek(0)
                    new = file.read()
            except OSError:
                return self.rows
            whole = new[: new.rfind(b"\n") + 1]
            self._bytes += len(whole)
            rows: list[dict[str, Any]] = []
            for line in whole.splitlines():
                with contextlib.suppress(ValueError):
                    row = json.loads(line)
                    if isinstance(row, dict) and isinstance(row.get("step"), int):
                        rows.append(row)
            if whole:
                self._last = whole[whole.rfind(b"\n", 0, -1) + 1 :]
                self.rows = [*self.rows, *rows]
            return self.rows


def log_tail(run: Run, lines: int = 12) -> str:
    """The last lines that the trainer printed."""
    try:
        with open(run.folder / JOB / "log", "rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - 8000))
            return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""


# ---- steering -------------------------------------------------------------------------------------------------------


def start(arguments: Sequence[str], *, name: str, threads: int = 1, root: Path | None = None) -> Run:
    """Start `charlstm train` in a process of its own.

    Parameters
    ----------
    arguments : sequence of str
        Options of `charlstm train`, without --out and --resume.
    name : str
        Of the run; a number is added where that name is taken.
    threads : int
        CPU threads of the trainer. One leaves a page on two cores quick.
    root : Path, optional
        Instead of runs/.

    Returns
    -------
    Run
        Running already, though its first report takes some seconds.

    Raises
    ------
    JobError
        If a run is being trained on this machine already, or the name cannot be a folder's.
    """
    root = root or runs_path()
    if not NAME.fullmatch(name):
        raise JobError(f"{name!r} cannot name a run; use letters, digits, dots, dashes and underscores.")
    with _door(root):
        _refuse_a_second(root)
        folder = _new_folder(root, name)
        about = {"arguments": list(arguments), "threads": threads, "created": time.time()}
        _write(folder / JOB / "start.json", about)
        _spawn(folder, arguments, threads)
    return look(folder)


def resume(run: Run) -> Run:
    """Start a run again where it stands. Raises JobError if it cannot be, or another one is running."""
    with _door(run.folder.parent):
        run = look(run.folder)
        _refuse_a_second(run.folder.parent)
        if not run.resumable:
            raise JobError(f"{run.name} is {run.state}, so it cannot go on; start a new run.", path=run.folder)
        begun = _read(run.folder / JOB / "start.json")
        arguments = [str(word) for word in begun.get("arguments") or ()]
        if not arguments and (corpus := run.settings.get("corpus")):  # it was started by hand
            arguments = ["--corpus", str(corpus)]
        _spawn(run.folder, [*arguments, "--resume"], int(begun.get("threads") or 1))
    return look(run.folder)


def pause(run: Run) -> None:
    """Ask a running trainer to save where it stands and end; `resume` starts it again. Raises JobError if it is not."""
    _ask(run, "pause")


def stop(run: Run) -> None:
    """End a run for good: a running trainer saves and ends, a paused or killed run is only marked. Raises JobError."""
    run = look(run.folder)
    if run.state == "running":
        _ask(run, "stop")
    elif run.resumable:
        _write(run.folder / JOB / "status.json", {"state": "stopped", "message": "", "at": time.time()})
    else:
        raise JobError(f"{run.name} is {run.state} already.", path=run.folder)


def set_rate(run: Run, factor: float) -> None:
    """Multiply the planned learning rate by this from the trainer's next step on; it is kept over pauses."""
    _write(run.folder / CONTROL_FILE, {"rate": float(factor)})


def rate_of(run: Run) -> float:
    """The factor that `set_rate` asked for last; 1 if it never did."""
    try:
        return float(_read(run.folder / CONTROL_FILE).get("rate", 1.0))
    except (JobError, ValueError, TypeError):
        return 1.0


def remove(run: Run) -> None:
    """Delete a run's folder. Raises JobError while it is running."""
    if look(run.folder).state == "running":
        raise JobError(f"{run.name} is running; stop it first.", path=run.folder)
    shutil.rmtree(run.folder)


def _ask(run: Run, what: str) -> None:
    if look(run.folder).state != "running":
        raise JobError(f"{run.name} is not running.", path=run.folder)
    _replace(run.folder / JOB / "asked", what.encode())
    (run.folder / STOP_FILE).touch()  # the trainer's heartbeat touches it again, should its start have removed it


def _spawn(folder: Path, arguments: Sequence[str], threads: int) -> None:
    """Start a trainer in a folder, and write down who it is before it can say so itself."""
    for old in (folder / JOB / "status.json", folder / JOB / "asked", folder / STOP_FILE):
        old.unlink(missing_ok=True)
    package = Path(__file__).resolve().parent
    command = [sys.executable, "-m", "charlstm", "train", *arguments]
    environment = {**os.environ, **_MEMORY, "OMP_NUM_THREADS": str(threads), "CHARLSTM_HOME": str(home().resolve())}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, (str(package.parent), os.environ.get("PYTHONPATH"))))
    with open(folder / JOB / "log", "ab") as log:
        process = subprocess.Popen(
            [*command, "--out", str(folder.resolve()), "--threads", str(threads)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=package.parent,
            env=environment,
            start_new_session=True,  # Ctrl-C in the server's terminal is not meant for it
        )
    _sign(folder, process.pid)
    if hasattr(os, "setpriority"):
        with contextlib.suppress(OSError):  # it has ended already
            os.setpriority(os.PRIO_PROCESS, process.pid, NICENESS)
    threading.Thread(target=_wait, args=(folder, process), name=f"wait for {folder.name}", daemon=True).start()


def _wait(folder: Path, process: subprocess.Popen[bytes]) -> None:
    """Leave no zombie; and a trainer that failed before it could say so has said it on its way out."""
    status = process.wait()
    with contextlib.suppress(JobError, OSError):
        signed = _read(folder / JOB / "process.json").get("pid") == process.pid
        if status > 0 and signed and not (folder / JOB / "status.json").exists():
            said = log_tail(Run(folder, "failed"), 1) or f"its process ended with status {status}"
            _write(folder / JOB / "status.json", {"state": "failed", "message": said, "at": time.time()})


def _refuse_a_second(root: Path) -> None:
    if (other := running(root)) is not None:
        raise JobError(f"{other.name} is being trained on this machine; pause or stop it first.", path=other.folder)


def _new_folder(root: Path, name: str) -> Path:
    for number in range(1, 10_000):
        folder = root / (name if number == 1 else f"{name[:58]}-{number}")
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            continue
        (folder / JOB).mkdir()
        return folder
    raise JobError(f"there are too many runs called {name}; choose another name.", path=root)


@contextmanager
def _door(root: Path) -> Iterator[None]:
    """Only one start at a time, over all servers of this machine: a file that only one process can make."""
    root.mkdir(parents=True, exist_ok=True)
    lock = root / ".door"
    deadline = time.monotonic() + DOOR_WAIT
    while True:
        try:
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL))
            break
        except FileExistsError:
            with contextlib.suppress(FileNotFoundError):
                if time.time() - lock.stat().st_mtime > DOOR_SECONDS:
                    lock.unlink()
            if time.monotonic() > deadline:
                raise JobError("another run is being started; try again in a moment.", path=root) from None
            time.sleep(0.05)
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)


# ---- the trainer's side ---------------------------------------------------------------------------------------------


class Signature:
    """What a trainer leaves in its folder while it works there; see `signed`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self, settings: Mapping[str, Any]) -> None:
        """Say who works here and on what, and keep saying so. Raises JobError if another process does already."""
        process = _read(self.folder / JOB / "process.json")
        ended = (self.folder / JOB / "status.json").exists()
        if process and process.get("pid") != os.getpid() and not ended and _is_alive(self.folder, process):
            message = f"{self.folder} is being trained already, by process {process['pid']}; wait for it or stop it."
            raise JobError(message, path=self.folder)
        announced = self._announced(process)
        (self.folder / JOB).mkdir(parents=True, exist_ok=True)
        if not announced:
            for old in ("status.json", "asked"):
                (self.folder / JOB / old).unlink(missing_ok=True)
            _sign(self.folder, os.getpid())
        _write(self.folder / JOB / "settings.json", settings)
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)
        self._thread.start()

    def end(self, state: State, message: str = "") -> None:
        """Say how it ended; nothing is said in a folder where somebody else works, or that was never begun in."""
        self._over.set()
        if self._thread is not None:
            self._thread.join()
        with contextlib.suppress(JobError, OSError):
            if self._announced(_read(self.folder / JOB / "process.json")):
                about = {"state": state, "message": message, "at": time.time()}
                _write(self.folder / JOB / "status.json", about)

    def asked(self) -> State:
        """The state that a run is in when it ended early: stopped if that was asked for, else paused."""
        return "stopped" if _asked(self.folder) == "stop" else "paused"

    def _announced(self, process: Mapping[str, Any]) -> bool:
        """Whether the folder says that this process works here, and not how that ended."""
        is_ours = process.get("pid") == os.getpid() and process.get("born") in (None, _born(os.getpid()))
        return is_ours and not (self.folder / JOB / "status.json").exists()

    def _beat(self) -> None:
        while not self._over.wait(HEARTBEAT_SECONDS):
            with contextlib.suppress(OSError):
                (self.folder / JOB / "heartbeat").touch()
                if _asked(self.folder):
                    (self.folder / STOP_FILE).touch()


@contextmanager
def signed(folder: Path) -> Iterator[Signature]:
    """Around a training: its signature, with which it begins and ends; an error is written down as how it ended."""
    signature = Signature(folder)
    try:
        yield signature
    except CharlstmError as error:
        signature.end("failed", str(error))
        raise
    except BaseException as error:
        signature.end("failed", f"{type(error).__name__}: {error}")
        raise


# ---- files and processes --------------------------------------------------------------------------------------------


def _sign(folder: Path, pid: int) -> None:
    about = {"pid": pid, "born": _born(pid), "machine": _machine(), "began": time.time()}
    (folder / JOB / "heartbeat").touch()
    _write(folder / JOB / "process.json", about)


def _asked(folder: Path) -> str:
    try:
        asked = (folder / JOB / "asked").read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
    return asked if asked in ("pause", "stop") else ""


def _silence(folder: Path) -> float:
    try:
        return max(0.0, time.time() - (folder / JOB / "heartbeat").stat().st_mtime)
    except OSError:
        return SILENT_SECONDS


def _is_alive(folder: Path, process: Mapping[str, Any]) -> bool:
    """Whether the process that signed still lives: the same one, not a later one that was given its number."""
    pid, born = process.get("pid"), process.get("born")
    if not isinstance(pid, int) or pid < 1:
        return False
    if process.get("machine") == _machine() and born is not None:
        return bool(_born(pid) == born)
    return _silence(folder) < SILENT_SECONDS  # on another machine, or on a system that does not tell


def _born(pid: int) -> str | None:
    """When a living process began, in its system's own measure; None if there is none, or the system does not tell."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = stat[stat.rfind(")") + 1 :].split()  # the name before it may hold blanks and brackets
    return None if fields[0] in "ZX" else fields[19]  # a zombie has ended


def _machine() -> str:
    """This machine since it was switched on."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        boot = ""
    return f"{platform.node()}/{boot}"


def _torn(folder: Path) -> str:
    """What is wrong with the file that a run resumes from, as far as its header tells; "" if nothing, or none yet."""
    path = folder / _RESUME
    if not path.exists():
        has_reported = (folder / METRICS_FILE).exists() and (folder / METRICS_FILE).stat().st_size > 0
        return f"{path} is missing." if has_reported else ""
    try:
        size = path.stat().st_size
        with open(path, "rb") as file:
            length = int.from_bytes(file.read(8), "little")
            header: dict[str, Any] = json.loads(file.read(length)) if length < min(size, 10**7) else {}
        ends = [entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"]
        whole = 8 + length + max(ends, default=0) == size
    except (OSError, ValueError, TypeError, KeyError, IndexError, AttributeError):
        whole = False
    return "" if whole else f"{path} is not whole."


def _read(path: Path) -> dict[str, Any]:
    """A JSON object; empty if there is no file. Raises JobError if it is anything else."""
    try:
        values = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        raise JobError(f"{path} cannot be read ({error}).", path=path) from None
    if not isinstance(values, dict):
        raise JobError(f"{path} is no JSON object.", path=path)
    return values


def _write(path: Path, values: Mapping[str, Any]) -> None:
    _replace(path, json.dumps(values).encode())


def _replace(path: Path, data: bytes) -> None:
    """Write by rename: a reader sees the old file or the new one."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    partial.write_bytes(data)
    os.replace(partial, path)
