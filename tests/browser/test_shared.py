"""Three visitors of a shared server at once: each starts a training, sees the others', and changes only their own."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.serving import served
from charlstm.lm.train.training_runs import TrainingRun, list_runs, stop
from charlstm.tunes.corpus.io import save_corpus
from charlstm.tunes.corpus.model import Corpus
from tests.conftest import TUNES
from tests.memorizing_model import save_reciter

WAIT = 120.0  # seconds; a machine may be slow


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A shared server with a small corpus; what still trains at the end is stopped."""
    monkeypatch.setenv("CHARLSTM_SHARED", "1")
    monkeypatch.setenv("CHARLSTM_TEACHER", "chalk")
    monkeypatch.setenv("CHARLSTM_MINUTES", "5")
    monkeypatch.setenv("CHARLSTM_NICENESS", "1")
    save_reciter(tmp_path / "checkpoints" / "memorizing", TUNES[:1])
    small = Corpus("fiddle", train=TUNES[:4], validation=TUNES[4:5], test=TUNES[5:])
    save_corpus(small, tmp_path / "data" / "corpus")
    with served("app.py", tmp_path) as address:
        yield address
        for run in [run for state in ("queued", "running") for run in runs(tmp_path) if run.state == state]:
            stop(run)
        until(lambda: all(run.state not in ("running", "queued") for run in runs(tmp_path)))


def runs(home: Path) -> list[TrainingRun]:
    return list_runs(home / "runs")


def until(law: Any) -> None:
    end = time.monotonic() + WAIT
    while not law():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_three_visitors_own_what_they_start(server: str, browser: Any, tmp_path: Path) -> None:
    pages = []
    for name in ("ann", "ben", "cleo"):
        context = browser.new_context(viewport={"width": 1280, "height": 1400})
        context.set_default_timeout(1000 * WAIT)
        page = context.new_page()
        page.goto(f"{server}/train?view=new")
        page.get_by_text("Shared server").wait_for()
        page.get_by_text("More settings").click()
        page.get_by_label("Name").first.fill(name)
        page.get_by_label("Name").first.press("Tab")
        page.get_by_text(f"runs/{name}").wait_for(state="attached")  # in the command: the server has the name
        page.get_by_role("button", name="Start", exact=True).click()
        until(lambda name=name: name in [run.name for run in runs(tmp_path) if run.owner])
        pages.append(page)
    by_name = {run.name: run for run in runs(tmp_path)}
    assert len({run.owner for run in by_name.values()} - {""}) == 3
    assert [by_name[name].state for name in ("ann", "ben", "cleo")] == ["running", "queued", "queued"]
    ann, ben, cleo = pages
    ben.get_by_text("number 1 of 2 in the queue").wait_for()
    cleo.get_by_text("number 2 of 2 in the queue").wait_for()

    # Another's run can be seen and not changed; one's own can.
    cleo.goto(f"{server}/train?view=runs&run=ann")
    cleo.get_by_text("Started by another visitor").wait_for()
    for name in ("Pause", "Stop", "Remove", "Keep", "Stop and keep"):
        assert cleo.get_by_role("button", name=name).count() == 0
    cleo.goto(f"{server}/train?view=runs&run=ben")  # one that waits is another's too
    cleo.get_by_text("Started by another visitor").wait_for()
    cleo.get_by_text("number 1 of 2 in the queue").wait_for()
    assert cleo.get_by_role("button", name="Stop").count() == 0

    # One's own leaves the queue, and the others move up.
    ben.get_by_role("button", name="Stop", exact=True).click()
    ben.get_by_text("It was stopped").wait_for()
    cleo.goto(f"{server}/train?view=runs&run=cleo")
    cleo.get_by_text("number 1 of 1 in the queue").wait_for()
    ann.get_by_role("button", name="Stop", exact=True).click()
    until(lambda: {run.name: run.state for run in runs(tmp_path)}["cleo"] == "running")
    cleo.get_by_role("button", name="Pause").wait_for()

    # What has ended is removed by those who started it.
    until(lambda: {run.name: run.state for run in runs(tmp_path)}["ann"] == "stopped")
    ben.goto(f"{server}/train?view=runs&run=ann")
    ben.get_by_text("Started by another visitor").wait_for()
    assert ben.get_by_role("button", name="Remove").count() == ben.get_by_role("button", name="Resume").count() == 0
    ben.goto(f"{server}/train?view=runs&run=ben")
    ben.get_by_role("button", name="Remove").click()
    ben.get_by_role("button", name="Remove it").click()
    until(lambda: "ben" not in [run.name for run in runs(tmp_path)])

    # The teacher may change everything; a wrong code changes nothing.
    ben.goto(f"{server}/train?view=runs&run=cleo")
    ben.get_by_text("Started by another visitor").wait_for()
    ben.get_by_text("Shared server").click()
    for code, stops in (("chalks", 0), ("chalk", 1)):
        ben.get_by_label("Teacher’s code").fill(code)
        ben.get_by_label("Teacher’s code").press("Enter")
        ben.get_by_text("You can change everything" if stops else "not the teacher’s code").wait_for()
        assert ben.get_by_role("button", name="Stop", exact=True).count() == stops
    ben.get_by_role("button", name="Stop", exact=True).click()
    until(lambda: {run.name: run.state for run in runs(tmp_path)}["cleo"] == "stopped")
    for page in pages:
        page.context.close()
