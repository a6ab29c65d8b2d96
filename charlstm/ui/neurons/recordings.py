"""The tunes over which a neuron is measured, read once by a model; shared by the views Neuron and Gates."""

from __future__ import annotations

import numpy as np
import streamlit as st

from charlstm.neurons.recording import Activations, record_texts
from charlstm.ui.background import counted, with_bar
from charlstm.ui.neurons.corpora import corpus_for, unseen
from charlstm.ui.neurons.view_context import ViewContext
from charlstm.ui.shared.models import engine
from charlstm.ui.shared.notices import plain

TUNES = 120


def surveyed(context: ViewContext) -> tuple[Activations, str]:
    """A model's reading of some tunes that it did not learn from, and the tunes' corpus in words.

    The page stops with a sentence where there are no tunes that it can read.
    """
    corpus = corpus_for(context.checkpoint)
    texts = unseen(corpus, context.checkpoint.vocab, TUNES)
    if not texts:
        st.info(plain(f"The collection {corpus.name} has no validation tunes that this model can read."))
        st.stop()
    key = context.model, context.stamp, corpus.fingerprint, TUNES
    found = with_bar(
        "survey",
        key,
        lambda report: record_texts(
            engine(context.model), texts, dtype=np.float16, details=True, progress=counted(report)
        ),
        f"{plain(context.model)} reads {len(texts)} tunes, once",
    )
    fresh = context.checkpoint.corpus.fingerprint == corpus.fingerprint
    whose = "that it did not learn from" if fresh else f"of the collection {corpus.name}"
    return found, f"{len(texts)} tunes {whose}, {found.characters:,} characters"
