"""One tune in the list of the library, with its buttons."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from charlstm.ui.library.settings import NAME, show
from charlstm.ui.library.tunes import MAX_NAME, Library, LibraryTune, summary
from charlstm.ui.shared.models import models
from charlstm.ui.shared.notices import plain
from charlstm.ui.shared.session_tune import choose_tune
from charlstm.ui.your_tune.tune_document import open_document


def show_row(library: Library, tune: LibraryTune, shown: Sequence[LibraryTune]) -> None:
    """A tune of the list; `shown` are the one or two with a player above it."""
    number, name = tune.number, NAME.of(tune.number)
    with st.container(border=True):
        current = any(number == other.number for other in shown)
        st.markdown(f"{':material/volume_up: ' if current else ''}**{plain(tune.name)}**")
        st.caption(plain(summary(tune)))
        with st.container(horizontal=True, gap="small"):
            st.button(
                "Listen", key=f"library.listen.{number}", icon=":material/play_arrow:", on_click=show, args=([number],),
                kwargs={"play": True},
            )  # fmt: skip
            st.button(
                "Kept" if tune.starred else "Keep", key=f"library.star.{number}", on_click=library.change,
                args=(number,), kwargs={"starred": not tune.starred}, type="primary" if tune.starred else "secondary",
                icon=":material/check:" if tune.starred else ":material/star:",
            )  # fmt: skip
            if len(shown) == 1 and not current:
                st.button(
                    "Compare", key=f"library.compare.{number}", icon=":material/compare_arrows:", on_click=show,
                    args=([shown[0].number, number],), help="Side by side with the tune above.",
                )  # fmt: skip
            where = "Compose, with its settings" if tune.composed is not None else "Your tune"
            if st.button("Open", key=f"library.open.{number}", icon=":material/edit_note:", help=f"Opens {where}."):
                _open(tune)
            with st.popover("Rename", icon=":material/label:"):
                name.set(tune.name)
                st.text_input(
                    "Name", max_chars=MAX_NAME, key=name.widget(),
                    on_change=lambda: library.change(number, name=name.get()),
                )  # fmt: skip
            st.button(
                "Delete", key=f"library.delete.{number}", icon=":material/delete:", on_click=library.delete,
                args=(number,),
            )  # fmt: skip


def _open(tune: LibraryTune) -> None:
    """Go to the page that the tune comes from."""
    if tune.composed is not None and tune.composed.model in models():
        choose_tune(tune.composed)
        st.switch_page("charlstm/ui/compose/page.py")
    open_document(tune.text, how=tune.how, settings=tune.settings)
    st.switch_page("charlstm/ui/your_tune/page.py")
