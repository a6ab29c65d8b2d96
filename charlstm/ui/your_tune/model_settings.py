"""The widgets that say which model continues or rewrites a tune, and how boldly."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from charlstm.lm.sample.adapter import TuneAdapter
from charlstm.lm.sample.spelling import name_characters
from charlstm.ui.shared.models import engine, models
from charlstm.ui.shared.notices import ask_about_unknown
from charlstm.ui.shared.url_state import MAX_SEED, TEMPERATURES
from charlstm.ui.your_tune.settings import MODEL, SEED, TEMPERATURE, UNKNOWN, ModelSettings


def ask_model() -> tuple[str, float]:
    """Widgets for the model's name and the temperature."""
    available = models()
    left, right = st.columns(2)
    name: str = left.selectbox("Model", list(available), key=MODEL.widget(available))
    temperature = right.slider(
        "Temperature", *TEMPERATURES, step=0.05,
        key=TEMPERATURE.widget(default=min(available[name].temperature, TEMPERATURES[1])),
        help="Low is safe and plain, high is bold, then wild.",
    )  # fmt: skip
    return name, round(temperature, 2)


def ask_seed(place: DeltaGenerator, what: str) -> None:
    """A widget for the seed; `what` says what another one gives."""
    place.number_input("Seed", 0, MAX_SEED, key=SEED.widget(), help=f"Another seed gives {what}.")


def ask_reading(name: str, temperature: float, text: str) -> ModelSettings:
    """All that the model is asked with; what it cannot read in the text is named, and the visitor says what then."""
    nearest = True
    if unknown := TuneAdapter(engine(name), text).unknown:
        nearest = ask_about_unknown(
            f"{name} has never seen {name_characters(unknown)}. Your own text stays as it is.", UNKNOWN
        )
    return ModelSettings(name, temperature, int(SEED.get()), nearest)
