"""Training in a real browser with a real trainer: started, paused, found again, resumed, stopped, kept; files that
come and go; the film. Nothing here depends on how fast the machine is, only on what comes about in the end."""

from __future__ import annotations

import os
import signal
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.serving import served
from charlstm.lm.config import ModelConfig
from charlstm.lm.store.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from charlstm.lm.store.epochs import save_epoch
from charlstm.lm.train import training_runs
from charlstm.lm.train.metrics import Metrics
from charlstm.tunes.corpus.io import load_corpus, save_corpus
from charlstm.tunes.corpus.model import Corpus
from tests.browser.conftest import HOSTILE
from tests.conftest import TUNES, VOCAB, make_weights
from tests.memorizing_model import save_reciter

pytest.importorskip("torch")
WAIT = 180.0  # seconds


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A house with a model that recites, one with a film, and six tunes as the default collection."""
    home = tmp_path_factory.mktemp("training")
    save_reciter(home / "checkpoints" / "reciter", (TUNES[0],))
    config = ModelConfig(hidden_size=8, embedding_size=5)
    for number in (0, 1, 2, 4):
        weights = make_weights(config, VOCAB, seed=number)
        save_epoch(home / "checkpoints" / "toy" / "epochs", number, weights, epoch=number, step=number, loss=4 - number)
    save_checkpoint(Checkpoint(home / "checkpoints" / "toy", config, VOCAB, val_loss=0.5), weights)
    corpus = Corpus("fiddle", train=TUNES[:4], validation=TUNES[4:5], test=TUNES[5:])
    save_corpus(corpus, home / "data" / "corpus")
    yield home
    for run in training_runs.list_runs(home / "runs"):
        if run.pid:
            os.kill(run.pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def at(house: Path) -> Iterator[str]:
    """The address of a server of that house, whose trainers are not nicer than the other tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHARLSTM_NICENESS", os.environ.get("CHARLSTM_NICENESS", "1"))
        with served("app.py", house) as address:
            yield address


def until(page: Any, law: Callable[[], Any]) -> Any:
    """Wait until a law holds; what it gave."""
    end = time.monotonic() + WAIT
    while True:
        found = law()
        if found:
            return found
        assert time.monotonic() < end
        page.wait_for_timeout(50)


def click(page: Any, name: str) -> None:
    page.get_by_test_id("stMain").get_by_role("button", name=name, exact=True).first.click(timeout=WAIT * 1000)


def see(page: Any, text: str) -> None:
    page.get_by_test_id("stMain").get_by_text(text).first.wait_for(timeout=WAIT * 1000)


def open_view(page: Any, at: str, query: str) -> None:
    page.goto(f"{at}/train?{query}")
    page.get_by_test_id("stMain").get_by_role("heading", name="Train", exact=True).wait_for(timeout=WAIT * 1000)


def state(house: Path, name: str) -> str:
    return training_runs.read_run(house / "runs" / name).state


def steps(house: Path, name: str) -> int:
    rows = Metrics(house / "runs" / name).read()
    return int(rows[-1]["step"]) if rows else 0


def test_the_film_goes_from_one_epoch_to_the_next_and_runs_by_itself(page: Any, at: str) -> None:
    """Before any training: a model kept from one has a film too, and may come first."""
    open_view(page, at, "view=film")
    see(page, "After epoch 0 of toy")
    loss = page.get_by_test_id("stMetricValue").first
    until(page, lambda: loss.inner_text() == "4.00")
    click(page, "Play")
    until(page, lambda: page.get_by_text("After epoch 4 of toy").count() > 0)
    until(page, lambda: loss.inner_text() == "0.00")
    page.get_by_test_id("stMain").get_by_role("button", name="Play", exact=True).wait_for(timeout=WAIT * 1000)
    assert page.locator(".player").count() == 1


