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
from charlstm.ui.shared.durations import duration
from charlstm.ui.state import Setting

T = TypeVar("T")
CACHED = 4  # results of a kind: a recording of 512 neurons is 30 MB
_TICK = 0.1  # seconds between two updates of a bar
_LOOK = 0.25  # seconds between two looks at what somebody else works on
_SETTLED = 1.0  # seconds after which an estimate of the rest is worth saying
LONG = 5.0  # seconds; what takes longer begins when somebody asks for it
ASKED: Setting[tuple[str, Hashable] | None] = Setting("background.asked", None)  # kind and key of what was asked for


class _Results:
    """The results of one kind, the longest unused first; at most one worker at a time for each key."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.done: OrderedDict[Hashable, Any] = OrderedDict()
        self.workers: dict[Hashable, threading.Lock] = {}
        self.threads: set[Hashable] = set()  # keys that `in_background` works on
        self.progress: dict[Hashable, Progress] = {}  # of those that are worked on, for the others who wait

    def get(self, key: Hashable) -> tuple[bool, Any]:
        """Whether a result is there, and the result."""
        with self.lock:
            if key not in self.done:
                return False, None
            self.done.move_to_end(key)
            return True, self.done[key]

    def compute(self, key: Hashable, work: Callable[[Report], Any], report: Report, cached: int) -> Any:
        """The result, from whoever is first; the others wait. An error is the caller's and leaves nothing behind.

        Who waits is told how far the first one is. `report` may raise, which ends the wait, or the work.
        """
        with self.lock:
            worker = self.workers.setdefault(key, threading.Lock())
        while not worker.acquire(timeout=_LOOK):
            report(self.progress.get(key, Progress("waiting", 0, 0)))

        def told(progress: Progress) -> None:
            self.progress[key] = progress
            report(progress)

        try:
            is_done, result = self.get(key)
            if not is_done:
                result = work(told)
                with self.lock:
                    self.done[key] = result
                    self.workers.pop(key, None)
                    while len(self.done) > cached:
                        self.done.popitem(last=False)
            return result
        finally:
            self.progress.pop(key, None)
            worker.release()


@st.cache_resource(max_entries=16, show_spinner=False)
def _results(kind: str) -> _Results:
    return _Results()


def with_bar(
    kind: str, key: Hashable, work: Callable[[Report], T], words: str, *, cancel: Callable[[], None] | None = None
) -> T:
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
    cancel : callable, optional
        The callback of a button beside the bar: it takes back what asked for the work, which ends at its next report.
    """
    place = st.empty()  # in every run, so that what follows stays where it is
    is_done, result = _results(kind).get(key)
    if not is_done:
        with place.container(horizontal=True, vertical_alignment="bottom"):
            bar = st.empty()
            if cancel is not None:
                st.button("Cancel", key=f"background.{kind}.cancel", icon=":material/close:", on_click=cancel)
        result = _results(kind).compute(key, work, progress_bar(words, bar), CACHED)
        place.empty()
    value: T = result
    return value


def ask_first(kind: str, key: Hashable, *, seconds: float, sentence: str, button: str) -> bool:
    """Whether long work may begin; else a sentence and a button that asks for it stand here.

    Parameters
    ----------
    kind, key
        As for `with_bar`. What is there already, what somebody works on, and what was asked for may go on.
    seconds : float
        An estimate.
    sentence : str
        What is to be done, for Markdown, without a full stop: the estimate follows.
    button : str
        Its label.
    """
    place = st.empty()  # emptied when the work begins
    if ASKED.get() == (kind, key) or is_underway(kind, key) or is_done(kind, key):
        return True
    with place.container():
        st.info(
            f"{sentence}: about {duration(seconds)}. It is done once for all visitors.",
            icon=":material/hourglass_top:",
        )
        st.button(button, type="primary", key=f"background.{kind}.ask", on_click=ASKED.set, args=((kind, key),))
    return False


def take_back() -> None:
    """The callback of a button that cancels what was asked for."""
    ASKED.set(None)


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


def is_underway(kind: str, key: Hashable) -> bool:
    """Whether somebody works on it now."""
    worker = _results(kind).workers.get(key)
    return worker is not None and worker.locked()


def bar_with_cancel(key: str) -> Report:
    """A bar for what a button has just begun, beside a button that ends it: any click does, at the next report."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        bar = st.empty()
        st.button("Cancel", key=key, icon=":material/close:")
    return progress_bar(place=bar)


def progress_bar(words: str = "", place: DeltaGenerator | None = None) -> Report:
    """A bar, in a place or here, that shows what is reported to it.

    Parameters
    ----------
    words : str
        What stands on it, before how long it will still take; "": what is being done, as each report says.
    """
    bar = (st.empty() if place is None else place).progress(0.0, words)
    began = updated = time.monotonic()

    def report(progress: Progress) -> None:
        nonlocal updated
        now = time.monotonic()
        if now - updated > _TICK:
            updated = now
            text, share = words or progress.doing[:1].upper() + progress.doing[1:], progress.share
            if 0 < share < 1 and now - began > _SETTLED:
                text += f", about {duration((now - began) * (1 - share) / share)} left"
            bar.progress(share, text)

    return report
