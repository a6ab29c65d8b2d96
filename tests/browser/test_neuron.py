"""The views Tune, Neuron and Gates in a real browser: a network of random weights reads what another one recites."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from benchmarks.serving import served
from charlstm.lm.config import ModelConfig
from charlstm.lm.store.checkpoint import Checkpoint, CorpusInfo, save_checkpoint
from charlstm.lm.vocab import Vocab
from charlstm.tunes.corpus.io import save_corpus
from charlstm.tunes.corpus.model import Corpus
from tests.browser.conftest import HOSTILE
from tests.conftest import TUNES, make_weights
from tests.memorizing_model import save_reciter

READ = "/neurons?model=reciter&seed=1&reader=random"
LIMIT = 120  # seconds until a law must hold
# Of the picture: the number of pixels that are drawn, and of all.
DRAWN = """(canvas) => {
  const { width, height } = canvas;
  const { data } = canvas.getContext('2d').getImageData(0, 0, width, height);
  let drawn = 0;
  for (let k = 3; k < data.length; k += 4) drawn += data[k] > 0;
  return [drawn, width * height];
}"""
# A dot of a chart that lies on top of all others, so that a click hits it: its number and its place.
TOP_DOT = """(skip) => {
  for (const dot of document.querySelectorAll('[data-testid=stVegaLiteChart] path[aria-label*="neuron:"]')) {
    const number = Number(dot.getAttribute('aria-label').match(/neuron: (\\d+)/)[1]);
    const box = dot.getBoundingClientRect();
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    if (number !== skip && document.elementFromPoint(x, y) === dot) return { number, x, y };
  }
  return null;
}"""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server: a model that recites, an LSTM of two layers of eight that has learned nothing, tunes."""
    home = tmp_path_factory.mktemp("house")
    texts = (*TUNES, HOSTILE)
    save_reciter(home / "checkpoints" / "reciter", [TUNES[0]])
    vocab, shape = Vocab.of(texts), ModelConfig(hidden_size=8, embedding_size=5, num_layers=2)
    checkpoint = Checkpoint(home / "checkpoints" / "random", shape, vocab, corpus=CorpusInfo(name="tiny"))
    save_checkpoint(checkpoint, make_weights(shape, vocab, scale=1.0))
    save_corpus(Corpus("tiny", train=TUNES[:1], validation=(*TUNES[1:5], HOSTILE), test=TUNES[5:]),
                home / "data" / "corpus")  # fmt: skip
    with served("app.py", home) as at:
        yield at


def until(page: Any, law: Callable[[], Any]) -> Any:
    """Wait for a law, which may fail while the page is drawn again; what it says."""
    end, said = time.monotonic() + LIMIT, None
    while time.monotonic() < end:
        try:
            if said := law():
                return said
        except Exception as error:
            said = error
        page.wait_for_timeout(50)
    raise AssertionError(f"after {LIMIT} s: {said}")


def opened(page: Any, address: str) -> None:
    page.goto(address)
    page.locator(".player .sheet svg").first.wait_for(timeout=1000 * LIMIT)


def switch(page: Any, words: str) -> None:
    page.get_by_test_id("stMain").get_by_text(words, exact=True).first.click()


def chosen(page: Any) -> str:
    """The neuron in the address bar, "layer:index"."""
    return page.evaluate("new URLSearchParams(location.search).get('neuron')")


def test_a_click_on_the_heat_map_of_all_neurons_shows_that_one(page: Any, house: str) -> None:
    opened(page, house + READ)
    for _ in range(2):  # shown, hidden and shown again
        switch(page, "All neurons")
        canvas = page.locator(".layer_heatmap canvas").first
        every = 8 * len(TUNES[0])
        until(page, lambda canvas=canvas, every=every: canvas.evaluate(DRAWN) > [every / 2])
        assert canvas.evaluate(DRAWN)[1] == every
        for row in (2, 6):
            frame = page.locator(".layer_heatmap .frame").first

            def pointed(row: int = row, frame: Any = frame) -> Any:
                box = frame.bounding_box()
                frame.hover(position={"x": box["width"] / 3, "y": box["height"] * (row + 0.5) / 8})
                return re.match(
                    r"Neuron (\d+) after “.”: [+−]\d\.\d\d", page.locator(".layer_heatmap .readout").inner_text()
                )

            number = until(page, pointed)[1]
            box = frame.bounding_box()
            frame.click(position={"x": box["width"] / 3, "y": box["height"] * (row + 0.5) / 8})
            until(page, lambda number=number: chosen(page) == f"0:{number}")
            page.get_by_role("heading", name=f"Neuron {number} in layer 1").wait_for()
        switch(page, "All neurons")
        until(page, lambda: page.locator(".layer_heatmap canvas").count() == 0)


def test_the_predictions_follow_the_pointer_and_the_sound(page: Any, house: str) -> None:
    opened(page, house + READ)
    line = page.locator(".predictions .line").first
    until(page, lambda: "Mean surprise" in line.inner_text())

    def over(at: int) -> bool:
        page.locator('.abc [data-at="6"]').hover()  # elsewhere first: a pointer that rests moves nothing
        page.locator(f'.abc [data-at="{at}"]').hover()
        return line.inner_text().startswith("After\n" + TUNES[0][at]) or line.inner_text().startswith(
            f"After {TUNES[0][at]}"
        )

    for at in (0, 3):
        until(page, lambda at=at: over(at))
        assert line.locator(".prediction").count() == 5
        assert f"next: {TUNES[0][at + 1]}" in line.inner_text().replace("\n", " ")
    page.mouse.move(5, 5)
    page.locator(".play").first.click()
    page.mouse.move(5, 5)
    seen: set[str] = set()
    until(page, lambda: seen.add(line.inner_text()) or len(seen) > 3)


