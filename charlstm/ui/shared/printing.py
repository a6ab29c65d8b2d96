"""How a page is printed: the titles and scores of its players, and nothing of what surrounds them."""

from __future__ import annotations

import streamlit as st

# The player's own style sheet says what of a player is printed.
_CSS = """
@media print {
  [data-testid="stHeader"], [data-testid="stSidebar"], [data-testid="stExpander"], [data-testid="stPopover"],
  [data-testid="stMain"] [data-testid="stElementContainer"]:not([class*="-player"]) { display: none !important; }
}
"""


def print_scores_only() -> None:
    """Called anywhere on a page; it takes no place there."""
    st.html(f"<style>{_CSS}</style>")
