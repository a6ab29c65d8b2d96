"""A server that several people share, a class say: what each visitor may start and change. Off unless it is asked for.

Set by the environment, which `charlstm app --shared` sets up:
    CHARLSTM_SHARED=1         visitors own what they start, and see but cannot change what others started
    CHARLSTM_TEACHER=CODE     whoever types it on the page may change everything, and has no limits
    CHARLSTM_TRAININGS=1      trainings at once; others wait in a queue
    CHARLSTM_QUEUE=30         trainings that may wait, of all visitors
    CHARLSTM_QUEUE_EACH=2     trainings that may wait or run, of one visitor
    CHARLSTM_MINUTES=10       of one training
    CHARLSTM_NEURONS=512      in a layer of one that is trained
    CHARLSTM_GIGABYTES=10     of runs/, checkpoints/ and data/corpus/ together
Knows nothing of pages: who is visiting is an argument.
"""

from __future__ import annotations

import hmac
import os
from dataclasses import dataclass
from pathlib import Path

from charlstm.errors import ConfigError
from charlstm.paths import checkpoints_path, corpus_path, runs_path


@dataclass(frozen=True)
class Limits:
    """What the visitors of a shared server may use; see the variables above."""

    trainings: int = 1
    queue: int = 30
    queue_each: int = 2
    minutes: float = 10.0
    neurons: int = 512
    gigabytes: float = 10.0


def is_shared() -> bool:
    """Whether this server is shared."""
    return os.environ.get("CHARLSTM_SHARED", "") not in ("", "0")


def limits() -> Limits:
    """The limits of this server; one that is not shared trains one network at a time and has no others.

    Raises
    ------
    ConfigError
        If a variable is not a number above 0.
    """
    if not is_shared():
        return Limits(trainings=1, queue=0)
    usual = Limits()
    return Limits(
        trainings=int(_number("CHARLSTM_TRAININGS", usual.trainings)),
        queue=int(_number("CHARLSTM_QUEUE", usual.queue)),
        queue_each=int(_number("CHARLSTM_QUEUE_EACH", usual.queue_each)),
        minutes=_number("CHARLSTM_MINUTES", usual.minutes),
        neurons=int(_number("CHARLSTM_NEURONS", usual.neurons)),
        gigabytes=_number("CHARLSTM_GIGABYTES", usual.gigabytes),
    )


def is_teacher(code: str) -> bool:
    """Whether somebody typed the teacher's code; never where none is set."""
    expected = os.environ.get("CHARLSTM_TEACHER", "")
    return bool(expected) and hmac.compare_digest(code.encode(), expected.encode())


def may_change(owner: str, visitor: str, *, teacher: bool = False) -> bool:
    """Whether a visitor may pause, stop, keep or delete what `owner` started ("": nobody who is known)."""
    return not is_shared() or teacher or (owner != "" and owner == visitor)


def disk_problem() -> str:
    """A sentence if runs, models and collections take more than they may on a shared server; else empty."""
    if not is_shared():
        return ""
    most = limits().gigabytes
    used = sum(_size(folder) for folder in (runs_path(), checkpoints_path(), corpus_path())) / 2**30
    if used < most:
        return ""
    return (
        f"Runs, models and collections take {used:.1f} GB of the {most:g} GB that they may; remove runs of yours "
        "first, or ask the teacher."
    )


def _size(folder: Path) -> int:
    """Bytes of all files in a folder; what vanishes meanwhile does not count."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except OSError:
            continue
    return total


def _number(name: str, usual: float) -> float:
    text = os.environ.get(name) or str(usual)
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 1e9:
        raise ConfigError(name, f"{text!r} is not a number above 0.")
    return value
