"""Which neuron is looked at: by number, by layer, by what it follows, or from the address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import streamlit as st

from charlstm.lm.cells import GATES
from charlstm.neurons.concepts.registry import CONCEPTS
from charlstm.neurons.probes import rank_units
from charlstm.neurons.recording import Activations, Kind, Unit
from charlstm.ui.neurons.view_context import ViewContext
from charlstm.ui.shared.tune_source import recorded


@st.cache_data(max_entries=64, show_spinner=False)
def followers(model: str, stamp: int, text: str, concept: str) -> list[tuple[int, int, float]]:
    """The five neurons that tell a concept best in this tune: layer, index, and how surely, in [0, 1]."""
    best = rank_units(recorded(model, stamp, text), CONCEPTS[concept], top=5)
    return [(*score.unit, score.selectivity) for score in best]


def shown_unit(layers: int, size: int) -> Unit:
    """The neuron of the visit, else the address's, within what this model has."""
    layer, index = st.session_state.get("neurons.unit", _from_address())
    unit = Unit(min(layer, layers - 1), min(index, size - 1))
    st.session_state["neurons.unit"] = unit
    return unit


def shortcuts(context: ViewContext, acts: Activations) -> None:
    """Widgets that find a neuron by what it follows in this tune; a new choice shows the best one at once."""
    state = st.session_state
    layers, _, size = acts.values.shape

    def ask() -> None:
        state["neurons.asked"] = True

    def jump() -> None:
        if state["neurons.jump"]:
            state["neurons.unit"] = state["neurons.jump"]

    concept = st.selectbox(
        "Neurons that follow",
        list(CONCEPTS),
        index=None,
        key="neurons.concept",
        placeholder="Choose something",
        format_func=lambda name: name.replace("_", " "),
        on_change=ask,
    )
    if concept:
        best = {(k, j): sure for k, j, sure in followers(context.model, context.stamp, acts.text, concept)}
        if state.pop("neurons.asked", False):
            state["neurons.unit"] = next(iter(best))
        state["neurons.jump"] = tuple(current) if (current := shown_unit(layers, size)) in best else None
        st.pills(
            "Best first",
            list(best),
            key="neurons.jump",
            on_change=jump,
            format_func=lambda unit: f"{unit_name(unit, layers)} · {best[unit]:.0%}",
            help="100 %: in this tune its value alone tells these characters from all others.",
        )


def picker(layers: int, size: int, unit: Unit) -> None:
    """Widgets that choose a neuron by its number; they move together."""
    state = st.session_state

    def moved(source: str) -> None:
        state["neurons.unit"] = (state.get("neurons.layer", 1) - 1, state[source])

    state["neurons.slider"] = state["neurons.number"] = unit.index
    if layers > 1:
        state["neurons.layer"] = unit.layer + 1
        st.segmented_control(
            "Layer",
            range(1, layers + 1),
            key="neurons.layer",
            required=True,
            on_change=moved,
            args=("neurons.slider",),
        )
    wide, narrow = st.columns([4, 1], vertical_alignment="bottom")
    wide.slider("Neuron", 0, size - 1, key="neurons.slider", on_change=moved, args=("neurons.slider",))
    narrow.number_input(
        "Neuron by number",
        0,
        size - 1,
        key="neurons.number",
        on_change=moved,
        args=("neurons.number",),
        label_visibility="collapsed",
    )


SIGNALS: Mapping[Kind, tuple[str, str, str]] = MappingProxyType(
    {
        "hidden": ("h", "h output", "its output h, all that the rest of the model sees of it"),
        "cell": ("c", "c memory", "its memory c, as tanh c"),
        **{letter: (letter, f"{letter} {gate.name}", gate.meaning) for letter, gate in GATES.items()},
    }
)  # letter in the address, label, in words


def signal_picker(kinds: Sequence[Kind]) -> Kind:
    """A widget that chooses what of the neuron is shown; the output where there is nothing else."""
    state = st.session_state
    letters = {SIGNALS[kind][0]: kind for kind in kinds}
    if state.get("neurons.signal") not in letters.values():
        wanted = state.get("neurons.last_signal", letters.get(st.query_params.get("signal", "")))
        state["neurons.signal"] = wanted if wanted in letters.values() else "hidden"
    if len(kinds) > 1:
        st.segmented_control(
            "What of it", kinds, key="neurons.signal", required=True, format_func=lambda kind: SIGNALS[kind][1],
            label_visibility="collapsed",
        )  # fmt: skip
    state["neurons.last_signal"] = state["neurons.signal"]
    found: Kind = state["neurons.signal"]
    return found


def unit_name(unit: tuple[int, int], layers: int) -> str:
    """A neuron in words: its number, and its layer where there are several."""
    return f"{unit[1]}" if layers == 1 else f"{unit[1]} in layer {unit[0] + 1}"


def _from_address() -> tuple[int, int]:
    """The neuron of the address, "layer:index" from 0; the first one where it names none."""
    parts = st.query_params.get("neuron", "").split(":")
    if len(parts) == 2 and all(part.isascii() and part.isdigit() and len(part) < 6 for part in parts):
        return int(parts[0]), int(parts[1])
    return 0, 0
