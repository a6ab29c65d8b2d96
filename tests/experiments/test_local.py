"""A study in the background: found by its folder, one at a time, and its end is seen however it ends."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from charlstm import processes
from charlstm.errors import ProcessError
from charlstm.experiments.local import command, is_running, running, start, status, stop
from charlstm.experiments.records import read_records
from charlstm.tunes.corpus.io import save_corpus


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """Instead of charlstm a program that writes one line of progress, and ends when a file is there."""
    fake = tmp_path / "python"
    line = json.dumps({"key": "a-run", "share": 0.5, "done": 1, "total": 3, "seconds": 2.0})
    fake.write_text(
        f"#!{sys.executable}\nimport sys, time, pathlib\n"
        "out = pathlib.Path(sys.argv[sys.argv.index('--progress') + 1])\n"
        f"out.write_text({line + chr(10)!r} + '{{half a li')\nprint('hello', flush=True)\n"
        f"end = time.monotonic() + 60\n"
        f"while not pathlib.Path({str(tmp_path / 'end')!r}).exists() and time.monotonic() < end: time.sleep(0.02)\n"
    )
    fake.chmod(0o755)
    monkeypatch.setattr(processes.sys, "executable", str(fake))
    yield tmp_path
    (tmp_path / "end").touch()


def wait(law, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not law():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_it_runs_is_seen_and_ends(program):
    root = program / "started"
    assert running(root) == "" and status("cells", root) is None
    start("cells", ["x"], root)
    assert running(root) == "cells"
    wait(lambda: status("cells", root).done == 1)
    now = status("cells", root)
    assert now.running and (now.done, now.total, now.key, now.share) == (1, 3, "a-run", 0.5) and now.seconds >= 0
    (program / "end").touch()
    wait(lambda: not is_running("cells", root))
    ended = status("cells", root)
    assert not ended.finished and ended.seconds == 2.0 and ended.log == "hello" and running(root) == ""


def test_one_runs_at_a_time(program):
    root = program / "started"
    start("cells", ["x"], root)
    for name in ("cells", "sizes"):
        with pytest.raises(ProcessError, match="the study cells is running"):
            start(name, ["x"], root)
    (program / "end").touch()
    wait(lambda: not is_running("cells", root))
    start("sizes", ["x"], root)


@pytest.mark.parametrize("kill", ["stop", "SIGKILL"])
def test_a_stopped_and_a_killed_one_are_seen_at_once(program, kill):
    """The lock goes with the process: no heartbeat, no mistaken process number."""
    root = program / "started"
    start("cells", ["x"], root)
    wait(lambda: status("cells", root).done == 1)
    if kill == "stop":
        stop("cells", root)
    else:
        os.kill(json.loads((root / "cells" / "start.json").read_text())["pid"], signal.SIGKILL)
    wait(lambda: not is_running("cells", root))
    assert not status("cells", root).finished
    stop("cells", root)  # of what has ended: nothing


def test_the_command_line_of_a_study():
    words = command("sizes", epochs=5, seeds=3, corpus="mine", again=True)
    assert " ".join(words) == "experiment run sizes --epochs 5 --seeds 3 --corpus mine --again"


def test_a_torn_folder_is_no_run(tmp_path):
    (tmp_path / "cells").mkdir()
    for text in ("", "[1]", "{"):
        (tmp_path / "cells" / "start.json").write_text(text)
        assert status("cells", tmp_path) is None
    assert running(tmp_path) == ""


@pytest.mark.slow
def test_a_real_study_in_the_background(tmp_path, monkeypatch, tiny_corpus):
    """The whole way: a process of its own trains the baseline for an epoch and leaves its records."""
    monkeypatch.setenv("CHARLSTM_HOME", str(tmp_path))
    save_corpus(tiny_corpus)
    start("baseline", command("baseline", epochs=1, seeds=1, corpus="tiny", again=False))
    wait(lambda: not is_running("baseline"), seconds=240)
    ended = status("baseline")
    assert ended.finished, ended.log
    records = read_records(tmp_path / "data" / "results").records
    assert {record.kind for record in records} == {"training", "counting"}
    assert all(record.corpus.name == "tiny" for record in records)
