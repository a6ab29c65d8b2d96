"""Compare in a real browser: epochs moved through twice, two models matched; a house with a model that has epochs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from benchmarks.serving import served
from charlstm.tunes.corpus.io import save_corpus
from charlstm.tunes.corpus.model import Corpus
from tests.conftest import TUNES
from tests.memorizing_model import save_reciter
from tests.ui.neurons.test_compare import RECITED, save_student


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server with a reciter, one that kept three epochs, and a corpus."""
    home = tmp_path_factory.mktemp("compare")
    save_reciter(home / "checkpoints" / "reciter", RECITED)
    save_student(home / "checkpoints" / "student")
    save_corpus(Corpus("tiny", train=TUNES[:1], validation=RECITED[1:], test=RECITED[1:]), home / "data" / "corpus")
    with served("app.py", home) as at:
        yield at


def test_epochs_are_moved_through_twice(page: Any, house: str) -> None:
    page.goto(f"{house}/neurons?view=compare&reader=student&model=reciter&seed=1&neuron=0:3")
    page.get_by_role("heading", name="Neuron 3 after epoch 2").wait_for()
    slider = page.get_by_role("slider", name="After epoch")
    for key, number in (("ArrowLeft", 1), ("ArrowLeft", 0), ("ArrowRight", 1), ("ArrowRight", 2)):
        slider.focus()
        page.keyboard.press(key)
        page.get_by_role("heading", name=f"Neuron 3 after epoch {number}").wait_for()
        page.get_by_role("heading", name=f"What it writes after epoch {number}").wait_for()
    page.locator("[data-testid=stVegaLiteChart] canvas, [data-testid=stVegaLiteChart] svg").first.wait_for()
    page.get_by_role("button", name="Measure every epoch").click()
    page.get_by_text("all neurons were tried after each epoch").wait_for()


def test_two_models_are_matched_and_both_neurons_shown_twice(page: Any, house: str) -> None:
    page.goto(f"{house}/neurons?view=compare&reader=student&model=reciter&seed=1&neuron=0:3")
    page.get_by_role("radio", name="Two models").click()
    page.get_by_role("heading", name="One neuron and its match").wait_for()
    page.wait_for_url("**other=reciter**")
    for name in ("reciter: neuron", "student: neuron 3") * 2:
        page.get_by_role("radio", name=name).click()
        page.locator(".player").get_by_text(name).first.wait_for()
    page.get_by_role("radio", name="During training").click()
    page.get_by_role("heading", name="Neuron 3 after epoch 2").wait_for()
