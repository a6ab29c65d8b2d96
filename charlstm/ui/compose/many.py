"""Write 20: many tunes at once, as small scores, the best first, any of them kept or opened."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import streamlit as st

from charlstm.errors import CharlstmError, CorpusError, LibraryError
from charlstm.evaluate.originality import OriginalityIndex, originality
from charlstm.evaluate.ranking import Question, TuneScore, ranked, score_sample
from charlstm.evaluate.usual_ranges import UsualRanges, usual_ranges
from charlstm.library.tune import numbered
from charlstm.lm.sample.sampling import Sample, sample
from charlstm.progress import Progress, Report
from charlstm.ui.background import is_done, with_bar
from charlstm.ui.compose.sketch import Sketch, sketch
from charlstm.ui.compose.taking import take_tune
from charlstm.ui.compose.tune_cards import Card, pressed, show_cards
from charlstm.ui.neurons.view_context import ViewContext
from charlstm.ui.originality.section import ready_index
from charlstm.ui.shared.choices import choose
from charlstm.ui.shared.corpora import built_corpus
from charlstm.ui.shared.models import engine
from charlstm.ui.shared.notices import plain
from charlstm.ui.shared.session_library import add_to_library, change, session_library
from charlstm.ui.shared.session_tune import edited_settings
from charlstm.ui.shared.url_state import MAX_SEED, ComposeSettings
from charlstm.ui.shared.written_tunes import HEAD, form_of, next_seed, sample_config
from charlstm.ui.state import Setting

COUNT = 20
LAST_FIRST = MAX_SEED - COUNT + 1
KEY = "compose.many"
_WORK = "write many"


def _parse_seed(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and int(text[:11]) <= LAST_FIRST else None


FIRST: Setting[int | None] = Setting("compose.many.first", None, query="first", parse=_parse_seed)  # their first seed
MANY: Setting[ComposeSettings | None] = Setting("compose.many.settings", None)  # theirs, with the first seed
BEST = "best"
ORDERS = {BEST: "Best first", "likely": "Likely", "form": "Form", "ending": "Ending", "new": "New"}
ASKED = {
    "likely": "as likely as real tunes",
    "form": "bars that return",
    "ending": "a proper ending",
    "new": "nothing copied",
}
ORDER = Setting("compose.many.order", BEST)


class Written(NamedTuple):
    """Tunes that were written at once, with what is seen of them."""

    samples: list[Sample]
    sketches: list[Sketch]


def many_settings(settings: ComposeSettings) -> ComposeSettings | None:
    """The settings of the tunes that were asked for: in this visit, else by the address; None: nobody asked."""
    first, asked = FIRST.get(), MANY.get()
    if first is None:
        return None
    return asked if asked is not None and asked.seed == first else settings.varied(seed=first)


def show_many(context: ViewContext, _: Sample) -> None:
    """A button that writes 20 tunes, and the tunes."""
    asked = many_settings(context.composed)

    def ask() -> None:
        after = next_seed(context.composed.seed) if asked is None else asked.seed + COUNT
        first = min(after, LAST_FIRST)
        FIRST.set(first)
        MANY.set(edited_settings().varied(seed=first))

    def cancel() -> None:
        FIRST.set(None)

    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(
            f"Write {COUNT} tunes" if asked is None else f"Write {COUNT} more", key=f"{KEY}.ask", on_click=ask,
            icon=":material/library_music:", help="Tunes with these settings, from the seeds that come next.",
        )  # fmt: skip
        stop = st.empty()
    if asked is None or asked.model != context.model:
        return
    key = (asked, context.stamp)
    if not is_done(_WORK, key):
        stop.button("Cancel", key=f"{KEY}.cancel", on_click=cancel)  # a click ends this run at its next report
    try:
        written = with_bar(_WORK, key, lambda report: _write(asked, report), "")
    except CharlstmError as error:
        st.error(plain(str(error)))
        return
    stop.empty()
    _show_written(context, asked, written)


def _write(settings: ComposeSettings, report: Report) -> Written:
    """Write the tunes, then draw their first bars."""
    samples = sample(
        engine(settings.model), sample_config(settings), fields=settings.header, n=COUNT, seed=settings.seed,
        form=form_of(settings), attributes=settings.wished,
        progress=lambda done: report(Progress(f"writing {COUNT} tunes: {done} done", done, 2 * COUNT)),
    )  # fmt: skip
    sketches = []
    for done, one in enumerate(samples):
        report(Progress(f"drawing {COUNT} tunes: {done} done", COUNT + done, 2 * COUNT))
        sketches.append(sketch(HEAD + one.text))
    return Written(samples, sketches)


def _show_written(context: ViewContext, asked: ComposeSettings, written: Written) -> None:
    """The tunes in the order that was chosen."""
    index = ready_index(context.checkpoint.corpus.name)
    usual = _usual_ranges(context, by_plan=any(one.form for one in written.samples))
    key = (asked, context.stamp, index is not None, usual)
    scores = with_bar("rank many", key, lambda report: _score(usual, asked, written.samples, index), "Ranking them")
    questions = [question for question, _ in scores[0].answers]
    orders = {name: label for name, label in ORDERS.items() if name == BEST or name in questions}
    by = choose("Order", list(orders), ORDER, labels=orders)
    counted = ", ".join(ASKED[question] for question in questions)
    st.caption(plain(f"Ranked by what can be counted: {counted}. Your ear may prefer another. {usual.remark}".rstrip()))
    question: Question | None = None if by == BEST else by  # type: ignore[assignment]  # of ORDERS
    cards = [
        Card(
            str(written.samples[place].seed),
            f"Score {scores[place].total:.2f} · seed {written.samples[place].seed}",
            written.sketches[place],
            scores[place].words,
            is_current=replace(asked, seed=written.samples[place].seed) == context.composed,
        )
        for place in ranked(scores, question)
    ]
    actions = {"open": "Open", "keep": "Keep"}
    kept = kept_cards(written.samples)
    show_cards(cards, key=KEY, actions=actions, kept=kept, on_action=lambda: act(asked, written.samples))


def kept_cards(samples: list[Sample]) -> list[str]:
    """The ids of the cards whose tunes the visitor keeps."""
    try:
        texts = {tune.text for tune in session_library().newest(starred=True)}
    except LibraryError:
        return []  # pressing the button says why
    return [str(one.seed) for one in samples if numbered(HEAD + one.text) in texts]


def _usual_ranges(context: ViewContext, *, by_plan: bool) -> UsualRanges:
    """What real tunes are like for this model; measured once for all visitors."""
    try:
        found = built_corpus(context.checkpoint.corpus.name)
    except CorpusError:
        found = None
    corpus, stamp = found or (None, None)
    key = (context.model, context.stamp, stamp, by_plan)
    return with_bar(
        "usual ranges", key, lambda report: usual_ranges(engine(context.model), corpus, by_plan=by_plan),
        "Measuring real tunes",
    )  # fmt: skip


def _score(
    usual: UsualRanges, settings: ComposeSettings, samples: list[Sample], index: OriginalityIndex | None
) -> list[TuneScore]:
    """The scores of the tunes, in their order."""
    return [
        score_sample(
            one,
            usual=usual,
            originality=None if index is None else originality(HEAD + one.text, index),
            form_given=form_of(settings) != "auto",
        )
        for one in samples
    ]


def act(asked: ComposeSettings, samples: list[Sample]) -> None:
    """Open or keep the tune of the card that was pressed."""
    action, sent = pressed(KEY)
    tune = next((one for one in samples if str(one.seed) == sent), None)
    if tune is None:
        return
    settings = replace(asked, seed=tune.seed)
    if action == "open":
        take_tune(settings)
    elif action == "keep" and (kept := add_to_library(HEAD + tune.text, "composed", settings=settings.query)):
        change(kept.number, starred=True)
        st.toast(plain(f"“{kept.name}” is in your library."), icon=":material/star:")
