"""Every view of Neurons with models that are smaller than any view expects, or stored beside things of other models."""

from __future__ import annotations

import itertools
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st

from charlstm.tunes.corpus.io import save_corpus
from charlstm.ui.neurons.page import VIEWS
from tests.conftest import TUNES
from tests.memorizing_model import save_reciter
from tests.ui.neurons.test_neuron import TINY, opened, save_random

ODD = {
    "lstm-1": {"hidden_size": 1},
    "gru-1": {"cell": "gru", "hidden_size": 1},
    "rnn-1": {"cell": "rnn", "hidden_size": 1},
    "lstm-1-1": {"hidden_size": 1, "num_layers": 2},
    "rnn-2": {"cell": "rnn", "hidden_size": 2},
}


@pytest.fixture(scope="module")
def odd_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A model that writes, and models of one or two neurons."""
    home = tmp_path_factory.mktemp("odd")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHARLSTM_HOME", str(home))
        save_reciter(home / "checkpoints" / "reciter", (TUNES[0], TUNES[3]))
        for name, config in ODD.items():
            save_random(home, name, **config)
        save_corpus(TINY, home / "data" / "corpus")
        st.cache_resource.clear()
        st.cache_data.clear()
        yield home
        st.cache_resource.clear()
        st.cache_data.clear()


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("model", ODD)
def test_a_model_of_one_neuron_is_shown_or_a_sentence_says_why_not(model: str, view: str, odd_home: Path) -> None:
    app = opened(view, model, neuron="1:7")  # an address of a larger model
    assert app.title or app.info or app.error
    assert not any("Traceback" in message.value for message in app.error)


@pytest.mark.slow
@pytest.mark.parametrize("view", VIEWS)
def test_a_damaged_index_beside_a_model_hides_no_view(view: str, odd_home: Path) -> None:
    folder = odd_home / "checkpoints" / "lstm-1"
    for content in ("[]", "{", json.dumps({"format": "charlstm-directory/9"}), "[" * 100_000):
        (folder / "directory.json").write_text(content)
        opened(view, "lstm-1")
    (folder / "directory.json").unlink()


OTHER: tuple[dict[str, object], ...] = (
    {"format": "charlstm/0"}, {"format": "charlstm/2"}, {"config": {"cell": "transformer"}}, {"vocab": 3},
)  # fmt: skip


@pytest.mark.parametrize(("view", "change"), list(zip(VIEWS, itertools.cycle(OTHER), strict=False)))
def test_a_model_of_another_format_is_not_offered_and_hides_no_other(
    view: str, change: dict[str, object], odd_home: Path
) -> None:
    old = odd_home / "checkpoints" / "old"
    shutil.copytree(odd_home / "checkpoints" / "rnn-2", old)
    try:
        about = json.loads((old / "model.json").read_text())
        (old / "model.json").write_text(json.dumps(about | change))
        assert "old" not in opened(view, "old").selectbox(key="neurons.model").options
    finally:
        shutil.rmtree(old)
