"""Neurons: what the neurons of a model do, in several views. This file chooses the model and the view."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import streamlit as st

from charlstm.errors import CharlstmError
from charlstm.ui.neurons import compare, directory, gates, intervene, neuron, search, tune
from charlstm.ui.neurons.settings import COMPOSER, MODEL, UNIT, VIEW, VISITS
from charlstm.ui.neurons.tune_source import COMPOSED, CORPUS, CORPUS_TUNE, SOURCE
from charlstm.ui.neurons.unit_picker import SIGNAL
from charlstm.ui.neurons.view_context import ADDRESS, ViewContext
from charlstm.ui.shared.choices import choose
from charlstm.ui.shared.models import models, stamp_of
from charlstm.ui.shared.notices import stop_with
from charlstm.ui.shared.scroll_top import scroll_to_top
from charlstm.ui.shared.session_tune import WIDGETS, current_settings
from charlstm.ui.shared.view_slots import view_slot
from charlstm.ui.shared.written_address import is_followed
from charlstm.ui.state import Setting

VIEWS: Mapping[str, tuple[str, Callable[[ViewContext], None]]] = MappingProxyType(
    {
        "tune": ("Tune", tune.show),
        "neuron": ("Neuron", neuron.show),
        "gates": ("Gates", gates.show),
        "directory": ("Neuron index", directory.show),
        "compare": ("Compare", compare.show),
        "search": ("Search", search.show),
        "cause": ("Intervene", intervene.show),
    }
)  # name in the address -> label, view
ADDRESSED: Mapping[str, tuple[Setting[Any], ...]] = MappingProxyType(
    {
        "gates": gates.ADDRESSED,
        "directory": directory.ADDRESSED,
        "compare": compare.ADDRESSED,
        "search": search.ADDRESSED,
        "cause": intervene.ADDRESSED,
    }
)  # view -> what its address says besides the model, the neuron and the tune


def page() -> None:
    """The page, top to bottom."""
    available = models()
    with st.container():  # always there, so that a notice moves nothing
        composed = current_settings(available)
    _follow_address()
    view = choose("View", list(VIEWS), VIEW, labels={name: label for name, (label, _) in VIEWS.items()})
    # A new tune is read by the model that wrote it, unless the address names another one.
    if composed.model != COMPOSER.get():
        COMPOSER.set(composed.model)
        MODEL.set(st.query_params.get("reader", composed.model))
    model = st.sidebar.selectbox("Model", list(available), key=MODEL.widget(available, composed.model))
    with st.sidebar:
        scroll_to_top(f"{view} {VISITS.get()}")
    checkpoint = available[model]
    stamp = stamp_of(model)
    with view_slot(view, VIEWS):
        try:
            VIEWS[view][1](ViewContext(view, model, stamp, checkpoint, composed))
        except CharlstmError as error:
            stop_with(error)


def _follow_address() -> None:
    """Show what the address says, if the visitor went back or forward."""
    query = {name: value for name, value in st.query_params.items() if name not in WIDGETS}
    if "view" not in query or not is_followed(ADDRESS, query):
        return
    settings: tuple[Setting[Any], ...] = (VIEW, MODEL, UNIT, SIGNAL, CORPUS_TUNE)
    for setting in (*settings, *ADDRESSED.get(query["view"], ())):
        setting.reload()
    if CORPUS_TUNE.get() is not None:
        SOURCE.set(CORPUS)
    elif SOURCE.get() == CORPUS:
        SOURCE.set(COMPOSED)


if __name__ == "__main__":  # as Streamlit runs a page
    page()
