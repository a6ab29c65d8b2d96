"""What stands below the tune when it is asked for: the tune at other temperatures, many tunes, and its form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import streamlit as st

from charlstm.lm.sample.sampling import Sample
from charlstm.ui.compose.form_editor import show_form_editor
from charlstm.ui.compose.many import COUNT, FIRST, show_many
from charlstm.ui.compose.temperatures import show_temperatures
from charlstm.ui.compose.watch import WATCH
from charlstm.ui.neurons.view_context import ViewContext
from charlstm.ui.shared.written_address import WrittenAddress, is_followed, note_written
from charlstm.ui.state import Setting

PANELS: Mapping[str, tuple[str, Callable[[ViewContext, Sample], None]]] = MappingProxyType(
    {
        "temperatures": ("Compare temperatures", show_temperatures),
        "many": (f"Write {COUNT}", show_many),
        "form": ("Form", show_form_editor),
    }
)  # name in the address -> label, panel
PANEL: Setting[str | None] = Setting(
    "compose.panel", None, query="panel", parse=lambda text: text if text in PANELS else None
)


_ADDRESS: WrittenAddress = Setting("compose.address", None)


def follow_panel() -> None:
    """Open what the address says, if the visitor went back or forward."""
    if is_followed(_ADDRESS, st.query_params.to_dict()):
        PANEL.reload()
        WATCH.reload()
        FIRST.reload()


def note_panel(tune: Mapping[str, str], more: Mapping[str, str]) -> dict[str, str]:
    """What the address says besides the tune, the open panel too; remembered as what this page writes."""
    panel = {PANEL.query: name} if (name := PANEL.get()) else {}
    if name == "many" and (first := FIRST.get()) is not None:
        panel[FIRST.query] = str(first)
    note_written(_ADDRESS, {**tune, **more, **panel})
    return {**more, **panel}


def choose_panel(context: ViewContext) -> None:
    """A widget that opens a panel, or closes it."""
    names = [name for name in PANELS if name != "form" or context.checkpoint.config.plan]
    if PANEL.get() not in names:
        PANEL.set(None)
    st.segmented_control(
        "More", names, key=PANEL.widget(), format_func=lambda name: PANELS[name][0], label_visibility="collapsed"
    )


def show_panel(context: ViewContext, sample: Sample) -> None:
    """The open panel."""
    if name := PANEL.get():
        PANELS[name][1](context, sample)
