"""One tune in the list of the library, with its buttons."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import streamlit as st

from charlstm.library.tune import MAX_NAME, MAX_NOTE, LibraryTune
from charlstm.ui.library.incipit import show_incipit
from charlstm.ui.library.settings import NAME, NOTE, RATING, SHOWN, TAGS, show
from charlstm.ui.library.tunes import composed_settings, summary
from charlstm.ui.shared.frame import name_buttons
from charlstm.ui.shared.models import models
from charlstm.ui.shared.notices import plain
from charlstm.ui.shared.pages import page_file
from charlstm.ui.shared.session_library import change, delete, kept_button
from charlstm.ui.shared.session_tune import choose_tune
from charlstm.ui.shared.sound import BACKING, SWING, TRANSPOSE, parse_backing, parse_swing, parse_transpose
from charlstm.ui.your_tune.opening import edit_button

OPEN_HELP = "On Compose, with its settings."


def show_row(tune: LibraryTune, shown: Sequence[LibraryTune]) -> None:
    """A tune of the list; `shown` are the one or two with a player above it."""
    number = tune.number
    name_buttons(key := f"library.row.{number}", tune.name)
    with st.container(border=True, key=key):
        current = any(number == other.number for other in shown)
        with st.container(key=f"library.{'current' if current else 'other'}.{number}"):
            st.markdown(
                f"**{plain(tune.name)}**{' *shown above*' if current else ''}"
            )  # not on a phone: page_style.css
        stars = f" · {'★' * tune.rating}" if tune.rating else ""
        tags = "".join(f" · {plain(tag)}" for tag in tune.tags)
        st.caption(plain(summary(tune)) + stars + tags)
        show_incipit(tune.text, tune.name)
        if tune.note:
            st.caption(plain(tune.note))
        with st.container(horizontal=True, gap="small"):
            st.button(
                "Listen", key=f"library.listen.{number}", icon=":material/play_arrow:", on_click=show, args=([number],),
                kwargs={"play": True},
            )  # fmt: skip
            kept_button(f"library.keep.{number}", tune.starred, partial(change, number, starred=not tune.starred))
            if len(shown) == 1 and not current:
                st.button(
                    "Compare", key=f"library.compare.{number}", icon=":material/compare_arrows:", on_click=show,
                    args=([shown[0].number, number],), help="Side by side with the tune above.",
                )  # fmt: skip
            if (settings := composed_settings(tune)) is not None and settings.model not in models():
                settings = None
            if settings and st.button(
                "Open", key=f"library.open.{number}", icon=":material/music_note:", help=OPEN_HELP
            ):
                choose_tune(settings)
                TRANSPOSE.set(parse_transpose(str(tune.settings.get(TRANSPOSE.query, ""))) or 0)
                BACKING.set(parse_backing(str(tune.settings.get(BACKING.query, ""))) or False)
                SWING.set(parse_swing(str(tune.settings.get(SWING.query, ""))) or 0)
                st.switch_page(page_file("compose"))
            edit_button(tune.titled, key=f"library.edit.{number}", how=tune.how, settings=tune.settings)
            with st.popover("Details", icon=":material/label:"):
                _show_details(tune)
            st.button(
                "Delete", key=f"library.delete.{number}", icon=":material/delete:", on_click=_delete,
                args=(number,),
            )  # fmt: skip


def _delete(number: int) -> None:
    """Delete a tune; one that is looked at makes room."""
    delete(number)
    if number in SHOWN.get():
        show([shown for shown in SHOWN.get() if shown != number])


def _show_details(tune: LibraryTune) -> None:
    """What the visitor says of a tune: its name, stars, tags and a note."""
    number = tune.number
    name, rating, tags, note = NAME.of(number), RATING.of(number), TAGS.of(number), NOTE.of(number)

    def rated() -> None:
        stars = rating.get()
        change(number, rating=0 if stars is None else stars + 1)

    name.set(tune.name)
    st.text_input("Name", max_chars=MAX_NAME, key=name.widget(), on_change=lambda: change(number, name=name.get()))
    rating.set(tune.rating - 1 if tune.rating else None)
    st.feedback("stars", key=rating.widget(), on_change=rated)
    tags.set(", ".join(tune.tags))
    st.text_input(
        "Tags", key=tags.widget(), placeholder="wedding, for class",
        on_change=lambda: change(number, tags=tags.get().split(",")),
    )  # fmt: skip
    note.set(tune.note)
    st.text_area("Note", max_chars=MAX_NOTE, key=note.widget(), on_change=lambda: change(number, note=note.get()))
