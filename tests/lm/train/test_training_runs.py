"""Training runs: real trainers in processes of their own, paused, stopped, killed, and found again by anybody."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from charlstm import processes
from charlstm.cli import main
from charlstm.errors import ProcessError
from charlstm.lm.train import registration, training_runs
from charlstm.lm.train.metrics import Metrics
from charlstm.lm.train.registration import registered
from charlstm.lm.train.run_files import born, machine, silence
from charlstm.lm.train.training_runs import TrainingRun
from charlstm.tunes.corpus.io import save_corpus
from charlstm.tunes.corpus.model import Corpus
from tests.conftest import TUNES

pytest.importorskip("torch")
WAIT = 120.0  # seconds; a machine may be slow
SMALL = ["--corpus", "tiny", "--hidden-size", "6", "--embedding-size", "4", "--lookback", "none", "--batch-size", "1"]
ENDLESS = [*SMALL, "--epochs", "100000"]


@pytest.fixture
def app_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A root with a corpus of six tunes; whatever still trains in it at the end is killed."""
    monkeypatch.setenv("CHARLSTM_HOME", str(tmp_path))
    monkeypatch.setattr(processes, "NICENESS", 1)  # beside the other tests a nice trainer would hardly run
    save_corpus(Corpus("tiny", train=TUNES[:4], validation=TUNES[4:5], test=TUNES[5:]))
    yield tmp_path
    for run in training_runs.list_runs():
        if run.pid and run.pid != os.getpid():
            os.kill(run.pid, signal.SIGKILL)
            until(run.folder, lambda now: now.state != "running")


def until(folder: Path, law: Callable[[TrainingRun], bool]) -> TrainingRun:
    """Wait until a run's folder fulfils a law."""
    end = time.monotonic() + WAIT
    while True:
        run = training_runs.read_run(folder)
        if law(run):
            return run
        assert time.monotonic() < end, (run, training_runs.log_tail(run))
        time.sleep(0.02)


def reports(folder: Path) -> list[dict[str, Any]]:
    return Metrics(folder).read()


def begun(folder: Path, count: int = 3) -> TrainingRun:
    """Wait until a run has reported a few times."""
    return until(folder, lambda run: len(reports(folder)) >= count and run.state == "running")


@pytest.mark.slow
def test_a_run_is_started_paused_resumed_and_stopped(app_home: Path) -> None:
    run = training_runs.start(ENDLESS, name="mine")
    assert (run.state, run.name, run.folder.parent) == ("running", "mine", app_home / "runs")
    found = training_runs.running()
    assert found and (found.name, found.pid) == ("mine", run.pid)
    now = begun(run.folder)
    assert now.settings["corpus"] == "tiny"
    assert now.settings["model"]["hidden_size"] == 6
    assert now.silent < 30
    held = training_runs.memory(now)
    assert held is None or held > 10**7
    if sys.platform == "linux":
        assert os.getpriority(os.PRIO_PROCESS, now.pid or 0) >= 1

    training_runs.pause(now)
    assert training_runs.read_run(run.folder).asked in ("pause", "")
    paused = until(run.folder, lambda run: run.state != "running")
    assert paused.state == "paused"
    assert paused.resumable
    before = reports(run.folder)[-1]["step"]
    assert training_runs.running() is None
    with pytest.raises(ProcessError, match="not running"):
        training_runs.pause(paused)

    assert training_runs.resume(paused).state == "running"
    until(run.folder, lambda run: reports(run.folder)[-1]["step"] > before + 10)
    training_runs.stop(training_runs.read_run(run.folder))
    stopped = until(run.folder, lambda run: run.state != "running")
    assert stopped.state == "stopped"
    assert (run.folder / "model.safetensors").exists()
    steps = [row["step"] for row in reports(run.folder)]
    assert steps == sorted(set(steps))


@pytest.mark.slow
def test_a_pause_that_is_asked_for_before_the_trainer_has_begun_is_not_lost(app_home: Path) -> None:
    """The trainer removes an old `stop` when it begins; what was asked of this very start must survive that."""
    run = training_runs.start(ENDLESS, name="early")
    training_runs.pause(run)
    assert until(run.folder, lambda run: run.state != "running").state == "paused"


def test_a_run_that_ends_by_itself_is_finished(app_home: Path) -> None:
    run = training_runs.start([*SMALL, "--epochs", "2"], name="short")
    done = until(run.folder, lambda run: run.state != "running")
    assert (done.state, done.message, done.resumable) == ("finished", "", False)
    with pytest.raises(ProcessError, match="finished"):
        training_runs.resume(done)
    with pytest.raises(ProcessError, match="finished"):
        training_runs.stop(done)
    assert training_runs.log_tail(done).startswith("epoch 1 ")
    training_runs.remove(done)
    assert training_runs.list_runs() == []


