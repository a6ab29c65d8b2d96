"""The tablature under a score: which instrument's, kept over pages and in the address, and what it cannot play."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from charlstm.score.tablature.instruments import INSTRUMENTS
from charlstm.tunes.edit.transpose import keys_around
from charlstm.ui.shared.drawing import Drawing
from charlstm.ui.shared.notices import plain
from charlstm.ui.shared.sound import key_name
from charlstm.ui.shared.tablature_setting import TABLATURE

MANY = 0.1  # of the notes with half-covered holes: another key is offered


def tablature_choice() -> None:
    """A widget that chooses the instrument, or none."""
    options = ["", *INSTRUMENTS]
    st.selectbox(
        "Tablature", options, key=TABLATURE.widget(options), width=200, label_visibility="collapsed",
        format_func=lambda name: f"Tablature: {INSTRUMENTS[name].label}" if name else "No tablature",
    )  # fmt: skip


def tablature_notice(drawing: Drawing, move: Callable[[int], None], *, page: str) -> None:
    """What the tablature assumes and cannot play; a button that moves the tune to a key that fits, by semitones."""
    fingered = drawing.fingered
    if fingered is None:
        return
    instrument = INSTRUMENTS[fingered.instrument]
    words = [instrument.about]
    if fingered.unplayable:
        words.append(f"{fingered.unplayable} of {fingered.notes} notes cannot be played (×).")
    if fingered.half_holed:
        words.append(f"{fingered.half_holed} of {fingered.notes} notes need a half-covered hole (◐).")
    st.caption(plain(" ".join(words)))
    if not fingered.unplayable and fingered.half_holed <= MANY * fingered.notes:
        return
    keys = keys_around(drawing.text, fingered.semitones)
    best = next((semitones for semitones in fingered.semitones if semitones in keys), None)
    if best:
        st.button(
            f"Move to {plain(key_name(keys[best], best))}, which fits", on_click=move, args=(best,),
            key=f"{page}.tablature.move", icon=":material/swap_vert:",
        )  # fmt: skip
    elif fingered.unplayable:
        st.caption(f"The {instrument.label} cannot play all of it in any key within an octave.")
