"""How a page is printed: the titles and scores of its players and nothing of what surrounds them, or as a worksheet."""

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


_WORKSHEET = """
@media screen {
  [data-testid="stElementContainer"]:has(.on-paper) { display: none; }
}
@media print {
  [data-testid="stHeader"], [data-testid="stSidebar"], [data-testid="stLinkButton"] { display: none !important; }
  .on-paper code { overflow-wrap: anywhere; }
  .on-paper hr { border: 0; border-bottom: 1px solid #999; height: 2rem; margin: 0; }
  [class*="st-key-step-"] { break-inside: avoid; gap: 0.5rem; }
}
"""


def print_worksheet() -> None:
    """Print all of the page, no step ("step-" begins its key) over two sheets; the class "on-paper" on paper alone."""
    st.html(f"<style>{_WORKSHEET}</style>")