@pytest.mark.slow
def test_a_killed_trainer_is_seen_and_goes_on_to_the_same_numbers(app_home: Path) -> None:
    """Killed between two saves; the run that never stopped is its measure."""
    arguments = [*SMALL, "--epochs", "300", "--keep-epochs"]
    whole = training_runs.start(arguments, name="whole")
    until(whole.folder, lambda run: run.state == "finished")
    run = training_runs.start(arguments, name="killed")
    pid = begun(run.folder, 12).pid
    assert pid
    os.kill(pid, signal.SIGKILL)
    killed = until(run.folder, lambda run: run.state != "running")
    assert killed.state == "killed"
    assert killed.resumable
    training_runs.resume(killed)
    until(run.folder, lambda run: run.state == "finished")
    clock = ("seconds", "characters_per_second")
    rows = [
        [{k: v for k, v in row.items() if k not in clock} for row in reports(folder)]
        for folder in (whole.folder, run.folder)
    ]
    assert rows[0] == rows[1]
    kept, again = (load_file(folder / "model.safetensors") for folder in (whole.folder, run.folder))
    assert all(np.array_equal(kept[name], again[name]) for name in kept)


SERVER = """
import sys
from charlstm.lm.train import registration, training_runs
print(training_runs.start(sys.argv[1:], name="theirs").folder, flush=True)
sys.stdin.read()
"""


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_run_outlives_its_server_and_is_found_by_the_next(app_home: Path, number: signal.Signals) -> None:
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER, *ENDLESS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert server.stdout and server.stdin
    with server:
        folder = Path(server.stdout.readline().strip())
        begun(folder)
        server.send_signal(number)
        server.stdin.close()
        server.wait(WAIT)
    before = len(reports(folder))
    until(folder, lambda run: len(reports(folder)) > before + 2 and run.state == "running")
    found = training_runs.running()
    assert found and found.name == "theirs"
    training_runs.stop(found)
    assert until(folder, lambda run: run.state != "running").state == "stopped"


@pytest.mark.slow
def test_a_machine_that_shuts_down_pauses_its_run(app_home: Path) -> None:
    run = begun(training_runs.start(ENDLESS, name="mine").folder)
    assert run.pid
    os.kill(run.pid, signal.SIGTERM)
    assert until(run.folder, lambda run: run.state != "running").state == "paused"


@pytest.mark.slow
def test_only_one_run_at_a_time_and_the_second_is_told_which(app_home: Path) -> None:
    first = training_runs.start(ENDLESS, name="first")
    with pytest.raises(ProcessError, match="first is being trained"):
        training_runs.start(ENDLESS, name="second")
    training_runs.stop(first)
    until(first.folder, lambda run: run.state != "running")
    second = training_runs.start([*SMALL, "--epochs", "1"], name="first")
    assert second.name == "first-2"
    with pytest.raises(ProcessError, match="first-2 is being trained"):
        training_runs.resume(training_runs.read_run(first.folder))
    assert [run.name for run in training_runs.list_runs()] == ["first-2", "first"]
    until(second.folder, lambda run: run.state == "finished")


@pytest.mark.slow
def test_a_trainer_that_fails_says_why(app_home: Path) -> None:
    run = training_runs.start(["--corpus", "nowhere"], name="wrong")
    failed = until(run.folder, lambda run: run.state != "running")
    assert failed.state == "failed"
    assert "no corpus nowhere" in failed.message
    usage = training_runs.start(["--cell", "abacus"], name="usage")
    gone = until(usage.folder, lambda run: run.state == "failed")
    assert "abacus" in gone.message


@pytest.mark.slow
def test_a_run_by_hand_is_seen_too_and_nobody_else_trains_in_its_folder(app_home: Path) -> None:
    out = app_home / "runs" / "by-hand"
    assert main(["train", *SMALL, "--epochs", "2", "--out", str(out), "--threads", "1"]) == 0
    (run,) = training_runs.list_runs()
    assert (run.name, run.state, run.settings["corpus"]) == ("by-hand", "finished", "tiny")
    assert main(["train", *SMALL, "--out", str(out)]) == 1  # it holds a run already,
    assert training_runs.read_run(out).state == "finished"  # and that is still so
    other = training_runs.start(ENDLESS, name="other")
    begun(other.folder)
    assert main(["train", *SMALL, "--out", str(other.folder), "--resume"]) == 1
    assert training_runs.read_run(other.folder).state == "running"


@pytest.mark.slow
def test_a_rate_is_asked_for_and_taken(app_home: Path) -> None:
    run = begun(training_runs.start([*ENDLESS, "--final-rate", "1", "--warmup-steps", "0"], name="mine").folder)
    assert training_runs.rate_of(run) == 1
    training_runs.set_rate(run, 0.5)
    assert training_runs.rate_of(run) == 0.5
    until(run.folder, lambda run: reports(run.folder)[-1]["learning_rate"] == pytest.approx(0.0015))


