"""Bytes that a page's browser fetches by an address: once, because the address is a hash of what it holds."""

from __future__ import annotations

import streamlit as st
from streamlit.runtime import get_instance


def media_url(data: bytes, kind: str, place: str) -> str:
    """The address of some bytes, for as long as this visit's runs ask for it.

    Parameters
    ----------
    data : bytes
    kind : str
        The media type.
    place : str
        Whose they are: other bytes of the same place take theirs.
    """
    base = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{base}" * bool(base) + get_instance().media_file_mgr.add(data, kind, place)
