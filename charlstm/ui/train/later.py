"""What takes seconds and nobody waits for: made once a server in the background, shown by who comes after."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

import streamlit as st

T = TypeVar("T")
KEPT = 64


class _Shelf:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.made: dict[Hashable, Any] = {}
        self.begun: set[Hashable] = set()


@st.cache_resource(show_spinner=False)
def _shelf() -> _Shelf:
    return _Shelf()


def later(key: Hashable, make: Callable[[], T | None]) -> T | None:
    """What `make` makes for this key; None while that is being done, and where it could not be."""
    shelf = _shelf()

    def work() -> None:
        made: T | None = None
        try:
            made = make()
        finally:
            with shelf.lock:
                if len(shelf.made) >= KEPT:
                    oldest = next(iter(shelf.made))
                    shelf.made.pop(oldest)
                    shelf.begun.discard(oldest)
                shelf.made[key] = made

    with shelf.lock:
        if key not in shelf.begun:
            shelf.begun.add(key)
            threading.Thread(target=work, name=f"later {key}"[:60], daemon=True).start()
        found: T | None = shelf.made.get(key)
        return found


def is_made(key: Hashable) -> bool:
    """Whether `later` has come to an end with this key."""
    shelf = _shelf()
    with shelf.lock:
        return key in shelf.made
