"""The view Search of the page Neurons, on a network that recites three tunes and a corpus of six."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import NumberInput

from charlstm.neurons.recording import Activations, Unit, record
from charlstm.neurons.recording_file import CHARACTERS
from charlstm.neurons.search import Selected, select
from charlstm.tunes.corpus.model import Corpus
from charlstm.tunes.views.bar_numbers import printed_bars
from charlstm.ui.neurons import search_part
from tests.conftest import TUNES
from tests.neurons_page import house, opened


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    corpus = Corpus("tiny", train=TUNES[:4], validation=TUNES[4:5], test=TUNES[5:])
    with house(tmp_path, monkeypatch, (TUNES[0], TUNES[3], TUNES[5]), corpus) as home:
        yield home


def read(app: AppTest) -> AppTest:
    """Let the collection be read, where the page asks for it."""
    for button in app.button:
        if button.key == "background.collection.ask":
            button.click().run()
    assert not app.exception
    return app


def opened_at_a_character() -> AppTest:
    """One character is chosen, at which just one unit is on."""
    app = opened("search", "Search")
    app.number_input(key="search.to").set_value(app.number_input(key="search.from").value).run()
    assert not app.exception
    return read(app)


def group(app: AppTest, key: str) -> object:
    return next(found for found in app.get("button_group") if found.key == key)


def written(app: AppTest) -> str:
    return app.session_state["tune.sample"][1].text


def places(app: AppTest) -> list[str]:
    return [
        option.replace("\\", "") for option in next(r for r in app.radio if r.key.startswith("search.place")).options
    ]


def test_a_part_of_the_tune_is_found_again_in_the_corpus(home: Path) -> None:
    """Each unit of the reciter is on at one character of one tune: the place that is found is the part itself."""
    from charlstm.lm.infer.engine import load

    app = opened_at_a_character()
    text = written(app)
    _, start, end = app.session_state["search.range"]
    assert end == start + 1
    pills = app.get("button_group")[-1]
    values = record(load("reciter"), text).values[0, start]
    assert [int(option.split()[0]) for option in pills.options] == [values.argmax()]
    assert any("1 place" in caption.value.replace("\\", "") for caption in app.caption)
    assert len(places(app)) == 1


def test_it_opens_on_a_bar_in_which_a_neuron_stands_out(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = written(opened("search", "Search"))
    second, third = printed_bars(text).bars[1:3]
    assert opened("search", "Search").session_state["search.range"][1:] == (second.start, second.end)  # none does

    def only_in_the_third(acts: Activations, start: int, end: int, **conditions: object) -> list[Selected]:
        return select(acts, start, start + 1, before=0, after=0) if start == third.start else []

    monkeypatch.setattr(search_part, "select", only_in_the_third)
    assert opened("search", "Search").session_state["search.range"][1:] == (third.start, third.end)


def numbered(app: AppTest, label: str) -> NumberInput:
    """The widget for an end of the part: another one each time that the page itself moves it."""
    return next(widget for widget in app.number_input if widget.label == label)


def test_bars_choose_characters_and_characters_bars(home: Path) -> None:
    app = opened("search", "Search")
    text = written(app)
    app.slider(key="search.bars").set_value((2, 3)).run()
    assert not app.exception
    _, start, end = app.session_state["search.range"]
    assert numbered(app, "From character").value == start + 1
    assert numbered(app, "to").value == end
    assert text[start:end].count("|") == 1
    numbered(app, "From character").set_value(1).run()
    numbered(app, "to").set_value(3).run()
    assert app.session_state["search.range"] == (text, 0, 3)
    assert not app.exception


def test_what_counts_as_on_can_be_moved(home: Path) -> None:
    app = opened("search", "Search")
    app.slider(key="search.threshold").set_value(0.95).run()
    app.slider(key="search.share").set_value(100).run()
    assert not app.exception
    assert any("lower the threshold" in info.value for info in app.info)
    app.slider(key="search.threshold").set_value(0.3).run()
    app.toggle(key="search.before").set_value(False).run()
    app.toggle(key="search.after").set_value(False).run()
    app.slider(key="search.share").set_value(50).run()
    assert not app.exception


@pytest.mark.parametrize("again", [False, True])
def test_a_concept_says_how_many_of_its_places_have_it(home: Path, again: bool) -> None:
    app = opened("search", "Search")
    group(app, "search.way").set_value("concept").run()  # type: ignore[attr-defined]
    read(app)
    app.selectbox(key="search.concept").set_value("in_key_field").run()
    if again:
        app.slider(key="search.many").set_value(2).run()
    assert not app.exception
    assert any("places here have the concept" in caption.value for caption in app.caption)
    assert any("AUROC" in caption.value for caption in app.caption)


def test_neurons_by_number_are_found_where_they_are_on(home: Path) -> None:
    app = opened("search", "Search")
    group(app, "search.way").set_value("neurons").run()  # type: ignore[attr-defined]
    read(app)
    assert not app.exception
    app.multiselect(key="search.units").set_value([]).run()
    assert app.info[0].value == "Choose a neuron."
    app.multiselect(key="search.units").set_value([Unit(0, 5)]).run()
    assert not app.exception
    assert places(app)[0].startswith("The Cold Kettle")  # the first tune that the reciter knows


def test_an_example_finds_its_own_tune_first(home: Path) -> None:
    app = opened("search", "Search")
    group(app, "search.way").set_value("example").run()  # type: ignore[attr-defined]
    assert "Paste a tune" in app.info[0].value
    head, _, rest = TUNES[0].partition("cege|")
    app.text_area(key="neurons.pasted").set_value(f"X:1\n{head}cege|\n").run()
    read(app)
    assert not app.exception
    assert rest
    assert places(app)[0].startswith("The Cold Kettle")


def test_without_a_corpus_a_button_builds_one(home: Path) -> None:
    for path in (home / "data" / "corpus").iterdir():
        path.unlink()
    app = opened_at_a_character()
    assert any(button.label == "Build the collection" for button in app.button)


def test_the_activations_are_kept_on_disk(home: Path) -> None:
    opened_at_a_character()
    kept = list((home / "data" / "cache" / "activations").glob("*.npy"))
    assert len(kept) == 1
    assert kept[0].stat().st_size < 2 * CHARACTERS * 400
    before = kept[0].stat().st_ino
    st.cache_resource.clear()
    opened_at_a_character()
    assert kept[0].stat().st_ino == before


def test_nothing_is_read_before_somebody_asks(home: Path) -> None:
    def by_neurons() -> AppTest:
        app = opened("search", "Search")
        group(app, "search.way").set_value("neurons").run()  # type: ignore[attr-defined]
        return app

    app = by_neurons()
    assert any("has to read" in info.value for info in app.info)
    assert not (home / "data" / "cache" / "activations").exists()
    read(app)
    another_visitor = by_neurons()
    assert not [button for button in another_visitor.button if button.key == "background.collection.ask"]
