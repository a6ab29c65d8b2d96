"""Processes that draw and write scores: several at once, none of which can hold the one that asks.

music21 and Verovio keep Python's lock while they work, and a bar of a thousand grace notes takes them a minute: in a
server nobody else would get an answer. A worker that takes too long, or too much memory, is killed and replaced. A
command that draws one tune needs no workers; a server calls `start_workers` once. What workers can do: `jobs.py`.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from charlstm.errors import NotationError
from charlstm.processes import environment
from charlstm.score.messages import READY, decode, encode, error_of

PATIENCE = 10.0  # times as long by the clock as by processor time: other processes want the processor too
START_SECONDS = 60.0  # that a worker may take until it is ready, on a machine that is busy
IDLE_SECONDS = 300.0  # after which a worker that nobody needed goes, but for the last
IDLE_LONG = 60.0  # the same for those that make what takes long
MOST_RESIDENT = 250 << 20  # bytes; a worker that a large job has left with more is replaced
COMMAND = (sys.executable, "-m", "charlstm.score.worker")


class TooMuch(NotationError):
    """A job took more time or memory than it may; the message says which."""


class _Worker:
    """A process that does one job after the other."""

    def __init__(self) -> None:
        # Without the settings for a training's memory: what a large score took is given back.
        variables = {name: value for name, value in environment().items() if not name.startswith("MALLOC_")}
        self.process = subprocess.Popen(
            COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=variables
        )
        self.is_ready = False
        self.idle_since = time.monotonic()

    def ask(self, line: bytes, seconds: float) -> Any:
        """The answer to a line; None if the process has ended or was killed because it took too long."""
        timer = threading.Timer(seconds, self.process.kill)
        timer.daemon = True
        timer.start()
        try:
            if line:
                self.process.stdin.write(line)  # type: ignore[union-attr]
                self.process.stdin.flush()  # type: ignore[union-attr]
            answer = self.process.stdout.readline()  # type: ignore[union-attr]
            return decode(answer) if answer.endswith(b"\n") else None
        except (OSError, ValueError):  # it has ended, or was closed
            return None
        finally:
            timer.cancel()

    def make_ready(self) -> bool:
        """Wait until it has loaded what it needs; False if it cannot."""
        self.is_ready = self.is_ready or self.ask(b"", START_SECONDS) == READY
        return self.is_ready

    def resident(self) -> int:
        """Bytes of memory that it holds; 0 where the system does not tell."""
        try:
            pages = int(Path(f"/proc/{self.process.pid}/statm").read_text(encoding="ascii").split()[1])
        except (OSError, ValueError, IndexError):
            return 0
        return pages * os.sysconf("SC_PAGE_SIZE")

    def close(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(OSError):  # what was not sent cannot be
                pipe.close()  # type: ignore[union-attr]


class Workers:
    """Some workers, which all threads of this process share. Another one is started when all are busy.

    Parameters
    ----------
    count : int
        How many there are at most; more threads wait for their turn.
    least : int
        How many stay when nobody asks.
    idle_seconds : float
        After which the others go.
    """

    def __init__(self, count: int, *, least: int = 1, idle_seconds: float = IDLE_SECONDS) -> None:
        self.count, self.least, self.idle_seconds = count, least, idle_seconds
        self._lock = threading.Lock()
        self._idle: queue.LifoQueue[_Worker] = queue.LifoQueue()
        self._all: set[_Worker] = set()
        self._waiting = self._starting = 0  # threads that want a worker, workers that are not ready yet
        self._sweeper: threading.Timer | None = None
        with self._lock:
            for _ in range(least):
                self._add()

    def ask(
        self, job: str, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None, *, seconds: float,
        too_much: str,
    ) -> Any:  # fmt: skip
        """What a job of `jobs.JOBS` answers, done in a worker.

        Raises
        ------
        TooMuch
            If it needs more than `seconds` of processor time, or more memory than a worker may have: `too_much` says
            so.
        CharlstmError
            The job's own.
        """
        line = encode([job, list(args), dict(kwargs or {}), seconds])
        for _ in range(2):  # one that was killed while it was idle is noticed now
            worker = self._take()
            began = time.monotonic()
            answer = None
            try:
                is_ready = worker.make_ready()
                if is_ready:
                    began = time.monotonic()
                    answer = worker.ask(line, seconds * PATIENCE)
            finally:
                self._give_back(worker, is_alive=answer is not None)
            if answer is not None and "answer" in answer:
                return answer["answer"]
            if answer is not None and "error" in answer:
                raise error_of(answer)
            if not is_ready:
                raise NotationError("the music engraver, Verovio, cannot be started here; the tune still plays")
            if answer is not None or time.monotonic() - began >= seconds:
                break  # so it was not killed before
        raise TooMuch(too_much)

    def close(self) -> None:
        """End all workers."""
        with self._lock:
            if self._sweeper is not None:
                self._sweeper.cancel()
            while self._all:
                self._all.pop().close()

    def sweep(self) -> None:
        """End those that nobody has needed for a while."""
        idle: list[_Worker] = []
        with contextlib.suppress(queue.Empty):
            while True:
                idle.append(self._idle.get_nowait())
        with self._lock:
            self._sweeper = None
            for worker in reversed(idle):  # the one that was idle for longest first
                is_old = time.monotonic() - worker.idle_since >= self.idle_seconds
                if is_old and len(self._all) > self.least:
                    self._all.discard(worker)
                    worker.close()
                else:
                    self._idle.put(worker)
            self._watch()

    def _take(self) -> _Worker:
        """A worker that is idle; a new one, or the next that will be, if none is."""
        with self._lock:
            self._waiting += 1
            if self._idle.empty() and self._waiting > self._starting and len(self._all) < self.count:
                self._add()
        try:
            return self._idle.get()
        finally:
            with self._lock:
                self._waiting -= 1

    def _give_back(self, worker: _Worker, *, is_alive: bool) -> None:
        """A worker is idle again, or, if it has ended or holds too much memory, another one in its place."""
        with self._lock:
            if is_alive and worker.resident() <= MOST_RESIDENT:
                worker.idle_since = time.monotonic()
                self._idle.put(worker)
            else:
                self._all.discard(worker)
                if len(self._all) < max(self.least, 1):
                    self._add()
                worker.close()
            self._watch()

    def _add(self) -> None:
        """Start one more. It is there for those who wait as soon as it is ready: another may be idle before."""
        worker = _Worker()
        self._all.add(worker)
        self._starting += 1

        def get_ready() -> None:
            worker.make_ready()
            with self._lock:
                self._starting -= 1
            self._idle.put(worker)

        threading.Thread(target=get_ready, name="charlstm-worker", daemon=True).start()

    def _watch(self) -> None:
        """Look after idle workers later, while there are more than need be."""
        if self._sweeper is None and len(self._all) > self.least:
            self._sweeper = threading.Timer(self.idle_seconds, self.sweep)
            self._sweeper.daemon = True
            self._sweeper.start()


_pools: tuple[Workers, Workers] | None = None
_starting = threading.Lock()


def start_workers(count: int | None = None) -> None:
    """From now on the jobs of this process are done by workers.

    Two draw, or one where there is one core; as many more, started when they are needed, make what takes long.
    """
    global _pools
    with _starting:
        if _pools is None:
            cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
            count = count or min(cores, 2)
            _pools = Workers(count), Workers(count, least=0, idle_seconds=IDLE_LONG)
            for workers in _pools:
                atexit.register(workers.close)


def pool() -> Workers | None:
    """The workers that draw; None in a process that has none."""
    return None if _pools is None else _pools[0]


def long_pool() -> Workers | None:
    """The workers that make what takes long; None in a process that has none."""
    return None if _pools is None else _pools[1]
