"""The address that a page wrote, and whether the browser now shows another one: the visitor went back, or forward."""

from __future__ import annotations

import time
from collections.abc import Mapping

import streamlit as st

from charlstm.ui.state import Setting

LAG = 1.0  # seconds in which a browser may still send the address before
WrittenAddress = Setting[tuple[float, dict[str, str]] | None]  # one a page: when it was written, and what


def note_written(written: WrittenAddress, address: Mapping[str, str]) -> None:
    """Remember the address that a page writes now."""
    if address != (written.get() or (0.0, {}))[1]:
        written.set((time.monotonic(), dict(address)))


def write_address(written: WrittenAddress, address: Mapping[str, str]) -> None:
    """Put an address into the address bar, and remember it."""
    note_written(written, address)
    if st.query_params.to_dict() != address:
        st.query_params.from_dict(dict(address))


def is_followed(written: WrittenAddress, query: Mapping[str, str]) -> bool:
    """Whether the page should show what the address says, because it is another one than the page wrote."""
    when, address = written.get() or (0.0, query)
    if query == address or time.monotonic() - when < LAG:
        return False
    written.set((0.0, dict(query)))
    return True
