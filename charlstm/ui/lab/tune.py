"""Tune: a tune, and over each of its characters what one neuron did when the model read it."""

from __future__ import annotations

import streamlit as st

from charlstm.errors import CharlstmError
from charlstm.neurons.heatmap import heatmap, to_png
from charlstm.tunes.abc import split_header
from charlstm.ui.common import draw, file_stem, plain, show_tune, sound_tune, stop_with
from charlstm.ui.lab import Lab
from charlstm.ui.lab.choice import picker, shortcuts, shown_unit, unit_name
from charlstm.ui.lab.subject import recorded, subject


def show(lab: Lab) -> None:
    """The view, top to bottom."""
    heading, button = st.columns([4, 1], vertical_alignment="center")
    try:
        text = subject(lab)
        acts = recorded(lab.model, lab.stamp, text)
    except CharlstmError as error:
        stop_with(error)
    layers, _, size = acts.values.shape
    with st.sidebar:
        shortcuts(lab, acts)
    unit = shown_unit(layers, size)
    name = f"Neuron {unit_name(unit, layers)}"
    title = split_header(text).get("T") or "Untitled"
    drawing = draw(text)
    with heading:
        st.header(plain(name), anchor=False)
        st.caption(
            plain(f"{lab.model} reads “{title}”. A colour is what this neuron holds after reading that character.")
        )
    picker(layers, size, unit)
    show_tune(text, drawing, key="neurons.player", values=acts.unit(unit).tolist(), label=name)
    button.download_button(
        "Save picture",
        lambda: to_png(heatmap(acts, unit)),
        f"{file_stem(title)}-neuron-{unit.layer}-{unit.index}.png",
        "image/png",
        key="neurons.png",
        on_click="ignore",
        icon=":material/download:",
        width="stretch",
    )
    lab.publish(neuron=str(unit))
    sound_tune(drawing, key="neurons.player")
