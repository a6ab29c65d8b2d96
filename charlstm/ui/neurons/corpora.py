"""The corpus that a view looks at: the model's own, else another one; built on the page where there is none."""

from __future__ import annotations

from collections import Counter

import streamlit as st

from charlstm.errors import CharlstmError
from charlstm.lm.store.checkpoint import Checkpoint
from charlstm.lm.vocab import Vocab
from charlstm.paths import corpus_path
from charlstm.progress import Progress
from charlstm.tunes.abc import split_header
from charlstm.tunes.corpus.build import fiddle_corpus
from charlstm.tunes.corpus.io import load_corpus, save_corpus
from charlstm.tunes.corpus.model import DEFAULT_CORPUS, PARTS, Corpus
from charlstm.ui.shared.notices import stop_with

LISTED = 6000  # tunes that a list offers
UNSEEN = {"validation": "the model did not learn from it", "test": "the model has never met it"}


def corpus_name(checkpoint: Checkpoint) -> str | None:
    """The corpus to look at: the one that the model learned from, the default one, any; None where there is none."""
    there = sorted(path.stem for path in corpus_path().glob("*.json"))
    wanted = [checkpoint.corpus.name, DEFAULT_CORPUS, *there]
    return next((name for name in wanted if name in there), None)


def corpus_for(checkpoint: Checkpoint) -> Corpus:
    """The corpus to look at; where there is none, a button that builds it, and the page ends."""
    name = corpus_name(checkpoint)
    if name is None:
        _offer()
    try:
        return _loaded(str(name), (corpus_path() / f"{name}.json").stat().st_mtime_ns)
    except (CharlstmError, OSError) as error:
        stop_with(error if isinstance(error, CharlstmError) else CharlstmError(str(error)))


@st.cache_resource(max_entries=3, show_spinner=False)
def _loaded(name: str, stamp: int) -> Corpus:
    return load_corpus(name)


def _offer() -> None:
    """A button that builds the default corpus."""
    st.info("This needs a collection of tunes. Building it from music21's tune books takes about a minute.")
    if not st.button("Build the collection", type="primary", key="neurons.build"):
        st.stop()
    bar = st.progress(0.0, "Reading the tune books")

    def report(now: Progress) -> None:
        bar.progress(now.share, now.doing.capitalize())

    try:
        save_corpus(fiddle_corpus(report=report))
    except (CharlstmError, OSError) as error:
        stop_with(error if isinstance(error, CharlstmError) else CharlstmError(str(error)))
    st.rerun()


@st.cache_data(max_entries=4, show_spinner=False)
def titles(_corpus: Corpus, fingerprint: str) -> list[str]:
    """The title of each tune, in the order of `tune_of`, each once; a tune without one has its first bars' letters."""
    found: list[str] = []
    times: Counter[str] = Counter()
    for part in reversed(PARTS):  # what the model did not learn from comes first
        texts = getattr(_corpus, part)
        for text in texts[: max(LISTED - len(found), 0)]:
            header = split_header(text)
            first = " ".join(text[header.body_start :].split())[:24]
            name = (header.get("T") or "").strip() or f"({first} …)"
            times[name] += 1
            found.append(name if times[name] == 1 else f"{name} ({times[name]})")
    return found


def tune_of(corpus: Corpus, place: int) -> tuple[str, str]:
    """A tune by its place in `titles`, and which part it is of."""
    for part in reversed(PARTS):
        texts = getattr(corpus, part)
        if place < len(texts):
            return str(texts[place]), part
        place -= len(texts)
    raise IndexError(place)


def unseen(corpus: Corpus, vocab: Vocab, count: int) -> tuple[str, ...]:
    """Validation tunes that the model can read, evenly spread over all there are: they lie book by book."""
    known, total = vocab.ids.keys(), len(corpus.validation)
    spread = dict.fromkeys(k * total // count for k in range(count)) if total > count else range(total)
    texts = (str(corpus.validation[k]) for k in spread)
    return tuple(text for text in texts if text and known >= set(text))
