"""The style sheet of all pages, beside Streamlit's theme (.streamlit/config.toml)."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

_FILE = Path(__file__).with_suffix(".css")


def style_page() -> None:
    """Called once in a run; it takes no place on the page."""
    st.html(_FILE)
