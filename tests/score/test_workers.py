"""Engraving in processes of their own: the same pages, and nothing that holds the one that asks."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator

import pytest

from charlstm.errors import NotationError
from charlstm.score import engrave as engrave_module
from charlstm.score import workers as module
from charlstm.score.engrave import MAX_IN_BAR, check_cost, engrave
from charlstm.score.engraver import draw_pages
from charlstm.score.notation import read_score, to_musicxml
from charlstm.score.workers import Workers
from charlstm.tunes.parse.reader import read

HEAD = "X:1\nT:Two bars\nM:4/4\nL:1/8\nK:D\n"
OPTIONS = {
    **engrave_module._OPTIONS,
    "breaks": "auto",
    "pageWidth": 2000,
    "scale": 40,
    "xmlIdSeed": 7,
    "header": "none",
}
SLOW = HEAD + "{abcdefg}A" * 500  # graces in one bar: Verovio takes two seconds
FAST = HEAD + "d2fd Adfd|e2ge c4|]"


@pytest.fixture(scope="module")
def slow_xml() -> str:
    return to_musicxml(read_score(SLOW))


@pytest.fixture(scope="module")
def fast_xml() -> str:
    return to_musicxml(read_score(FAST))


@pytest.fixture
def workers() -> Iterator[Workers]:
    pool = Workers(1, seconds=0.2)
    yield pool
    pool.close()


def test_a_worker_draws_the_same_pages(fast_xml: str) -> None:
    pool = Workers(2)
    try:
        assert all(pool.draw(fast_xml, OPTIONS) == draw_pages(fast_xml, OPTIONS) for _ in range(3))
        with pytest.raises(NotationError, match="cannot be engraved"):
            pool.draw("no music", OPTIONS)
    finally:
        pool.close()


def test_what_takes_too_long_is_ended_and_nobody_waits_for_it(slow_xml: str, fast_xml: str, workers: Workers) -> None:
    errors: list[str] = []

    def ask() -> None:
        try:
            workers.draw(slow_xml, OPTIONS)
        except NotationError as error:
            errors.append(str(error))

    thread = threading.Thread(target=ask)
    thread.start()
    turns = 0
    while thread.is_alive():
        time.sleep(0.005)
        turns += 1
    assert turns > 10  # Verovio in this process would not have let go of Python's lock
    assert len(errors) == 1 and "takes too long" in errors[0]
    workers.seconds = 30
    assert workers.draw(fast_xml, OPTIONS) == draw_pages(fast_xml, OPTIONS)


def test_another_worker_is_started_when_all_are_busy(slow_xml: str, fast_xml: str) -> None:
    pool = Workers(2, seconds=60)
    try:
        pool.draw(fast_xml, OPTIONS)
        pool.draw(fast_xml, OPTIONS)
        assert len(pool._all) == 1
        threads = [threading.Thread(target=pool.draw, args=(slow_xml, OPTIONS)) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(pool._all) == 2
    finally:
        pool.close()


def test_a_worker_that_was_killed_is_replaced(fast_xml: str, workers: Workers) -> None:
    workers.seconds = 30
    first = workers.draw(fast_xml, OPTIONS)
    for worker in list(workers._all):
        worker.process.kill()
        worker.process.wait()
    assert workers.draw(fast_xml, OPTIONS) == first


def test_an_engraver_that_cannot_start_is_a_sentence(fast_xml: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "COMMAND", (sys.executable, "-c", "raise SystemExit(1)"))
    pool = Workers(1)
    try:
        with pytest.raises(NotationError, match="cannot be started"):
            pool.draw(fast_xml, OPTIONS)
    finally:
        pool.close()


@pytest.mark.parametrize(
    ("tune", "reason"),
    [
        (HEAD + "A|" + "{ab}A" * (MAX_IN_BAR // 3 + 1) + "|B|", "line 6: bar 2 has"),
        (HEAD + "[ABcdef]" * (MAX_IN_BAR // 6 + 1), "bar 1 has"),
        (HEAD + "!trill!.a" * (MAX_IN_BAR // 3 + 1), "bar 1 has"),
        (HEAD + "".join(f"V:{n}\n{'a' * (MAX_IN_BAR - 1)}|\n" for n in range(3)), "split it"),
        (HEAD + "[ABcdefga]|" * 4000, "split it"),
    ],
)
def test_what_costs_too_much_is_refused_before_it_is_built(tune: str, reason: str) -> None:
    with pytest.raises(NotationError, match=reason):
        check_cost(read(tune))


def test_a_long_set_of_tunes_is_engraved() -> None:
    check_cost(read(HEAD + ("d2fd Adfd|e2ge cege|dfaf bafd|edce d4:|\n" * 100)))
    assert engrave(read_score(FAST))[0].startswith("<svg")
