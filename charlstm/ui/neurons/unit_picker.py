"""Which neuron is looked at, and which of its signals: widgets that choose them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import streamlit as st

from charlstm.lm.cells import GATES
from charlstm.neurons.concepts.registry import CONCEPTS
from charlstm.neurons.probes import rank_units
from charlstm.neurons.recording import Activations, Kind, Unit
from charlstm.ui.neurons.names import striking_unit
from charlstm.ui.neurons.settings import UNIT, unit_name
from charlstm.ui.neurons.tune_source import recorded
from charlstm.ui.neurons.view_context import ViewContext
from charlstm.ui.shared.choices import choose
from charlstm.ui.shared.notices import plain
from charlstm.ui.state import Setting

LAYER = Setting("neurons.layer", 1)
SLIDER = Setting("neurons.slider", 0)
NUMBER = Setting("neurons.number", 0)
CONCEPT: Setting[str | None] = Setting("neurons.concept", None)
BEST: Setting[Unit | None] = Setting("neurons.best", None)


def shown_unit(context: ViewContext) -> Unit:
    """The neuron of the visit, else the address's; the most striking one at first, and where this model lacks it."""
    wanted = unit = Unit(*(UNIT.get() or striking_unit(context)))
    if unit.layer >= context.layers or unit.index >= context.size:
        unit = striking_unit(context)
        missing = unit_name(wanted, max(context.layers, wanted.layer + 1))
        words = f"{context.model} has no neuron {missing}. Now shown: neuron {unit_name(unit, context.layers)}."
        st.toast(plain(words), duration="long")
    UNIT.set(unit)
    return unit


def picker(context: ViewContext, unit: Unit) -> None:
    """Widgets that choose a neuron by its number; they move together."""

    def moved(source: Setting[int]) -> None:
        UNIT.set(Unit(LAYER.get() - 1 if context.layers > 1 else 0, source.get()))

    SLIDER.renew(unit.index)
    NUMBER.renew(unit.index)
    LAYER.renew(unit.layer + 1)
    if context.layers > 1:
        st.segmented_control(
            "Layer", range(1, context.layers + 1), default=unit.layer + 1, key=LAYER.widget(), required=True,
            on_change=moved, args=(SLIDER,),
        )  # fmt: skip
    last = context.size - 1
    if not last:  # a slider needs two ends
        st.caption("Each layer of this model has one neuron." if context.layers > 1 else "This model has one neuron.")
        return
    wide, narrow = st.columns([4, 1], vertical_alignment="bottom")
    wide.slider("Neuron", 0, last, unit.index, key=SLIDER.widget(bounds=(0, last)), on_change=moved, args=(SLIDER,))
    narrow.number_input(
        "Neuron by number", 0, last, unit.index, key=NUMBER.widget(bounds=(0, last)), on_change=moved,
        args=(NUMBER,), label_visibility="collapsed",
    )  # fmt: skip


# ---- by concept -----------------------------------------------------------------------------------------------------


@st.cache_data(max_entries=64, show_spinner=False)
def best_units(model: str, stamp: int, text: str, concept: str) -> list[tuple[int, int, float]]:
    """The five neurons that pick out a concept best in this tune: layer, index, and how surely, in [0, 1]."""
    best = rank_units(recorded(model, stamp, text), CONCEPTS[concept], top=5)
    return [(*score.unit, score.selectivity) for score in best]


def concept_finder(context: ViewContext, acts: Activations) -> None:
    """Widgets that find a neuron by what it follows in this tune; a new choice shows the best one at once."""

    def best_of(concept: str) -> dict[Unit, float]:
        return {Unit(k, j): sure for k, j, sure in best_units(*context.key, acts.text, concept)}

    def find() -> None:
        if concept := CONCEPT.get():
            UNIT.set(next(iter(best_of(concept))))

    def jump() -> None:
        if unit := BEST.get():
            UNIT.set(Unit(*unit))

    concept = st.selectbox(
        "Find neurons by concept", list(CONCEPTS), index=None, key=CONCEPT.widget(), placeholder="Choose a concept",
        format_func=lambda name: CONCEPTS[name].title, on_change=find,
    )  # fmt: skip
    if concept:
        best = best_of(concept)
        BEST.set(unit if (unit := shown_unit(context)) in best else None)
        st.pills(
            "Best neurons", list(best), key=BEST.widget(), on_change=jump,
            format_func=lambda unit: f"{unit_name(unit, context.layers)} · {best[unit]:.0%}",
            help="100%: in this tune the neuron’s value alone separates these characters from all others.",
        )  # fmt: skip


# ---- its signals ----------------------------------------------------------------------------------------------------

SIGNALS: Mapping[Kind, tuple[str, str, str]] = MappingProxyType(
    {
        "hidden": ("h", "h output", "the neuron’s output h"),
        "cell": ("c", "c memory", "its memory c, as tanh c,"),
        **{letter: (letter, f"{letter} {gate.name}", gate.meaning) for letter, gate in GATES.items()},
    }
)  # letter in the address, label, in words
_KINDS = {letter: kind for kind, (letter, _, _) in SIGNALS.items()}
SIGNAL: Setting[Kind] = Setting("neurons.signal", "hidden", query="signal", parse=_KINDS.get)


def signal_picker(kinds: Sequence[Kind]) -> Kind:
    """A widget that chooses which signal of the neuron is shown; the output where there is nothing else."""
    if len(kinds) == 1:
        return kinds[0]
    return choose("Signal", kinds, SIGNAL, labels={kind: SIGNALS[kind][1] for kind in kinds})
