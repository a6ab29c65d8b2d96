"""Collections of tunes on the page: loaded once for all visitors, the default one built on request, their tunes listed.

Knows no model but by its checkpoint and vocabulary.
"""

from __future__ import annotations

from collections import Counter
from typing import NoReturn

import streamlit as st

from charlstm.errors import CharlstmError, CorpusError
from charlstm.lm.store.checkpoint import Checkpoint
from charlstm.lm.vocab import Vocab
from charlstm.paths import corpus_path
from charlstm.tunes.abc import split_header
from charlstm.tunes.corpus.build import BUNDLED
from charlstm.tunes.corpus.io import load_corpus, save_corpus
from charlstm.tunes.corpus.model import DEFAULT_CORPUS, PARTS, Corpus
from charlstm.ui.background import progress_bar
from charlstm.ui.shared.notices import stop_with

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

    Where there is none, the page ends with a button that builds one. Raises CorpusError.
    """
    found = built_corpus(checkpoint.corpus.name, DEFAULT_CORPUS, *corpus_names())
    if found is None:
        offer_default("This needs a collection of tunes.", key="neurons.build")
    return found[0]


def offer_default(reason: str, *, key: str, name: str = DEFAULT_CORPUS) -> NoReturn:
    """A button that builds a bundled collection with a bar; the page ends here, and starts again when it is built."""
    st.info(f"{reason} Building it from the tune books that come with music21 takes about a minute.")
    if not st.button("Build the collection", type="primary", key=key):
        st.stop()
    try:
        save_corpus(BUNDLED[name](report=progress_bar()))
    except CharlstmError as error:
        stop_with(error)
    except OSError as error:
        stop_with(CorpusError(str(error)))
    st.rerun()


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


def unseen(corpus: Corpus, vocab: Vocab, count: int) -> tuple[str, ...]:
    """Validation tunes that the model can read, evenly spread over all there are: they lie book by book."""
    known, total = vocab.ids.keys(), len(corpus.validation)
    spread = dict.fromkeys(k * total // count for k in range(count)) if total > count else range(total)
    texts = (str(corpus.validation[k]) for k in spread)
    return tuple(text for text in texts if text and known >= set(text))
