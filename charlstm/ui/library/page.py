"""Library: a visitor's tunes, to hear again, keep, search, rate, compare and export."""

from __future__ import annotations

import streamlit as st

from charlstm.errors import LibraryError
from charlstm.library.store import Library
from charlstm.library.tune import LibraryTune
from charlstm.ui.library.compare import show_two
from charlstm.ui.library.export import show_export, show_import
from charlstm.ui.library.phone_screen import begin_screen
from charlstm.ui.library.row import show_row
from charlstm.ui.library.settings import (
    ADDRESS,
    ALL,
    KEPT,
    LIST,
    PAGE,
    PLAYS,
    READING,
    SEARCH,
    SHOWN,
    WHICH,
    show,
    show_list,
    shown_tunes,
)  # fmt: skip
from charlstm.ui.library.tunes import summary
from charlstm.ui.shared.drawing import draw
from charlstm.ui.shared.notices import plain, stop_with
from charlstm.ui.shared.player import show_tune, sound_tune
from charlstm.ui.shared.printing import print_scores_only
from charlstm.ui.shared.session_library import restore, session_library
from charlstm.ui.shared.written_address import is_followed, write_address

AT_ONCE = 8  # tunes on a page of the list


def page() -> None:
    """The page, top to bottom."""
    print_scores_only()
    st.title("Library", anchor=False)
    st.caption("Your tunes, in this browser. Keep the ones you like; the oldest of the others make room for new ones.")
    if "tune" in st.query_params and is_followed(ADDRESS, st.query_params.to_dict()):  # the visitor went back
        SHOWN.reload()
        READING.reload()
    try:
        _show_library(session_library())
    except LibraryError as error:
        stop_with(error)


def _show_library(library: Library) -> None:
    """The tunes, their players and what can be done with them."""
    if not library.newest() and library.deleted is None:
        st.info("Your library is empty. Every tune that you compose is added here; your own you can add on Your tune.")
        show_import()
        return
    # What is found stands first: a search closes the tune above the list until another one is opened.
    shown = [] if SEARCH.get() and not SHOWN.get() else shown_tunes(library)
    reading = READING.get() and [tune.number for tune in shown] == list(SHOWN.get())
    # page_style.css shows a phone the chosen tune alone, with its row of the list below, or else the list alone.
    with st.container(key="library.tune"):  # always there, so that the player keeps its place
        back = st.empty()
        if reading:
            back.button("All tunes", key="library.back", icon=":material/arrow_back:", on_click=show_list)
        if len(shown) == 2:
            show_two(*shown)
        elif shown:
            _show_one(shown[0])
    kept = library.newest(starred=True)
    with st.container(key="library.filter"):
        listed = _filter(library)
        tunes = _paged(listed)
    with st.container(key="library.list"):
        for place, tune in enumerate(tunes):
            if place % 2 == 0:
                columns = st.columns(2)
            with columns[place % 2]:
                show_row(tune, shown)
    with st.container(key="library.files"):
        show_export(kept[::-1], listed[::-1])
        show_import()
    numbers = ",".join(str(tune.number) for tune in shown)
    begin_screen(numbers if reading else "", f"library.row.{shown[-1].number}" if shown else "")
    write_address(ADDRESS, {"tune": numbers if reading else LIST})
    for tune in shown:
        sound_tune(draw(tune.titled), key="library.player" if len(shown) == 1 else f"library.player.{tune.number}")


def _show_one(tune: LibraryTune) -> None:
    """A tune with its player."""
    st.header(plain(tune.name), anchor=False)
    st.caption(plain(summary(tune)))
    show_tune(draw(tune.titled), key="library.player", play=f"library{PLAYS.get()}" if PLAYS.get() else "")


def _filter(library: Library) -> list[LibraryTune]:
    """Widgets that choose what is listed; those tunes."""
    search = SEARCH.get()
    matches = {ALL: library.newest(search=search), KEPT: library.newest(starred=True, search=search)}
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.text_input(
            "Search", key=SEARCH.widget(), placeholder="Search: title, key, rhythm, model, tag …", width=320,
            label_visibility="collapsed", on_change=show, args=((),),
        )  # fmt: skip
        which = st.segmented_control(
            "Show", [ALL, KEPT], required=True, key=WHICH.widget([ALL, KEPT]), label_visibility="collapsed",
            format_func=lambda name: f"{name} ({len(matches[name])})",
        )  # fmt: skip
        if library.deleted is not None:
            st.button(
                f"Restore “{plain(library.deleted.name)}”", on_click=restore, icon=":material/undo:",
                key="library.undo",
            )  # fmt: skip
    listed = matches[which or ALL]
    if search and not listed:
        st.caption("No tune has all of these words.")
    return listed


def _paged(listed: list[LibraryTune]) -> list[LibraryTune]:
    """The tunes of this page of the list, and a widget that chooses it."""
    pages = range(1, max(1, -(-len(listed) // AT_ONCE)) + 1)
    PAGE.set(min(PAGE.get(), pages[-1]))
    if len(pages) > 1:
        st.segmented_control("Page", pages, key=PAGE.widget(pages), required=True)
    start = (PAGE.get() - 1) * AT_ONCE
    return listed[start : start + AT_ONCE]


if __name__ == "__main__":  # as Streamlit runs a page
    page()
