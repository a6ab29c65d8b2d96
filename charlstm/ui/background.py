"""Slow work, done once for all visitors: in the foreground behind a bar, or in the background. Knows not what it is."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from charlstm.progress import Progress, Report

T = TypeVar("T")
CACHED = 4  # results of a kind: a recording of 512 neurons is 30 MB
_TICK = 0.1  # seconds between two updates of a bar


class _Results:
    """The results of one kind, the longest unused first; at most one worker at a time for each key."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.done: OrderedDict[Hashable, Any] = OrderedDict()
        self.workers: dict[Hashable, threading.Lock] = {}
        self.threads: set[Hashable] = set()  # keys that `in_background` works on

    def get(self, key: Hashable) -> tuple[bool, Any]:
        """Whether a result is there, and the result."""
        with self.lock:
            if key not in self.done:
                return False, None
            self.done.move_to_end(key)
            return True, self.done[key]

    def compute(self, key: Hashable, work: Callable[[Report], Any], report: Report, cached: int) -> Any:
        """The result, from whoever is first; the others wait. An error is the caller's and leaves nothing behind."""
        with self.lock:
            worker = self.workers.setdefault(key, threading.Lock())
        with worker:
            is_done, result = self.get(key)
            if not is_done:
                result = work(report)
                with self.lock:
                    self.done[key] = result
                    self.workers.pop(key, None)
                    while len(self.done) > cached:
                        self.done.popitem(last=False)
            return result


@st.cache_resource(max_entries=16, show_spinner=False)
def _results(kind: str) -> _Results:
    return _Results()


def with_bar(kind: str, key: Hashable, work: Callable[[Report], T], words: str) -> T:
    """The result of `work` for a key, cached; while it is worked on, a bar with these words stands here.

    Parameters
    ----------
    kind : str
        Four results of each kind are cached.
    key : hashable
        All that the result depends on.
    work : callable
        Given a `Report` to call; what it returns is shared by all visitors and must not be changed.
    words : str
        "Reading 120 tunes": what is being done.
    """
    bar = st.empty()  # in every run, so that what follows stays where it is
    is_done, result = _results(kind).get(key)
    if not is_done:
        result = _results(kind).compute(key, work, progress_bar(words, bar), CACHED)
        bar.empty()
    value: T = result
    return value


def in_background(kind: str, key: Hashable, work: Callable[[], T | None], *, cached: int = CACHED) -> T | None:
    """The result of `work` for a key, cached; None while a thread works on it, and where it failed."""
    results = _results(kind)

    def run() -> None:
        def safely(report: Report) -> T | None:
            try:
                return work()
            except Exception:  # whoever asks gets None, and nobody waits for ever
                logging.getLogger(__name__).exception("%s %s failed", kind, key)
                return None

        results.compute(key, safely, lambda progress: None, cached)
        with results.lock:
            results.threads.discard(key)

    is_done, result = results.get(key)
    if not is_done:
        with results.lock:
            begin = key not in results.threads
            results.threads.add(key)
        if begin:
            threading.Thread(target=run, name=f"{kind} {key}"[:60], daemon=True).start()
    value: T | None = result
    return value


def serves() -> bool:
    """Whether this is a server with visitors, which may begin work of its own accord; else a test of a page."""
    return st.runtime.exists() and type(st.runtime.get_instance()) is st.runtime.Runtime


def is_done(kind: str, key: Hashable) -> bool:
    """Whether the work for a key has ended, well or not."""
    return _results(kind).get(key)[0]


def progress_bar(words: str = "", place: DeltaGenerator | None = None) -> Report:
    """A bar, in a place or here, that shows what is reported to it.

    Parameters
    ----------
    words : str
        What stands on it; "": what is being done, as each report says.
    """
    bar = (st.empty() if place is None else place).progress(0.0, words)
    updated = time.monotonic()

    def report(progress: Progress) -> None:
        nonlocal updated
        if time.monotonic() - updated > _TICK:
            updated = time.monotonic()
            bar.progress(progress.share, words or progress.doing[:1].upper() + progress.doing[1:])

    return report
