"""Listening test: two tunes without names; which is which, and which is better?"""

from __future__ import annotations

import random

import streamlit as st

from charlstm.errors import CharlstmError, LibraryError
from charlstm.evaluate.blind_test import shape
from charlstm.library.votes import FIRST, NEITHER, SECOND, Vote, Votes
from charlstm.lm.store.checkpoint import Checkpoint
from charlstm.paths import library_path
from charlstm.tunes.corpus.model import Corpus
from charlstm.ui.listening_test.pair import MAX_SEED, Candidate, Pair, RealTunes, Writer, make_pair
from charlstm.ui.listening_test.results import show_results
from charlstm.ui.listening_test.settings import (
    ANSWER,
    LIKED,
    MODEL,
    OTHER_MODEL,
    OTHER_TEMPERATURE,
    PAIR,
    TEMPERATURE,
    TEST,
    TESTS,
    VOTE,
)  # fmt: skip
from charlstm.ui.shared.choices import choose
from charlstm.ui.shared.corpora import corpus_for
from charlstm.ui.shared.drawing import draw
from charlstm.ui.shared.models import engine, models
from charlstm.ui.shared.notices import plain, stop_with
from charlstm.ui.shared.player import show_tune, sound_tune
from charlstm.ui.shared.url_state import TEMPERATURES
from charlstm.ui.shared.visitor import visitor_id
from charlstm.ui.state import Setting

NAMES = {FIRST: "Tune 1", SECOND: "Tune 2"}
BOTH = "Both alike"


def page() -> None:
    """The page, top to bottom."""
    st.title("Listening test", anchor=False)
    st.caption("Two tunes without names, alike in meter and length. Your votes are stored without your name.")
    test = choose("Test", TESTS, TEST, labels=TESTS)
    if st.query_params.get("test") != test:
        st.query_params["test"] = test
    pair = _pair(test)
    # The two tunes.
    drawings = {place: draw("X:1\n" + tune.text) for place, tune in ((FIRST, pair.first), (SECOND, pair.second))}
    for column, (place, drawing) in zip(st.columns(2), drawings.items(), strict=True):
        with column:
            st.header(NAMES[place], anchor=False)
            show_tune(drawing, key=f"listening_test.{place}")
    # The two questions; then who wrote which.
    votes = Votes(library_path(), visitor_id())
    with st.container(key="listening-test-questions"):
        if (vote := VOTE.get()) is None:
            _ask(pair, votes, test)
        else:
            _tell(pair, vote)
    with st.expander("Results", icon=":material/bar_chart:", key="listening_test.results", on_change="rerun") as fold:
        if fold.open:
            try:
                show_results(votes)
            except LibraryError as error:
                st.error(plain(str(error)))
    for place, drawing in drawings.items():
        sound_tune(drawing, key=f"listening_test.{place}")


def _pair(test: str) -> Pair:
    """The pair of these settings: the one at hand, or a new one."""
    available = models()
    left, right = st.columns(2)
    name = left.selectbox("Model", list(available), key=MODEL.widget(available))
    other = name
    if test == "model":
        rest = [each for each in available if each != name] or [name]
        other = right.selectbox("Other model", rest, key=OTHER_MODEL.widget(rest))
    t = _temperature(right if test == "real" else left, "Temperature", TEMPERATURE)
    other_t = _temperature(right, "Other temperature", OTHER_TEMPERATURE) if test == "temperature" else t
    if (test == "temperature" and t == other_t) or (test == "model" and name == other):
        st.info("Choose two that differ.")
        st.stop()
    key = (test, name, t, other, other_t)
    pair = PAIR.get()
    if pair is None or pair.key != key:
        try:
            with st.spinner("Two tunes are being written …"):
                writer = Writer(engine(name), name, t)
                against = _real(available[name]) if test == "real" else Writer(engine(other), other, other_t)
                pair = make_pair(key, writer, against, random.randrange(MAX_SEED))
        except CharlstmError as error:
            stop_with(error)
        PAIR.set(pair)
        VOTE.set(None)
        ANSWER.set(None)
        LIKED.set(None)
    return pair


def _temperature(place: st.delta_generator.DeltaGenerator, label: str, setting: Setting[float]) -> float:
    return round(float(place.slider(label, *TEMPERATURES, step=0.05, key=setting.widget(bounds=TEMPERATURES))), 2)


def _real(checkpoint: Checkpoint) -> RealTunes:
    """Tunes that the model did not learn from."""
    corpus = corpus_for(checkpoint)
    return _held_out(corpus, corpus.fingerprint)


@st.cache_resource(max_entries=2, show_spinner=False)
def _held_out(_corpus: Corpus, fingerprint: str) -> RealTunes:
    texts = tuple(_corpus.test or _corpus.validation)[:1000]
    return RealTunes(_corpus.name, texts, tuple(shape(text) for text in texts))


def _ask(pair: Pair, votes: Votes, test: str) -> None:
    """The questions, and the button that answers them."""
    left, right = st.columns(2)
    places = [FIRST, SECOND]
    answer = left.segmented_control(pair.question, places, key=ANSWER.widget(), format_func=NAMES.__getitem__)
    offered = [*places, NEITHER]
    liked = right.segmented_control(
        "Which one do you like better?", offered, key=LIKED.widget(), format_func=lambda p: NAMES.get(p, BOTH)
    )

    def cast() -> None:
        if VOTE.get() is not None:  # clicked more than once
            return
        vote = Vote(
            test=test, first=pair.first.by, second=pair.second.by, first_tune=pair.first.id,
            second_tune=pair.second.id, asked=pair.asked, answer=str(ANSWER.get()), liked=str(LIKED.get()),
        )  # fmt: skip
        try:
            votes.add(vote)
        except LibraryError as error:
            st.toast(plain(f"The vote is not stored: {error}"), icon=":material/error:")
        VOTE.set(vote)

    with st.container(horizontal=True, gap="small"):
        st.button(
            "Answer", type="primary", key="listening_test.cast", on_click=cast,
            disabled=answer is None or liked is None, shortcut="Ctrl+Enter",
        )  # fmt: skip
        st.button("Another pair", key="listening_test.skip", on_click=_next_pair, icon=":material/skip_next:")
        if answer is None or liked is None:
            st.caption("Answer both questions first.", width="content")


def _tell(pair: Pair, vote: Vote) -> None:
    """Who wrote which, and the button for the next pair."""
    words = "Right." if vote.is_right else "No, it is the other way round."
    (st.success if vote.is_right else st.info)(plain(words))
    for place, tune in ((FIRST, pair.first), (SECOND, pair.second)):
        st.markdown(f"**{NAMES[place]}**: {plain(_origin(tune))}")
    liked = f"{NAMES[vote.liked]} better" if vote.liked in NAMES else "both alike"
    st.markdown(plain(f"You liked {liked}."))
    st.button("Next pair", type="primary", key="listening_test.next", on_click=_next_pair, shortcut="Ctrl+Enter")


def _origin(tune: Candidate) -> str:
    return f"{tune.by}, {tune.id}" + (f", “{tune.title}”" if tune.title else "")


def _next_pair() -> None:
    PAIR.set(None)


if __name__ == "__main__":  # as Streamlit runs a page
    page()
