"""Work that is done before it is asked for, while nobody waits for anything else. Knows not what it is."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable

PAUSE = 0.3  # seconds after a wish: the page that made it is still on its way to the browser
MOST = 4  # wishes that wait


class Ahead:
    """A thread that fulfils wishes, the newest first: it is the likeliest to be asked for.

    Parameters
    ----------
    may_work : callable
        Whether nobody waits for anything more urgent.
    pause : float
        Seconds between a wish and its work, and between two looks at whether it may be done.
    """

    def __init__(self, may_work: Callable[[], bool], pause: float = PAUSE) -> None:
        self._may_work, self._pause = may_work, pause
        self._lock = threading.Lock()
        self._wishes: OrderedDict[Hashable, Callable[[], object]] = OrderedDict()
        self._is_running = False

    def wish(self, key: Hashable, work: Callable[[], object]) -> None:
        """Have some work done soon: that of one key once, and of too many only the newest."""
        with self._lock:
            self._wishes[key] = work
            self._wishes.move_to_end(key)
            while len(self._wishes) > MOST:
                self._wishes.popitem(last=False)
            if not self._is_running:
                self._is_running = True
                threading.Thread(target=self._run, name="charlstm-ahead", daemon=True).start()

    def _run(self) -> None:
        while True:
            time.sleep(self._pause)
            if not self._may_work():
                continue
            with self._lock:
                if not self._wishes:
                    self._is_running = False
                    return
                _, work = self._wishes.popitem()
            try:
                work()
            except Exception:  # whoever asks for it himself is told
                logging.getLogger(__name__).info("not done ahead", exc_info=True)
