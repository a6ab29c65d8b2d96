"""Collections of tunes on the page: loaded once for all visitors, the default one built at the start, tunes listed.

Knows no model but by its checkpoint and vocabulary.
"""

from __future__ import annotations

from collections import Counter
from typing import NoReturn

import streamlit as st

from charlstm.errors import CharlstmError
from charlstm.lm.store.checkpoint import Checkpoint
from charlstm.paths import corpus_path
from charlstm.tunes.abc import split_header
from charlstm.tunes.corpus.building import build_status, start_building
from charlstm.tunes.corpus.io import load_corpus
from charlstm.tunes.corpus.model import DEFAULT_CORPUS, PARTS, Corpus
from charlstm.ui.background import serves
from charlstm.ui.shared.durations import duration
from charlstm.ui.shared.notices import plain, stop_with

LISTED = 6000  # tunes that a list offers
UNSEEN = {"validation": "validation set", "test": "test set"}


def corpus_names() -> list[str]:
    """The collections there are, by name."""
    return sorted(path.stem for path in corpus_path().glob("*.json"))


def corpus_stamp(name: str) -> int | None:
    """When a collection was written; None if it is not built."""
    try:
        return (corpus_path() / f"{name}.json").stat().st_mtime_ns
    except OSError:
        return None


@st.cache_resource(max_entries=4, show_spinner=False)
def corpus_of(name: str, stamp: int) -> Corpus:
    """A collection, loaded once for all visitors. Raises CorpusError."""
    return load_corpus(name)


def built_corpus(*names: str | None) -> tuple[Corpus, int] | None:
    """The first of some collections that is built, and when it was written; None where none is. Raises CorpusError."""
    built = corpus_names()  # a model may name anything
    for name in names:
        if name in built and (stamp := corpus_stamp(name)) is not None:
            return corpus_of(name, stamp), stamp
    return None


def corpus_for(checkpoint: Checkpoint) -> Corpus:
    """The collection that a model is measured on: the one it learned from, else the default one, else any.

    Where there is none, the page waits until the default one is built. Raises CorpusError.
    """
    found = built_corpus(checkpoint.corpus.name, DEFAULT_CORPUS, *corpus_names())
    if found is None:
        wait_for_corpus("This needs a collection of tunes.", key="neurons.build")
    return found[0]


def wait_for_corpus(reason: str, *, key: str, name: str = DEFAULT_CORPUS) -> NoReturn:
    """The page ends here with how far a bundled collection is, and continues automatically when it is built.

    The default one is started here if nobody did before; another one, and one that failed, with a button.
    """
    status = build_status(name)
    if not status.running:
        if status.problem:
            words = status.problem.splitlines()[-1]
            st.error(plain(f"The collection {name} could not be built: {words}"))
        else:
            st.info(
                f"{reason} It is built from the tune books that come with music21, once for all visitors: about "
                f"{duration(status.seconds_left)}."
            )
        begins = name == DEFAULT_CORPUS and not status.problem and serves()
        if not begins and not st.button("Build the collection", type="primary", key=key):
            st.stop()
        try:
            start_building(name)
        except CharlstmError as error:
            stop_with(error)
    _show_building(name)
    st.stop()


@st.fragment(run_every=1.0)
def _show_building(name: str) -> None:
    """How far a collection is, again each second; at its end the whole page runs again."""
    status = build_status(name)
    if not status.running:
        st.rerun()
    left = f"about {duration(status.seconds_left)} left" if status.share else "it is starting"
    st.progress(status.share, f"Building the collection {plain(name)}: {left}. This page continues automatically.")


@st.cache_data(max_entries=4, show_spinner=False)
def titles(_corpus: Corpus, fingerprint: str) -> list[str]:
    """The title of each tune, in the order of `tune_of`, each once; a tune without one has its first bars' letters."""
    names: list[str] = []
    times: Counter[str] = Counter()
    for part in reversed(PARTS):  # what the model did not learn from comes first
        texts = getattr(_corpus, part)
        for text in texts[: max(LISTED - len(names), 0)]:
            header = split_header(text)
            first = " ".join(text[header.body_start :].split())[:24]
            name = (header.get("T") or "").strip() or f"({first} …)"
            times[name] += 1
            names.append(name if times[name] == 1 else f"{name} ({times[name]})")
    return names


def tune_of(corpus: Corpus, place: int) -> tuple[str, str]:
    """A tune by its place in `titles`, and which part it is of."""
    for part in reversed(PARTS):
        texts = getattr(corpus, part)
        if place < len(texts):
            return str(texts[place]), part
        place -= len(texts)
    raise IndexError(place)
