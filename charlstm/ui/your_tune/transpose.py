"""The tool of Your tune that moves the tune to another key."""

from __future__ import annotations

import streamlit as st

from charlstm.tunes.edit.transpose import keys_around, transposed
from charlstm.ui.shared.sound import key_name
from charlstm.ui.your_tune.settings import STEPS
from charlstm.ui.your_tune.tune_document import TuneDocument, attempt


def show_transpose(document: TuneDocument) -> None:
    """Widgets that choose another key and move the tune to it."""
    keys = keys_around(document.text, range(-12, 13))
    if not keys:
        st.info("This tune has no K: field, so it cannot be moved to another key.")
        return
    left, right = st.columns([2, 1], vertical_alignment="bottom")
    steps = left.selectbox(
        "Transpose to", list(keys), key=STEPS.widget(keys, 0), format_func=lambda steps: key_name(keys[steps], steps)
    )

    def move() -> None:
        move_document(document, steps)
        STEPS.set(0)

    right.button(
        "Transpose", on_click=move, disabled=not steps, width="stretch", type="primary", key="your_tune.transpose"
    )


def move_document(document: TuneDocument, semitones: int) -> None:
    """Move the tune by so many semitones; for callbacks of widgets."""
    now = document.now
    attempt(lambda: document.put(transposed(now.text, semitones), how=now.how, settings=now.settings))
