"""What is done ahead is done once, the newest first, only when it may be, and a failure costs nothing else."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from charlstm.ui.ahead import MOST, Ahead


def until(is_so: Callable[[], bool]) -> bool:
    for _ in range(3000):
        if is_so():
            return True
        time.sleep(0.01)
    return False


def test_the_newest_wish_comes_first_and_old_ones_go() -> None:
    gate, done = threading.Event(), []
    ahead = Ahead(gate.is_set, pause=0.01)
    for number in range(MOST + 2):
        ahead.wish(number, lambda number=number: done.append(number))
    ahead.wish(2, lambda: done.append("again"))  # its key is known: it is the newest now, and comes once
    gate.set()
    assert until(lambda: len(done) == MOST)
    assert done == ["again", *range(MOST + 1, 2, -1)]


def test_nothing_is_done_while_somebody_waits() -> None:
    gate, asked, done = threading.Event(), threading.Semaphore(0), []

    def may_work() -> bool:
        asked.release()
        return gate.is_set()

    ahead = Ahead(may_work, pause=0.001)
    ahead.wish("it", lambda: done.append("it"))
    assert all(asked.acquire(timeout=30) for _ in range(5))
    assert done == []
    gate.set()
    assert until(lambda: done == ["it"])


def test_a_failure_ends_no_other_work() -> None:
    done: list[str] = []
    ahead = Ahead(lambda: True, pause=0.01)
    ahead.wish("good", lambda: done.append("good"))
    ahead.wish("bad", lambda: 1 / 0)
    assert until(lambda: done == ["good"])
    ahead.wish("later", lambda: done.append("later"))
    assert until(lambda: done == ["good", "later"])
