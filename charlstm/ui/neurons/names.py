"""Names of neurons: what the stored directory of a model says that each of them follows."""

from __future__ import annotations

from typing import NamedTuple

import streamlit as st

from charlstm.neurons.concepts.registry import CONCEPTS
from charlstm.neurons.directory.entries import ROLES
from charlstm.neurons.directory.file import directory_path, is_current, load_directory
from charlstm.neurons.recording import Unit
from charlstm.ui.neurons.settings import unit_name
from charlstm.ui.neurons.view_context import ViewContext
from charlstm.ui.shared.models import engine


class Name(NamedTuple):
    """The concept that a neuron tells best, and its held-out AUROC; below 1/2 where it falls there."""

    concept: str
    auroc: float

    def __str__(self) -> str:
        """What it follows, as a label: "high notes", or "off on high notes" where it falls."""
        concept = CONCEPTS[self.concept]
        return concept.title if self.auroc >= 0.5 else f"off {concept.where}"

    @property
    def behaviour(self) -> str:
        """The same within a sentence: "rises on high notes"."""
        return f"{'rises' if self.auroc >= 0.5 else 'falls'} {CONCEPTS[self.concept].where}"


def name_of(context: ViewContext, unit: Unit | tuple[int, int]) -> Name | None:
    """The measured name of a neuron; None where nothing was measured, or nothing is told well enough."""
    return _known(context).get((unit[0], unit[1]))


def role_of(context: ViewContext, unit: tuple[int, int]) -> str:
    """Which of the report's three neurons this one is in this model: "Header neuron"; "" for none."""
    return next((ROLES[role] for role, known in _roles(context).items() if known == (unit[0], unit[1])), "")


def label_of(context: ViewContext, unit: tuple[int, int], *more: str) -> str:
    """A neuron's number, what else is to be said of it, and its name where it has one: "12 in layer 2 · bar line"."""
    name = role_of(context, unit) or name_of(context, unit)
    return " · ".join([unit_name(unit, context.layers), *more, *([str(name)] if name else [])])


def striking_unit(context: ViewContext) -> Unit:
    """The neuron to begin with: the first one where none has a name.

    One that rises, and with the place of notes in the bar if there is such a one: that is seen at once on the score.
    """
    names = _known(context)

    def rank(unit: tuple[int, int]) -> tuple[bool, bool, float]:
        concept, auroc = names[unit]
        return auroc >= 0.5, CONCEPTS[concept].within == "events", auroc

    return Unit(*max(names, key=rank, default=(0, 0)))


def _roles(context: ViewContext) -> dict[str, tuple[int, int]]:
    """The neurons of this model that stand for the report's three, by role."""
    return _directory(context)[1]


def _known(context: ViewContext) -> dict[tuple[int, int], Name]:
    """The names of all neurons that have one."""
    return _directory(context)[0]


_Names = tuple[dict[tuple[int, int], Name], dict[str, tuple[int, int]]]


def _directory(context: ViewContext) -> _Names:
    try:
        stamp = directory_path(context.checkpoint.path).stat().st_mtime_ns
    except OSError:
        return {}, {}
    return _names(*context.key, stamp, context)


@st.cache_data(max_entries=8, show_spinner=False)
def _names(model: str, stamp: int, directory_stamp: int, _context: ViewContext) -> _Names:
    directory = load_directory(_context.checkpoint.path)
    if directory is None or not is_current(directory, engine(model)):  # measured of other weights or concepts
        return {}, {}
    roles = {role: (entry.unit.layer, entry.unit.index) for role, entry in directory.examples.items() if role in ROLES}
    return {
        (entry.score.unit.layer, entry.score.unit.index): Name(entry.concept, entry.score.held_out)
        for entry in directory.neurons
        if entry.named and entry.concept in CONCEPTS
    }, roles
