"""The shelf of a visit, in its session: what pages put on it and ask of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from charlstm.ui.library.archive import MOST, Kept, Shelf
from charlstm.ui.shared.url_state import Wish


def shelf() -> Shelf:
    """The shelf of this visit."""
    state = st.session_state
    if "shelf.shelf" not in state:
        state["shelf.shelf"] = Shelf()
    found: Shelf = state["shelf.shelf"]
    return found


def put(
    text: str, how: str, *, settings: Mapping[str, Any] | None = None, wish: Wish | None = None, starred: bool = False
) -> Kept | None:
    """Put a tune on the shelf, and keep it if asked to."""
    kept = shelf().add(text, how, settings=settings, wish=wish)
    if kept is None:
        st.toast(f"The shelf is full: {MOST} tunes are kept. Delete one on the page Shelf.", icon=":material/star:")
    elif starred:
        shelf().change(kept.number, starred=True)
    return kept


def keep_button(
    text: str, *, page: str, how: str = "own", settings: Mapping[str, Any] | None = None, wish: Wish | None = None
) -> None:
    """A star beside a tune: puts it on the shelf to stay, or takes the star away again.

    Parameters
    ----------
    text : str
        The tune as ABC.
    page : str
        Of the button's key.
    how, settings, wish
        What is remembered of a tune that is not on the shelf yet.
    """
    there = shelf().find(text)
    starred = there is not None and there.starred

    def pressed() -> None:
        kept = put(text, how, settings=settings, wish=wish)
        if kept is not None:
            shelf().change(kept.number, starred=not starred)

    st.button(
        "Kept" if starred else "Keep", key=f"{page}.keep", on_click=pressed, type="primary" if starred else "secondary",
        icon=":material/star:" if not starred else ":material/check:",
        help="It is on the page Shelf." if starred else "Keep this tune on the page Shelf.",
    )  # fmt: skip
