"""Library: the tunes of a visit, to hear again, keep, rename, compare and export."""

from __future__ import annotations

import streamlit as st

from charlstm.ui.library.compare import show_two
from charlstm.ui.library.export import show_export
from charlstm.ui.library.row import show_row
from charlstm.ui.library.session_library import session_library
from charlstm.ui.library.settings import ALL, KEPT, PAGE, PLAYS, WHICH, shown_tunes
from charlstm.ui.library.tunes import Library, LibraryTune, summary
from charlstm.ui.shared.drawing import draw
from charlstm.ui.shared.notices import plain
from charlstm.ui.shared.player import show_tune, sound_tune

AT_ONCE = 8  # tunes on a page of the list


def page() -> None:
    """The page, top to bottom."""
    library = session_library()
    st.header("Library", anchor=False)
    st.caption("The tunes of this visit. Keep the ones you like; all are lost when you close or reload this page.")
    if not library.tunes and library.deleted is None:
        st.info("Your library is empty. Compose a tune or write one: every tune that a model writes is added here.")
        return
    shown = shown_tunes(library)
    with st.container():  # always there, so that the player keeps its place
        if len(shown) == 2:
            show_two(*shown)
        elif shown:
            _show_one(shown[0])
    kept = library.newest(starred=True)
    tunes = _filter(library, kept)
    for place, tune in enumerate(tunes):
        if place % 2 == 0:
            columns = st.columns(2)
        with columns[place % 2]:
            show_row(library, tune, shown)
    show_export(kept[::-1])
    for tune in shown:
        sound_tune(draw(tune.text), key="library.player" if len(shown) == 1 else f"library.player.{tune.number}")


def _show_one(tune: LibraryTune) -> None:
    """A tune with its player."""
    st.subheader(plain(tune.name), anchor=False)
    st.caption(plain(summary(tune)))
    show_tune(draw(tune.text), key="library.player", play=f"library{PLAYS.get()}" if PLAYS.get() else "")


def _filter(library: Library, kept: list[LibraryTune]) -> list[LibraryTune]:
    """Widgets that choose what is listed; the tunes of this page of the list."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        which = st.segmented_control(
            "Show", [ALL, KEPT], required=True, key=WHICH.widget([ALL, KEPT]), label_visibility="collapsed",
            format_func=lambda name: f"{name} ({len(kept) if name == KEPT else len(library.tunes)})",
        )  # fmt: skip
        if library.deleted is not None:
            st.button(
                f"Restore “{plain(library.deleted.name)}”", on_click=library.restore, icon=":material/undo:",
                key="library.undo",
            )  # fmt: skip
    listed = kept if which == KEPT else library.newest()
    pages = range(1, max(1, -(-len(listed) // AT_ONCE)) + 1)
    PAGE.set(min(PAGE.get(), pages[-1]))
    if len(pages) > 1:
        st.segmented_control("Page", pages, key=PAGE.widget(pages), required=True)
    start = (PAGE.get() - 1) * AT_ONCE
    return listed[start : start + AT_ONCE]


if __name__ == "__main__":  # as Streamlit runs a page
    page()
