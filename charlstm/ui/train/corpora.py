"""The tunes a network learns from: choose a collection, add one, preview it."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from charlstm.errors import CharlstmError
from charlstm.lm.store.archive import clean_name
from charlstm.tunes.corpus.build import BUNDLED, build_corpus
from charlstm.tunes.corpus.io import save_corpus
from charlstm.tunes.corpus.model import DEFAULT_CORPUS, PARTS, Corpus
from charlstm.tunes.corpus.stats import Contents, contents
from charlstm.tunes.corpus.uploads import MAX_FILE_BYTES, read_uploads
from charlstm.ui.background import bar_with_cancel
from charlstm.ui.shared.corpora import corpus_names, corpus_of, corpus_stamp, wait_for_corpus
from charlstm.ui.shared.figures import show_figure
from charlstm.ui.shared.notices import plain, sentence
from charlstm.ui.shared.permissions import check_disk
from charlstm.ui.state import Setting
from charlstm.ui.train.charts import bar_chart, length_chart

OWN = "\0own"
COUNTED = 50_000  # tunes that are looked into, of a very large collection
LISTED = 20  # refused files that are named
PART_LABELS = {"train": "training", "validation": "validation", "test": "test"}
CORPUS = Setting("train.corpus", DEFAULT_CORPUS)
PREVIEW = Setting("train.inside", False)
NAME, AS_IS = Setting("train.corpus_name", ""), Setting("train.as_is", False)
ADDED = Setting("train.added", "")  # the collection that was just built
REFUSED: Setting[tuple[str, Sequence[tuple[str, str]]]] = Setting("train.refused", ("", ()))  # of a collection


def choose_corpus() -> Corpus | None:
    """The collection to learn from, chosen, built or added here; None while there is none."""
    if added := ADDED.pop():  # before its widget is drawn
        CORPUS.set(added)
        PREVIEW.set(True)
    built = corpus_names()
    names = [*BUNDLED, *(name for name in built if name not in BUNDLED), OWN]
    name = st.selectbox(
        "Collection", names, key=CORPUS.widget(names),
        format_func=lambda name: "Add your own …" if name == OWN else str(name),
    )  # fmt: skip
    if name == OWN:
        _add(built)
        return None
    stamp = corpus_stamp(name)
    if stamp is None:
        wait_for_corpus(f"The collection {name} is not built yet.", key="train.build", name=str(name))
    try:
        corpus = corpus_of(name, stamp)
    except CharlstmError as error:
        st.error(plain(str(error)))
        return None
    counts = {part: len(getattr(corpus, part)) for part in PARTS}
    words = ", ".join(f"{count:,} {PART_LABELS[part]}" for part, count in counts.items() if count)
    st.caption(plain(f"{sum(counts.values()):,} tunes: {words}."))
    _show_refused(name)
    if st.toggle("Preview", key=PREVIEW.widget()):
        _preview(corpus, stamp)
    return corpus


def _add(built: Sequence[str]) -> None:
    """Files in, a collection out."""
    files = st.file_uploader(
        "ABC, MIDI, JSON or CSV files, or a ZIP of them",
        type=["abc", "txt", "zip", "json", "csv", "mid", "midi", "rmi", "kar"],
        accept_multiple_files=True,
        key="train.files",
        max_upload_size=MAX_FILE_BYTES // 2**20,
    )
    left, right = st.columns(2, vertical_alignment="bottom")
    typed = left.text_input("Name of the collection", key=NAME.widget(), placeholder="our-tunes", max_chars=60)
    as_is = right.toggle(
        "Keep the texts as they are",
        key=AS_IS.widget(),
        help="Otherwise tunes are normalized, and broken tunes, tunes in several voices and duplicates are left out.",
    )
    if not st.button("Build the collection", type="primary", disabled=not files, key="train.make"):
        return
    name = clean_name(typed or files[0].name)
    if name in built or name in BUNDLED:
        st.error(plain(f"There is already a collection called {name}; choose another name."))
        return
    from charlstm.score.midi_import.melody import read_midi  # for those who need it

    place = st.empty()
    try:
        check_disk()
        with place.container():
            report = bar_with_cancel("train.make.cancel")
        upload = read_uploads(
            [(file.name, file.getvalue()) for file in files], lambda data: read_midi(data).text, report=report
        )
        corpus = build_corpus(upload.tunes, name=name, as_is=as_is, report=report)
        save_corpus(corpus, replace=False)
    except (CharlstmError, OSError) as error:
        place.empty()
        st.error(plain(sentence(error)))
        return
    REFUSED.set((name, upload.refused))
    ADDED.set(name)
    st.rerun()


def _show_refused(name: str) -> None:
    """The files of an upload that were not read, and why."""
    collection, refused = REFUSED.get()
    if collection != name or not refused:
        return
    with st.expander(f"{len(refused)} files were not read", expanded=True):
        for file, reason in refused[:LISTED]:
            st.caption(plain(f"{file}: {reason}"))
        if len(refused) > LISTED:
            st.caption(f"and {len(refused) - LISTED} more")


# ---- preview --------------------------------------------------------------------------------------------------------


@st.cache_data(max_entries=8, show_spinner=False)
def _contents(_corpus: Corpus, name: str, stamp: int) -> Contents:
    return contents(list(itertools.islice(_corpus.texts, COUNTED)))


def _preview(corpus: Corpus, stamp: int) -> None:
    """What was kept, what was not and why; meters, keys, lengths, characters."""
    stats = _contents(corpus, corpus.name, stamp)
    rows = kept_rows(corpus.info.get("books", {}))
    if rows:
        st.markdown("**Tunes kept and left out**")
        st.dataframe(rows, hide_index=True, key="train.kept")
    first, second, third = st.columns(3)
    caption = f"Collection {corpus.name}, {sum(count for *_, count in stats.lengths):,} tunes."
    for place, counts, title, most in (
        (first, stats.meters, "tunes by meter", 8),
        (first, stats.rhythms, "tunes by rhythm", 8),
        (second, stats.keys, "tunes by key", 18),
        (third, stats.symbols, "characters in the music", 18),
    ):
        show_figure(
            bar_chart(counts, title, most=most), title=title.capitalize(), caption=caption, key=f"train.{title}",
            place=place,
        )  # fmt: skip
    show_figure(length_chart(stats.lengths), title="Lengths of tunes", caption=caption, key="train.lengths")


def kept_rows(books: Mapping[str, Mapping[str, int]]) -> list[dict[str, Any]]:
    """A row for "kept" and one for each reason why not: how many tunes, and from which books."""
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
