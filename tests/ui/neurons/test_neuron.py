"""The views Tune, Neuron and Gates of the page Neurons: networks of random weights and a collection of a few tunes."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from charlstm.lm.cells import CELLS
from charlstm.lm.config import ModelConfig
from charlstm.lm.infer.engine import load
from charlstm.lm.store.checkpoint import Checkpoint, CorpusInfo, load_checkpoint, save_checkpoint
from charlstm.lm.vocab import Vocab
from charlstm.neurons.recording import Unit, replay
from charlstm.neurons.recording_file import fingerprint
from charlstm.tunes.corpus.io import save_corpus
from charlstm.tunes.corpus.model import Corpus
from charlstm.ui.neurons.examples import coloured
from charlstm.ui.neurons.exports import activations_npz
from charlstm.ui.neurons.layer_heatmap import as_bytes
from charlstm.ui.neurons.neuron_charts import place_names
from charlstm.ui.neurons.tune import bar_ticks
from charlstm.ui.neurons.unit_picker import SIGNALS
from charlstm.ui.neurons.view_context import ViewContext
from charlstm.ui.shared.corpora import titles, tune_of
from charlstm.ui.shared.url_state import ComposeSettings
from tests.conftest import TUNES, make_weights
from tests.memorizing_model import save_reciter
from tests.pages import APP, switch_to

HOSTILE = "T:<img src=x onerror=alert(1)> **b**\nM:4/4\nL:1/8\nK:D\n" + "d2fd Adfd|e2ge cege|" * 5 + "d8|]"
TINY = Corpus("tiny", train=TUNES[:2], validation=(*TUNES[2:], HOSTILE), test=TUNES[:1])
VOCAB = Vocab.of((*TUNES, HOSTILE))


def save_random(home: Path, name: str, **config: object) -> None:
    """A network of eight units a layer that has learned nothing."""
    shape = ModelConfig(**{"hidden_size": 8, "embedding_size": 5} | config)
    corpus = CorpusInfo(name="tiny", fingerprint=TINY.fingerprint)
    checkpoint = Checkpoint(home / "checkpoints" / name, shape, VOCAB, corpus=corpus)
    save_checkpoint(checkpoint, make_weights(shape, VOCAB, scale=1.0))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A model that writes, one of each cell that reads, and a collection."""
    monkeypatch.setenv("CHARLSTM_HOME", str(tmp_path))
    save_reciter(tmp_path / "checkpoints" / "reciter", (TUNES[0], TUNES[3]))
    save_random(tmp_path, "lstm", num_layers=2)
    save_random(tmp_path, "gru", cell="gru")
    save_random(tmp_path, "mingru", cell="mingru")
    save_random(tmp_path, "rnn", cell="rnn")
    save_corpus(TINY, tmp_path / "data" / "corpus")
    st.cache_resource.clear()
    st.cache_data.clear()
    yield tmp_path
    st.cache_resource.clear()
    st.cache_data.clear()


def opened(view: str, reader: str = "lstm", **query: str) -> AppTest:
    app = AppTest.from_file(APP, default_timeout=120)
    for name, value in {"model": "reciter", "seed": "3", "reader": reader, "view": view, **query}.items():
        app.query_params[name] = value
    switch_to(app, "neurons").run()
    assert not app.exception
    return app


def address_of(app: AppTest) -> dict[str, str]:
    return {name: value if isinstance(value, str) else value[0] for name, value in app.query_params.items()}


def button(app: AppTest, key: str):
    return next(found for found in app.button if found.key == key)


def toggle(app: AppTest, key: str, on: bool = True) -> None:
    next(found for found in app.toggle if found.key == key).set_value(on).run()
    assert not app.exception


def charts(app: AppTest) -> int:
    return len(app.get("vega_lite_chart"))


# ---- Tune -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", ["lstm", "gru", "mingru"])
def test_every_signal_of_a_cell_can_be_seen_and_linked(home: Path, cell: str) -> None:
    app = opened("tune", cell, neuron="0:5")
    for kind in CELLS[cell].signals:
        signal = next(found for found in app.get("button_group") if found.key == "neurons.signal")
        signal.set_value(kind).run()
        assert not app.exception
        assert SIGNALS[kind][2] in app.caption[0].value.replace("\\", "")
        assert address_of(app).get("signal", "h") == SIGNALS[kind][0]
        assert address_of(app)["neuron"] == "0:5"
    letter = SIGNALS[CELLS[cell].signals[-1]][0]
    again = opened("tune", cell, neuron="0:5", signal=letter)
    assert SIGNALS[CELLS[cell].signals[-1]][2] in again.caption[0].value.replace("\\", "")


def test_a_plain_network_has_its_output_only_and_a_bad_signal_is_none(home: Path) -> None:
    app = opened("tune", "rnn", signal="<b>")
    assert "the neuron’s output h" in app.caption[0].value.replace("\\", "")
    assert not [found for found in app.get("button_group") if found.key == "neurons.signal"]


