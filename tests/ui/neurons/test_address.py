"""The address of each view of the page Neurons: it carries what is shown, opens just that, and is followed back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from charlstm.neurons.recording import Unit
from charlstm.tunes.corpus.model import Corpus
from charlstm.ui.shared import written_address
from tests.conftest import TUNES
from tests.neurons_page import TIMEOUT, house
from tests.pages import APP, switch_to

TUNE = {"model": "reciter", "seed": "3"}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(written_address, "LAG", 0.0)
    corpus = Corpus("tiny", train=TUNES[:1], validation=(TUNES[3], TUNES[0]), test=TUNES[5:])
    with house(tmp_path, monkeypatch, (TUNES[0], TUNES[3], TUNES[5]), corpus) as home:
        yield home


def opened(**query: str) -> AppTest:
    app = AppTest.from_file(APP, default_timeout=TIMEOUT)
    app.query_params.update({**TUNE, **query})
    switch_to(app, "neurons").run()
    assert not app.exception
    return app


def address(app: AppTest) -> dict[str, str]:
    return {name: value if isinstance(value, str) else value[0] for name, value in app.query_params.items()}


def choose(app: AppTest, key: str, value: object) -> None:
    next(group for group in app.get("button_group") if group.key == key).set_value(value).run()
    assert not app.exception


@pytest.mark.parametrize(
    "query",
    [
        {"view": "tune", "neuron": "0:17"},
        {"view": "neuron", "neuron": "0:17"},
        {"view": "directory", "neuron": "0:17", "by": "neuron"},
        {"view": "search", "part": "5-9"},
        {"view": "search", "by": "concept", "concept": "bar_line", "count": "2"},
        {"view": "search", "by": "neurons", "neurons": "0:4,0:9", "on": "low", "threshold": "0.45"},
        {"view": "cause", "neuron": "0:17", "neurons": "0:17,0:20", "action": "clamp", "strength": "-0.5"},
        {"view": "cause", "neuron": "0:17", "neurons": "0:20", "action": "steer", "strength": "3"},
        {"view": "cause", "on": "concept", "concept": "bar_line", "direction": "probe", "strength": "1.5"},
        {"view": "cause", "by": "why", "character": "12", "how": "replace"},
    ],
)
def test_an_address_opens_just_what_it_says(home: Path, query: dict[str, str]) -> None:
    told = address(opened(**query))
    assert {name: told.get(name) for name in query} == query


@pytest.mark.parametrize(
    "query",
    [
        {"view": "search", "part": "9-5"},
        {"view": "search", "part": "1-999999"},
        {"view": "search", "by": "neurons", "neurons": "9:99999,x"},
        {"view": "cause", "neurons": "", "action": "<b>", "strength": "nan"},
        {"view": "cause", "action": "clamp", "strength": "7"},
        {"view": "cause", "by": "why", "character": "999999"},
        {"view": "gates", "layer": "8"},
    ],
)
def test_a_bad_address_opens_what_there_is(home: Path, query: dict[str, str]) -> None:
    opened(**query)


def test_a_neuron_that_the_model_lacks_is_replaced_and_that_is_said(home: Path) -> None:
    app = opened(view="tune", neuron="0:99999")
    assert ["has no neuron 99999" in toast.value for toast in app.toast] == [True]
    assert address(app)["neuron"] == "0:0"
    assert not opened(view="tune", neuron="0:7").toast


def test_the_neuron_of_an_address_is_the_one_that_is_changed(home: Path) -> None:
    app = opened(view="cause", neuron="0:17")
    assert app.multiselect[0].value == [Unit(0, 17)]


def test_back_and_forward_walk_through_what_was_seen(home: Path) -> None:
    """The browser's Back is a run of the page with an earlier address."""
    app = opened(view="tune", neuron="0:1")
    seen = [address(app)]
    app.number_input(key="neurons.number").set_value(5).run()
    seen.append(address(app))
    choose(app, "neurons.view", "cause")
    seen.append(address(app))
    choose(app, "intervene.action", "clamp")
    seen.append(address(app))
    choose(app, "neurons.view", "directory")
    seen.append(address(app))
    assert len({tuple(sorted(query.items())) for query in seen}) == len(seen)
    for query in [*reversed(seen[:-1]), *seen[1:]]:
        for name in list(app.query_params):
            del app.query_params[name]
        app.query_params.update(query)
        app.run()
        assert not app.exception
        assert address(app) == query
        header = "Intervene" if query["view"] == "cause" else "Neuron"
        assert app.title[0].value.startswith(header)


def test_an_address_that_the_browser_has_not_seen_yet_changes_nothing(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fast click sends the address before: it is no wish to go back."""
    monkeypatch.setattr(written_address, "LAG", 60.0)
    app = opened(view="tune", neuron="0:1")
    before = address(app)
    choose(app, "neurons.view", "cause")
    app.query_params.update(before)
    app.run()
    assert app.title[0].value == "Intervene"
