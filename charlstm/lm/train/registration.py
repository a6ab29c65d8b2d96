"""The trainer's side of a run's folder: it holds the lock, says what it trains, and how it ended. Needs no torch."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from charlstm.errors import CharlstmError, ProcessError
from charlstm.lm.train.run_files import (
    JOB,
    State,
    asked,
    born,
    is_training,
    read_json,
    write_json,
    write_process,
    write_status,
)
from charlstm.paths import STOP_FILE
from charlstm.processes import LOCK, acquire, is_handed

HEARTBEAT_SECONDS = 1.0
_LOCK_WAIT = 1.0  # seconds: whoever looks whether the run is running holds the lock for a moment


class Registration:
    """A trainer's entry in its run's folder; see `registered`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock: int | None = None  # its descriptor, where this process took it
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)
        self._thread.start()

    def begin(self, settings: Mapping[str, Any]) -> None:
        """Say which process trains here and what. Raises ProcessError if another process does already."""
        job = self.folder / JOB
        job.mkdir(parents=True, exist_ok=True)
        process = read_json(job / "process.json")
        ended, is_announced = (job / "status.json").exists(), self._is_announced(process)
        # Whoever started this process may have handed it the lock; a trainer that was started by hand takes it.
        if not is_handed(job / LOCK):
            is_taken = not ended and not is_announced and is_training(self.folder, process)
            self._lock = None if is_taken else acquire(job / LOCK, _LOCK_WAIT)
            if self._lock is None:
                message = f"{self.folder} is being trained by process {process.get('pid')}; wait for it or stop it."
                raise ProcessError(message, path=self.folder)
        if not is_announced:
            for old in ("status.json", "asked"):
                (job / old).unlink(missing_ok=True)
            write_process(self.folder, os.getpid())
        write_json(job / "settings.json", settings)

    def end(self, state: State, message: str = "") -> None:
        """Say how it ended; nothing is said in a folder where somebody else trains, or that was never begun in."""
        self.fall_silent()
        with contextlib.suppress(ProcessError, OSError):
            if self._is_announced(read_json(self.folder / JOB / "process.json")):
                write_status(self.folder, state, message)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def fall_silent(self) -> None:
        """End the heartbeat."""
        self._over.set()
        self._thread.join()

    def state_at_stop(self) -> State:
        """The state of a run that ended early: stopped if that was asked for, else paused."""
        return "stopped" if asked(self.folder) == "stop" else "paused"

    def _is_announced(self, process: Mapping[str, Any]) -> bool:
        """Whether the folder says that this process trains here, and not how that ended."""
        is_ours = process.get("pid") == os.getpid() and process.get("born") in (None, born(os.getpid()))
        return is_ours and not (self.folder / JOB / "status.json").exists()

    def _beat(self) -> None:
        """From the trainer's first moment on: what it reads before it trains may take minutes on a busy machine."""
        while not self._over.wait(HEARTBEAT_SECONDS):
            with contextlib.suppress(ProcessError, OSError):
                if not self._is_announced(read_json(self.folder / JOB / "process.json")):
                    continue
                (self.folder / JOB / "heartbeat").touch()
                if asked(self.folder):
                    (self.folder / STOP_FILE).touch()


@contextmanager
def registered(folder: Path) -> Iterator[Registration]:
    """Around a training: its registration, which it begins and ends; an error is written down as how it ended."""
    registration = Registration(folder)
    try:
        yield registration
    except CharlstmError as error:
        registration.end("failed", str(error))
        raise
    except BaseException as error:
        registration.end("failed", f"{type(error).__name__}: {error}")
        raise
    finally:
        registration.fall_silent()
