"""What this is, in a line, and three ways on from a tune: hear it wilder, see a neuron, train a model."""

from __future__ import annotations

import streamlit as st

from charlstm.lm.store.checkpoint import Checkpoint
from charlstm.ui.neurons.names import label_of, striking_unit
from charlstm.ui.neurons.settings import go
from charlstm.ui.neurons.tune_source import COMPOSED, SOURCE
from charlstm.ui.neurons.view_context import ViewContext
from charlstm.ui.shared.notices import plain
from charlstm.ui.shared.pages import page_file
from charlstm.ui.shared.session_tune import choose_tune
from charlstm.ui.shared.url_state import TEMPERATURES

WILDER = 0.4  # of temperature: heard at once, and from 0.8 not yet noise


def introduction(checkpoint: Checkpoint) -> str:
    """What this is, in a sentence."""
    tunes = checkpoint.corpus.tunes
    has_read = f" that has read {tunes:,} tunes" if tunes else ""
    return f"A neural network{has_read} wrote this new tune, one character at a time."


def show_ways_on(context: ViewContext) -> None:
    """Three buttons under a tune."""
    settings, unit = context.composed, striking_unit(context)
    hotter = round(min(settings.temperature + WILDER, TEMPERATURES[1]), 2)
    with st.container(horizontal=True, gap="small"):
        st.button(
            "Hear it wilder", key="compose.wilder", icon=":material/local_fire_department:", on_click=choose_tune,
            args=(settings.varied(temperature=hotter),), disabled=hotter <= settings.temperature,
            help=f"The same seed at temperature {hotter:g}.",
        )  # fmt: skip
        if st.button(
            plain(f"See neuron {label_of(context, unit)}"), key="compose.neuron", icon=":material/neurology:",
            help="What one neuron did while it read this tune, in colour.",
        ):  # fmt: skip
            SOURCE.set(COMPOSED)
            go("tune", unit)
            st.switch_page(page_file("neurons"))
        if st.button(
            "Train your own", key="compose.train", icon=":material/model_training:",
            help="A small model learns in about a minute, and writes tunes while it does.",
        ):  # fmt: skip
            st.switch_page(page_file("train"))
