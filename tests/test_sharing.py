"""A shared server: what is whose, what everybody may use, and trainings that wait for their turn."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from charlstm import processes
from charlstm.errors import ConfigError, ProcessError
from charlstm.lm.train import training_runs
from charlstm.lm.train.training_runs import find_run, list_runs, queue, start, start_queued, stop
from charlstm.sharing import disk_problem, is_shared, is_teacher, limits, may_change

WAIT = 60.0  # seconds; a machine may be slow


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A shared server's home."""
    monkeypatch.setenv("CHARLSTM_HOME", str(tmp_path))
    monkeypatch.setenv("CHARLSTM_SHARED", "1")
    monkeypatch.delenv("CHARLSTM_TEACHER", raising=False)
    return tmp_path


@pytest.fixture
def program(shared: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Instead of a trainer a program that runs until a file called `end` lies beside its job."""
    code = "import pathlib, sys, time\nend = pathlib.Path(sys.argv[sys.argv.index('--out') + 1], 'end')\n"
    code += "while not end.exists(): time.sleep(0.02)\n"
    monkeypatch.setattr(processes, "command", lambda words: [sys.executable, "-c", code, *words])
    yield shared
    monkeypatch.setenv("CHARLSTM_TRAININGS", "100")
    monkeypatch.setattr(training_runs, "start_queued", lambda root=None: None)
    for run in list_runs():
        (run.folder / "end").touch()
    until(lambda: all(run.state != "running" for run in list_runs()))


def until(law: Callable[[], bool]) -> None:
    end = time.monotonic() + WAIT
    while not law():
        assert time.monotonic() < end
        time.sleep(0.02)


def states() -> dict[str, str]:
    return {run.name: run.state for run in list_runs()}


def test_trainings_start_one_after_the_other_in_the_order_in_which_they_came(program: Path) -> None:
    """Without anybody looking: the end of one starts the next."""
    for name, owner in (("a", "ann"), ("b", "ben"), ("c", "cleo"), ("d", "dan")):
        run = start([], name=name, owner=owner)
        assert (run.state, run.owner) == ("running" if name == "a" else "queued", owner)
    assert [run.name for run in queue(list_runs())] == ["b", "c", "d"]
    start_queued()  # nobody's turn
    assert states() == {"a": "running", "b": "queued", "c": "queued", "d": "queued"}
    stop(find_run("c"))
    assert find_run("c").state == "stopped"
    (find_run("a").folder / "end").touch()
    until(lambda: find_run("b").state == "running")
    (find_run("b").folder / "end").touch()
    until(lambda: find_run("d").state == "running")
    assert find_run("c").state == "stopped"


@pytest.mark.parametrize("jump", [-1e6, 1e6])
def test_a_clock_that_jumps_changes_no_order_and_frees_no_lock(
    program: Path, monkeypatch: pytest.MonkeyPatch, jump: float
) -> None:
    shift, clock = [0.0], time.time
    monkeypatch.setattr(time, "time", lambda: clock() + shift[0])
    assert [start([], name=name, owner=name).state for name in "ab"] == ["running", "queued"]
    shift[0] = jump
    assert start([], name="c", owner="c").state == "queued"
    assert [run.name for run in queue(list_runs())] == ["b", "c"]
    assert processes.is_running(find_run("a").folder / "job")
    shift[0] = 0.0
    start([], name="d", owner="d")
    assert [run.name for run in queue(list_runs())] == ["b", "c", "d"]


def test_a_queue_goes_on_after_its_server_has_died(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server that would have started the next one is gone: whoever looks starts it."""
    starts, advance = [], training_runs.start_queued
    monkeypatch.setattr(training_runs, "start_queued", lambda root=None: starts.append(root))
    start([], name="a", owner="ann")
    start([], name="b", owner="ben")
    (find_run("a").folder / "end").touch()
    until(lambda: starts != [])
    assert find_run("b").state == "queued"
    advance()
    assert find_run("b").state == "running"


def test_a_visitor_has_a_share_of_the_queue(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHARLSTM_QUEUE", "3")
    for name in ("a", "b"):
        start([], name=name, owner="ann")
    with pytest.raises(ProcessError, match="2 of your trainings are running or waiting"):
        start([], name="c", owner="ann")
    start([], name="c", owner="ben")
    start([], name="d", owner="ben")
    with pytest.raises(ProcessError, match="3 trainings are waiting already"):
        start([], name="e", owner="cleo")


def test_several_at_once_where_that_is_allowed(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHARLSTM_TRAININGS", "2")
    assert [start([], name=name, owner=name).state for name in ("a", "b", "c")] == ["running", "running", "queued"]


def test_without_sharing_there_is_no_queue(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHARLSTM_SHARED", "0")
    start([], name="a")
    with pytest.raises(ProcessError, match="a is being trained on this machine"):
        start([], name="b")


def test_who_may_change_what(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert is_shared()
    assert may_change("ann", "ann")
    assert not may_change("ann", "ben")
    assert not may_change("", "ben")  # started before it was shared, or by hand
    assert may_change("", "ben", teacher=True)
    assert not is_teacher("")
    monkeypatch.setenv("CHARLSTM_TEACHER", "secret")
    assert is_teacher("secret")
    assert not is_teacher("")
    assert not is_teacher("Secret")
    monkeypatch.delenv("CHARLSTM_SHARED")
    assert may_change("ann", "ben")


def test_limits_are_numbers_or_a_sentence(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHARLSTM_MINUTES", "2.5")
    assert limits().minutes == 2.5
    for wrong in ("0", "-1", "many", "nan", "inf"):
        monkeypatch.setenv("CHARLSTM_MINUTES", wrong)
        with pytest.raises(ConfigError, match="CHARLSTM_MINUTES"):
            limits()


@pytest.mark.parametrize("folder", ["runs/a", "checkpoints/a", "data/corpus"])
def test_a_full_share_of_the_disk_is_a_sentence(shared: Path, monkeypatch: pytest.MonkeyPatch, folder: str) -> None:
    (shared / folder).mkdir(parents=True)
    (shared / folder / "big").write_bytes(b"x" * 2**20)
    assert disk_problem() == ""
    monkeypatch.setenv("CHARLSTM_GIGABYTES", "0.0005")
    assert "remove runs of yours first, or ask the teacher" in disk_problem()
    monkeypatch.setenv("CHARLSTM_SHARED", "")
    assert disk_problem() == ""