def test_all_neurons_in_every_order_and_guesses_run_twice(home: Path) -> None:
    app = opened("tune")
    toggle(app, "neurons.everyone")
    toggle(app, "neurons.figure")
    for order in ("By number", "in_header", "bar_line", "Similar neurons together"):
        app.selectbox(key="neurons.order").set_value(order).run()
        assert not app.exception
    toggle(app, "neurons.everyone", False)
    toggle(app, "neurons.everyone")
    assert app.selectbox(key="neurons.order").value


def test_a_tune_of_the_collection_is_read_and_linked(home: Path) -> None:
    app = opened("tune")
    app.radio(key="neurons.source").set_value("From the collection").run()
    assert not app.exception
    box = app.selectbox(key="neurons.corpus_tune")
    place = box.options.index("Two Left Boots")
    box.set_value(place).run()
    assert not app.exception
    assert "Two Left Boots” (validation set)" in app.caption[0].value.replace("\\", "")
    assert address_of(app)["tune"] == str(place)
    again = opened("tune", tune=str(place))
    assert "Two Left Boots" in again.caption[0].value
    assert "Cold Kettle” (test set)" in opened("tune", tune="0").caption[0].value.replace("\\", "")
    assert not opened("tune", tune="999999").exception


def test_a_neuron_is_cited_with_its_weights_and_its_link(home: Path) -> None:
    words, bibtex = [code.value for code in opened("tune", neuron="1:6").code]
    weights = fingerprint(load("lstm"))[:16]
    for text in (words, bibtex):
        assert "Neuron 1:6 of lstm" in text and weights in text and "neuron=1%3A6" in text
    assert bibtex.startswith("@misc{") and bibtex.count("{") == bibtex.count("}")


def test_activations_are_saved_with_what_they_are_of(home: Path) -> None:
    model, text = load("lstm"), TUNES[0]
    checkpoint = load_checkpoint(home / "checkpoints" / "lstm")
    context = ViewContext("tune", "lstm", 0, checkpoint, ComposeSettings(model="reciter"))
    replayed = replay(model, text)
    arrays = np.load(io.BytesIO(activations_npz(context, "A title", replayed, Unit(1, 6))))
    assert (str(arrays["model"]), str(arrays["tune"]), str(arrays["text"])) == ("lstm", "A title", text)
    assert "seed" not in arrays and "[layer, index]" in str(arrays["about"])
    composed = np.load(io.BytesIO(activations_npz(context, "A title", replayed, Unit(1, 6), composed=True)))
    assert (composed["seed"], composed["temperature"]) == (context.composed.seed, context.composed.temperature)
    assert str(arrays["weights"]) == fingerprint(model)
    for kind in replayed.kinds:
        assert arrays[kind].shape == (2, len(text), 8)
    assert (arrays["hidden"] == replayed.activations().values).all()


def test_more_about_it_leads_to_the_neuron_and_back(home: Path) -> None:
    app = opened("tune", neuron="1:6")
    button(app, "neurons.more").click().run()
    assert not app.exception
    assert app.title[0].value == "Neuron 6 in layer 2"
    assert address_of(app)["view"] == "neuron"
    button(app, "neuron.tune").click().run()
    assert not app.exception
    assert (address_of(app)["view"], address_of(app)["neuron"]) == ("tune", "1:6")


# ---- Neuron ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("reader", "said"), [("lstm", "halves in"), ("gru", "halves in"), ("rnn", "stays similar")])
def test_a_neuron_is_measured_over_unseen_tunes(home: Path, reader: str, said: str) -> None:
    app = opened("neuron", reader, neuron="0:5")
    assert f"{len(TINY.validation)} validation tunes" in app.caption[0].value.replace("\\", "")
    words = [found.value for found in app.header]
    assert any(said in word for word in words)
    assert {"Top activating examples", "Bottom activating examples", "Position in the bar", "Similar neurons"} <= set(
        words
    )
    assert charts(app) >= 5
    app.run()  # from the cache
    assert not app.exception
    assert [found.value for found in app.header] == words


