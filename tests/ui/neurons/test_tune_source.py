"""Laws of the tune that a model reads on the page Neurons."""

from __future__ import annotations

from pathlib import Path

from charlstm.lm.sample.spelling import without_unknown
from charlstm.lm.vocab import Vocab
from tests.conftest import TUNES
from tests.pages import address_of, opened, switch_to

HOSTILE = "T:<img src=x onerror=alert(1)> **[a](http://b.example)**\nM:4/4\nL:1/8\nK:D\n|:d2fd Adfd|e2ge cege|d8:|"
RECITED = {"M": TUNES[5], "R": TUNES[3], "T": TUNES[0]}


def seed_of(letter: str) -> str:
    """A seed with which the reciter begins with this letter."""
    from charlstm.lm.infer.engine import load
    from charlstm.lm.sample.sampling import sample

    found = sample(load("reciter"), n=12, seed=1)
    return next(str(s.seed) for s in found if s.text[0] == letter)


def test_neurons_shows_the_tune_of_compose_with_a_value_for_each_character(app_home: Path) -> None:
    app = opened(seed=seed_of("T"))
    text = app.session_state["tune.sample"][1].text
    switch_to(app, "neurons").run()
    assert not app.exception
    assert app.session_state["tune.sample"][1].text == text
    app.slider(key="neurons.slider").set_value(3).run()
    assert not app.exception
    assert next(widget for widget in app.number_input if widget.label == "Neuron by number").value == 3
    assert address_of(app)["neuron"] == "0:3"


def test_the_neuron_that_follows_the_header_is_offered(app_home: Path) -> None:
    app = opened("neurons")
    app.selectbox(key="neurons.concept").set_value("in_header").run()
    assert not app.exception
    best = app.get("button_group")[-1]
    assert "%" in best.options[0]
    layer, index = app.session_state["neurons.unit"]
    assert best.options[0].startswith(f"{index} ")
    assert address_of(app)["neuron"] == f"{layer}:{index}"


def test_characters_the_model_does_not_know_are_named_and_left_out_or_replaced(app_home: Path) -> None:
    app = opened("neurons")
    app.radio(key="neurons.source").set_value("Your own").run()
    app.text_area(key="neurons.pasted").set_value("T:The Cóld Ke”ttle\nM:4/4\nK:D\nd2fd|").run()
    assert not app.exception
    assert "ó" in app.warning[0].value


def test_without_unknown_uses_the_nearest_letter_only_if_asked() -> None:
    vocab = Vocab.of(["Cold 'K"])
    assert without_unknown("Cóld “K", vocab, nearest=False) == "Cld K"
    assert without_unknown("Cóld ’K", vocab, nearest=True) == "Cold 'K"
