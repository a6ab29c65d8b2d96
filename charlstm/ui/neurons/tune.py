"""Tune: a tune, and over each of its characters what one neuron did when the model read it; or all neurons at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from charlstm.files import file_stem
from charlstm.neurons.auroc import auroc
from charlstm.neurons.clustering import similarity_order
from charlstm.neurons.concepts.layout import layout
from charlstm.neurons.concepts.registry import CONCEPTS
from charlstm.neurons.heatmap import heatmap, to_png
from charlstm.neurons.recording import UNIT_SCALE, Kind, Unit, bounded
from charlstm.tunes.abc import split_header
from charlstm.ui.neurons.exports import activations_npz, citation
from charlstm.ui.neurons.layer_heatmap import picked, show_layer
from charlstm.ui.neurons.names import label_of
from charlstm.ui.neurons.predictions import show_predictions
from charlstm.ui.neurons.settings import UNIT, go, unit_name
from charlstm.ui.neurons.tune_source import COMPOSED, SOURCE, replayed, source_tune
from charlstm.ui.neurons.unit_picker import SIGNALS, concept_finder, picker, shown_unit, signal_picker
from charlstm.ui.neurons.view_context import ViewContext
from charlstm.ui.palette import heat_colours
from charlstm.ui.shared.drawing import draw
from charlstm.ui.shared.notices import plain
from charlstm.ui.shared.player import Scale, show_tune, sound_tune
from charlstm.ui.state import Setting

SIMILAR, NUMBER = "Similar neurons together", "By number"
LAYER = "neurons.layer_heatmap"
PLAYER = "neurons.player"
ALL_NEURONS = Setting("neurons.everyone", False)
PREDICTIONS = Setting("neurons.figure", False)
ORDER = Setting("neurons.order", SIMILAR)


def show(context: ViewContext) -> None:
    """The view, top to bottom."""
    with st.container(key="neurons.head"):
        heading, buttons = st.columns([4, 1])
    text, remark, query = source_tune(context)
    replay = replayed(*context.key, text)
    with st.sidebar:
        concept_finder(context, replay.activations())
    unit = shown_unit(context)
    picker(context, unit)
    kind = signal_picker(replay.kinds)
    letter, _, about = SIGNALS[kind]
    title = split_header(text).get("T") or "Untitled"
    with heading:
        st.title(plain(f"Neuron {label_of(context, unit)}"), anchor=False)
        tune = f"What it does while {context.model} reads “{title}”" + (f" ({remark})" if remark else "")
        st.caption(plain(f"{tune}. Each colour shows {about} after it has read that character."))
    with st.container(horizontal=True):
        all_neurons = st.toggle("All neurons", key=ALL_NEURONS.widget())
        below = st.toggle("Predictions under the text", key=PREDICTIONS.widget())
    # What the neuron did, and what the model predicted, above the player.
    acts = replay.activations(kind)
    values = bounded(acts.unit(unit), kind).tolist()
    scale: Scale = "unit" if kind in UNIT_SCALE else "diverging"
    symbols = context.checkpoint.vocab.symbols
    with st.container():  # the same places in every run
        if all_neurons:
            _layer(context, text, kind, unit)
    show_predictions(text, replay.predictions, symbols, key="neurons.guesses", mode="line")
    with st.container():
        if below:
            st.caption(
                "Under each character the five likeliest next characters; the greener, the more likely. "
                "Outlined: the one that came."
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
    drawing = draw(text)
    label = f"Neuron {unit_name(unit, context.layers)} · {letter}"
    show_tune(drawing, key=PLAYER, values=values, label=label, scale=scale, trace=True)
    with buttons:
        st.button("Neuron details", on_click=go, args=("neuron", unit), key="neurons.more", width="stretch")
        st.download_button(
            "Save picture",
            lambda: to_png(
                heatmap(acts, unit, columns=40, padded=True),
                title=f"{title}. {label}, {context.model}",
                colours=heat_colours(unit=scale == "unit"),
            ),
            f"{file_stem(title)}-neuron-{unit.layer}-{unit.index}-{letter}.png",
            "image/png",
            key="neurons.png",
            on_click="ignore",
            icon=":material/download:",
            width="stretch",
        )
        more = st.popover("Data and citation", width="stretch")
    signal = {} if kind == "hidden" else {"signal": letter}
    context.publish(neuron=str(unit), **signal, **query)
    is_composed = SOURCE.get() == COMPOSED
    with more:
        st.download_button(
            "Activations (.npz)", lambda: activations_npz(context, title, replay, unit, composed=is_composed),
            f"{file_stem(title)}-{context.model}.npz", "application/octet-stream", key="neurons.npz",
            on_click="ignore", icon=":material/download:",
            help="Every signal of every neuron on this tune, with the model and the tune named.",
        )  # fmt: skip
        words, bibtex = citation(context, unit, str(st.context.url or "").partition("?")[0], st.query_params.to_dict())
        st.caption("Cite this neuron")
        st.code(words, language=None, wrap_lines=True)
        st.code(bibtex, language=None, wrap_lines=True)
    sound_tune(drawing, key=PLAYER)


# ---- all neurons at once --------------------------------------------------------------------------------------------


def _layer(context: ViewContext, text: str, kind: Kind, unit: Unit) -> None:
    """The heat map of a layer: a row a neuron, a column a character; a click shows that neuron."""

    def pick() -> None:
        number = picked(LAYER)
        if number is not None:
            UNIT.set(Unit(unit.layer, number))

    orders = [SIMILAR, NUMBER, *CONCEPTS]
    order = st.selectbox(
        "Order of rows",
        orders,
        key=ORDER.widget(orders),
        format_func=lambda name: name if name in (SIMILAR, NUMBER) else f"By concept: {CONCEPTS[name].title}",
        help="Similar neurons together: neurons that rise and fall together are neighbours. By concept: neurons that "
        "rise where it holds are on top, those that fall there at the bottom.",
        width=340,
    )
    rows = row_order(*context.key, text, kind, unit.layer, order)
    values = bounded(replayed(*context.key, text).activations(kind).values[unit.layer], kind)
    show_layer(
        values.T[rows],
        text,
        key=LAYER,
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
    if order == SIMILAR:
        return [int(row) for row in similarity_order(values)]
    scores = auroc(values, CONCEPTS[order](text)[None])[:, 0]
    return [int(row) for row in np.argsort(-np.nan_to_num(scores, nan=0.5), kind="stable")]


def bar_ticks(text: str) -> Sequence[tuple[int, str]]:
    """Marks above the heat map: the header, and every bar, or every second, fourth ... so that there is room."""
    tune = layout(text)
    starts = [numbered.span.start for numbered in tune.bars]
    step = next(step for step in (1, 2, 4, 8, 16, 10**6) if len(starts) / step <= 12)
    header = [(0, "header")] if tune.body.start > len(text) / 12 else []
    bars = [(start, str(k + 1) if k else "bar 1") for k, start in enumerate(starts) if not k % step]
    return header + bars
