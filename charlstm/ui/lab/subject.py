"""What is read: the tune of the visit or a pasted one, and what every neuron did while it was read."""

from __future__ import annotations

import streamlit as st

from charlstm.lm.spelling import name_characters, unknown_characters
from charlstm.lm.spelling import without_unknown as without_unknown
from charlstm.lm.vocab import Vocab
from charlstm.neurons.record import Activations, record
from charlstm.tunes.abc import split_tunebook
from charlstm.ui.common import engine, plain
from charlstm.ui.lab import Lab
from charlstm.ui.visit import write

MAX_LENGTH = 4000  # characters of a pasted tune
OWN, PASTED = "This tune", "Your own"
LEAVE_OUT, NEAREST = "Leave out", "Nearest letter"


@st.cache_resource(max_entries=16, show_spinner=False)
def recorded(model: str, stamp: int, text: str) -> Activations:
    """What every neuron of a model did; never changed. `stamp` makes a model that was trained anew another one."""
    return record(engine(model), text)


def subject(lab: Lab) -> str:
    """The text that the model reads, in its own characters; the page stops with a sentence where there is none.

    Raises CharlstmError where the tune cannot be written.
    """
    source = st.sidebar.segmented_control("Tune", [OWN, PASTED], default=OWN, required=True, key="neurons.source")
    place = st.container()  # the same places in every run: what moves is made anew, and a sound would stop
    writing = st.empty()
    if source == PASTED:
        with place:
            return pasted_text(lab.checkpoint.vocab)
    text = without_unknown(write(lab.wish, writing).text, lab.checkpoint.vocab, nearest=True)
    writing.empty()
    return text


def pasted_text(vocab: Vocab) -> str:
    """The tune of the text box as this model can read it; the page stops with a sentence where there is none."""
    text = st.text_area(
        "ABC", key="neurons.pasted", height=160, max_chars=MAX_LENGTH, placeholder="T:My tune\nM:4/4\n…"
    )
    tunes = split_tunebook(text)
    if not tunes:
        st.info("Paste a tune in ABC notation: its header lines, then its bars.")
        st.stop()
    first = tunes[0].partition("\n")[2] if tunes[0].startswith("X:") else tunes[0]
    unknown = unknown_characters(first, vocab)
    if not unknown:
        return first
    said, choice = st.columns([3, 2], vertical_alignment="center")
    said.warning(plain(f"This model has never met {name_characters(unknown)}."))
    way = choice.segmented_control(
        "What to do with them", [NEAREST, LEAVE_OUT], default=NEAREST, required=True, key="neurons.unknown"
    )
    return without_unknown(first, vocab, nearest=way == NEAREST)
