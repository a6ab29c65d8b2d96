"""The files of a training run's folder that say who trains there and how it ended. Needs no torch.

A run's folder holds what its trainer writes (charlstm.lm.train.trainer). Under job/ lie
    start.json      how it was started, so that it can be started again; by whom; whether it is still in the queue
    settings.json   what it trains, as the trainer itself understood it
    process.json    which process trains: its number, when that began, on which machine
    lock, log       of that process (charlstm.processes)
    heartbeat       touched every second by the trainer, from its start on
    asked           "pause" or "stop", from when that is asked for until the next start
    status.json     how it ended: finished, paused, stopped or failed; absent while it runs
"""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from charlstm.errors import ProcessError
from charlstm.files import parse_json, write_atomic
from charlstm.processes import HAS_LOCKS, LOCK, is_running

State = Literal["queued", "running", "finished", "paused", "stopped", "failed", "killed", "damaged"]
SILENT_SECONDS = 30.0  # without a heartbeat; see `is_training`
JOB = "job"


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object; empty if there is no file. Raises ProcessError if it is anything else."""
    try:
        values = parse_json(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise ProcessError(f"{path} cannot be read ({error}).", path=path) from None
    if not isinstance(values, dict):
        raise ProcessError(f"{path} does not hold a JSON object.", path=path)
    return values


def write_json(path: Path, values: Mapping[str, Any]) -> None:
    """Replace a JSON file. Raises OSError."""
    write_atomic(path, json.dumps(values))


def write_status(folder: Path, state: State, message: str = "") -> None:
    """Say how a run ended. Raises OSError."""
    write_json(folder / JOB / "status.json", {"state": state, "message": message, "at": time.time()})


def write_process(folder: Path, pid: int) -> None:
    """Say which process trains. Raises OSError."""
    (folder / JOB / "heartbeat").touch()
    about = {"pid": pid, "born": born(pid), "machine": machine(), "began": time.time()}
    write_json(folder / JOB / "process.json", about)


def asked(folder: Path) -> str:
    """What the trainer was asked to do: "pause", "stop" or nothing."""
    try:
        word = (folder / JOB / "asked").read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
    return word if word in ("pause", "stop") else ""


def silence(folder: Path) -> float:
    """Seconds since the trainer's last heartbeat."""
    try:
        return max(0.0, time.time() - (folder / JOB / "heartbeat").stat().st_mtime)
    except OSError:
        return SILENT_SECONDS


def is_training(folder: Path, process: Mapping[str, Any]) -> bool:
    """Whether the process that process.json names still trains.

    Its lock tells. Where nobody here can see a lock, on another machine, on a system without them or in a folder of
    version 0.1, the process's number together with its beginning tells, and where that cannot be seen either, whether
    there was a heartbeat in the last 30 seconds.
    """
    if is_running(folder / JOB):
        return True
    is_here = process.get("machine") == machine()
    if is_here and HAS_LOCKS and (folder / JOB / LOCK).exists():
        return False
    pid, beginning = process.get("pid"), process.get("born")
    if not isinstance(pid, int) or pid < 1:
        return False
    if is_here and beginning is not None:
        return born(pid) == str(beginning)
    return silence(folder) < SILENT_SECONDS


def born(pid: int) -> str | None:
    """When a living process began, in its system's own measure; None if it is dead, or the system does not tell."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = stat[stat.rfind(")") + 1 :].split()  # the name before it may hold blanks and brackets
    return None if fields[0] in "ZX" else fields[19]  # a zombie has ended


def machine() -> str:
    """This machine since it was switched on."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        boot = ""
    return f"{platform.node()}/{boot}"