# ---- folders made by hand: no trainer needed ------------------------------------------------------------------------


def made(root: Path, name: str = "run", **files: object) -> Path:
    folder = root / "runs" / name
    (folder / "job").mkdir(parents=True)
    for stem, values in files.items():
        text = values if isinstance(values, str) else json.dumps(values)
        (folder / "job" / f"{stem}.json").write_text(text)
    return folder


def test_a_recycled_process_number_is_not_mistaken_for_the_trainer(tmp_path: Path) -> None:
    own = born(os.getpid())
    if own is None:
        pytest.skip("this system does not tell when a process began")
    process = {"pid": os.getpid(), "born": own, "machine": machine(), "began": 1.0}
    assert training_runs.read_run(made(tmp_path, "a", process=process)).state == "running"
    assert training_runs.read_run(made(tmp_path, "b", process={**process, "born": str(int(own) - 1)})).state == "killed"
    assert training_runs.read_run(made(tmp_path, "c", process={**process, "pid": -1})).state == "killed"


def test_a_trainer_on_another_machine_is_known_by_its_heartbeat(tmp_path: Path) -> None:
    folder = made(tmp_path, process={"pid": 1, "born": "5", "machine": "elsewhere", "began": 1.0})
    assert training_runs.read_run(folder).state == "killed"
    (folder / "job" / "heartbeat").touch()
    assert training_runs.read_run(folder).state == "running"
    os.utime(folder / "job" / "heartbeat", (time.time() - 60, time.time() - 60))
    assert training_runs.read_run(folder).state == "killed"


def test_the_heart_beats_before_the_trainer_has_read_anything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A corpus and torch may take minutes on a busy machine. A process that the folder does not name is not heard."""
    monkeypatch.setattr(registration, "HEARTBEAT_SECONDS", 0.01)
    own = {"pid": os.getpid(), "born": born(os.getpid()), "machine": machine(), "began": 1.0}
    folders = [made(tmp_path, name, process={**own, "pid": own["pid"] + more}) for name, more in (("b", 1), ("a", 0))]
    for folder in folders:
        (folder / "job" / "heartbeat").touch()
        os.utime(folder / "job" / "heartbeat", (1.0, 1.0))
    with registered(folders[0]) as other, registered(folders[1]) as ours:
        until(folders[1], lambda run: silence(run.folder) < 30)
        assert silence(folders[0]) > 30
        ours.end("finished")
        other.end("finished")


@pytest.mark.parametrize("text", ["", "[]", "{", "\0", '{"state": "asleep"}'])
def test_a_damaged_folder_is_said_to_be(tmp_path: Path, text: str) -> None:
    run = training_runs.read_run(made(tmp_path, status=text))
    assert run.state == "damaged"
    assert "status.json" in run.message
    assert not run.resumable
    with pytest.raises(ProcessError):
        training_runs.resume(run)


def test_a_run_without_its_standing_is_damaged(tmp_path: Path) -> None:
    folder = made(tmp_path, status={"state": "paused"})
    assert training_runs.read_run(folder).state == "paused"  # it was paused before its first save
    (folder / "metrics.jsonl").write_text('{"step": 3}\n')
    assert "resume.safetensors is missing" in training_runs.read_run(folder).message
    (folder / "resume.safetensors").write_bytes(b"\x80\x04pickle" * 10)
    assert "is incomplete" in training_runs.read_run(folder).message


def test_metrics_are_read_as_they_come_and_anew_when_a_resume_cut_them(tmp_path: Path) -> None:
    folder = made(tmp_path)
    path = folder / "metrics.jsonl"
    metrics = Metrics(folder)
    assert metrics.read() == []
    path.write_text('{"step": 1}\n{"step": 2}\n{"st')
    assert [row["step"] for row in metrics.read()] == [1, 2]
    path.write_text('{"step": 1}\n{"step": 2}\n{"step": 3}\nnonsense\n[4]\n')
    assert [row["step"] for row in metrics.read()] == [1, 2, 3]
    path.write_text('{"step": 1}\n{"step": 7}\n{"step": 8}\n{"step": 9}\n{"step": 10}\n{"step": 11}\n')
    assert [row["step"] for row in metrics.read()] == [1, 7, 8, 9, 10, 11]
    path.unlink()
    assert len(metrics.read()) == 6


def test_names_that_are_no_folder_are_refused(tmp_path: Path) -> None:
    for name in ("..", "a/b", "", ".hidden", "x" * 65, "a\0"):
        with pytest.raises(ProcessError, match="cannot name"):
            training_runs.start([], name=name, root=tmp_path)
        with pytest.raises(ProcessError, match="no run called"):
            training_runs.find_run(name, tmp_path)
