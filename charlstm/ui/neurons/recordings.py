"""The tunes over which a neuron is measured, read once by a model; shared by the views that measure."""

from __future__ import annotations

from functools import partial

import numpy as np
import streamlit as st

from charlstm.neurons.recording import Activations, record_texts
from charlstm.ui.background import with_bar
from charlstm.ui.neurons.settings import go
from charlstm.ui.neurons.view_context import ViewContext
from charlstm.ui.shared.corpora import corpus_for, unseen
from charlstm.ui.shared.models import engine
from charlstm.ui.shared.notices import plain

TUNES = 120


def recording_of(context: ViewContext) -> tuple[Activations, str]:
    """A model's reading of some tunes that it did not learn from, and these tunes in words.

    The page stops with a sentence where there are no tunes that it can read.
    """
    corpus = corpus_for(context.checkpoint)
    texts = unseen(corpus, context.checkpoint.vocab, TUNES)
    if not texts:
        st.info(plain(f"The collection {corpus.name} has no validation tunes that this model can read."))
        st.stop()
    recording = with_bar(
        "recording",
        (*context.key, corpus.fingerprint, TUNES),
        lambda report: record_texts(engine(context.model), texts, dtype=np.float16, details=True, report=report),
        f"{plain(context.model)} reads {len(texts)} tunes, once",
        cancel=partial(go, "tune"),
    )
    is_own = context.checkpoint.corpus.fingerprint == corpus.fingerprint
    which = "validation tunes" if is_own else f"tunes of the collection {corpus.name}"
    return recording, f"{len(texts)} {which}, {recording.characters:,} characters"
