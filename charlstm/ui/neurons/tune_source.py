"""The tune that a model reads on the page Neurons: composed, of the corpus or pasted; and its reading."""

from __future__ import annotations

from typing import NamedTuple

import streamlit as st

from charlstm.lm.sample.spelling import name_characters, unknown_characters, without_unknown
from charlstm.lm.vocab import Vocab
from charlstm.neurons.recording import Activations, Replay, replay
from charlstm.tunes.abc import split_header, split_tunebook
from charlstm.tunes.form_plan.notation import parse_plan
from charlstm.ui.cache import cached
from charlstm.ui.neurons.view_context import ViewContext
from charlstm.ui.shared.corpora import UNSEEN, corpus_for, titles, tune_of
from charlstm.ui.shared.models import engine
from charlstm.ui.shared.notices import NEAREST, ask_about_unknown
from charlstm.ui.shared.session_tune import write
from charlstm.ui.state import Setting

MAX_LENGTH = 4000  # characters of a pasted tune
COMPOSED, CORPUS, PASTED = "Composed tune", "From the collection", "Your own"


def _parse_number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 8 else None


SOURCE = Setting("neurons.source", COMPOSED)
CORPUS_TUNE: Setting[int | None] = Setting("neurons.corpus_tune", None, query="tune", parse=_parse_number)
PASTED_TEXT = Setting("neurons.pasted", "")
UNKNOWN = Setting("neurons.unknown", NEAREST)


def title_in(text: str) -> str:
    """The title of a tune; "Untitled" where it has none."""
    return (split_header(text).get("T") or "").strip() or "Untitled"


class SourceTune(NamedTuple):
    """What is read: the text in the model's own characters, a remark on it, and what the address says of it."""

    text: str
    remark: str
    query: dict[str, str]


@cached(megabytes=40)  # ten tunes of a large model; another is read again in 0.1 s
def replayed(model: str, stamp: int, text: str, form: str = "") -> Replay:
    """A model's reading of a text; never changed. `stamp` tells a retrained model from the one before.

    `form` is the form plan that the text was written by, as text; "": it is read as one without a plan.
    """
    return replay(engine(model), text, parse_plan(form) if form else None)


def recorded(model: str, stamp: int, text: str) -> Activations:
    """The outputs of every neuron of a model; never changed."""
    return replayed(model, stamp, text).activations()


def source_tune(context: ViewContext) -> SourceTune:
    """What the model reads, chosen by widgets; the page stops with a sentence where there is nothing to read.

    Raises CharlstmError where the tune cannot be written.
    """
    vocab = context.checkpoint.vocab
    first = COMPOSED if CORPUS_TUNE.get() is None else CORPUS  # the address names one
    source = st.sidebar.radio("Tune", [COMPOSED, CORPUS, PASTED], key=SOURCE.widget(default=first))
    below = st.sidebar.container()
    place = st.container()  # the same places in every run: what moves is made again, and a sound would stop
    writing = st.empty()
    if source == CORPUS:
        with below:
            return _corpus_tune(context)
    if source == PASTED:
        with place:
            return SourceTune(pasted_text(vocab), "", {})
    text = without_unknown(write(context.composed, writing).text, vocab, nearest=True)
    writing.empty()
    return SourceTune(text, "", {})


def _corpus_tune(context: ViewContext) -> SourceTune:
    """A tune of the corpus, found by its title."""
    corpus = corpus_for(context.checkpoint)
    names = titles(corpus, corpus.fingerprint)
    CORPUS_TUNE.set(min(CORPUS_TUNE.get() or 0, len(names) - 1))
    number = st.selectbox("Title", range(len(names)), key=CORPUS_TUNE.widget(), format_func=names.__getitem__)
    text, part = tune_of(corpus, number)
    text = without_unknown(text, context.checkpoint.vocab, nearest=True)
    known = context.checkpoint.corpus.fingerprint == corpus.fingerprint
    remark = UNSEEN.get(part, "the model learned from it") if known else ""
    return SourceTune(text, remark, {"tune": str(number)})


def pasted_text(vocab: Vocab) -> str:
    """The tune of the text box as this model can read it; the page stops with a sentence where there is none."""
    text = st.text_area(
        "ABC", key=PASTED_TEXT.widget(), height=160, max_chars=MAX_LENGTH, placeholder="T:My tune\nM:4/4\n…"
    )
    tunes = split_tunebook(text)
    if not tunes:
        st.info("Paste a tune in ABC notation: its header lines, then its bars.")
        st.stop()
    first = tunes[0].partition("\n")[2] if tunes[0].startswith("X:") else tunes[0]
    unknown = unknown_characters(first, vocab)
    if not unknown:
        return first
    nearest = ask_about_unknown(f"This model has never seen {name_characters(unknown)}.", UNKNOWN)
    return without_unknown(first, vocab, nearest=nearest)
