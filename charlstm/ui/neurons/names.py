"""Names of neurons: what the stored directory of a model says that each of them follows."""

from __future__ import annotations

from typing import NamedTuple

import streamlit as st

from charlstm.neurons.concepts.registry import CONCEPTS
from charlstm.neurons.directory.file import directory_path, is_current, load_directory
from charlstm.neurons.recording import Unit
from charlstm.ui.neurons.view_context import ViewContext
from charlstm.ui.shared.models import engine


class Name(NamedTuple):
    """The concept that a neuron tells best, and its held-out AUROC; below 1/2 where it falls there."""

    concept: str
    auroc: float

    def __str__(self) -> str:
        """first beat, or: not first beat."""
        title = CONCEPTS[self.concept].title
        return title if self.auroc >= 0.5 else f"not {title}"


def name_of(context: ViewContext, unit: Unit | tuple[int, int]) -> Name | None:
    """The measured name of a neuron; None where nothing was measured, or nothing is told well enough."""
    try:
        stamp = directory_path(context.checkpoint.path).stat().st_mtime_ns
    except OSError:
        return None
    return _names(context.model, context.stamp, stamp, context).get((unit[0], unit[1]))


@st.cache_data(max_entries=8, show_spinner=False)
def _names(model: str, stamp: int, directory_stamp: int, _lab: ViewContext) -> dict[tuple[int, int], Name]:
    found = load_directory(_lab.checkpoint.path)
    if found is None or not is_current(found, engine(model)):  # measured of other weights or concepts
        return {}
    return {
        (entry.score.unit.layer, entry.score.unit.index): Name(entry.concept, entry.score.held_out)
        for entry in found.neurons
        if entry.named and entry.concept in CONCEPTS
    }