def test_a_long_reading_is_asked_for_once_for_all_visitors(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("charlstm.ui.neurons.recordings.LONG", 0.0)
    app = opened("neuron")
    assert not charts(app) and any("about 1 second" in info.value for info in app.info)
    button(app, "background.recording.ask").click().run()
    assert not app.exception and charts(app)
    another_visitor = opened("gates")
    assert charts(another_visitor) and not another_visitor.info


def test_a_neuron_of_a_lower_layer_speaks_to_the_one_above(home: Path) -> None:
    said = [caption.value for caption in opened("neuron", neuron="0:5").caption]
    assert any("layer above" in caption for caption in said)
    said = [caption.value for caption in opened("neuron", neuron="1:5").caption]
    assert not any("layer above" in caption for caption in said)


def test_what_is_lost_without_it_is_measured_when_asked(home: Path) -> None:
    app = opened("neuron", neuron="1:2")
    before = charts(app)
    for on in (True, False, True):
        toggle(app, "neuron.out", on)
        assert charts(app) == before + on
    assert any("nats per character; at 0" in caption.value.replace("\\", "") for caption in app.caption)


def test_passages_play_and_neighbours_open(home: Path) -> None:
    app = opened("neuron", neuron="0:5")
    for number in (3, 0, 5):
        button(app, f"neuron.play.{number}").click().run()
        assert not app.exception
    assert app.session_state["neuron.plays"] == 3
    neighbour = next(found for found in app.button if (found.key or "").startswith("neuron.like."))
    layer, index = neighbour.key.removeprefix("neuron.like.").split(":")
    neighbour.click().run()
    assert not app.exception
    assert app.session_state["neurons.unit"] == (int(layer), int(index))
    assert app.title[0].value.startswith(f"Neuron {index}")
    for meter in ("6/8", "4/4"):
        group = next(found for found in app.get("button_group") if found.key == "neuron.meter")
        if meter in group.options:
            group.set_value(meter).run()
            assert not app.exception


def test_titles_and_passages_are_never_markup(home: Path) -> None:
    save_corpus(Corpus("tiny", train=(HOSTILE,), validation=(HOSTILE,), test=()), home / "data" / "corpus")
    app = opened("neuron", neuron="0:5")
    shown = [caption.value for caption in app.caption] + [header.value for header in app.title]
    assert any("img" in text for text in shown)
    assert not any("<img" in text.replace("\\<", "") or "**" in text.replace("\\*", "") for text in shown)
    page = coloured("<b>&\n", [0.1, -2, 3, 0, 0.5], 1)
    assert "<b>" not in page
    assert "&lt;" in page and "&amp;" in page and "↵" in page


def test_without_a_collection_it_is_built_on_the_page(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in (home / "data" / "corpus").iterdir():
        path.unlink()

    # A process that has ended at once with the collection.
    monkeypatch.setattr("charlstm.tunes.corpus.building.processes.start", lambda folder, words: save_corpus(TINY))
    app = opened("neuron")
    assert "needs a collection" in app.info[0].value
    button(app, "neurons.build").click().run()
    app.run()
    assert not app.exception
    assert charts(app) >= 5


def test_a_collection_that_cannot_be_read_is_a_sentence(home: Path) -> None:
    (home / "data" / "corpus" / "tiny.json").write_text("{")
    assert "build" in opened("neuron").error[0].value


# ---- Gates ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("reader", "count"), [("lstm", 3), ("gru", 2), ("mingru", 1), ("rnn", 0)])
def test_each_gate_of_a_layer_has_its_picture(home: Path, reader: str, count: int) -> None:
    app = opened("gates", reader)
    assert charts(app) == count
    if not count:
        assert "no gates" in app.caption[0].value
        return
    longest = next(found for found in app.button if (found.key or "").startswith("gates.longest."))
    index = longest.key.removeprefix("gates.longest.")
    longest.click().run()
    assert not app.exception
    assert app.title[0].value.startswith(f"Neuron {index}")


def test_the_other_layer_has_other_gates(home: Path) -> None:
    app = opened("gates", neuron="1:3")
    group = next(found for found in app.get("button_group") if found.key == "gates.layer")
    assert group.value == 2
    group.set_value(1).run()
    assert not app.exception
    assert charts(app) == 3


# ---- parts ----------------------------------------------------------------------------------------------------------


def test_a_value_is_a_byte() -> None:
    assert list(as_bytes(np.array([-2, -1, 0, 1, 2]), "diverging")) == [0, 0, 127, 254, 254]
    assert list(as_bytes(np.array([-1, 0, 0.5, 1]), "unit")) == [0, 0, 127, 254]


def test_eighths_are_counted_as_players_do() -> None:
    assert place_names("4/4", 4) == ["1", "1&", "2", "2&"]
    assert place_names("6/8", 6) == ["1", "2", "3", "4", "5", "6"]
    assert place_names("2/2", 5) == ["1", "1e", "1&", "1a", "2"]
    assert place_names("C", 2) == ["1", "1&"]


def test_titles_are_told_apart_and_lead_to_their_tunes() -> None:
    twins = Corpus("a", train=(TUNES[0], TUNES[0]), validation=(TUNES[3],), test=(TUNES[0],))
    names = titles(twins, "fingerprint of this test")
    assert len(set(names)) == len(names) == 4
    assert names[0] == "The Cold Kettle"
    assert names[1].startswith("(A2c2e2")
    assert [tune_of(twins, k) for k in range(4)] == [
        (TUNES[0], "test"), (TUNES[3], "validation"), (TUNES[0], "train"), (TUNES[0], "train"),
    ]  # fmt: skip


def test_ticks_are_few_and_in_order() -> None:
    ticks = bar_ticks(HOSTILE)
    assert ticks[:2] == [(0, "header"), (HOSTILE.index("d2fd"), "bar 1")]
    places = [at for at, _ in bar_ticks("K:D\n" + "A2|" * 100)]
    assert places == sorted(places)
    assert len(places) <= 13
    assert bar_ticks("K:D\n") == [(0, "header")]
