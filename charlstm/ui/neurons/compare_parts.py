"""What both comparisons need: a part of a long tune to draw, and tunes that all models can read."""

from __future__ import annotations

import streamlit as st

from charlstm.lm.store.checkpoint import Checkpoint
from charlstm.tunes.abc import split_header
from charlstm.tunes.corpus.model import Corpus
from charlstm.ui.state import Setting

STRIP, STEP = 160, 40  # characters of a tune that a chart shows, and how far it moves
FROM: Setting[int | None] = Setting("compare.from", None)


def visible_part(text: str, key: str) -> range:
    """The characters that a chart shows: all, or where the tune is long, from where a slider says."""
    if len(text) <= STRIP + STEP:
        return range(len(text))
    last = len(text) - STRIP
    starts = sorted({*range(0, last, STEP), last})
    body = split_header(text).body_start
    nearest = min(starts, key=lambda start: abs(start - body))
    setting = FROM.of(f"{key}.{len(text)}")
    start: int = st.select_slider("From character", starts, key=setting.widget(starts, nearest))
    return range(start, start + STRIP)


def held_out_tunes(corpus: Corpus, count: int, *readers: Checkpoint) -> tuple[list[str], list[str]]:
    """The first tunes of the validation and of the test set that all models can read: to choose on, to score on."""
    known = set.intersection(*(set(reader.vocab.ids) for reader in readers))
    choose, score = (
        [text for text in part if text and set(text) <= known][:count] for part in (corpus.validation, corpus.test)
    )
    return choose, score
