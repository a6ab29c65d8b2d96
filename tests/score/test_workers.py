"""Scores in processes of their own: the same files, and nothing that holds the one that asks."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from charlstm.errors import AudioUnavailable, CharlstmError, NotationError
from charlstm.score import jobs
from charlstm.score import workers as module
from charlstm.score.engrave import MAX_IN_BAR, check_cost, engrave
from charlstm.score.messages import decode, encode
from charlstm.score.notation import read_score, to_musicxml
from charlstm.score.workers import TooMuch, Workers
from charlstm.tunes.parse.reader import read

HEAD = "X:1\nT:Two bars\nM:4/4\nL:1/8\nK:D\n"
SLOW = HEAD + "{abcdefg}A" * 245  # graces in one bar: a second
FAST = HEAD + "d2fd Adfd|e2ge c4|]"


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    pool = Workers(1)
    yield pool
    pool.close()


def ask(pool: Workers, abc: str, *, seconds: float = 60) -> Any:
    return pool.ask("_tune_files", [abc, [900]], seconds=seconds, too_much="too much")


def test_a_worker_makes_the_same_files(workers: Workers) -> None:
    score = read_score(FAST)
    musicxml, pages, problem = ask(workers, FAST)
    assert (pages, problem) == ([engrave(score)], "")
    assert musicxml.count("<note") == to_musicxml(score).count("<note") > 0
    assert ask(workers, FAST)[1] == pages


def test_what_goes_through_the_pipe_comes_out_the_same() -> None:
    value = {"midi": b"\x00\xff\n", "pages": ["<svg>\n\u2028é</svg>"], "none": None, "empty": {}}
    assert decode(encode(value)) == value
    assert encode(value).count(b"\n") == 1


@pytest.mark.parametrize(
    ("job", "args", "error", "message"),
    [
        ("_tune_files", [HEAD + "%", [900]], NotationError, "no note"),
        ("_tune_files", [HEAD + "A|" + "{ab}A" * MAX_IN_BAR, [900]], NotationError, "line 6: bar 2 has"),
        (
            "tune_file",
            ["X:1\nM:4/4\nL:1/1\nQ:1/4=5\nK:D\n" + ("a|" * 100 + "\n") * 2, "wav", b""],
            AudioUnavailable,
            "minutes",
        ),
        ("_check_count", [0], CharlstmError, "1 to 500"),
        ("_tune_files", [7], RuntimeError, "Traceback"),
    ],
)
def test_errors_come_back_as_what_they_are(
    workers: Workers, job: str, args: list[Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        workers.ask(job, args, seconds=60, too_much="too much")
    assert len(workers._all) == 1  # it goes on


def test_a_place_in_the_text_comes_back_with_an_error(workers: Workers) -> None:
    with pytest.raises(NotationError) as caught:
        ask(workers, HEAD + "A|" + "{ab}A" * MAX_IN_BAR)
    assert caught.value.line == 6


def test_what_takes_too_long_is_ended_and_nobody_waits_for_it() -> None:
    pool = Workers(1)
    errors: list[str] = []

    def wait() -> None:
        try:
            ask(pool, SLOW, seconds=0.02)
        except TooMuch as error:
            errors.append(str(error))

    try:
        thread = threading.Thread(target=wait)
        thread.start()
        turns = 0
        while thread.is_alive():
            time.sleep(0.005)
            turns += 1
        assert turns > 10  # Verovio in this process would not have let go of Python's lock
        assert errors == ["too much"]
        assert ask(pool, FAST)[2] == ""
    finally:
        pool.close()


def test_a_tune_that_cannot_be_engraved_in_time_still_has_its_other_files(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = Workers(1)
    seconds = iter([0.02, 60.0])
    ask_pool = pool.ask
    monkeypatch.setattr(pool, "ask", lambda *args, **kwargs: ask_pool(*args, **kwargs | {"seconds": next(seconds)}))
    monkeypatch.setattr(module, "_pools", (pool, pool))
    try:
        files = jobs.tune_files(SLOW)
    finally:
        pool.close()
    assert "too long to engrave" in files.problem
    assert not files.pages
    assert "<note" in files.musicxml


def test_what_takes_too_much_memory_is_a_sentence(workers: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "COMMAND", (sys.executable, "-c", GREEDY))
    pool = Workers(1)
    try:
        with pytest.raises(TooMuch, match="too much"):
            ask(pool, FAST)
    finally:
        pool.close()


GREEDY = """
from charlstm.score import jobs, worker
worker.MEMORY = 1 << 30
jobs._JOBS["_tune_files"] = jobs.JOBS["_tune_files"]._replace(
    work=lambda text, widths: bytearray(2 << 30) if len(text) > 30 else []
)
worker.main()
"""


@pytest.mark.slow
def test_another_worker_is_started_when_all_are_busy_and_goes_when_nobody_needs_it() -> None:
    pool = Workers(2, idle_seconds=0.2)
    try:
        ask(pool, FAST)
        ask(pool, FAST)
        assert len(pool._all) == 1
        threads = [threading.Thread(target=ask, args=(pool, SLOW)) for _ in range(3)]
        for thread in threads:
            thread.start()
        most = 0
        while any(thread.is_alive() for thread in threads):
            most = max(most, len(pool._all))
            time.sleep(0.01)
        assert most == 2
        until = time.monotonic() + 60
        while len(pool._all) > 1 and time.monotonic() < until:
            time.sleep(0.05)
        assert len(pool._all) == 1
        assert ask(pool, FAST)[2] == ""
    finally:
        pool.close()


def test_a_worker_that_was_killed_or_has_grown_is_replaced(workers: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    first = ask(workers, FAST)
    for worker in list(workers._all):
        worker.process.kill()
        worker.process.wait()
    assert ask(workers, FAST) == first
    before = set(workers._all)
    monkeypatch.setattr(module, "MOST_RESIDENT", 1)
    ask(workers, FAST)
    assert not before & workers._all


def test_an_engraver_that_cannot_start_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "COMMAND", (sys.executable, "-c", "raise SystemExit(1)"))
    pool = Workers(1)
    try:
        with pytest.raises(NotationError, match="cannot be started"):
            ask(pool, FAST)
    finally:
        pool.close()


def test_a_server_loads_neither_music21_nor_verovio() -> None:
    """They cost memory, and hold Python's lock while they work."""
    code = f"""
import sys
from charlstm.score.workers import start_workers
start_workers(1)
from charlstm.ui.shared import drawing, downloads
from charlstm.ui.your_tune.tune_document import melody_of
drawn = drawing.draw.__wrapped__({FAST!r})
assert drawn.midi and drawn.musicxml and len(drawn.pages) == 2 and not drawn.problem
assert downloads.tune_file.__wrapped__({FAST!r}, "pdf", drawn.midi).startswith(b"%PDF")
assert downloads._piano_roll.__wrapped__({FAST!r}, 120.0).startswith(b"\\x89PNG")
assert "K:" in melody_of(drawn.musicxml.encode(), "musicxml").text
assert "K:" in melody_of(drawn.midi, "midi").text
heavy = {{"music21", "verovio", "matplotlib", "typst"}} & set(sys.modules)
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-c", code], check=True)


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
