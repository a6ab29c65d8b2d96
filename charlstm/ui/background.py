"""Slow things, made once for all visitors while a bar shows how far they are. Knows nothing of what they are."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

import streamlit as st

T = TypeVar("T")
Progress = Callable[[int, int], None]
KEPT = 4  # of each kind: a survey of 512 neurons is 30 MB
_TICK = 0.1  # seconds between two looks of the bar


class _Shelf:
    """What was made, the longest unused first; one maker at a time for each key."""

    def __init__(self) -> None:
        self.made: OrderedDict[Hashable, Any] = OrderedDict()
        self.guard = threading.Lock()
        self.makers: dict[Hashable, threading.Lock] = {}


@st.cache_resource(max_entries=16, show_spinner=False)
def _shelf(kind: str) -> _Shelf:
    return _Shelf()


def prepared(kind: str, key: Hashable, make: Callable[[Progress], T], words: str) -> T:
    """What `make` makes for a key, kept; while it is made, a bar stands here with these words.

    Parameters
    ----------
    kind : str
        Four of each kind are kept.
    key : hashable
        All that the result depends on.
    make : callable
        Given a progress(done, total) to call; what it returns is shared by all visitors and must not be changed.
    words : str
        "Reading 120 tunes": what is being done.
    """
    shelf = _shelf(kind)
    bar = st.empty()  # in every run, so that what follows stays where it is
    with shelf.guard:
        if key in shelf.made:
            shelf.made.move_to_end(key)
            found: T = shelf.made[key]
            return found
        maker = shelf.makers.setdefault(key, threading.Lock())
    bar.progress(0.0, words)
    with maker:
        with shelf.guard:
            if key in shelf.made:  # another visitor was first
                bar.empty()
                return shelf.made[key]  # type: ignore[no-any-return]
        shown = time.monotonic()

        def progress(done: int, total: int) -> None:
            nonlocal shown
            if time.monotonic() - shown > _TICK:
                shown = time.monotonic()
                bar.progress(min(done / max(total, 1), 1.0), words)

        made = make(progress)
        with shelf.guard:
            shelf.made[key] = made
            shelf.makers.pop(key, None)
            while len(shelf.made) > KEPT:
                shelf.made.popitem(last=False)
    bar.empty()
    return made