@pytest.mark.slow
def test_a_training_is_started_paused_found_again_resumed_stopped_and_kept(
    page: Any, browser: Any, at: str, house: Path
) -> None:
    for run in training_runs.list_runs(house / "runs"):  # of a first try
        if run.pid:
            os.kill(run.pid, signal.SIGKILL)
    before = {run.name for run in training_runs.list_runs(house / "runs")}
    open_view(page, at, "view=new")
    minutes = page.get_by_role("spinbutton", name="Minutes")
    minutes.wait_for(timeout=WAIT * 1000)
    minutes.fill("60")
    minutes.press("Tab")
    click(page, "Start")
    see(page, "Validation loss")
    (name,) = {run.name for run in training_runs.list_runs(house / "runs")} - before
    assert state(house, name) == "running"
    chart = page.locator(".stVegaLiteChart, [data-testid=stVegaLiteChart]").first
    chart.locator("canvas, svg").first.wait_for(timeout=WAIT * 1000)

    page.reload()  # a refresh finds it
    see(page, "Validation loss")
    chart.locator("canvas, svg").first.wait_for(timeout=WAIT * 1000)
    second = browser.new_context()  # so does somebody else, who is told
    try:
        other = second.new_page()
        other.set_default_timeout(WAIT * 1000)
        open_view(other, at, "view=new")
        see(other, "is being trained on this machine now")
        start = other.get_by_test_id("stMain").get_by_role("button", name="Start", exact=True)
        start.wait_for()
        assert start.is_disabled()
    finally:
        second.close()

    click(page, "Pause")
    until(page, lambda: state(house, name) == "paused")
    see(page, "nothing is lost")
    reached = steps(house, name)
    chart.locator("canvas, svg").first.wait_for(timeout=WAIT * 1000)
    click(page, "Resume")
    until(page, lambda: steps(house, name) > reached)
    page.get_by_test_id("stMain").get_by_role("button", name="Pause", exact=True).wait_for(timeout=WAIT * 1000)
    click(page, "Stop")
    until(page, lambda: state(house, name) == "stopped")
    see(page, "It was stopped")
    click(page, "Keep")
    page.get_by_role("button", name="Keep it", exact=True).click(timeout=WAIT * 1000)  # a popover floats beside stMain
    until(page, lambda: (house / "checkpoints" / name / "model.json").exists())
    see(page, "is now a model")
    assert load_checkpoint(house / "checkpoints" / name).corpus.name == "fiddle"


def test_a_killed_trainer_is_shown_as_such(page: Any, at: str, house: Path) -> None:
    folder = house / "runs" / "gone"
    (folder / "job").mkdir(parents=True, exist_ok=True)
    (folder / "job" / "process.json").write_text('{"pid": 4194305, "born": "1", "machine": "elsewhere", "began": 1}')
    open_view(page, at, "view=runs&run=gone")
    see(page, "The process stopped without reporting")
    page.get_by_test_id("stMain").get_by_role("button", name="Resume", exact=True).wait_for()


def test_tunes_are_brought_in_a_zip_and_a_strange_file_is_named(
    page: Any, at: str, house: Path, tmp_path: Path
) -> None:
    with zipfile.ZipFile(tmp_path / "our tunes.zip", "w") as archive:
        for number, text in enumerate((*TUNES, HOSTILE)):
            archive.writestr(f"folder/{number}.abc", f"X:{number}\n{text}\n")
        archive.writestr("folder/<img src=x onerror=window.HACKED=4>.exe", b"MZ\0")
    for old in (house / "data" / "corpus").glob("our-tunes.*"):  # of a first try
        old.unlink()
    open_view(page, at, "view=new")
    choice = page.get_by_test_id("stMain").get_by_test_id("stSelectbox").first
    choice.locator("input").click()
    page.get_by_role("option", name="Add your own …").click()
    page.locator("input[type=file]").set_input_files(str(tmp_path / "our tunes.zip"))
    page.get_by_test_id("stMain").get_by_text("Keep the texts as they are").first.click()
    make = page.get_by_test_id("stMain").get_by_role("button", name="Build the collection")
    until(page, make.is_enabled)
    make.click()
    see(page, "not .abc, .txt")
    see(page, "7 tunes")
    assert len(tuple(load_corpus(house / "data" / "corpus" / "our-tunes.json").texts)) == 7


def test_a_model_goes_out_as_a_file_and_comes_back_under_another_name(
    page: Any, at: str, house: Path, tmp_path: Path
) -> None:
    open_view(page, at, "view=models")
    with page.expect_download(timeout=WAIT * 1000) as download:
        click(page, "Download")
    saved = tmp_path / "twin.zip"
    download.value.save_as(saved)
    for name, said in (("bad.zip", "not a ZIP"), ("twin.zip", "is now a model")):
        if name == "bad.zip":
            (tmp_path / name).write_bytes(b"\0\1 not a model" * 200_000)  # 3 MB: more than the server once took
        page.locator("input[type=file]").set_input_files(str(tmp_path / name))
        typed = page.get_by_label("Name")
        until(page, lambda typed=typed, name=name: typed.count() and typed.input_value() == name.removesuffix(".zip"))
        click(page, "Import")
        see(page, said)
        if name == "bad.zip":
            open_view(page, at, "view=models")
    assert load_checkpoint(house / "checkpoints" / "twin").name == "twin"
