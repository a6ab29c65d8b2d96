"""Turns at the processor: few threads compute at once, in the order in which they came. Knows not what they do.

Thirty threads that all write a tune take Python's lock from each other at every character, and all are done at the end.
One after the other, half of them are done in half the time.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque

AT_ONCE = min(os.cpu_count() or 1, 2)
LONGEST = 0.25  # seconds; who has more to do goes to the end of the queue then


class Turns:
    """A queue of threads, of which some have their turn.

    Parameters
    ----------
    count : int
        How many at once.
    longest : float
        Seconds that one may take while others wait.
    """

    def __init__(self, count: int = AT_ONCE, longest: float = LONGEST) -> None:
        self.longest = longest
        self.count = self._free = count
        self._lock = threading.Lock()
        self._waiting: deque[threading.Event] = deque()

    @property
    def is_idle(self) -> bool:
        """Whether nobody has a turn."""
        return self._free == self.count

    @property
    def is_crowded(self) -> bool:
        """Whether somebody waits."""
        return bool(self._waiting)

    def take(self) -> float:
        """Wait for a turn; when it began."""
        with self._lock:
            if self._free:
                self._free -= 1
                return time.monotonic()
            event = threading.Event()
            self._waiting.append(event)
        event.wait()
        return time.monotonic()

    def give(self) -> None:
        """End a turn; the first that waits has it now."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._free += 1

    def go_on(self, began: float) -> float:
        """End a turn that has lasted long enough and wait for another one, if somebody waits; when it began."""
        if not self.is_crowded or time.monotonic() - began < self.longest:
            return began
        self.give()
        return self.take()
