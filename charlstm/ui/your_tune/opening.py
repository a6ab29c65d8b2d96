"""The ways a tune comes to the page Your tune: a file, the composed tune, the address, or an older version."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import streamlit as st

from charlstm.errors import CharlstmError, NotationError
from charlstm.score.midi_import.grid import GRIDS
from charlstm.score.midi_import.meter_and_key import METERS
from charlstm.tunes.abc import split_header
from charlstm.ui.shared.models import models
from charlstm.ui.shared.notices import plain
from charlstm.ui.shared.pages import page_file
from charlstm.ui.shared.practice import practice_query
from charlstm.ui.shared.session_tune import COMPOSED, composed_text, current_settings, publish, write
from charlstm.ui.shared.sound import arrangement_query, sound_query
from charlstm.ui.shared.tune_link import QUERY, unpack_tune
from charlstm.ui.state import component_value
from charlstm.ui.your_tune.draft import ask_for_draft, show_question
from charlstm.ui.your_tune.settings import AUTOMATIC, BOOK_TUNE, GRID, KEY, METER, VOICE
from charlstm.ui.your_tune.tune_document import PROBLEM, TuneDocument, attempt, melody_of, open_document, titles

KEYS = ["G", "D", "A", "E", "C", "F", "Bb", "Em", "Am", "Bm", "Dm", "Gm", "Ador", "Edor", "Dmix", "Amix"]


def edit_button(text: str, *, key: str, how: str, settings: Mapping[str, Any]) -> None:
    """A button of another page that opens a tune on this one; what it was made with goes along."""
    if st.button("Edit", key=key, icon=":material/edit_note:", help="On Your tune: correct, continue, rewrite bars."):
        ask_for_draft(_title(text), partial(open_document, text, how=how, settings=settings))
        st.switch_page(page_file("your_tune"))


def open_from_address(document: TuneDocument) -> None:
    """Open the tune of the address: one whose text it holds, or a composed one where the visit begins here."""
    if code := st.query_params.get(QUERY, ""):
        try:
            if (text := unpack_tune(code)) != document.text:
                ask_for_draft(_title(text), partial(open_document, text))
        except NotationError as error:
            st.error(plain(f"{str(error).capitalize()}."))
        return
    if document.version or not {"model", "seed"} <= set(st.query_params):
        return
    settings = current_settings(models())
    writing = st.empty()
    try:
        write(settings, writing)
        if (text := composed_text()) != document.text:
            ask_for_draft(_title(text), partial(open_document, text, how="composed"))
    except CharlstmError as error:
        st.error(plain(str(error)))
    writing.empty()


def publish_document(document: TuneDocument) -> None:
    """The address names the settings of a composed tune, tablature and backing; a text of one's own is in none."""
    composed = COMPOSED.get()
    if composed is not None and document.text in (composed_text(), composed_text(backing=False)):
        publish(composed.settings, **sound_query(), **practice_query())
        return
    address = arrangement_query() | practice_query()
    if st.query_params.to_dict() != address:
        st.query_params.from_dict(address)


def _title(text: str) -> str:
    return split_header(text).get("T") or "Untitled"


def _open_composed() -> None:
    text = composed_text()
    ask_for_draft(_title(text), partial(open_document, text))


def _open_file(document: TuneDocument, name: str, data: bytes) -> None:
    attempt(document.open_file, name, data)
    for setting in (BOOK_TUNE, METER, KEY, GRID, VOICE):
        setting.pop()


def show_opening(document: TuneDocument) -> None:
    """Widgets that open a tune or go back to the one before."""
    left, right = st.columns([3, 2], vertical_alignment="bottom")

    def open_file() -> None:
        if (file := component_value("your_tune.file")) is not None:
            ask_for_draft(file.name, partial(_open_file, document, file.name, file.getvalue()))

    left.file_uploader(
        "Open a file: ABC, MIDI, MusicXML, or a tunebook (ABC, JSON, CSV)",
        type=["abc", "txt", "mid", "midi", "musicxml", "xml", "mxl", "json", "csv"], key="your_tune.file",
        on_change=open_file, max_upload_size=1,
    )  # fmt: skip
    with right.container(horizontal=True, gap="small"):
        if COMPOSED.get() is not None:
            st.button(
                "Edit the composed tune", on_click=_open_composed,
                icon=":material/music_note:", key="your_tune.composed",
            )  # fmt: skip
        st.button(
            "Undo", on_click=document.undo, disabled=not document.past, icon=":material/undo:", key="your_tune.undo",
            help="Goes back to the tune before the last change.",
        )  # fmt: skip
        if document.future:
            st.button(
                "Redo", on_click=document.redo, icon=":material/redo:", key="your_tune.redo",
                help="Brings back what Undo took away.",
            )  # fmt: skip
    if problem := PROBLEM.pop():
        st.error(plain(problem))
        st.toast(plain(problem), icon=":material/error:")  # seen from farther down the page, too
    show_question(document)
    if document.book:
        names = titles(document.book)
        st.selectbox(
            f"Tune of the book ({len(names):,})", range(len(names)), key=BOOK_TUNE.widget(range(len(names))),
            format_func=names.__getitem__, on_change=lambda: attempt(document.choose, BOOK_TUNE.get()),
        )  # fmt: skip
    if document.file:
        _file_settings(document)


def _file_settings(document: TuneDocument) -> None:
    """How a MIDI or MusicXML file is read; every choice reads it again."""
    header = split_header(document.text)

    def read_again() -> None:
        meter, key, grid = ("" if s.get() == AUTOMATIC else s.get() for s in (METER, KEY, GRID))
        of_midi = {"meter": meter, "key": key, "grid": int(grid.partition("/")[2] or 0)}
        more = of_midi if document.kind == "midi" else {}
        attempt(document.read_file, document.file, document.kind, voice=VOICE.get(), **more)

    voices = _voices(document.file, document.kind)
    if document.kind != "midi" and len(voices) < 2:
        return
    places = st.columns(4)
    choices = (
        ("Meter", METER, METERS, header.get("M")),
        ("Key", KEY, KEYS, header.get("K")),
        ("Shortest note", GRID, [f"1/{grid}" for grid in GRIDS], None),
    )
    if document.kind == "midi":
        for place, (label, setting, values, current) in zip(places, choices, strict=False):
            options = [AUTOMATIC, *values]
            place.selectbox(label, options, key=setting.widget(options), on_change=read_again, help=current)
    if len(voices) > 1:
        places[3 if document.kind == "midi" else 0].selectbox(
            "Voice", range(len(voices)), index=None, key=VOICE.widget(), format_func=voices.__getitem__,
            on_change=read_again, placeholder=AUTOMATIC,
        )  # fmt: skip


@st.cache_data(max_entries=8, show_spinner=False)
def _voices(data: bytes, kind: str) -> tuple[str, ...]:
    """The voices of a file that has been read once."""
    return melody_of(data, kind).voices
