"""The views of the page Neurons, a file each: `show(context)` draws one.

A ViewContext is what the views share: the model that reads, and the tune that the visit is about. A view that wants
another view or neuron on the page calls `go` in a widget's callback.
"""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from charlstm.lm.store.checkpoint import Checkpoint
from charlstm.neurons.recording import Unit
from charlstm.ui.shared.session_tune import publish
from charlstm.ui.shared.url_state import ComposeSettings


@dataclass(frozen=True)
class ViewContext:
    """What a view is given."""

    view: str
    model: str  # that reads; a shared engine of it comes from charlstm.ui.shared.models.engine and is never changed
    stamp: int  # of the model's files: a part of every cache key, so that a model trained anew is another one
    checkpoint: Checkpoint
    wish: ComposeSettings  # the tune of the visit

    def publish(self, **more: str) -> None:
        """Put the view, and what else it shows, into the address bar."""
        reader = {} if self.model == self.wish.model else {"reader": self.model}
        publish(self.wish, view=self.view, **reader, **more)


def go(view: str, unit: Unit | tuple[int, int] | None = None) -> None:
    """Show another view, and a neuron in it; for callbacks of widgets."""
    st.session_state["neurons.view"] = view
    if unit is not None:
        st.session_state["neurons.unit"] = tuple(unit)
