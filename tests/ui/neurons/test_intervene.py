"""The view Intervene of the page Neurons, on a network that recites three tunes and a corpus of six."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from charlstm.neurons.recording import Unit
from charlstm.tunes.corpus.model import Corpus
from charlstm.ui.neurons import intervene
from tests.conftest import TUNES
from tests.neurons_page import house, opened


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(intervene, "PAIRS", 6)
    corpus = Corpus("tiny", train=TUNES[:1], validation=(TUNES[3], TUNES[0]), test=TUNES[5:])
    with house(tmp_path, monkeypatch, (TUNES[0], TUNES[3], TUNES[5]), corpus) as home:
        yield home


def choose(app: AppTest, key: str, value: str) -> AppTest:
    next(found for found in app.get("button_group") if found.key == key).set_value(value).run()
    assert not app.exception
    return app


def press(app: AppTest, label: str) -> AppTest:
    next(button for button in app.button if label in button.label).click().run()
    assert not app.exception
    return app


def said(app: AppTest) -> str:
    return " ".join(caption.value for caption in app.caption).replace("\\", "")


def test_a_neuron_that_is_silenced_changes_tune_b_and_not_tune_a(home: Path) -> None:
    from charlstm.lm.infer.engine import load
    from charlstm.lm.sample.sampling import sample

    before = load("reciter").weights["decoder.weight"].copy()
    app = opened("cause", "Intervene")
    own = sample(load("reciter"), seed=3)[0].text
    tunes = (TUNES[0], TUNES[3], TUNES[5])
    unit = 1 + sum(len(tune) for tune in tunes[: tunes.index(own)]) + 10  # on after the own tune's eleventh character
    app.multiselect[0].set_value([Unit(0, unit)]).run()
    assert not app.exception
    assert "Outlined" in said(app)
    choose(app, "intervene.action", "steer")
    app.slider(key="intervene.push").set_value(0.0).run()
    assert not app.exception
    assert "The two tunes are identical" in said(app)
    assert (load("reciter").weights["decoder.weight"] == before).all()


def test_a_hundred_pairs_are_counted_and_the_tries_with_them(home: Path) -> None:
    app = opened("cause", "Intervene")
    press(app, "pairs")
    assert len(app.dataframe[0].value) == len(intervene.MEASURES)
    assert "1 intervention tried" in said(app)
    choose(app, "intervene.action", "clamp")
    assert not app.dataframe
    press(app, "pairs")
    assert "2 interventions tried" in said(app)
    assert app.button(key="intervene.hundred").disabled  # while they are written, and when they are there
    choose(app, "intervene.action", "ablate")
    press(app, "pairs")
    assert "2 interventions tried" in said(app)


def test_what_a_change_costs_is_read_from_tunes(home: Path) -> None:
    app = opened("cause", "Intervene")
    press(app, "Read tunes")
    press(app, "Read tunes")
    assert "nats per character" in said(app)


def test_a_concepts_direction_is_pushed_along(home: Path) -> None:
    app = opened("cause", "Intervene")
    choose(app, "intervene.what", "Concept")
    app.selectbox(key="intervene.concept").set_value("in_key_field").run()
    assert not app.exception
    assert "have the concept" in said(app)
    choose(app, "intervene.direction", "probe")
    app.slider(key="intervene.strength").set_value(0.0).run()
    assert "The two tunes are identical" in said(app)


def test_no_neuron_is_a_sentence(home: Path) -> None:
    app = opened("cause", "Intervene")
    app.multiselect[0].set_value([]).run()
    assert not app.exception
    assert app.info[0].value == "Choose a neuron."


def test_the_votes_for_a_character_add_up_on_the_page(home: Path) -> None:
    app = opened("cause", "Intervene")
    choose(app, "intervene.way", "why")
    app.number_input(key="intervene.character").set_value(20).run()
    assert not app.exception
    text = app.session_state["tune.sample"][1].text
    assert f"Character 20 is “{text[19]}”" in said(app) or text[19] in " \n"
    assert "adds up to" in said(app)
    choose(app, "intervene.how", "replace")
    app.number_input(key="intervene.character").set_value(2).run()
    assert not app.exception
    assert "1 were tried" in said(app)
