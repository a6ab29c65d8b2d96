"""The library of this visitor: what the pages add to it and ask of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from charlstm.errors import LibraryError
from charlstm.library.store import Library
from charlstm.library.tune import LibraryTune
from charlstm.paths import library_path
from charlstm.ui.shared.notices import plain
from charlstm.ui.shared.visitor import visitor_id
from charlstm.ui.state import Setting

LIBRARY: Setting[Library | None] = Setting("library.tunes", None)


def session_library() -> Library:
    """The library of this visitor."""
    return LIBRARY.setdefault(lambda: Library(library_path(), visitor_id()))


def change_visitor(visitor: str) -> None:
    """The browser was here before, under this id: what this visit has added goes to that library."""
    before, library = session_library(), Library(library_path(), visitor)
    try:
        for tune in reversed(before.newest()):
            library.add(tune.text, tune.how, settings=tune.settings, name=tune.name, starred=tune.starred)
            before.delete(tune.number)
    except LibraryError as error:
        st.toast(plain(str(error)), icon=":material/error:")
    LIBRARY.set(library)


def add_to_library(text: str, how: str, *, settings: Mapping[str, Any] | None = None) -> LibraryTune | None:
    """Add a tune; a notice says so where that cannot be."""
    try:
        return session_library().add(text, how, settings=settings)
    except LibraryError as error:
        st.toast(plain(f"This tune is not in your library: {error}"), icon=":material/error:")
        return None


def keep_button(text: str, *, page: str, how: str = "own", settings: Mapping[str, Any] | None = None) -> None:
    """A button beside a tune that keeps it in the library, or no longer.

    Parameters
    ----------
    text : str
        The tune as ABC.
    page : str
        Of the button's key.
    how, settings
        What is remembered of a tune that is not in the library yet.
    """
    library = session_library()
    try:
        known = library.find(text)
    except LibraryError:
        known = None  # pressing the button says why
    starred = known is not None and known.starred

    def pressed() -> None:
        if (tune := add_to_library(text, how, settings=settings)) is not None:
            change(tune.number, starred=not starred)

    kept_button(f"{page}.keep", starred, pressed)


def kept_button(key: str, starred: bool, pressed: Callable[[], None]) -> None:
    """The button of a tune that is kept, or not; shared/frame, which knows its keys, counts fast clicks once."""
    st.button(
        "Kept" if starred else "Keep", key=key, on_click=pressed, type="primary" if starred else "secondary",
        icon=":material/check:" if starred else ":material/star:",
        help="You keep this tune. Press again to keep it no longer." if starred else "Keep this tune in your library.",
    )  # fmt: skip


def change(number: int, **more: Any) -> None:
    """Change a tune; for callbacks of widgets."""
    _attempt(lambda: session_library().change(number, **more))


def delete(number: int) -> None:
    """Delete a tune; for callbacks of widgets."""
    _attempt(lambda: session_library().delete(number))


def restore() -> None:
    """Put back the tune that was deleted last; for callbacks of widgets."""
    _attempt(session_library().restore)


def _attempt(action: Callable[[], None]) -> None:
    """Do something to the library; a notice says what goes wrong."""
    try:
        action()
    except LibraryError as error:
        st.toast(plain(str(error)), icon=":material/error:")
