"""Processes: a `charlstm` command in a process of its own, with a folder by which anybody finds it again.

The folder holds
    lock    locked by the process for as long as it lives, however it ends: the system lets go of it
    log     what the process printed
The lock is taken before the process exists and handed to it, so there is no moment at which it runs unseen, and no
clock and no process number decides whether it still runs. Whatever else lies in the folder is the business of those
who start: training runs (lm/train/training_runs.py) and studies (experiments/local.py).
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from charlstm.errors import ProcessError
from charlstm.paths import checkout, home

try:
    import fcntl
except ImportError:  # Windows: nothing is locked there, and whoever starts two things at once must keep them apart
    fcntl = None  # type: ignore[assignment]

HAS_LOCKS = fcntl is not None
LOCK, LOG = "lock", "log"
START_WAIT = 10.0  # seconds: a start holds its lock for milliseconds, a process that has finished for up to a second
NICENESS = int(os.environ.get("CHARLSTM_NICENESS") or 10)  # a process in the background gives way to the page
_HANDED = "CHARLSTM_LOCK"  # environment variable: the descriptor of the lock that a process was handed
# glibc keeps the memory of a batch for the next one: 1.3 times as fast (docs/lab-log.md)
_MEMORY = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "4000000000"}


# ---- locks ----------------------------------------------------------------------------------------------------------


def acquire(path: Path, wait: float = 0.0) -> int | None:
    """Lock a file, which is made if it is missing and stays where it is.

    Parameters
    ----------
    path : Path
    wait : float
        Seconds to try for, while somebody else holds it.

    Returns
    -------
    int or None
        The descriptor that holds the lock until it is closed, here and in every process it was handed to; None if
        somebody else still holds it.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    deadline = time.monotonic() + wait
    while fcntl is not None:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            if time.monotonic() >= deadline:
                os.close(descriptor)
                return None
            time.sleep(0.02)
    return descriptor


def is_held(path: Path) -> bool:
    """Whether somebody holds the lock of a file; never where there is no such file or the system has no locks."""
    if fcntl is None:
        return False
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def is_handed(path: Path) -> bool:
    """Whether this process was handed the lock of a file by the one that started it."""
    with contextlib.suppress(OSError, ValueError, KeyError):
        return os.path.samestat(os.fstat(int(os.environ[_HANDED])), os.stat(path))
    return False


@contextmanager
def locked(path: Path, wait: float = START_WAIT) -> Iterator[None]:
    """Hold the lock of a file in the block, so that one at a time does it: check that something is free, and take it.

    Raises ProcessError if somebody else still holds it after so many seconds.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = acquire(path, wait)
    if descriptor is None:
        raise ProcessError(f"another process is changing {path.parent}; try again in a moment.", path=path)
    try:
        yield
    finally:
        os.close(descriptor)


def start_lock(root: Path) -> AbstractContextManager[None]:
    """Let one process at a time start something in a folder: whoever starts checks inside that nothing runs."""
    return locked(root / ".start", START_WAIT)


# ---- processes ------------------------------------------------------------------------------------------------------


def start(
    folder: Path, words: Sequence[str], *, threads: int = 1, ended: Callable[[int, int], None] | None = None
) -> int:
    """Start `charlstm WORDS` in a process that outlives this one, and return its number.

    Parameters
    ----------
    folder : Path
        Must exist. What the process prints is added to its log.
    words : sequence of str
        The command line after `charlstm`.
    threads : int
        CPU threads. One leaves a page on two cores quick.
    ended : callable, optional
        Called with the process's number and exit status, in a thread, if this process lives to see its end.

    Raises
    ------
    ProcessError
        If a process still runs in the folder.
    """
    lock = acquire(folder / LOCK, START_WAIT)
    if lock is None:
        raise ProcessError(f"{folder.name} is still running; try again in a moment.", path=folder)
    try:
        with open(folder / LOG, "ab") as log:
            process = subprocess.Popen(
                command(words),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**environment(threads), _HANDED: str(lock)},
                pass_fds=() if fcntl is None else (lock,),
                start_new_session=True,  # Ctrl-C in the server's terminal is not meant for it
            )
    finally:
        os.close(lock)  # the process holds it on
    if hasattr(os, "setpriority"):
        with contextlib.suppress(OSError):  # it has ended already
            os.setpriority(os.PRIO_PROCESS, process.pid, NICENESS)

    def wait() -> None:  # leaves no zombie
        status = process.wait()
        if ended:
            ended(process.pid, status)

    threading.Thread(target=wait, name=f"wait for {folder.name}", daemon=True).start()
    return process.pid


def is_running(folder: Path) -> bool:
    """Whether a process that was started in a folder lives."""
    return is_held(folder / LOCK)


def output(words: Sequence[str], *, timeout: float) -> bytes:
    """What `charlstm WORDS` prints on standard output; one is waited for, in a process of its own on one thread.

    Raises
    ------
    ProcessError
        If it fails, or takes more than `timeout` seconds.
    """
    try:
        done = subprocess.run(command(words), capture_output=True, timeout=timeout, env=environment(), check=True)
    except (OSError, subprocess.SubprocessError) as error:
        raise ProcessError(f"charlstm {words[0]} could not be run ({error}).") from error
    return done.stdout


def log_tail(folder: Path, lines: int) -> str:
    """The last lines that the process of a folder printed."""
    try:
        with open(folder / LOG, "rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - 8000))
            return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""


def command(words: Sequence[str]) -> list[str]:
    """The whole command line of `charlstm WORDS`, with the Python that runs now."""
    return [sys.executable, "-m", "charlstm", *words]


def environment(threads: int = 1) -> dict[str, str]:
    """The environment of such a process: this one's, with the same home, the same code and so many CPU threads."""
    values = {**os.environ, **_MEMORY, "OMP_NUM_THREADS": str(threads), "CHARLSTM_HOME": str(home().resolve())}
    if root := checkout():  # not installed, perhaps
        values["PYTHONPATH"] = os.pathsep.join(filter(None, (str(root), os.environ.get("PYTHONPATH"))))
    return values


def return_free_memory() -> None:
    """Give the heap's free pages back to the system; what was used in large and ever new sizes leaves holes."""
    if sys.platform == "linux" and (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)):  # glibc has it
        trim(0)


def spare_memory() -> None:
    """Let many threads share a small heap: what a server of twenty visitors holds fell from 606 to 385 MB.

    glibc gives each thread a heap of its own, and keeps what large arrays leave there. From now on there are two heaps,
    and every array above a megabyte goes back to the system when it is freed. Where the environment says otherwise, or
    on other systems, nothing changes.
    """
    if sys.platform == "linux" and (option := getattr(ctypes.CDLL(None), "mallopt", None)):
        for name, parameter, value in (("ARENA_MAX", -8, 2), ("MMAP_THRESHOLD_", -3, 1 << 20)):  # as malloc.h has them
            if f"MALLOC_{name}" not in os.environ:
                option(parameter, value)
