"""What is read: the tune of the visit, one of a corpus or a pasted one, and what every neuron did while it was read."""

from __future__ import annotations

from typing import NamedTuple

import streamlit as st

from charlstm.lm.sample.spelling import name_characters, unknown_characters
from charlstm.lm.sample.spelling import without_unknown as without_unknown
from charlstm.lm.vocab import Vocab
from charlstm.neurons.recording import Activations, Replay, replay
from charlstm.tunes.abc import split_tunebook
from charlstm.ui.neurons.corpora import UNSEEN, corpus_for, titles, tune_of
from charlstm.ui.neurons.view_context import ViewContext
from charlstm.ui.shared.common import engine, plain
from charlstm.ui.shared.session_tune import write

MAX_LENGTH = 4000  # characters of a pasted tune
OWN, CORPUS, PASTED = "The tune just written", "One of the collection", "Your own"
LEAVE_OUT, NEAREST = "Leave out", "Nearest letter"


class Subject(NamedTuple):
    """What is read: the text in the model's own characters, a remark on it, and what the address says of it."""

    text: str
    remark: str
    query: dict[str, str]


@st.cache_resource(max_entries=8, show_spinner=False)
def replayed(model: str, stamp: int, text: str) -> Replay:
    """A model's reading of a text; never changed. `stamp` makes a model that was trained anew another one."""
    return replay(engine(model), text)


def recorded(model: str, stamp: int, text: str) -> Activations:
    """The outputs of every neuron of a model; never changed."""
    return replayed(model, stamp, text).acts()


def subject(lab: ViewContext) -> str:
    """The text that the model reads, in its own characters; the page stops with a sentence where there is none.

    Raises CharlstmError where the tune cannot be written.
    """
    return chosen_subject(lab).text


def chosen_subject(lab: ViewContext) -> Subject:
    """What the model reads, and a remark on it; as `subject`."""
    vocab, state = lab.checkpoint.vocab, st.session_state
    if "neurons.source" not in state:
        state["neurons.source"] = CORPUS if _from_address() is not None else OWN
    source = st.sidebar.radio("Tune", [OWN, CORPUS, PASTED], key="neurons.source")
    below = st.sidebar.container()
    place = st.container()  # the same places in every run: what moves is made anew, and a sound would stop
    writing = st.empty()
    if source == CORPUS:
        with below:
            return _corpus_tune(lab)
    if source == PASTED:
        with place:
            return Subject(pasted_text(vocab), "", {})
    text = without_unknown(write(lab.wish, writing).text, vocab, nearest=True)
    writing.empty()
    return Subject(text, "", {})


def _corpus_tune(lab: ViewContext) -> Subject:
    """A tune of the corpus, found by its title."""
    corpus, state = corpus_for(lab.checkpoint), st.session_state
    names = titles(corpus, corpus.fingerprint)
    if state.get("neurons.corpus_tune", len(names)) >= len(names):  # widgets forget when a page is left
        state["neurons.corpus_tune"] = min(state.get("neurons.place", _from_address() or 0), len(names) - 1)
    place = st.selectbox("Title", range(len(names)), key="neurons.corpus_tune", format_func=names.__getitem__)
    state["neurons.place"] = place
    text, part = tune_of(corpus, place)
    text = without_unknown(text, lab.checkpoint.vocab, nearest=True)
    known = lab.checkpoint.corpus.get("fingerprint") == corpus.fingerprint
    remark = UNSEEN.get(part, "the model learned from it") if known else ""
    return Subject(text, remark, {"tune": str(place)})


def _from_address() -> int | None:
    """The tune of the collection that the address names, by its number."""
    wanted = st.query_params.get("tune", "")
    return int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) < 8 else None


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
