"""The library of this visit: what the pages add to it and ask of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from charlstm.ui.library.tunes import MAX_TUNES, Library, LibraryTune
from charlstm.ui.shared.url_state import ComposeSettings
from charlstm.ui.state import Setting

LIBRARY: Setting[Library | None] = Setting("library.tunes", None)


def session_library() -> Library:
    """The library of this visit."""
    return LIBRARY.setdefault(Library)


def add_to_library(
    text: str, how: str, *, settings: Mapping[str, Any] | None = None, composed: ComposeSettings | None = None
) -> LibraryTune | None:
    """Add a tune; a notice says so where there is no room."""
    tune = session_library().add(text, how, settings=settings, composed=composed)
    if tune is None:
        st.toast(f"Your library is full: all {MAX_TUNES} tunes are kept. Delete one there.", icon=":material/star:")
    return tune


def keep_button(
    text: str, *, page: str, how: str = "own", settings: Mapping[str, Any] | None = None,
    composed: ComposeSettings | None = None,
) -> None:  # fmt: skip
    """A button beside a tune that keeps it in the library, or no longer.

    Parameters
    ----------
    text : str
        The tune as ABC.
    page : str
        Of the button's key.
    how, settings, composed
        What is remembered of a tune that is not in the library yet.
    """
    known = session_library().find(text)
    starred = known is not None and known.starred

    def pressed() -> None:
        if (tune := add_to_library(text, how, settings=settings, composed=composed)) is not None:
            session_library().change(tune.number, starred=not starred)

    st.button(
        "Kept" if starred else "Keep", key=f"{page}.keep", on_click=pressed, type="primary" if starred else "secondary",
        icon=":material/star:" if not starred else ":material/check:",
        help="This tune is in your library." if starred else "Keep this tune in your library.",
    )  # fmt: skip
