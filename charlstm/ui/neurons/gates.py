"""Gates: how often each gate of each neuron of a layer is open and shut, and who remembers longest."""

from __future__ import annotations

import numpy as np
import streamlit as st

from charlstm.errors import CharlstmError
from charlstm.lm.cells import CELLS, GATES
from charlstm.ui.neurons import neuron_charts as charts
from charlstm.ui.neurons.names import name_of
from charlstm.ui.neurons.recordings import surveyed
from charlstm.ui.neurons.unit_picker import shown_unit, unit_name
from charlstm.ui.neurons.view_context import ViewContext, go
from charlstm.ui.shared.notices import plain, stop_with

LONGEST = 6


def show(context: ViewContext) -> None:
    """The view, top to bottom."""
    state, config = st.session_state, context.checkpoint.config
    st.header("Gates", anchor=False)
    about = st.empty()
    unit = shown_unit(config.num_layers, config.hidden_size)
    context.publish(neuron=str(unit))
    memory_gate = config.cell_spec.memory_gate
    if memory_gate is None:
        gated = " or ".join(spec.title for spec in CELLS.values() if spec.memory_gate)
        about.caption(f"A {config.cell_spec.title} has no gates. Choose a model with them: {gated}.")
        return
    layer = unit.layer
    if config.num_layers > 1:
        state.setdefault("gates.layer", layer + 1)
        numbers = range(1, config.num_layers + 1)
        layer = (st.segmented_control("Layer", numbers, key="gates.layer", required=True) or layer + 1) - 1
    try:
        found, tunes = surveyed(context)
    except CharlstmError as error:
        stop_with(error)
    about.caption(
        plain(
            f"A dot is a neuron. The higher, the more often its gate is open; the further right, the more often it is "
            f"shut. Over {tunes}. Click a dot to see that neuron."
        )
    )
    for column, (letter, sums) in zip(st.columns(len(found.gates)), found.gates.items(), strict=True):
        key = f"gates.{letter}"

        def pick(key: str = key, layer: int = layer) -> None:
            points = state[key].get("selection", {}).get("pick", [])
            if points and isinstance(number := points[0].get("neuron"), int):
                go("neuron", (layer, number))

        chosen = unit.index if layer == unit.layer else -1
        chart = charts.saturation_chart(letter, sums, layer, chosen, f"{GATES[letter].name.capitalize()} {letter}")
        column.altair_chart(chart, key=key, on_select=pick)
    half = found.gates[memory_gate].half_life[layer]
    st.subheader("Who remembers longest", anchor=False)
    st.caption(
        f"Characters until half of a neuron's memory is gone, by its {GATES[memory_gate].name} {memory_gate}: "
        f"half of the neurons keep it for less than {np.median(half):.1f}."
    )
    with st.container(horizontal=True):
        for index in np.argsort(-half, kind="stable")[:LONGEST].tolist():
            known = name_of(context, (layer, index))
            said = f"{half[index]:,.0f}" if np.isfinite(half[index]) else "∞"
            label = f"{unit_name((layer, index), config.num_layers)} · {said} characters"
            st.button(
                plain(f"{label} · {known}" if known else label),
                key=f"gates.longest.{index}",
                on_click=go,
                args=("neuron", (layer, index)),
            )
