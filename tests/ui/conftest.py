"""Homes for the tests of the pages: models made by hand, no training, no browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st

from tests.conftest import TUNES
from tests.memorizing_model import save_reciter, save_weaver


@pytest.fixture
def app_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home with one model, "reciter", which recites three tunes; caches are emptied around it."""
    monkeypatch.setenv("CHARLSTM_HOME", str(tmp_path))
    save_reciter(tmp_path / "checkpoints" / "reciter", (TUNES[5], TUNES[3], TUNES[0]))
    st.cache_resource.clear()
    st.cache_data.clear()
    yield tmp_path
    st.cache_resource.clear()
    st.cache_data.clear()


@pytest.fixture
def two_models(app_home: Path) -> Path:
    """A home with a second model, "weaver", which writes bars of tunes at random."""
    save_weaver(app_home / "checkpoints" / "weaver", TUNES)
    return app_home
