"""The widgets that say which model continues or rewrites a tune, and how boldly."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from charlstm.lm.config import SampleConfig
from charlstm.lm.sample.adapter import TuneAdapter
from charlstm.lm.sample.guarded import Overruled
from charlstm.lm.sample.spelling import name_characters
from charlstm.ui.shared.models import engine, models
from charlstm.ui.shared.notices import ask_about_unknown
from charlstm.ui.shared.url_state import MAX_SEED, TEMPERATURES
from charlstm.ui.shared.written_tunes import can_guard
from charlstm.ui.your_tune.settings import GUARD, MODEL, SEED, TEMPERATURE, UNKNOWN, ModelSettings


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
    is_possible = can_guard(available[name])
    st.toggle(
        "Always playable", key=GUARD.widget(), disabled=not is_possible,
        help="The model may write only what fits and can be played." if is_possible
        else "This model does not know the characters that every complete tune needs.",
    )  # fmt: skip
    return name, round(temperature, 2)


def writing_config(name: str, temperature: float, **more: int) -> SampleConfig:
    """How the chosen model writes."""
    is_possible = can_guard(models()[name])
    return SampleConfig(temperature=temperature, guard=is_possible and GUARD.get(), **more)


def overruled_words(overruled: Sequence[Overruled]) -> str:
    """How often the guard overruled the model, and what it cost; "" for never."""
    if not overruled:
        return ""
    times = "once" if len(overruled) == 1 else f"{len(overruled)} times"
    return f"“Always playable” overruled the model {times} (cost {sum(one.nats for one in overruled):.2g} nats)."


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
