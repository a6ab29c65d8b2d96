"""The style sheet of all pages, beside Streamlit's theme (.streamlit/config.toml)."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

STYLE_SHEET = Path(__file__).with_suffix(".css")


def style_page() -> None:
    """Called once in a run. Where ui/first_paint answers, the browser has it before that."""
    st.html(STYLE_SHEET)
