"""Why this character? Its direct logit attribution to neurons, and what each character before it did for it."""

from __future__ import annotations

import re

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from charlstm.neurons.attribution import REACH, LogitAttribution, logit_attribution, occlusion
from charlstm.neurons.concepts.layout import layout
from charlstm.neurons.recording import Unit
from charlstm.ui.background import with_bar
from charlstm.ui.chart_style import visible
from charlstm.ui.neurons.intervene_charts import attribution_chart
from charlstm.ui.neurons.names import label_of
from charlstm.ui.neurons.settings import one_of
from charlstm.ui.neurons.tune_source import source_tune, title_in
from charlstm.ui.neurons.view_context import Sounds, ViewContext
from charlstm.ui.shared.choices import choose
from charlstm.ui.shared.drawing import draw
from charlstm.ui.shared.figures import show_figure
from charlstm.ui.shared.models import engine
from charlstm.ui.shared.notices import plain
from charlstm.ui.shared.player import Selection, show_tune
from charlstm.ui.state import Setting

SHOWN = 12  # neurons
PLAYER = "intervene.player"
HOWS = {"skip": "Skipped", "replace": "Replaced"}
HOW = Setting("intervene.how", "skip", query="how", parse=one_of(HOWS))


def _parse_position(text: str) -> tuple[str, int] | None:
    """A character of an address, from 1; of whatever text."""
    return ("", int(text) - 1) if re.fullmatch(r"[1-9]\d{0,6}", text) else None


# A text, "" if it is not known yet, and a character of it from 0.
POSITION: Setting[tuple[str, int]] = Setting(
    "intervene.position", ("", 0), query="character", parse=_parse_position, write=lambda place: str(place[1] + 1)
)
ADDRESSED = (HOW, POSITION)
CHARACTER = Setting("intervene.character", 2)  # the same from 1, as the field shows it
DRAGGED: Setting[tuple[str, Selection] | None] = Setting("intervene.dragged", None)


def show(context: ViewContext, about: DeltaGenerator) -> Sounds:
    """The votes for one character, and what the characters before it did for it."""
    about.caption(
        "Choose a character. Which neurons voted for it, and which characters before it helped to predict it?"
    )
    tune = source_tune(context)
    text = tune.text
    model = engine(context.model)
    position, how = _controls(text)
    context.publish(*ADDRESSED, by="why", **tune.query)
    votes = logit_attribution(model, text, position)
    effects = with_bar(
        "occlusion",
        (*context.key, text, position, how),
        lambda report: occlusion(model, text, position, how="replace" if how == "replace" else "skip", report=report),
        "Predicting it without each character before it",
    )
    values = np.zeros(len(text))
    values[:position] = effects.clip(-1, 1)
    chosen = show_tune(
        draw(text), key=PLAYER, values=values.tolist(), label="Effect, in nats", marks=[(position, position + 1)],
        selectable=True,
    )  # fmt: skip
    if chosen and (text, chosen) != DRAGGED.get():
        DRAGGED.set((text, chosen))
        POSITION.set((text, max(chosen.start, 1)))
        st.rerun()
    st.caption(
        plain(
            f"Character {position + 1} is “{visible(text[position])}”; the model gave it {votes.probability:.1%}. Red "
            "characters helped to predict it, blue ones made it less likely: its log probability less that without "
            f"them, full colour from 1 nat on. Highest: {_highest(text, effects)}. {min(position, REACH)} were tried."
        )
    )
    _votes(context, votes, text, position)
    return [(text, PLAYER)]


def _controls(text: str) -> tuple[int, str]:
    """Which character of the text, from 0, and how each one before it is left out."""
    chosen_in, position = POSITION.get()
    if chosen_in not in (text, "") or not 1 <= position < len(text):
        position = _first_position(text)
    POSITION.set((text, position))
    CHARACTER.renew(position + 1)
    left, right = st.columns([3, 13], vertical_alignment="bottom")
    left.number_input(
        "Character", 2, len(text), position + 1, key=CHARACTER.widget(),
        on_change=lambda: POSITION.set((text, CHARACTER.get() - 1)),
    )  # fmt: skip
    how = choose(
        "Each character before it is", HOWS, HOW, labels=HOWS, hidden=False, place=right,
        help="Skipped: what follows moves one place nearer. Replaced: by what the model found likeliest there instead.",
    )  # fmt: skip
    return position, how


def _votes(context: ViewContext, votes: LogitAttribution, text: str, position: int) -> None:
    st.header("Direct logit attribution", anchor=False)
    order = np.argsort(-np.abs(votes.centred))
    last = context.layers - 1
    shown = [(label_of(context, Unit(last, int(j))), float(votes.centred[j])) for j in order[:SHOWN]]
    rest = float(votes.centred[order[SHOWN:]].sum())
    where = {"character": f"{position + 1} {visible(text[position])}", "tune": title_in(text)}
    caption = (
        f"{context.model}; centred logit of character {where['character']} of “{where['tune']}”, "
        f"p = {votes.probability:.3f}."
    )
    show_figure(
        attribution_chart(shown),
        title="Direct logit attribution",
        caption=caption,
        of={"model": context.model, **where},
        key="intervene.votes",
    )
    total = votes.centred.sum() + votes.centred_bias
    st.caption(
        plain(
            f"The {len(shown)} largest of {len(order)} neurons; the others together {rest:+.2f}, the bias "
            f"{votes.centred_bias:+.2f}. Exact: it adds up to {total:+.2f}, the character’s logit less the mean logit "
            f"({votes.logit:+.2f} less {votes.logit - total:+.2f}). What all characters get alike changes no "
            "probability, so it is left out."
        )
    )


def _highest(text: str, effects: NDArray[np.float64]) -> str:
    """The three characters that helped most, in words."""
    best = [int(j) for j in np.argsort(-effects)[:3] if effects[j] > 0]
    return ", ".join(f"“{visible(text[j])}” ({j + 1}) {effects[j]:+.2f}" for j in best) or "none"


def _first_position(text: str) -> int:
    """A character to begin with: the first of the third bar, or the last there is."""
    bars = layout(text).bars
    return bars[2].bar.start if len(bars) > 2 else max(len(text) - 1, 1)
