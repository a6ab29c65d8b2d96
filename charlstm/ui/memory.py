"""The server's memory: garbage is collected now and then, and all is given back when everybody has left.

Streamlit would collect after each run of a script, and look at all that was ever loaded: 50 ms in which no thread works
(.streamlit/config.toml switches that off). Here modules are looked at once. Knows no page.
"""

from __future__ import annotations

import gc
import sys
import threading
import time

from charlstm.processes import return_free_memory
from charlstm.ui.cache import clear_all

EVERY = 5.0  # seconds between two collections while pages run
IDLE = 180.0  # seconds without a run after which memory is given back; Streamlit forgets a visit after 120
ENOUGH = 20  # modules loaded since the last time: what lives then stays


class Collector:
    """Collects the garbage of a server's runs.

    Parameters
    ----------
    every : float
        Seconds between two collections while pages run.
    idle : float
        Seconds without a run after which memory is given back.
    """

    def __init__(self, every: float = EVERY, idle: float = IDLE) -> None:
        self.every, self.idle = every, idle
        self.idle_rounds = 0  # how often memory was given back
        self._lock = threading.Lock()
        self._modules = 0
        self._collected = self._last_run = 0.0
        self._timer: threading.Timer | None = None

    def run_ended(self) -> None:
        """A run of the script has come to its end."""
        with self._lock:
            self._last_run = now = time.monotonic()
            if len(sys.modules) - self._modules >= ENOUGH:
                self._modules = len(sys.modules)
                gc.collect()
                gc.freeze()
                self._collected = now
            elif now - self._collected >= self.every:
                gc.collect()
                self._collected = now
            if self._timer is None:
                self._wait(self.idle)

    def _wait(self, seconds: float) -> None:
        self._timer = threading.Timer(seconds, self._look)
        self._timer.daemon = True
        self._timer.start()

    def _look(self) -> None:
        """Give memory back if no page has run for a while, else look again."""
        with self._lock:
            left = self._last_run + self.idle - time.monotonic()
            if left > 0:
                self._wait(left)
                return
            self._timer = None
            self.idle_rounds += 1
        clear_all()
        gc.collect()
        return_free_memory()


COLLECTOR = Collector()
