"""A component without a look, on every page, for those who listen and for phones.

It announces a new title, says of which thing a button in a list is, and closes a phone's drawer on another page.
"""

from __future__ import annotations

import re

import streamlit as st

from charlstm.ui.shared.component import component
from charlstm.ui.state import Setting

NAMED: Setting[dict[str, str]] = Setting("frame.named", {})  # class of a container -> what its buttons are about
_component = component(
    "frame", __file__, html='<section class="frame"><div role="status" aria-live="polite"></div></section>'
)


def name_buttons(key: str, what: str) -> None:
    """Say to a screen reader what the buttons of a container are about: "Listen, Maggie in the Barley".

    Parameters
    ----------
    key : str
        Of the container.
    what : str
        The tune, the version, the neuron.
    """
    NAMED.set({**NAMED.get(), f"st-key-{re.sub(r'[^a-zA-Z0-9_-]', '-', key)}": what})


def show_frame(page: str, title: str) -> None:
    """The last thing in a run of the app.

    Parameters
    ----------
    page : str
        The page that is shown: another one closes the drawer of a phone.
    title : str
        Of what is shown on it, a tune most often; a new one is announced.
    """
    with st.container(key="frame"):
        _component(key="frame.component", data={"page": page, "title": title, "named": NAMED.pop()}, height=1)
