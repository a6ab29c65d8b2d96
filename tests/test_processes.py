"""Processes: a lock that lives as long as its process, and starts that cannot overlap, however they are interleaved."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from charlstm import processes
from charlstm.errors import ProcessError
from charlstm.experiments import local
from charlstm.lm.train import training_runs

WAIT = 60.0  # seconds; a machine may be slow
OVERTAKE = 1.0  # seconds that a start is held up, so that another one would overtake it if it could

pytestmark = pytest.mark.skipif(not processes.HAS_LOCKS, reason="this system has no file locks")


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """Instead of `charlstm ...` a program that runs until a file called `end` is there; prints its lock's number."""
    code = "import os, pathlib, sys, time\nprint(os.environ['CHARLSTM_LOCK'], flush=True)\n"
    code += f"while not pathlib.Path({str(tmp_path / 'end')!r}).exists(): time.sleep(0.02)\n"
    monkeypatch.setattr(processes, "command", lambda words: [sys.executable, "-c", code, *words])
    yield tmp_path
    (tmp_path / "end").touch()


def until(law: Callable[[], bool]) -> None:
    end = time.monotonic() + WAIT
    while not law():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_process_holds_its_lock_and_nobody_starts_a_second_one(
    program: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends: list[tuple[int, int]] = []
    pid = processes.start(program, ["train"], ended=lambda *end: ends.append(end))
    assert processes.is_running(program)
    monkeypatch.setattr(processes, "START_WAIT", 0.1)
    with pytest.raises(ProcessError, match="still running"):
        processes.start(program, ["train"])
    (program / "end").touch()
    until(lambda: ends != [])
    assert ends == [(pid, 0)]
    assert not processes.is_running(program)
    assert processes.log_tail(program, 3).isdigit()


def test_a_killed_process_lets_go_of_its_lock(program: Path) -> None:
    pid = processes.start(program, [])
    os.kill(pid, 9)
    until(lambda: not processes.is_running(program))
    (program / "end").touch()
    assert processes.start(program, []) != pid


def test_a_process_knows_the_lock_that_it_was_handed(tmp_path: Path) -> None:
    code = "import os, sys; from pathlib import Path; from charlstm.processes import is_handed\n"
    code += "print(is_handed(Path(sys.argv[1])), is_handed(Path(sys.argv[2])))"
    lock, other = processes.acquire(tmp_path / "lock"), processes.acquire(tmp_path / "other")
    assert lock is not None
    assert other is not None
    environment = {**processes.environment(), "CHARLSTM_LOCK": str(lock)}
    line = [sys.executable, "-c", code, str(tmp_path / "lock"), str(tmp_path / "other")]
    done = subprocess.run(line, env=environment, pass_fds=(lock,), capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "False"]
    assert not processes.is_handed(tmp_path / "lock")
    os.close(lock)
    os.close(other)


def test_looking_at_a_lock_does_not_take_it(tmp_path: Path) -> None:
    lock = processes.acquire(tmp_path / "lock")
    assert lock is not None
    assert processes.is_held(tmp_path / "lock")
    assert processes.acquire(tmp_path / "lock") is None
    os.close(lock)
    assert not processes.is_held(tmp_path / "lock")
    assert not processes.is_held(tmp_path / "nothing")
    assert not (tmp_path / "nothing").exists()


def both(work: Callable[[int], None]) -> list[BaseException | None]:
    """Do a piece of work in two threads at once; the errors they end with."""
    errors: list[BaseException | None] = [None, None]

    def run(number: int) -> None:
        try:
            work(number)
        except BaseException as error:
            errors[number] = error

    threads = [threading.Thread(target=run, args=(number,)) for number in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


def meet(barrier: threading.Barrier) -> None:
    """Wait for the other thread, but not for ever: where it cannot come, the law holds."""
    with contextlib.suppress(threading.BrokenBarrierError):
        barrier.wait(OVERTAKE)


def test_two_studies_started_at_once_are_one_study(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each has seen that nothing runs before the other one starts, if it can."""
    root, barrier = program / "started", threading.Barrier(2)
    see = local.running

    def seen(root: Path | None = None) -> str:
        name = see(root)
        meet(barrier)
        return name

    monkeypatch.setattr(local, "running", seen)
    errors = both(lambda number: local.start(("cells", "sizes")[number], [], root))
    assert sum(error is None for error in errors) == 1, errors
    assert [type(error) for error in errors if error] == [ProcessError]
    alive = [name for name in ("cells", "sizes") if local.is_running(name, root)]
    assert len(alive) == 1
    assert json.loads((root / alive[0] / "start.json").read_text())["pid"]


def test_two_runs_started_at_once_are_one_run(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    barrier = threading.Barrier(2)
    see = training_runs.list_runs

    def seen(root: Path | None = None) -> list[training_runs.TrainingRun]:
        runs = see(root)
        meet(barrier)
        return runs

    monkeypatch.setattr(training_runs, "list_runs", seen)
    errors = both(lambda number: training_runs.start([], name="mine", root=program / "runs") and None)
    assert sum(error is None for error in errors) == 1, errors
    assert [run.name for run in see(program / "runs") if run.state == "running"] == ["mine"]


def test_two_waiters_at_a_start_that_died_come_in_one_after_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a start that died leaves is no lock; if it were, both would find it stale, and the second one's removal of
    it would take away the lock that the first one has just made."""
    with processes.start_lock(tmp_path):
        left_over = next(iter(tmp_path.iterdir()))
    left_over.touch()
    os.utime(left_over, (1, 1))
    barrier, entered, inside, most = threading.Barrier(2), threading.Event(), [0], [0]
    unlink = Path.unlink

    def late(path: Path, missing_ok: bool = False) -> None:
        """Both come here before either removes the file; the second one removes it when the first one is inside."""
        if not entered.is_set():
            with contextlib.suppress(threading.BrokenBarrierError):
                if barrier.wait(OVERTAKE):
                    entered.wait(OVERTAKE)
        unlink(path, missing_ok)

    def enter(number: int) -> None:
        with processes.start_lock(tmp_path):
            entered.set()
            inside[0] += 1
            most[0] = max(most[0], inside[0])
            time.sleep(OVERTAKE / 4)
            inside[0] -= 1

    monkeypatch.setattr(Path, "unlink", late)
    assert both(enter) == [None, None]
    assert most == [1]


def test_a_start_waits_for_another_one_and_then_gives_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "START_WAIT", 0.1)
    with (
        processes.start_lock(tmp_path),
        pytest.raises(ProcessError, match="another process is changing"),
        processes.start_lock(tmp_path),
    ):
        pass
    code = "import sys, time; from pathlib import Path; from charlstm.processes import start_lock\n"
    code += "with start_lock(Path(sys.argv[1])): print('inside', flush=True); time.sleep(600)"
    line = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True, env=processes.environment()) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "inside\n"
        with pytest.raises(ProcessError, match="another process is changing"), processes.start_lock(tmp_path):
            pass
        holder.kill()
    with processes.start_lock(tmp_path):
        pass


def test_what_a_command_prints_and_what_becomes_of_one_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    assert processes.output(["--version"], timeout=WAIT).startswith(b"charlstm ")
    with pytest.raises(ProcessError, match="charlstm nothing could not be run"):
        processes.output(["nothing"], timeout=WAIT)


SPARING = """
import ctypes
from charlstm.processes import spare_memory
class Info(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in "arena ordblks smblks hblks hblkhd u f uo fo keep".split()]
libc = ctypes.CDLL(None)
libc.mallinfo2.restype, libc.malloc.restype, libc.free.argtypes = Info, ctypes.c_void_p, [ctypes.c_void_p]
spare_memory()
for megabytes in (30, 20, 2):  # freeing a large block would teach malloc to keep the smaller ones
    before = libc.mallinfo2().hblkhd
    block = libc.malloc(megabytes << 20)
    assert libc.mallinfo2().hblkhd - before >= megabytes << 20
    libc.free(block)
    assert libc.mallinfo2().hblkhd == before
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallinfo2"), reason="this malloc is not glibc's")
def test_large_arrays_go_back_to_the_system(tmp_path: Path) -> None:
    environment = {k: v for k, v in processes.environment().items() if not k.startswith("MALLOC_")}
    subprocess.run([sys.executable, "-c", SPARING], check=True, env=environment)