def test_the_figure_has_a_column_a_character_and_takes_the_colours_of_the_neuron(page: Any, house: str) -> None:
    opened(page, house + READ)
    for _ in range(2):
        switch(page, "Predictions under the text")
        until(page, lambda: page.locator(".figure .column").count() == len(TUNES[0]))
        switch(page, "Predictions under the text")
        until(page, lambda: page.locator(".figure .column").count() == 0)
    switch(page, "Predictions under the text")
    until(page, lambda: page.locator(".figure .column").count() == len(TUNES[0]))
    colours = "(all) => all.map((column) => column.firstChild.style.backgroundColor).join()"
    before = page.locator(".figure .column").evaluate_all(colours)
    switch(page, "f forget gate")
    until(page, lambda: page.locator(".figure .column").evaluate_all(colours) not in ("", before))
    assert "224" in page.locator(".figure .column").evaluate_all(colours)  # amber: a gate goes from 0 to 1
    until(page, lambda: "signal=f" in page.url)


def test_a_passage_is_played_by_its_button(page: Any, house: str) -> None:
    opened(page, house + READ + "&view=neuron&neuron=1:2")
    player = page.locator(".player").first
    page.get_by_text("Bottom activating examples").wait_for()
    for number in (1, 4):
        page.locator(f".st-key-neuron-play-{number} button").first.click()
        until(page, lambda: player.evaluate("({ sound }) => !sound.paused && sound.currentTime > 0.05"))
    text = page.locator(".player .abc").first
    assert until(page, lambda: text.inner_text())
    switch(page, "On one tune")
    until(page, lambda: "view=tune" in page.url and chosen(page) == "1:2")


def test_a_neuron_is_taken_out_when_asked_and_a_neighbour_opens(page: Any, house: str) -> None:
    opened(page, house + READ + "&view=neuron&neuron=0:5")
    charts = page.get_by_test_id("stVegaLiteChart")
    until(page, lambda: charts.count() >= 3)
    for _ in range(2):
        switch(page, "Ablate it")
        page.get_by_text(re.compile("nats per character; at 0")).wait_for()
        switch(page, "Ablate it")
        until(page, lambda: page.get_by_text(re.compile("nats per character; at 0")).count() == 0)
    neighbour = page.locator('[class*="st-key-neuron-like-"] button').first
    name = until(page, lambda: neighbour.inner_text())
    neighbour.click()
    page.get_by_role("heading", name=f"Neuron {name.split(' ·')[0]}").wait_for()
    assert page.evaluate("window.HACKED") is None  # the hostile tune is among those that are shown


def test_a_click_on_a_dot_opens_the_neuron(page: Any, house: str) -> None:
    skip = -1
    for _ in range(2):
        page.goto(house + READ + "&view=gates&neuron=0:0")
        until(page, lambda: page.get_by_test_id("stVegaLiteChart").count() == 3)
        dot = until(page, lambda skip=skip: page.evaluate(TOP_DOT, skip))

        def opens(dot: dict[str, Any] = dot, skip: int = skip) -> bool:
            if "view=gates" in page.url:
                found = page.evaluate(TOP_DOT, skip) or dot
                page.mouse.click(found["x"], found["y"])
                page.wait_for_url("**view=neuron**", timeout=10_000)  # if the chart was not ready, once more
            return "view=neuron" in page.url

        until(page, opens)
        number = int(chosen(page).split(":")[1])
        page.get_by_role("heading", name=f"Neuron {number} in layer 1").wait_for()
        assert number != skip
        skip = number


@pytest.mark.parametrize("view", ["tune", "neuron", "gates"])
def test_a_view_fits_a_phone(page: Any, house: str, view: str) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(f"{house}{READ}&view={view}&neuron=0:1")
    if view == "gates":
        until(page, lambda: page.get_by_test_id("stVegaLiteChart").count() == 3)
    else:
        page.locator(".player .sheet svg").first.wait_for(timeout=1000 * LIMIT)
    until(page, lambda: page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def test_back_and_forward_walk_through_the_views(page: Any, house: str) -> None:
    opened(page, house + READ + "&view=tune&neuron=0:1")
    for view, heading in (("Gates", "Gates"), ("Compare", "Compare"), ("Intervene", "Intervene")):
        page.get_by_role("radio", name=view, exact=True).evaluate("(e) => e.click()")
        page.get_by_role("heading", name=heading, exact=True).wait_for()
        page.wait_for_timeout(1500)  # nobody goes back sooner than the page takes for a fast click
    page.go_back()
    page.get_by_role("heading", name="Compare", exact=True).wait_for()
    page.go_back()
    page.get_by_role("heading", name="Gates", exact=True).wait_for()
    page.go_back()
    page.get_by_role("heading", name=re.compile("Neuron 1")).wait_for()
    page.go_forward()
    page.get_by_role("heading", name="Gates", exact=True).wait_for()
