"""A corpus built in a process of its own: once, whoever asks; a failure has words; a folder that is read-only too."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from charlstm import processes
from charlstm.errors import CorpusError
from charlstm.progress import Progress
from charlstm.tunes.corpus import building


@pytest.fixture
def started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The folders in which a process was started; each stands for one that holds its lock."""
    monkeypatch.setenv("CHARLSTM_HOME", str(tmp_path))
    folders: list[Path] = []

    def start(folder: Path, words: list[str]) -> int:
        assert words[:3] == ["corpus", "build", "fiddle"]
        folders.append(folder)
        assert processes.acquire(folder / processes.LOCK) is not None  # kept until this process ends
        return 1

    monkeypatch.setattr(processes, "start", start)
    return folders


def test_whoever_asks_it_is_built_once(started: list[Path]) -> None:
    for _ in range(3):
        building.start_building("fiddle")
    assert len(started) == 1
    assert building.build_status("fiddle").running


def test_what_is_there_is_not_built_again(started: list[Path], tmp_path: Path) -> None:
    (tmp_path / "data" / "corpus").mkdir(parents=True)
    (tmp_path / "data" / "corpus" / "fiddle.json").write_text("{}")
    building.start_building("fiddle")
    assert started == []
    assert building.build_status("fiddle") == building.BuildStatus()


def test_the_process_says_how_far_it_is_and_how_long_it_takes(started: list[Path]) -> None:
    building.start_building("fiddle")
    assert building.build_status("fiddle").share == 0
    with building.progress_file(started[0] / "progress.json") as report:
        report(Progress("cleaning", 25, 100))
    values = json.loads((started[0] / "progress.json").read_text())
    (started[0] / "progress.json").write_text(json.dumps({**values, "began": time.time() - 10}))
    status = building.build_status("fiddle")
    assert status.share == 0.25
    assert status.seconds_left == pytest.approx(30, abs=2)


def test_a_process_that_failed_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHARLSTM_HOME", str(tmp_path))
    folder = building.building_path() / "fiddle"
    folder.mkdir(parents=True)
    (folder / processes.LOG).write_text("charlstm: the disk is full\n")
    assert building.build_status("fiddle").problem == "charlstm: the disk is full"


def test_a_home_that_cannot_be_written_to_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("CHARLSTM_HOME", str(tmp_path / "file"))
    with pytest.raises(CorpusError, match="set CHARLSTM_HOME"):
        building.start_building("fiddle")
