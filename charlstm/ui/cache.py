"""Results that all visitors share, bounded in bytes and in age: what was not used for long is given back.

Streamlit's own caches count entries, and one entry may be a hundred megabytes.
"""

from __future__ import annotations

import functools
import inspect
import pickle
import threading
import time
import weakref
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, ParamSpec, TypeVar

import streamlit as st

P = ParamSpec("P")
R = TypeVar("R")
MINUTES = 30.0  # after which a result that nobody used goes


_CACHES: weakref.WeakSet[ByteCache] = weakref.WeakSet()


def clear_all() -> None:
    """Drop the results of all caches: nobody has been there for a while."""
    for cache in list(_CACHES):
        cache.clear()


class ByteCache:
    """Results by key, the least recently used first.

    Parameters
    ----------
    most_bytes : int
        Of all results together. One that is larger than all of it is not kept.
    seconds : float
        A result that was not used for so long goes, also when nobody asks for another.
    """

    def __init__(self, most_bytes: int, seconds: float = 60 * MINUTES) -> None:
        self.most_bytes, self.seconds = most_bytes, seconds
        self.bytes = 0
        self._lock = threading.Lock()
        self._results: OrderedDict[Hashable, tuple[Any, int, float]] = OrderedDict()  # value, bytes, last used
        self._workers: dict[Hashable, threading.Lock] = {}
        self._timer: threading.Timer | None = None
        _CACHES.add(self)

    def get(self, key: Hashable, work: Callable[[], R]) -> R:
        """The result for a key; of several that ask at once one works and the others wait. Errors are not kept."""
        if (found := self._look(key)) is not None:
            return found[0]  # type: ignore[no-any-return]
        with self._lock:
            worker = self._workers.setdefault(key, threading.Lock())
        with worker:
            if (found := self._look(key)) is not None:
                return found[0]  # type: ignore[no-any-return]
            try:
                value = work()
                self._keep(key, value, size_of(value))
            finally:
                with self._lock:
                    self._workers.pop(key, None)
        return value

    def sweep(self) -> None:
        """Drop what was not used for too long."""
        with self._lock:
            oldest = time.monotonic() - self.seconds
            while self._results and next(iter(self._results.values()))[2] <= oldest:
                self._drop_first()
            self._timer = None
            self._watch()

    def clear(self) -> None:
        """Drop everything."""
        with self._lock:
            self._results.clear()
            self.bytes = 0

    def __len__(self) -> int:
        return len(self._results)

    def _look(self, key: Hashable) -> tuple[Any] | None:
        with self._lock:
            if key not in self._results:
                return None
            value, size, _ = self._results.pop(key)
            self._results[key] = value, size, time.monotonic()
            return (value,)

    def _keep(self, key: Hashable, value: Any, size: int) -> None:
        with self._lock:
            if size > self.most_bytes:
                return
            self._results[key] = value, size, time.monotonic()
            self.bytes += size
            while self.bytes > self.most_bytes:
                self._drop_first()
            self._watch()

    def _drop_first(self) -> None:
        _, (_, size, _) = self._results.popitem(last=False)
        self.bytes -= size

    def _watch(self) -> None:
        """Look again when the oldest result may have to go."""
        if self._results and self._timer is None:
            wait = next(iter(self._results.values()))[2] + self.seconds - time.monotonic()
            self._timer = threading.Timer(max(wait, 0.01), self.sweep)
            self._timer.daemon = True
            self._timer.start()


def size_of(value: Any) -> int:
    """About how many bytes a result takes."""
    if isinstance(value, (bytes, str)):
        return len(value)
    buffers: list[pickle.PickleBuffer] = []
    own = len(pickle.dumps(value, protocol=5, buffer_callback=buffers.append))
    return own + sum(buffer.raw().nbytes for buffer in buffers)


@st.cache_resource(show_spinner=False)
def _cache(name: str, most_bytes: int, seconds: float) -> ByteCache:
    return ByteCache(most_bytes, seconds)


def cached(*, megabytes: float, minutes: float = MINUTES) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Keep a function's results for all visitors; who gets one must not change it.

    Parameters
    ----------
    megabytes : float
        Of all results of this function.
    minutes : float
        After which one that nobody used goes.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        name = f"{function.__module__}.{function.__qualname__}"
        signature = inspect.signature(function)

        @functools.wraps(function)
        def ask(*args: P.args, **kwargs: P.kwargs) -> R:
            bound = signature.bind(*args, **kwargs)
            bound.apply_defaults()
            cache = _cache(name, round(megabytes * 2**20), 60 * minutes)
            return cache.get(tuple(bound.arguments.values()), lambda: function(*args, **kwargs))

        return ask

    return decorate
