"""Sentences on the page. What a model or a visitor wrote reaches Markdown escaped, and HTML never."""

from __future__ import annotations

import re
from typing import NoReturn

import streamlit as st

from charlstm.errors import CharlstmError
from charlstm.files import os_sentence
from charlstm.ui.state import Setting

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~:$&@/^=\"'])")
# Where the browser's Markdown would make a link of words, escaped or not: at www. and :// and in an e-mail address.
_LINK = re.compile(r"(?<=www)(?=\.)|(?<=http:)(?=//)|(?<=https:)(?=//)|(?=@)", re.IGNORECASE)
_JOINER = "\u2060"  # is not seen, and parts no word
_NEGATIVE = re.compile(r"(?<![\w.-])-(?=\d+\.\d)")
TITLE = Setting("page.title", "")  # what is shown: the name of a tune, else that of the page
NEAREST, LEAVE_OUT = "Nearest letter", "Leave out"


def plain(text: str) -> str:
    """A text for Markdown: every character with a meaning there is escaped, line breaks become spaces.

    A number below zero gets its minus sign. No address in it becomes a link.
    """
    text = _LINK.sub(_JOINER, _NEGATIVE.sub("−", text))
    return _MARKDOWN.sub(r"\\\1", re.sub(r"\s+", " ", text))


def sentence(error: CharlstmError | OSError) -> str:
    """What an error says; one of the disk says what to do."""
    return os_sentence(error) if isinstance(error, OSError) else str(error)


def set_title(title: str) -> None:
    """What the browser's tab says: "The Bantry Hunt · charlstm"."""
    TITLE.set(title)
    st.set_page_config(page_title=f"{' '.join(title.split())[:80]} · charlstm")


def stop_with(error: CharlstmError) -> NoReturn:
    """Show an error, and end the page here."""
    st.error(plain(str(error)))
    st.stop()


def ask_about_unknown(warning: str, setting: Setting[str]) -> bool:
    """Warn that a model does not know some characters; whether it reads the nearest letters in their place."""
    words, choice = st.columns([3, 2], vertical_alignment="center")
    words.warning(plain(warning))
    way = choice.segmented_control(
        "Unknown characters", [NEAREST, LEAVE_OUT], key=setting.widget([NEAREST, LEAVE_OUT]), required=True
    )
    return bool(way == NEAREST)
