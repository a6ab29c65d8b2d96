"""The widgets that say which model continues or rewrites a tune, and how boldly."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from charlstm.lm.sample.adapter import TuneAdapter
from charlstm.lm.sample.spelling import name_characters
from charlstm.ui.shared.models import engine, models
from charlstm.ui.shared.notices import ask_about_unknown
from charlstm.ui.shared.url_state import MAX_SEED, TEMPERATURES
from charlstm.ui.shared.written_tunes import can_guard
from charlstm.ui.your_tune.settings import GUARD, MODEL, NO_GUARD, SEED, TEMPERATURE, UNKNOWN, ModelSettings


def ask_model() -> ModelSettings:
    """Widgets for the model's name, the temperature, and whether it may write only what can be played."""
    available = models()
    left, right = st.columns(2)
    name: str = left.selectbox("Model", list(available), key=MODEL.widget(available))
    temperature = right.slider(
        "Temperature", *TEMPERATURES, step=0.05,
        key=TEMPERATURE.widget(default=min(available[name].temperature, TEMPERATURES[1])),
        help="Low is safe and plain, high is bold, then wild.",
    )  # fmt: skip
    if can_guard(available[name]):
        guard = st.toggle(
            "Always playable", key=GUARD.widget(), help="The model may write only what fits and can be played."
        )
    else:  # another widget, so that what the visitor wants of other models stays
        guard = st.toggle(
            "Always playable", key=NO_GUARD.widget(), disabled=True,
            help="This model does not know the characters that every complete tune needs.",
        )  # fmt: skip
    return ModelSettings(name, round(temperature, 2), guard, int(SEED.get()))


def ask_seed(place: DeltaGenerator, what: str) -> None:
    """A widget for the seed; `what` says what another one gives."""
    place.number_input("Seed", 0, MAX_SEED, key=SEED.widget(), help=f"Another seed gives {what}.")


def ask_reading(settings: ModelSettings, text: str) -> ModelSettings:
    """The same with what is asked last: the seed, and what to do with characters of the text that the model lacks."""
    nearest = True
    if unknown := TuneAdapter(engine(settings.model), text).unknown:
        nearest = ask_about_unknown(
            f"{settings.model} has never seen {name_characters(unknown)}. Your own text stays as it is.", UNKNOWN
        )
    return replace(settings, seed=int(SEED.get()), nearest=nearest)
