"""Few threads compute at once, in their order, and none for longer than its turn while others wait."""

from __future__ import annotations

import threading
import time

from charlstm.ui.turns import Turns


def run_threads(*works: object) -> None:
    threads = [threading.Thread(target=work) for work in works]  # type: ignore[arg-type]
    for thread in threads:
        thread.start()
        time.sleep(0.02)  # so that they come in their order
    for thread in threads:
        thread.join(30)


def test_so_many_at_once_and_in_their_order() -> None:
    turns, lock = Turns(2, longest=60), threading.Lock()
    active, most, order = 0, 0, []

    def work(number: int) -> None:
        nonlocal active, most
        turns.go_on(turns.take())
        with lock:
            active, most = active + 1, max(most, active + 1)
            order.append(number)
        time.sleep(0.05)
        with lock:
            active -= 1
        turns.give()

    run_threads(*(lambda number=number: work(number) for number in range(6)))
    assert most == 2
    assert order == [0, 1, 2, 3, 4, 5]
    assert not turns.is_crowded


def test_who_has_much_to_do_lets_others_go_before_it_is_done() -> None:
    turns, order = Turns(1, longest=0.0), []

    def long() -> None:
        began = turns.take()
        while not turns.is_crowded:
            began = turns.go_on(began)
            time.sleep(0.001)
        turns.go_on(began)
        order.append("long")
        turns.give()

    def short() -> None:
        turns.take()
        order.append("short")
        turns.give()

    run_threads(long, short)
    assert order == ["short", "long"]
