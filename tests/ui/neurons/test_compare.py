"""The view Compare of the page Neurons, on networks that recite three tunes, one with epochs made by hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from charlstm.lm.store.checkpoint import load_checkpoint
from charlstm.lm.store.epochs import save_epoch
from charlstm.tunes.corpus.io import save_corpus
from charlstm.tunes.corpus.model import Corpus
from tests.conftest import TUNES
from tests.memorizing_model import save_reciter
from tests.pages import APP, switch_to

RECITED = (TUNES[0][:60], TUNES[3], TUNES[5])


def save_student(folder: Path) -> None:
    """A reciter that knew nothing after epoch 0, half after epoch 1, all after epoch 2."""
    weights = load_checkpoint(save_reciter(folder, RECITED)).weights()
    for number, share in ((0, 0.01), (1, 0.5), (2, 1.0)):
        part = {name: array * share for name, array in weights.items()}
        save_epoch(folder / "epochs", number, part, epoch=number, step=number, loss=3.0 - number, half=False)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("CHARLSTM_HOME", str(tmp_path))
    save_reciter(tmp_path / "checkpoints" / "reciter", RECITED)
    save_student(tmp_path / "checkpoints" / "student")
    save_corpus(Corpus("tiny", train=TUNES[:1], validation=TUNES[3:4], test=TUNES[5:]), tmp_path / "data" / "corpus")
    st.cache_resource.clear()
    st.cache_data.clear()
    yield tmp_path
    st.cache_resource.clear()
    st.cache_data.clear()


def opened(model: str) -> AppTest:
    app = AppTest.from_file(APP, default_timeout=120)
    app.query_params.update({"seed": "3", "model": "reciter", "view": "compare", "reader": model})
    switch_to(app, "neurons").run()
    assert not app.exception
    assert app.title[0].value == "Compare"
    return app


def button(app: AppTest, key: str) -> Any:
    return next(found for found in app.button if found.key == key)


def subheaders(app: AppTest) -> list[str]:
    return [found.value for found in app.header]


def test_a_neuron_and_a_tune_after_each_epoch(home: Path) -> None:
    app = opened("student")
    for number in (1, 0, 2):
        app.select_slider(key="compare.epoch").set_value(number).run()
        assert not app.exception
        assert f"Neuron 0 after epoch {number}" in subheaders(app)
        assert f"What it writes after epoch {number}" in subheaders(app)
        assert any(f"{3 - number:.3f} nats" in caption.value.replace("\\", "") for caption in app.caption)
    app.number_input(key="neurons.number").set_value(7).run()
    assert "Neuron 7 after epoch 2" in subheaders(app)
    app.number_input(key="compare.seed").set_value(2).run()
    assert not app.exception


def test_when_it_was_learnt_is_measured_when_asked_for(home: Path) -> None:
    app = opened("student")
    assert not app.multiselect
    button(app, "background.training dynamics.ask").click().run()
    assert not app.exception
    chosen = app.multiselect[0]
    assert "in_header" in chosen.value
    chosen.set_value(["bar_line"]).run()
    assert not app.exception
    assert any("chosen on 1 tunes, scored on 1 others" in caption.value for caption in app.caption)


def test_a_model_without_epochs_leads_to_one_that_has_some(home: Path) -> None:
    app = opened("reciter")
    assert any("epochs" in info.value for info in app.info)
    button(app, "compare.go.student").click().run()
    assert not app.exception
    assert app.select_slider(key="compare.epoch").value == 2


def test_the_model_has_one_source_whichever_view_changes_it(home: Path) -> None:
    """Streamlit warns on the page of a widget that has both a default and a value in the session's state."""
    app = opened("reciter")
    button(app, "compare.go.student").click().run()
    assert app.selectbox(key="neurons.model").value == "student"
    for view in ("tune", "neuron", "gates", "directory", "compare", "search", "cause"):
        next(g for g in app.get("button_group") if g.key == "neurons.view").set_value(view).run()
        assert not app.exception
        assert [warning.value for warning in app.warning] == []
        assert app.selectbox(key="neurons.model").value == "student"


def test_two_models_are_compared_when_asked_if_it_takes_long(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("charlstm.ui.neurons.compare_models.LONG", 0.0)
    app = opened("student")
    app.session_state["compare.way"] = "models"
    app.run()
    assert not app.metric and app.query_params["by"] in ("models", ["models"])
    button(app, "background.comparison.ask").click().run()
    assert not app.exception and len(app.metric) == 2


def test_two_models_are_matched_neuron_by_neuron(home: Path) -> None:
    both = RECITED[1:]  # the same tunes in both parts: a reciter's neurons are for one tune each
    save_corpus(Corpus("tiny", train=TUNES[:1], validation=both, test=both), home / "data" / "corpus")
    app = opened("student")
    next(g for g in app.get("button_group") if g.key == "compare.way").set_value("models").run()
    assert not app.exception
    assert app.selectbox(key="compare.other").value == "reciter"
    matched = {metric.label: metric.value for metric in app.metric}
    assert matched["Median correlation"] == "1.00"  # the same network twice
    rows = app.dataframe[0].value
    assert len(rows) == 1 + sum(map(len, RECITED))
    app.number_input(key="neurons.number").set_value(4).run()
    assert not app.exception
    assert any("reciter: neuron" in markdown.value.replace("\\", "") for markdown in app.markdown)
    next(g for g in app.get("button_group") if g.key == "compare.which").set_value(1).run()
    assert not app.exception
    assert app.query_params["other"] in ("reciter", ["reciter"])
