"""The tool of Your tune with which a model rewrites bars, and the visitor chooses one of several versions."""

from __future__ import annotations

import math

import numpy as np
import streamlit as st

from charlstm.errors import CharlstmError
from charlstm.lm.sample.infill import Infilling, infill
from charlstm.tunes.views.bar_numbers import PrintedBars, printed_bars
from charlstm.ui.shared.drawing import draw
from charlstm.ui.shared.frame import name_buttons
from charlstm.ui.shared.models import engine
from charlstm.ui.shared.notices import plain, stop_with
from charlstm.ui.shared.overruled import overruled_mark, overruled_words
from charlstm.ui.shared.player import show_tune, sound_tune
from charlstm.ui.shared.session_library import add_to_library
from charlstm.ui.your_tune.model_settings import ask_model, ask_reading, ask_seed
from charlstm.ui.your_tune.settings import FIRST_BAR, HEARD, LAST_BAR, PLAYS, VERSIONS, Rewrite
from charlstm.ui.your_tune.tune_document import TuneDocument

CANDIDATES = 5
MEASURED = (
    "Measured by the model: the log probability (nats) of everything after these bars, minus that of the same text "
    "after your own bars. Nobody has listened to them: your ear may prefer another."
)
PICKUP = "As the score numbers its bars; 0 is a pickup."


def show_rewrite(document: TuneDocument, printed: PrintedBars) -> None:
    """Widgets that ask for other bars, and the versions that a model wrote of them."""
    bounds = (printed.lowest, printed.highest)
    model = ask_model()
    left, middle, seed, right = st.columns(4, vertical_alignment="bottom")
    first = left.number_input("From bar", *bounds, key=FIRST_BAR.widget(bounds=bounds), help=PICKUP)
    last = middle.number_input(
        "To bar", *bounds, key=LAST_BAR.widget(bounds=bounds), help="You can also select the bars in the score."
    )
    ask_seed(seed, "other versions")
    asked = right.button(
        "Rewrite", type="primary", width="stretch", icon=":material/restart_alt:", key="your_tune.rewrite"
    )
    model = ask_reading(model, document.text)
    first, last = sorted((first, last))  # whichever was typed first
    if asked:
        request = Rewrite(document.text, int(first), int(last), model)
        VERSIONS.set((request, _rewrite(request)))
        HEARD.pop()
    if (versions := VERSIONS.get()) and versions[0].text == document.text:
        _show_versions(document, *versions)


def _rewrite(request: Rewrite) -> Infilling:
    """The versions, while a bar shows how many there are."""
    model = request.model
    first, last = printed_bars(request.text).between(request.first, request.last)
    bar = st.progress(0.0, plain(f"{model.model} is writing …"))

    def tried(fitting: int, tries: int) -> None:
        bar.progress(min(fitting / CANDIDATES, 1.0), f"{tries} tries, {fitting} fit")

    try:
        rewriting = infill(
            engine(model.model), request.text, first, last, n=CANDIDATES, seed=model.seed,
            nearest=model.nearest, config=model.config(), progress=tried,
        )  # fmt: skip
    except CharlstmError as error:
        stop_with(error)
    bar.empty()
    return rewriting


def _show_versions(document: TuneDocument, request: Rewrite, rewriting: Infilling) -> None:
    """The candidates, the best first."""
    first, last = request.first, request.last
    which = f"Bars {first} to {last}" if last > first else f"Bar {first}"
    if not rewriting.candidates:
        st.info(plain(
            f"{which}: none of {rewriting.tries} tries fits there or brings anything new. "
            "Try other bars or a higher temperature."
        ))  # fmt: skip
        return
    st.caption(
        plain(
            f"{which}: {len(rewriting.candidates)} versions that fit, of {rewriting.tries} tries, best first. Above 0: "
            "the rest of the tune follows these bars better than yours; below 0: not as well."
        )
    )

    def use(place: int) -> None:
        candidate = rewriting.candidates[place]
        settings = request.model.query | {
            "seed": candidate.seed, "first_bar": first, "last_bar": last, "before": request.text,
        }  # fmt: skip
        marks = [(candidate.start, candidate.end)]
        document.put(candidate.text, how="rewritten", settings=settings, marks=marks, overruled=candidate.overruled)
        add_to_library(candidate.text, "rewritten", settings=settings)

    def hear(place: int) -> None:
        HEARD.set(place)
        PLAYS.set(PLAYS.get() + 1)

    heard = HEARD.get()
    for place, candidate in enumerate(rewriting.candidates):
        name_buttons(key := f"your_tune.version.{place}", f"version {place + 1}")
        with st.container(border=True, horizontal=True, vertical_alignment="center", gap="small", key=key):
            st.code(candidate.text[candidate.start : candidate.end], language=None, wrap_lines=True)
            better = candidate.rest_log_prob - rewriting.rest_log_prob
            st.markdown(f"**{better:+.1f}**".replace("-", "−"), width=64, help=f"{odds(better)} {MEASURED}")
            st.button(
                "Listen",
                key=f"your_tune.hear.{place}",
                on_click=hear,
                args=(place,),
                icon=":material/volume_up:" if place == heard else ":material/play_arrow:",
            )
            st.button("Use this", key=f"your_tune.use.{place}", on_click=use, args=(place,), icon=":material/check:")
    if heard is not None and heard < len(rewriting.candidates):
        _play(rewriting, heard)


def _play(rewriting: Infilling, place: int) -> None:
    """A player for one version, with a bar on either side."""
    from charlstm.neurons.snippet import snippet

    candidate = rewriting.candidates[place]
    piece = snippet(candidate.text, candidate.start, candidate.end)
    drawing = draw(piece.text)
    words = overruled_words(candidate.overruled)
    boxes = [
        overruled_mark(int(at), int(at) + 1, one.nats)
        for one in candidate.overruled
        for at in np.flatnonzero(piece.origin == one.index)
    ]
    st.caption(plain(f"Version {place + 1}, with a bar before and after. {words}".rstrip()))
    key = "your_tune.version.player"
    show_tune(drawing, key=key, marks=[(piece.start, piece.end), *boxes], play=f"version{PLAYS.get()}")
    sound_tune(drawing, key=key)


def odds(better: float) -> str:
    """A difference of log probabilities in words."""
    times = math.exp(min(abs(better), 50.0))
    if times < 1.05:
        return "The rest is about as likely as after your bars."
    factor = f"{times:,.1f}" if times < 100 else f"{times:,.0f}" if times < 1e6 else "over a million"
    return f"The rest is {factor} times {'more' if better > 0 else 'less'} likely than after your bars."
