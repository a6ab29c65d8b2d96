"""Neurons: what the neurons of a model do, in several views. This file chooses the model and the view."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import streamlit as st

from charlstm.lm.store.checkpoint import JSON_FILE
from charlstm.ui.neurons import compare, directory, gates, intervene, neuron, search, tune
from charlstm.ui.neurons.view_context import ViewContext
from charlstm.ui.shared.models import models
from charlstm.ui.shared.session_tune import current_settings

VIEWS: Mapping[str, tuple[str, Callable[[ViewContext], None]]] = MappingProxyType(
    {
        "tune": ("Tune", tune.show),
        "neuron": ("Neuron", neuron.show),
        "gates": ("Gates", gates.show),
        "directory": ("Directory", directory.show),
        "compare": ("Compare", compare.show),
        "search": ("Search", search.show),
        "cause": ("Cause", intervene.show),
    }
)  # name in the address -> label, view


def page() -> None:
    """The page, top to bottom."""
    available = models()
    with st.container():  # always there, so that a notice moves nothing
        wish = current_settings(available)
    state, query = st.session_state, st.query_params
    if "neurons.model" not in state:  # a new visit, or back from another page
        reader = query.get("reader", wish.model)
        state["neurons.first_model"] = reader if reader in available else wish.model
    if state.get("neurons.view") not in VIEWS:
        wanted = query.get("view", state.get("neurons.last_view", ""))  # widgets forget when a page is left
        state["neurons.view"] = wanted if wanted in VIEWS else next(iter(VIEWS))
    if len(VIEWS) > 1:
        st.segmented_control(
            "View", list(VIEWS), key="neurons.view", required=True, label_visibility="collapsed",
            format_func=lambda name: VIEWS[name][0],
        )  # fmt: skip
    # Its default is told in every run: a value that is only set in the state is lost if somebody clicks very early.
    first = state.get("neurons.first_model", wish.model)
    index = list(available).index(first) if first in available else 0
    model = st.sidebar.selectbox("Model that reads", list(available), index=index, key="neurons.model")
    checkpoint = available[model]
    stamp = (checkpoint.path / JSON_FILE).stat().st_mtime_ns
    view = state["neurons.last_view"] = state["neurons.view"]
    VIEWS[view][1](ViewContext(view, model, stamp, checkpoint, wish))


if __name__ == "__main__":  # as Streamlit runs a page
    page()
