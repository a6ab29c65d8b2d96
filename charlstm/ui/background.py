"""Slow work, done once for all visitors: in the foreground behind a bar, or in the background. Knows not what it is."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from charlstm.errors import CharlstmError
from charlstm.progress import Progress, Report
from charlstm.ui.shared.durations import duration
from charlstm.ui.shared.visitor import visitor_id

T = TypeVar("T")
CACHED = 4  # results of a kind: a recording of 512 neurons is 30 MB
_TICK = 0.1  # seconds between two updates of a bar
_LOOK = 0.25  # seconds between two looks at what somebody else works on
_SETTLED = 1.0  # seconds after which an estimate of the rest is worth saying
LONG = 5.0  # seconds; what takes longer begins when somebody asks for it
_AT_ONCE = threading.Semaphore(2)  # works that were asked for; the others wait


class _CancelledError(Exception):
    """Who asked for the work has cancelled it."""


@dataclass
class _Asked:
    """Work that a visitor asked for: it goes on, whatever page the visitor is on, until it is done or cancelled."""

    visitor: str
    cancelled: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)
    error: Exception | None = None


class _Results:
    """The results of one kind, the longest unused first; at most one worker at a time for each key."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.done: OrderedDict[Hashable, Any] = OrderedDict()
        self.workers: dict[Hashable, threading.Lock] = {}
        self.threads: set[Hashable] = set()  # keys that `in_background` works on
        self.asked: dict[Hashable, _Asked] = {}  # what `when_asked` works on
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


def when_asked(
    kind: str, key: Hashable, work: Callable[[Report], T], words: str, *, seconds: float, sentence: str, button: str
) -> T | None:
    """The result of long `work` for a key, cached; None, and a sentence and a button, until somebody asks for it.

    It is done in a thread, which goes on when the visitor leaves the page. Whoever is on the page sees how far it is;
    who asked for it, in this visit or another one, may cancel it.

    Parameters
    ----------
    kind, key, work, words
        As for `with_bar`. The work must use nothing of Streamlit's, and ends at its next report when it is cancelled.
    seconds : float
        An estimate.
    sentence : str
        What is to be done, for Markdown, without a full stop: the estimate follows.
    button : str
        Its label.
    """
    results, place = _results(kind), st.empty()
    is_done, result = results.get(key)
    if not is_done and (asked := results.asked.get(key)) is None:
        with place.container():
            st.info(
                f"{sentence}: about {duration(seconds)}. It is done once for all visitors.",
                icon=":material/hourglass_top:",
            )
            st.button(button, type="primary", key=f"background.{kind}.ask", on_click=_begin, args=(kind, key, work))
        return None
    if not is_done and asked is not None:
        with place.container(horizontal=True, vertical_alignment="bottom"):
            report = progress_bar(words, st.empty())
            if asked.visitor == visitor_id():
                st.button(
                    "Cancel",
                    key=f"background.{kind}.cancel",
                    icon=":material/close:",
                    on_click=_cancel,
                    args=(kind, key, asked),
                )
        while not asked.ended.wait(_LOOK):
            report(results.progress.get(key, Progress("waiting", 0, 0)))
        if asked.error is not None:
            _forget(results, key, asked)
            raise asked.error
        is_done, result = results.get(key)
        if not is_done:  # it was cancelled elsewhere
            st.rerun()
        place.empty()
    value: T | None = result
    return value


def _begin(kind: str, key: Hashable, work: Callable[[Report], Any]) -> None:
    """Begin what a visitor asked for, if nobody has."""
    results = _results(kind)
    with results.lock:
        if key in results.asked or key in results.done:
            return
        results.asked[key] = asked = _Asked(visitor_id())

    def report(progress: Progress) -> None:
        if asked.cancelled.is_set():
            raise _CancelledError

    def run() -> None:
        try:
            while not _AT_ONCE.acquire(timeout=_LOOK):
                report(Progress("waiting", 0, 0))
            try:
                results.compute(key, work, report, CACHED)
            finally:
                _AT_ONCE.release()
            _forget(results, key, asked)
        except _CancelledError:
            _forget(results, key, asked)
        except Exception as error:  # kept until somebody has been told
            asked.error = error
            if not isinstance(error, CharlstmError):
                logging.getLogger(__name__).exception("%s %s failed", kind, key)
        finally:
            asked.ended.set()

    threading.Thread(target=run, name=f"{kind} {key}"[:60], daemon=True).start()


def _cancel(kind: str, key: Hashable, asked: _Asked) -> None:
    """Have what was asked for end at its next report."""
    asked.cancelled.set()
    _forget(_results(kind), key, asked)


def _forget(results: _Results, key: Hashable, asked: _Asked) -> None:
    with results.lock:
        if results.asked.get(key) is asked:
            del results.asked[key]


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
