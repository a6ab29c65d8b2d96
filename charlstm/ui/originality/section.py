"""The section "Is it new?" below a tune: one sentence, and in a fold both tunes with what they share outlined."""

from __future__ import annotations

import time

import streamlit as st

from charlstm.errors import CorpusError
from charlstm.evaluate.originality import LEAST_RUN, Originality, OriginalityIndex, originality
from charlstm.evaluate.originality_file import originality_index
from charlstm.tunes.corpus.building import build_status
from charlstm.tunes.corpus.model import DEFAULT_CORPUS
from charlstm.ui.background import in_background, is_done
from charlstm.ui.shared.corpora import built_corpus, corpus_names
from charlstm.ui.shared.drawing import draw
from charlstm.ui.shared.notices import plain
from charlstm.ui.shared.player import show_tune, sound_tune
from charlstm.ui.state import Setting

OPEN = Setting("originality.open", False)
REFRESH = "1s"  # while the index is made
SETTLED = 4.0  # seconds after which a page that is run again is not still being loaded
_WORK = "originality"


def show_originality(text: str, *, page: str, corpus_name: str | None = None) -> None:
    """Compare a tune with the training tunes of a collection; nothing where a text has no notes to compare.

    The index of the tunes is made in the background; until it is there the section says so, and fills itself.

    Parameters
    ----------
    text : str
        The tune as ABC.
    page : str
        Of the keys of its widgets.
    corpus_name : str, optional
        The collection that the model learned from. Where it is not built, or not known, the default one stands in.
    """
    try:
        found = built_corpus(corpus_name, DEFAULT_CORPUS)
    except CorpusError as error:
        _say(f"This cannot be said: {error}")
        return
    if found is None:
        _wait_for_corpus(corpus_name or DEFAULT_CORPUS)
        return
    corpus, stamp = found
    key = (corpus.name, stamp)
    waits, began = not is_done(_WORK, key), time.monotonic()

    @st.fragment(run_every=REFRESH if waits else None)
    def section() -> None:
        index = in_background(_WORK, key, lambda: originality_index(corpus))
        if index is None and is_done(_WORK, key):
            _say("This tune cannot be compared: the server’s log has the details.")
        elif index is None:
            _say(f"The {len(corpus.train):,} training tunes are being indexed, once …")
        elif waits and time.monotonic() - began > SETTLED:
            st.rerun()  # the whole page, so that nothing asks each second any more
        else:
            _show(text, index, page)

    section()


def _wait_for_corpus(name: str) -> None:
    """Say that there is nothing to compare with yet; where the default collection is on its way, look again."""

    @st.fragment(run_every=REFRESH if build_status(DEFAULT_CORPUS).running else None)
    def wait() -> None:
        status = build_status(DEFAULT_CORPUS)
        if status.running:
            done = f" ({status.share:.0%})" if status.share else ""
            _say(f"The collection of tunes to compare with is being built{done} …")
        elif DEFAULT_CORPUS in corpus_names():
            st.rerun()
        else:
            _say(f"Once the collection {name} is built (on the page Train), this tune is compared with its tunes.")

    wait()


def ready_index(corpus_name: str | None = None) -> OriginalityIndex | None:
    """The index of the tunes that a model learned from, if it is there; else it is begun, and None."""
    try:
        found = built_corpus(corpus_name, DEFAULT_CORPUS)
    except CorpusError:
        return None
    if found is None:
        return None
    corpus, stamp = found
    return in_background(_WORK, (corpus.name, stamp), lambda: originality_index(corpus))


def sentence(found: Originality) -> str:
    """What there is to say of a tune, in Markdown."""
    if not found.longest_run:
        return "No two of its notes in a row are those of a training tune."
    place = f", in {quoted(found.title)}" if found.title else ""
    said = f"The longest run it shares with a training tune: {found.longest_run} notes{place}"
    if not found.usual_run:
        return f"{said}."
    if not found.is_unusual:
        return f"{said}. 95 of 100 real tunes share at most {found.usual_run}."
    return f"{said}. :orange-badge[Unusual: 95 of 100 real tunes share at most {found.usual_run}]"


def quoted(title: str) -> str:
    """A title for Markdown, in quotation marks."""
    return f"“{plain(title)}”"


def _say(words: str) -> None:
    st.caption(f"**Is it new?** {plain(words)}")


def _show(text: str, index: OriginalityIndex, page: str) -> None:
    """The sentence, and the fold with both tunes; they are drawn when it is opened."""
    found = originality(text, index)
    if not found.notes:
        return
    st.caption(f"**Is it new?** {sentence(found)}")
    if not found.longest_run:
        return
    fold = st.expander(
        "Compare the two tunes", key=OPEN.of(page).widget(), icon=":material/compare:", on_change="rerun"
    )
    if not fold.open:
        return
    with fold:
        st.caption(_details(found, index))
        prefix = "" if found.source.startswith("X:") else "X:1\n"
        own, other = draw(text), draw(prefix + found.source)
        shift = len(prefix)
        source_spans = [(start + shift, end + shift) for start, end in found.source_spans]
        names = (("This tune", own, found.spans), (found.title or "The training tune", other, source_spans))
        for column, (name, drawing, marks), role in zip(st.columns(2), names, ("own", "other"), strict=True):
            with column:
                st.markdown(f"**{plain(name)}**")
                show_tune(drawing, key=f"{page}.originality.{role}", marks=marks)
        for (_, drawing, _), role in zip(names, ("own", "other"), strict=True):
            sound_tune(drawing, key=f"{page}.originality.{role}")


def _details(found: Originality, index: OriginalityIndex) -> str:
    """The figures behind the sentence."""
    said = (
        f"{found.covered:.0%} of its {found.notes} notes lie in runs of {LEAST_RUN} notes or more that the other tune "
        "has too, whatever the key and the unit length; they are outlined in both."
    )
    if found.usual_run:
        said += (
            f" Of {len(index.real_runs):,} real tunes that no model learned from, {index.rank(found.longest_run):.0%} "
            "share a shorter run with a training tune."
        )
    return plain(said)
