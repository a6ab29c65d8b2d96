"""Before another tune takes the place of a draft that is in no library, the page asks. Knows not what is opened."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import streamlit as st

from charlstm.errors import LibraryError
from charlstm.tunes.abc import split_header
from charlstm.ui.shared.notices import plain
from charlstm.ui.shared.session_library import add_to_library, change, session_library
from charlstm.ui.state import Setting
from charlstm.ui.your_tune.tune_document import TuneDocument, current_document


class Opening(NamedTuple):
    """What is to be opened: its name, and what opens it."""

    name: str
    open: Callable[[], None]


WAITING: Setting[Opening | None] = Setting("your_tune.waiting", None)


def is_unkept(document: TuneDocument) -> bool:
    """Whether the text is a visitor's work that only this draft holds."""
    if not document.text.strip() or document.text == document.opened:
        return False
    try:
        return session_library().find(document.text) is None
    except LibraryError:
        return True


def ask_for_draft(name: str, open_it: Callable[[], None]) -> None:
    """Open a tune, or, if that would replace a draft that was not kept, let the page Your tune ask first."""
    if is_unkept(current_document()):
        WAITING.set(Opening(name, open_it))
    else:
        WAITING.set(None)
        open_it()


def show_question(document: TuneDocument) -> None:
    """Ask what becomes of the draft, if a tune waits to take its place."""
    waiting = WAITING.get()
    if waiting is None:
        return
    if not is_unkept(document):  # emptied, or kept meanwhile
        WAITING.set(None)
        waiting.open()
        st.rerun()

    def answered(*, keep: bool) -> None:
        if keep and (tune := add_to_library(document.text, document.now.how, settings=document.now.settings)):
            change(tune.number, starred=True)
        WAITING.set(None)
        waiting.open()

    draft = split_header(document.text).get("T") or "Untitled"
    st.warning(
        plain(f"Your draft “{draft}” is not in your library. Opening “{waiting.name}” replaces it."),
        icon=":material/edit_note:",
    )
    with st.container(horizontal=True, gap="small"):
        st.button(
            "Keep the draft and open", type="primary", key="your_tune.waiting.keep", on_click=answered,
            kwargs={"keep": True},
        )  # fmt: skip
        st.button("Open without keeping", key="your_tune.waiting.open", on_click=answered, kwargs={"keep": False})
        st.button("Cancel", key="your_tune.waiting.cancel", on_click=WAITING.set, args=(None,))
