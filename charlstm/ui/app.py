"""The app: names the pages and runs the one that is asked for. `streamlit run app.py` and `charlstm app` start it."""

from __future__ import annotations

import logging
import secrets
from pathlib import Path

import streamlit as st

from charlstm.ui.memory import COLLECTOR
from charlstm.ui.shared.frame import show_frame
from charlstm.ui.shared.models import warm_up
from charlstm.ui.shared.notices import TITLE, plain, sentence, set_title
from charlstm.ui.shared.page_style import style_page
from charlstm.ui.shared.pages import page_file
from charlstm.ui.shared.session_library import change_visitor
from charlstm.ui.shared.visitor import remember_visitor
from charlstm.ui.state import settings_delivered

_ICON = str(Path(__file__).with_name("icon.svg"))


def main() -> None:
    """One run of the script: the frame of every page, then the page itself."""
    st.set_page_config(page_title="charlstm", page_icon=_ICON, layout="wide")
    with st.container(key="head"):  # takes no place
        style_page()
        remember_visitor(change_visitor)  # so early that what all components need is loaded before the first score
    warm_up()
    st.logo(_ICON)
    page = st.navigation(
        [
            _page("compose", "Compose", "music_note", default=True),
            _page("your_tune", "Your tune", "edit_note"),
            _page("library", "Library", "book_2"),
            _page("neurons", "Neurons", "neurology"),
            _page("train", "Train", "model_training"),
            _page("experiments", "Experiments", "science"),
            _page("lesson", "Lesson", "school"),
            _page("listening_test", "Listening test", "hearing"),
        ],
        position="top",
    )
    set_title(page.title)
    with st.container(horizontal_alignment="center"), st.container(width=1100, key="page"):
        try:
            page.run()
        except Exception as error:
            number = secrets.token_hex(3)
            logging.getLogger("charlstm").exception("error %s", number)
            if isinstance(error, OSError):  # a full disk, most likely
                st.error(plain(f"{sentence(error)} (Error {number}.)"))
            else:
                st.error(f"Something went wrong (error {number}). Reload the page; the server’s log has the details.")
            raise
    show_frame(page.title, TITLE.get())
    settings_delivered()
    COLLECTOR.run_ended()


def _page(folder: str, title: str, icon: str, *, default: bool = False) -> st.Page:
    """The page in a folder of this room; its address is /<folder>."""
    return st.Page(page_file(folder), title=title, icon=f":material/{icon}:", url_path=folder, default=default)
