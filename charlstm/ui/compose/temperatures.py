"""Compare temperatures: the same seed and header, colder and hotter, side by side."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from charlstm.errors import CharlstmError
from charlstm.lm.sample.sampling import Sample, sample_variants
from charlstm.ui.cache import cached
from charlstm.ui.compose.sketch import sketch
from charlstm.ui.compose.taking import take_tune
from charlstm.ui.compose.tune_cards import Card, pressed, show_cards
from charlstm.ui.neurons.view_context import ViewContext
from charlstm.ui.shared.models import engine
from charlstm.ui.shared.notices import plain
from charlstm.ui.shared.url_state import ComposeSettings
from charlstm.ui.shared.written_tunes import HEAD, form_of, sample_config

TEMPERATURES = (0.2, 0.6, 1.0, 1.5, 2.0)
KEY = "compose.temperatures"
WORDS = {0.2: "plain and sure", 0.6: "safe", 1.0: "as learned", 1.5: "bold", 2.0: "wild"}


def show_temperatures(context: ViewContext, _: Sample) -> None:
    """The tune of the page at five temperatures, each to hear and to take."""
    settings = context.composed
    st.caption("The same seed at five temperatures. Low chooses what is likely, high gives the unlikely a chance.")
    colder = settings.varied(temperature=0.0)  # what they have in common, and so the key of the cache
    try:
        with st.spinner("Writing five tunes …"):
            samples = variants(colder, context.stamp)
            sketches = [sketch(HEAD + one.text) for one in samples]
    except CharlstmError as error:
        st.error(plain(str(error)))
        return
    cards = [
        Card(f"{heat:g}", f"Temperature {heat:g}: {WORDS[heat]}", drawn, is_current=heat == settings.temperature)
        for heat, drawn in zip(TEMPERATURES, sketches, strict=True)
    ]
    show_cards(cards, key=KEY, actions={"take": "Take this one"}, on_action=lambda: take(settings))


@cached(megabytes=8)
def variants(settings: ComposeSettings, stamp: int) -> list[Sample]:
    """The tune of these settings at each of the temperatures; `stamp` is of the model's files."""
    configs = [sample_config(replace(settings, temperature=heat)) for heat in TEMPERATURES]
    return sample_variants(
        engine(settings.model), configs, fields=settings.header, seed=settings.seed, form=form_of(settings),
        attributes=replace(settings.wished, temperatures=(), returns=None),
    )  # fmt: skip


def take(settings: ComposeSettings) -> None:
    """Make the tune of the card that was pressed the one of the page."""
    _, heat = pressed(KEY)
    if heat in {f"{known:g}" for known in TEMPERATURES}:
        take_tune(settings.varied(temperature=float(heat)))
