"""The Neuron index of the page Neurons, on a network that recites three tunes and a corpus of two it can read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from charlstm.neurons.directory.file import load_directory
from charlstm.tunes.corpus.io import save_corpus
from charlstm.tunes.corpus.model import Corpus
from tests.conftest import TUNES
from tests.neurons_page import TIMEOUT, house, opened
from tests.pages import APP, switch_to


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    corpus = Corpus("tiny", train=TUNES[:1], validation=TUNES[3:4], test=TUNES[5:])
    with house(tmp_path, monkeypatch, (TUNES[0][:60], TUNES[3], TUNES[5]), corpus) as home:
        yield home


def button(app: AppTest, key: str):
    return next(found for found in app.button if found.key == key)


def test_it_is_measured_once_kept_and_shown_again(home: Path) -> None:
    folder = home / "checkpoints" / "reciter"
    app = opened("directory", "Neuron index")
    assert any("have not been measured" in info.value for info in app.info)
    button(app, "background.directory.ask").click().run()
    assert not app.exception
    found = load_directory(folder)
    assert found is not None
    shown = {metric.label: metric.value for metric in app.metric}
    assert shown["Named neurons"] == f"{sum(n.named for n in found.neurons)} of {len(found.neurons)}"
    assert shown["Without a name"] == f"{found.nameless:.0%}"
    assert f"{found.tried:,} pairs" in app.caption[0].value
    st.cache_resource.clear()  # another server: it is read from its file
    again = opened("directory", "Neuron index")
    assert {metric.label: metric.value for metric in again.metric} == shown


def test_each_part_is_shown_twice_and_opens_a_neuron(home: Path) -> None:
    app = opened("directory", "Neuron index")
    button(app, "background.directory.ask").click().run()
    found = load_directory(home / "checkpoints" / "reciter")
    assert found is not None
    group = next(g for g in app.get("button_group") if g.key == "directory.way")
    for way, table in (("neuron", 0), ("concept", 0), ("neuron", 0)):
        group.set_value(way).run()
        assert not app.exception
        rows = app.dataframe[table].value
        assert len(rows) == (len(found.neurons) if way == "neuron" else len(found.measured))
        group = next(g for g in app.get("button_group") if g.key == "directory.way")
    no_name = next(g for g in app.get("button_group") if g.key == "directory.which")
    no_name.set_value("No name").run()
    assert len(app.dataframe[0].value) == sum(not neuron.named for neuron in found.neurons)
    next(g for g in app.get("button_group") if g.key == "directory.way").set_value("concept").run()
    app.selectbox(key="directory.concept").set_value("bar_line").run()
    assert not app.exception
    entry = found.entry("bar_line")
    assert entry is not None
    button(app, "directory.best.1").click().run()
    assert not app.exception
    assert tuple(app.session_state["neurons.unit"]) == tuple(entry.best[1].unit)
    assert app.session_state["neurons.view"] != "directory"


@pytest.mark.slow
def test_what_is_of_other_weights_is_not_shown(home: Path) -> None:
    folder = home / "checkpoints" / "reciter"
    app = opened("directory", "Neuron index")
    button(app, "background.directory.ask").click().run()
    path = folder / "directory.json"
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), "model": "0" * 64}), encoding="utf-8")
    st.cache_resource.clear()
    stale = opened("directory", "Neuron index")
    assert any("not been measured with these weights" in info.value for info in stale.info)
    button(stale, "background.directory.ask").click().run()
    assert not stale.exception
    assert stale.metric


def test_a_corpus_that_the_model_cannot_read_is_a_sentence(home: Path) -> None:
    save_corpus(Corpus("tiny", train=TUNES[:1], validation=TUNES[4:5], test=TUNES[5:]), home / "data" / "corpus")
    app = opened("directory", "Neuron index")
    button(app, "background.directory.ask").click().run()
    assert not app.exception
    assert "validation" in app.error[0].value


def test_the_page_opens_on_a_neuron_with_a_name(home: Path) -> None:
    button(opened("directory", "Neuron index"), "background.directory.ask").click().run()
    path = home / "checkpoints" / "reciter" / "directory.json"
    directory = json.loads(path.read_text(encoding="utf-8"))
    directory["neurons"][7] |= {"named": True, "concept": "bar_line"}
    path.write_text(json.dumps(directory), encoding="utf-8")
    app = AppTest.from_file(APP, default_timeout=TIMEOUT)
    app.query_params["seed"] = "3"
    switch_to(app, "neurons").run()
    assert not app.exception
    assert app.title[0].value.replace("\\", "").startswith("Neuron 7 · ")
