"""Engraving in processes of their own: several at once, none of which can hold the one that asks.

Verovio keeps Python's lock while it draws, and a bar of a thousand grace notes takes it a minute: in a server nobody
else would get an answer. A worker that takes too long, or too much memory, is killed and replaced. A command that draws
one tune needs no workers; a server calls `start_workers` once.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from typing import Any

from charlstm.errors import NotationError
from charlstm.processes import environment
from charlstm.score.engraver import READY, draw_pages

SECONDS = 5.0  # of processor time that one drawing may take
PATIENCE = 3.0  # times as long by the clock: other processes want the processor too
START_SECONDS = 60.0  # that a worker may take until it is ready, on a machine that is busy
COMMAND = (sys.executable, "-m", "charlstm.score.engraver")


class _Worker:
    """A process that engraves one score after the other."""

    def __init__(self) -> None:
        # Without the settings for a training's memory: what a large score took is given back.
        variables = {name: value for name, value in environment().items() if not name.startswith("MALLOC_")}
        self.process = subprocess.Popen(
            COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=variables
        )
        self.is_ready = False

    def ask(self, job: object, seconds: float) -> Any:
        """The answer to a job; None if the process has ended or was killed because it took too long."""
        timer = threading.Timer(seconds, self.process.kill)
        timer.daemon = True
        timer.start()
        try:
            if job is not None:
                self.process.stdin.write(json.dumps(job).encode() + b"\n")  # type: ignore[union-attr]
                self.process.stdin.flush()  # type: ignore[union-attr]
            line = self.process.stdout.readline()  # type: ignore[union-attr]
            return json.loads(line) if line.endswith(b"\n") else None
        except OSError:  # it has ended
            return None
        finally:
            timer.cancel()

    def make_ready(self) -> bool:
        """Wait until it has loaded what it needs; False if it cannot."""
        self.is_ready = self.is_ready or self.ask(None, START_SECONDS) == READY
        return self.is_ready

    def close(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(OSError):  # what was not sent cannot be
                pipe.close()  # type: ignore[union-attr]


class Workers:
    """Some workers, which all threads of this process share. One is started at once, another when all are busy.

    Parameters
    ----------
    count : int
        How many there are at most; more threads wait for their turn.
    seconds : float
        Of processor time that one drawing may take.
    """

    def __init__(self, count: int, *, seconds: float = SECONDS) -> None:
        self.count, self.seconds = count, seconds
        self._lock = threading.Lock()
        self._idle: queue.LifoQueue[_Worker] = queue.LifoQueue()
        self._all: set[_Worker] = set()
        self._add()

    def draw(self, xml: str, options: Mapping[str, Any]) -> list[str]:
        """As `draw_pages`, in a worker.

        Raises
        ------
        NotationError
            If Verovio cannot draw it, or needs too long or too much memory for it.
        """
        for _ in range(2):  # one that was killed while it was idle is noticed now
            worker = self._take()
            began = time.monotonic()
            answer = None
            try:
                is_ready = worker.make_ready()
                if is_ready:
                    began = time.monotonic()
                    answer = worker.ask([xml, dict(options), self.seconds], self.seconds * PATIENCE)
            finally:
                if answer is None:
                    with self._lock:
                        self._all.discard(worker)
                        self._add()
                    worker.close()
                else:
                    self._idle.put(worker)
            if answer is not None and "pages" in answer:
                pages: list[str] = answer["pages"]
                return pages
            if answer is not None:
                raise NotationError(str(answer["problem"]))
            if not is_ready:
                raise NotationError("the music engraver, Verovio, cannot be started here; the tune still plays")
            if time.monotonic() - began >= self.seconds:
                break  # so it was not killed before
        raise NotationError(
            f"this tune takes too long to engrave (more than {self.seconds:g} seconds); its text still plays"
        )

    def close(self) -> None:
        """End all workers."""
        with self._lock:
            while self._all:
                self._all.pop().close()

    def _take(self) -> _Worker:
        """A worker that is idle; a new one, or the next that will be, if none is."""
        with self._lock:
            if self._idle.empty() and len(self._all) < self.count:
                self._add()
        return self._idle.get()

    def _add(self) -> None:
        worker = _Worker()
        self._all.add(worker)
        self._idle.put(worker)


_workers: Workers | None = None
_starting = threading.Lock()


def start_workers(count: int | None = None) -> None:
    """From now on `draw` of this process uses workers: two, or one where there is one core."""
    global _workers
    with _starting:
        if _workers is None:
            cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
            _workers = Workers(count or min(cores, 2))
            atexit.register(_workers.close)


def draw(xml: str, options: Mapping[str, Any]) -> list[str]:
    """The SVG pages of a score, in a worker if there are any, else here. Raises NotationError."""
    return draw_pages(xml, options) if _workers is None else _workers.draw(xml, options)
