"""A tune is written once for all, also ahead of time, and is the one that its model writes for these settings."""

from __future__ import annotations

from pathlib import Path

import pytest
import streamlit as st

from charlstm.lm.infer.engine import load
from charlstm.lm.sample.sampling import sample
from charlstm.ui.shared import written_tunes
from charlstm.ui.shared.drawing import Drawing, draw
from charlstm.ui.shared.models import available_models
from charlstm.ui.shared.url_state import ComposeSettings
from charlstm.ui.shared.written_tunes import HEAD, first_settings, next_seed, prepare_first, prepare_next, written


@pytest.fixture
def wishes(app_home: Path, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What was wished for, done at once, on a server."""
    st.cache_resource.clear()
    made: list[object] = []
    monkeypatch.setattr(written_tunes, "serves", lambda: True)
    monkeypatch.setattr(written_tunes._AHEAD, "wish", lambda key, work: made.append(key) or work())
    written_tunes._first.clear()
    return made


def test_a_tune_is_written_once_and_is_the_model_s(app_home: Path) -> None:
    st.cache_resource.clear()
    settings = ComposeSettings(model="reciter", seed=7)
    assert written(settings) is written(settings)
    assert written(settings).text == sample(load("reciter"), written_tunes.sample_config(settings), seed=7)[0].text


def test_the_next_tune_is_ready_as_it_will_be_drawn(wishes: list[object]) -> None:
    drawn: list[str] = []

    def draw_up(text: str) -> Drawing:
        drawn.append(text)
        return draw(text, 2)

    settings = ComposeSettings(model="reciter", seed=7)
    prepare_next(settings, draw_up)
    following = settings.varied(seed=next_seed(7))
    assert wishes == [following]
    assert drawn == [HEAD + written(following).text]


def test_a_first_tune_that_is_ready_is_given_once_and_another_is_begun(wishes: list[object]) -> None:
    available = available_models()
    prepare_first()
    (ready,) = written_tunes._first
    assert first_settings(available) is ready
    assert len(wishes) == 2
    assert list(written_tunes._first) == wishes[1:]


def test_one_that_another_model_wrote_is_not_given(wishes: list[object]) -> None:
    available = available_models()
    written_tunes._first.append(ComposeSettings(model="gone", seed=3))
    assert first_settings(available).model == next(iter(available))
