"""Gates: how often each gate of each neuron of a layer is open and closed, and which neurons remember longest."""

from __future__ import annotations

import numpy as np
import streamlit as st

from charlstm.lm.cells import CELLS, GATES
from charlstm.neurons.recording import Unit
from charlstm.ui.neurons import neuron_charts as charts
from charlstm.ui.neurons.names import label_of
from charlstm.ui.neurons.recordings import recording_of
from charlstm.ui.neurons.settings import go, number
from charlstm.ui.neurons.unit_picker import shown_unit
from charlstm.ui.neurons.view_context import ViewContext
from charlstm.ui.shared.choices import choose
from charlstm.ui.shared.figures import show_figure
from charlstm.ui.shared.notices import plain
from charlstm.ui.state import Setting, component_value

LONGEST = 6
LAYER = Setting("gates.layer", 0, query="layer", parse=number(1, 9))  # 0: that of the neuron
UNIT: Setting[Unit | None] = Setting("gates.unit", None)  # that was looked at when the layer was chosen
ADDRESSED = (LAYER,)


def show(context: ViewContext) -> None:
    """The view, top to bottom."""
    spec = context.checkpoint.config.cell_spec
    memory_gate = spec.memory_gate
    st.title("Gates", anchor=False)
    about = st.empty()
    unit = shown_unit(context)
    if memory_gate is None:
        gated = " or ".join(spec.label for spec in CELLS.values() if spec.memory_gate)
        about.caption(f"The cell type {spec.label} has no gates. Choose a model with gates: {gated}.")
        context.publish(neuron=str(unit))
        return
    layer = unit.layer
    if context.layers > 1:
        if not LAYER.get() or (UNIT.get() or unit) != unit:
            LAYER.set(layer + 1)
        UNIT.set(unit)
        layer = choose("Layer", range(1, context.layers + 1), LAYER, hidden=False) - 1
    shown = {} if layer == unit.layer else {"layer": str(layer + 1)}
    context.publish(neuron=str(unit), **shown)
    answers = (
        "Which neurons keep what they know, and which forget? Each dot is a neuron. The higher, the more often its "
        "gate is open; the further right, the more often it is closed."
    )
    about.caption(answers)
    if (read := recording_of(context)) is None:
        return
    recording, tunes = read
    about.caption(plain(f"{answers} Measured on {tunes}. Click a dot to see that neuron."))
    for column, (letter, sums) in zip(st.columns(len(recording.gates)), recording.gates.items(), strict=True):
        key = f"gates.{letter}"

        def pick(key: str = key) -> None:
            points = component_value(key).get("selection", {}).get("pick", [])
            if points and isinstance(number := points[0].get("neuron"), int):
                go("neuron", (layer, number))

        chosen = unit.index if layer == unit.layer else -1
        title = f"{GATES[letter].name.capitalize()} {letter}"
        chart = charts.saturation_chart(letter, sums, layer, chosen, title)
        caption = f"{context.model}, layer {layer + 1}, a dot per neuron; n = {tunes}."
        of = {"layer": layer + 1, "model": context.model}
        show_figure(chart, title=title, caption=caption, of=of, key=key, place=column, on_select=pick)
    half = recording.gates[memory_gate].half_life[layer]
    st.header("Longest memory", anchor=False)
    st.caption(
        f"Characters until half of a neuron’s memory is gone, by its {GATES[memory_gate].name} {memory_gate}. "
        f"The median neuron: {np.median(half):.1f} characters."
    )
    with st.container(horizontal=True):
        for index in np.argsort(-half, kind="stable")[:LONGEST].tolist():
            length = f"{half[index]:,.0f}" if np.isfinite(half[index]) else "∞"
            st.button(
                plain(label_of(context, (layer, index), f"{length} characters")),
                key=f"gates.longest.{index}",
                on_click=go,
                args=("neuron", (layer, index)),
            )
