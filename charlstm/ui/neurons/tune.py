"""Tune: a tune, and over each of its characters what one neuron did when the model read it; or all neurons at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from charlstm.errors import CharlstmError
from charlstm.files import file_stem
from charlstm.neurons.auroc import auroc
from charlstm.neurons.clustering import similarity_order
from charlstm.neurons.concepts.layout import layout
from charlstm.neurons.concepts.registry import CONCEPTS
from charlstm.neurons.heatmap import heatmap, to_png
from charlstm.neurons.recording import UNIT_SCALE, Kind, Unit, bounded
from charlstm.tunes.abc import split_header
from charlstm.ui.neurons.layer_heatmap import picked, show_layer
from charlstm.ui.neurons.names import name_of
from charlstm.ui.neurons.predictions import show_predictions
from charlstm.ui.neurons.unit_picker import SIGNALS, picker, shortcuts, shown_unit, signal_picker, unit_name
from charlstm.ui.neurons.view_context import ViewContext, go
from charlstm.ui.shared.drawing import draw
from charlstm.ui.shared.notices import plain, stop_with
from charlstm.ui.shared.player import Scale, show_tune, sound_tune
from charlstm.ui.shared.tune_source import replayed, source_tune

ALIKE, NUMBER = "Alike together", "By number"
PICTURE = "neurons.picture"


def show(context: ViewContext) -> None:
    """The view, top to bottom."""
    heading, buttons = st.columns([4, 1], vertical_alignment="center")
    try:
        text, remark, query = source_tune(context)
        replay = replayed(context.model, context.stamp, text)
    except CharlstmError as error:
        stop_with(error)
    layers, _, size = replay.trace.h.shape
    with st.sidebar:
        shortcuts(context, replay.activations())
    unit = shown_unit(layers, size)
    name = f"Neuron {unit_name(unit, layers)}"
    title = split_header(text).get("T") or "Untitled"
    drawing = draw(text)
    picker(layers, size, unit)
    kind = signal_picker(replay.kinds)
    acts = replay.activations(kind)
    with heading:
        measured = name_of(context, unit)
        st.header(plain(f"{name} · {measured}" if measured else name), anchor=False)
        tune = f"{context.model} reads “{title}”" + (f" ({remark})" if remark else "")
        st.caption(plain(f"{tune}. A colour is {SIGNALS[kind][2]}, after reading that character."))
    with st.container(horizontal=True):
        everyone = st.toggle("All neurons", key="neurons.everyone")
        figure = st.toggle("Guesses under the text", key="neurons.figure")
    values = bounded(acts.unit(unit), kind).tolist()
    scale: Scale = "unit" if kind in UNIT_SCALE else "diverging"
    symbols = context.checkpoint.vocab.symbols
    with st.container():  # the same places in every run
        if everyone:
            all_neurons(context, text, kind, unit)
    show_predictions(text, replay.predictions, symbols, key="neurons.guesses", mode="line")
    with st.container():
        if figure:
            st.caption(
                "Under each character the five that the model then thought likeliest; the greener, the surer. "
                "Outlined: what came."
            )
            show_predictions(
                text,
                replay.predictions,
                symbols,
                key="neurons.guesses.figure",
                mode="figure",
                values=values,
                scale=scale,
            )
    show_tune(
        drawing,
        key="neurons.player",
        values=values,
        label=f"{name} · {SIGNALS[kind][0]}",
        scale=scale,
        trace=True,
    )
    with buttons:
        st.button("More about it", on_click=go, args=("neuron", unit), key="neurons.more", width="stretch")
        st.download_button(
            "Save picture",
            lambda: to_png(heatmap(acts, unit, columns=40, padded=True)),
            f"{file_stem(title)}-neuron-{unit.layer}-{unit.index}-{SIGNALS[kind][0]}.png",
            "image/png",
            key="neurons.png",
            on_click="ignore",
            icon=":material/download:",
            width="stretch",
        )
    signal = {} if kind == "hidden" else {"signal": SIGNALS[kind][0]}
    context.publish(neuron=str(unit), **signal, **query)
    sound_tune(drawing, key="neurons.player")


# ---- all neurons at once --------------------------------------------------------------------------------------------


def all_neurons(context: ViewContext, text: str, kind: Kind, unit: Unit) -> None:
    """The picture of a layer: a row a neuron, a column a character; a click shows that neuron."""
    state = st.session_state

    def pick() -> None:
        number = picked(PICTURE)
        if number is not None:
            state["neurons.unit"] = (unit.layer, number)

    order = st.selectbox(
        "Order of the rows",
        [ALIKE, NUMBER, *CONCEPTS],
        key="neurons.order",
        format_func=lambda name: name if name in (ALIKE, NUMBER) else f"What follows: {name.replace('_', ' ')}",
        help="Alike together: rows that rise and fall together are neighbours. What follows: the rows that rise where "
        "it holds are on top, those that fall there at the bottom.",
        width=340,
    )
    rows = row_order(context.model, context.stamp, text, kind, unit.layer, order)
    values = bounded(replayed(context.model, context.stamp, text).activations(kind).values[unit.layer], kind)
    show_layer(
        values.T[rows],
        text,
        key=PICTURE,
        rows=rows,
        chosen=unit.index,
        scale="unit" if kind in UNIT_SCALE else "diverging",
        ticks=bar_ticks(text),
        on_pick=pick,
    )


@st.cache_data(max_entries=64, show_spinner=False)
def row_order(model: str, stamp: int, text: str, kind: Kind, layer: int, order: str) -> list[int]:
    """The neurons of a layer in the order in which they are drawn."""
    values = replayed(model, stamp, text).activations(kind).values[layer].T
    if order == NUMBER:
        return list(range(len(values)))
    if order == ALIKE:
        return [int(row) for row in similarity_order(values)]
    scores = auroc(values, CONCEPTS[order](text)[None])[:, 0]
    return [int(row) for row in np.argsort(-np.nan_to_num(scores, nan=0.5), kind="stable")]


def bar_ticks(text: str) -> Sequence[tuple[int, str]]:
    """Marks above the picture: the header, and every bar, or every second, fourth ... so that there is room."""
    found = layout(text)
    starts = [numbered.span.start for numbered in found.bars]
    step = next(step for step in (1, 2, 4, 8, 16, 10**6) if len(starts) / step <= 12)
    header = [(0, "header")] if found.body.start > len(text) / 12 else []
    bars = [(start, str(k + 1) if k else "bar 1") for k, start in enumerate(starts) if not k % step]
    return header + bars
