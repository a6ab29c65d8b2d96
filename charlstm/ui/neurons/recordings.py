"""The tunes over which a neuron is measured, read once by a model; shared by the views that measure."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import streamlit as st

from charlstm.lm.store.checkpoint import Checkpoint
from charlstm.lm.store.tensors import count_weights
from charlstm.neurons.recording import Activations, record_texts
from charlstm.neurons.unseen import TUNES, unseen
from charlstm.progress import Report
from charlstm.ui.background import LONG, when_asked, with_bar
from charlstm.ui.neurons.settings import go
from charlstm.ui.neurons.view_context import ViewContext
from charlstm.ui.shared.corpora import corpus_for
from charlstm.ui.shared.durations import counted
from charlstm.ui.shared.models import engine
from charlstm.ui.shared.notices import plain

PER_CHARACTER, PER_WEIGHT = 1e-4, 2e-10  # seconds to record a character, measured on two shared cores


def reading_seconds(checkpoint: Checkpoint, texts: Sequence[str]) -> float:
    """About how long a model takes to read some tunes."""
    weights = count_weights(checkpoint.config, len(checkpoint.vocab))
    return sum(map(len, texts)) * (PER_CHARACTER + PER_WEIGHT * weights)


def recording_of(context: ViewContext) -> tuple[Activations, str] | None:
    """A model's reading of some tunes that it did not learn from, and these tunes in words.

    None, and a sentence stands here, where there are no tunes that it can read, and where the reading is long and
    nobody has asked for it yet.
    """
    corpus = corpus_for(context.checkpoint)
    texts = unseen(corpus, context.checkpoint.vocab)
    if not texts:
        st.info(plain(f"The collection {corpus.name} has no validation tunes that this model can read."))
        return None
    kind, key = "recording", (*context.key, corpus.fingerprint, TUNES)
    model, words = engine(context.model), f"{plain(context.model)} reads {counted(len(texts), 'tune')}, once"

    def work(report: Report) -> Activations:
        return record_texts(model, texts, dtype=np.float16, details=True, report=report)

    if (seconds := reading_seconds(context.checkpoint, texts)) > LONG:
        sentence = f"To measure neurons, {plain(context.model)} has to read {counted(len(texts), 'tune')} once"
        recording = when_asked(kind, key, work, words, seconds=seconds, sentence=sentence, button="Read the tunes")
        if recording is None:
            return None
    else:
        recording = with_bar(kind, key, work, words, cancel=partial(go, "tune"))
    is_own = context.checkpoint.corpus.fingerprint == corpus.fingerprint
    which = "validation tunes" if is_own else f"tunes of the collection {corpus.name}"
    return recording, f"{len(texts)} {which}, {recording.characters:,} characters"
