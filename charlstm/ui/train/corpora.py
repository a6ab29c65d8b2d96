"""The tunes a network learns from: choose a collection, bring one, look inside."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from charlstm.errors import CharlstmError
from charlstm.lm.store.archive import clean_name
from charlstm.paths import corpus_path
from charlstm.progress import Progress
from charlstm.tunes.corpus.build import build_corpus, fiddle_corpus
from charlstm.tunes.corpus.io import save_corpus
from charlstm.tunes.corpus.model import DEFAULT_CORPUS, PARTS, Corpus
from charlstm.tunes.corpus.stats import Contents, contents
from charlstm.tunes.corpus.uploads import MAX_FILE_BYTES, read_uploads
from charlstm.ui.shared.notices import plain
from charlstm.ui.train.charts import bar_chart, length_chart
from charlstm.ui.train.estimates import corpus_of, corpus_stamp

OWN = "\0own"
COUNTED = 50_000  # tunes that are looked into, of a very large collection
LISTED = 20  # refused files that are named
PART_WORDS = {"train": "to learn from", "validation": "to check with while it learns", "test": "for the final exam"}


def choose() -> Corpus | None:
    """The collection to learn from, chosen, built or brought here; None while there is none."""
    built = sorted(path.stem for path in corpus_path().glob("*.json"))
    names = [DEFAULT_CORPUS, *(name for name in built if name != DEFAULT_CORPUS), OWN]
    if st.session_state.get("train.corpus") not in names:
        st.session_state["train.corpus"] = names[0]
    name = st.selectbox(
        "Tunes to learn from",
        names,
        key="train.corpus",
        format_func=lambda name: "Bring your own …" if name == OWN else str(name),
    )
    if name == OWN:
        _bring(built)
        return None
    stamp = corpus_stamp(name)
    if stamp is None:
        _offer()
        return None
    try:
        corpus = corpus_of(name, stamp)
    except CharlstmError as error:
        st.error(plain(str(error)))
        return None
    counts = {part: len(getattr(corpus, part)) for part in PARTS}
    words = ", ".join(f"{count:,} {PART_WORDS[part]}" for part, count in counts.items() if count)
    st.caption(plain(f"{sum(counts.values()):,} tunes: {words}."))
    _say_refused(name)
    if st.toggle("Look inside", key="train.inside"):
        _inside(corpus, stamp)
    return corpus


def _offer() -> None:
    """A button that builds the default collection, with a bar."""
    st.info("These are tunes out of the books that music21 brings along. They are made ready once, in some seconds.")
    if not st.button("Make it ready", type="primary", key="train.build"):
        return
    bar = st.progress(0.0, "Reading the tune books")

    def report(now: Progress) -> None:
        bar.progress(now.share, now.doing.capitalize())

    try:
        save_corpus(fiddle_corpus(report=report))
    except (CharlstmError, OSError) as error:
        st.error(plain(str(error)))
        return
    st.rerun()


def _bring(built: Sequence[str]) -> None:
    """Files in, a collection out."""
    files = st.file_uploader(
        "ABC files, or a ZIP of them",
        type=["abc", "txt", "zip"],
        accept_multiple_files=True,
        key="train.files",
        max_upload_size=MAX_FILE_BYTES // 2**20,
    )
    left, right = st.columns(2, vertical_alignment="bottom")
    typed = left.text_input(
        "A name for this collection", key="train.corpus_name", placeholder="our-tunes", max_chars=60
    )
    as_is = right.toggle(
        "Keep the texts as they are",
        key="train.as_is",
        help="Else tunes are put into one form, and what is damaged, in several voices or there twice is left out.",
    )
    if not st.button("Make the collection", type="primary", disabled=not files, key="train.make"):
        return
    name = clean_name(typed or files[0].name)
    if name in built or name == DEFAULT_CORPUS:
        st.error(plain(f"There is a collection called {name} already; choose another name."))
        return
    bar = st.progress(0.0, "Reading")

    def report(now: Progress) -> None:
        bar.progress(now.share, now.doing.capitalize())

    try:
        upload = read_uploads([(file.name, file.getvalue()) for file in files])
        corpus = build_corpus(upload.tunes, name=name, as_is=as_is, report=report)
        save_corpus(corpus)
    except (CharlstmError, OSError) as error:
        bar.empty()
        st.error(plain(str(error)))
        return
    st.session_state["train.refused"] = (name, upload.refused)
    st.session_state["train.next_corpus"] = name
    st.rerun()


def adopt() -> None:
    """Choose the collection that was just made; before its widget is drawn."""
    if name := st.session_state.pop("train.next_corpus", None):
        st.session_state["train.corpus"] = name
        st.session_state["train.inside"] = True


def _say_refused(name: str) -> None:
    """The files of an upload that were not read, and why."""
    made, refused = st.session_state.get("train.refused", ("", ()))
    if made != name or not refused:
        return
    with st.expander(f"{len(refused)} files were not read", expanded=True):
        for file, why in refused[:LISTED]:
            st.caption(plain(f"{file}: {why}"))
        if len(refused) > LISTED:
            st.caption(f"and {len(refused) - LISTED} more")


@st.cache_data(max_entries=8, show_spinner=False)
def _contents(_corpus: Corpus, name: str, stamp: int) -> Contents:
    return contents(list(itertools.islice(_corpus.texts, COUNTED)))


def _inside(corpus: Corpus, stamp: int) -> None:
    """What was kept, what was not and why; meters, keys, lengths, characters."""
    found = _contents(corpus, corpus.name, stamp)
    rows = kept_rows(corpus.info.get("books", {}))
    if rows:
        st.markdown("**Kept, and what was left out**")
        st.dataframe(rows, hide_index=True, key="train.kept")
    first, second, third = st.columns(3)
    with first:
        st.altair_chart(bar_chart(found.meters, "tunes by meter", most=8), key="train.meters")
        st.altair_chart(bar_chart(found.rhythms, "tunes by rhythm", most=8), key="train.rhythms")
    with second:
        st.altair_chart(bar_chart(found.keys, "tunes by key", most=18), key="train.keys")
    with third:
        st.altair_chart(bar_chart(found.symbols, "characters of the music", most=18), key="train.symbols")
    st.altair_chart(length_chart(found.lengths), key="train.lengths")


def kept_rows(books: Mapping[str, Mapping[str, int]]) -> list[dict[str, Any]]:
    """A row for "kept" and one for each reason why not: how many tunes, and out of which books."""
    reasons = Counter[str]()
    for counts in books.values():
        reasons.update(counts)
    order = ["kept", *(reason for reason, _ in reasons.most_common() if reason != "kept")]
    few = len(books) <= 6
    return [
        {"": reason, "tunes": reasons[reason], **({book: c.get(reason, 0) for book, c in books.items()} if few else {})}
        for reason in order
        if reasons[reason]
    ]
