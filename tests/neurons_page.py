"""The page Neurons for tests without a browser: a house with a model that recites, and one of its views opened."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from charlstm.tunes.corpus.io import save_corpus
from charlstm.tunes.corpus.model import Corpus
from tests.memorizing_model import save_reciter
from tests.pages import APP, switch_to

TIMEOUT = 120  # seconds of a run of the page, on a busy machine


@contextmanager
def house(home: Path, monkeypatch: pytest.MonkeyPatch, tunes: Sequence[str], corpus: Corpus) -> Iterator[Path]:
    """A house with the model "reciter", which knows some tunes, and a corpus; nothing cached before and after."""
    monkeypatch.setenv("CHARLSTM_HOME", str(home))
    save_reciter(home / "checkpoints" / "reciter", tunes)
    save_corpus(corpus, home / "data" / "corpus")
    st.cache_resource.clear()
    st.cache_data.clear()
    yield home
    st.cache_resource.clear()
    st.cache_data.clear()


def opened(view: str, header: str) -> AppTest:
    """The page with one of its views, whose heading is checked."""
    app = AppTest.from_file(APP, default_timeout=TIMEOUT)
    app.query_params["seed"] = "3"
    app.session_state["neurons.view"] = view
    switch_to(app, "neurons").run()
    assert not app.exception
    assert app.title[0].value == header
    return app
