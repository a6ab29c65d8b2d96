"""Intervene: neurons ablated, clamped or steered while the model writes, and what changes; or why a character.

This file chooses between the two and does the first; the second is attribution.py.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from charlstm.lm.infer.engine import Engine
from charlstm.neurons.ablation import loss_increases
from charlstm.neurons.concepts.registry import CONCEPTS
from charlstm.neurons.paired_samples import MEASURES, Change, changes, differences
from charlstm.ui.background import with_bar
from charlstm.ui.neurons import attribution, interventions
from charlstm.ui.neurons.intervene_charts import cost_chart
from charlstm.ui.neurons.interventions import Choice, PairWriter, choose_intervention, intervened_engine
from charlstm.ui.neurons.recordings import recording_of
from charlstm.ui.neurons.settings import one_of
from charlstm.ui.neurons.unit_picker import shown_unit
from charlstm.ui.neurons.view_context import Sounds, ViewContext, send_sounds
from charlstm.ui.shared.choices import choose
from charlstm.ui.shared.drawing import draw
from charlstm.ui.shared.figures import show_figure
from charlstm.ui.shared.notices import plain
from charlstm.ui.shared.player import show_tune
from charlstm.ui.state import Setting

WAYS = {"change": "Change a tune", "why": "Why this character?"}
PAIRS = 100
COSTS = 14  # concepts shown
WAY = Setting("intervene.way", "change", query="by", parse=one_of(WAYS))
SAME_HEADER = Setting(
    "intervene.header", True, query="headers",
    parse={"same": True, "own": False}.get, write={True: "same", False: "own"}.__getitem__,
)  # fmt: skip
ADDRESSED = (WAY, SAME_HEADER, *interventions.ADDRESSED, *attribution.ADDRESSED)
COUNTED: Setting[object] = Setting("intervene.counted", None)  # what many pairs were asked for
TRIED: Setting[frozenset[object]] = Setting("intervene.tried", frozenset())
READ: Setting[object] = Setting("intervene.read", None)  # what tunes were asked to be read with


def show(context: ViewContext) -> None:
    """The view, top to bottom."""
    st.title("Intervene", anchor=False)
    about = st.empty()
    way = choose("Question", WAYS, WAY, labels=WAYS)
    send_sounds(_change(context, about) if way == "change" else attribution.show(context, about))


def _change(context: ViewContext, about: DeltaGenerator) -> Sounds:
    """Tune A and tune B, and what changes over a hundred pairs."""
    about.caption("What do neurons do for a tune? Tune A is the model’s own; tune B uses the same random numbers.")
    choice = choose_intervention(context)
    context.publish(SAME_HEADER, *interventions.shown_settings(), neuron=str(shown_unit(context)))
    if choice is None:
        st.info("Choose a neuron.")
        return []
    if (changed := intervened_engine(context, choice)) is None:
        return []
    same_header = st.toggle(
        "Same header in both", key=SAME_HEADER.widget(),
        help="The intervention starts with the music: B has the title, meter and key that the model wrote for A.",
    )  # fmt: skip
    writer = PairWriter(context, changed, choice, same_header)
    (a,), (b,) = writer.write(1)
    words = choice.words(context.layers)
    own_marks, changed_marks = differences(a.text, b.text)
    left, right = st.columns(2)
    for column, letter, tune, marks, remark in (
        (left, "A", a, own_marks, f"{context.model}, without intervention"),
        (right, "B", b, changed_marks, words),
    ):
        with column:
            st.header(f"Tune {letter}", anchor=False)
            st.caption(plain(remark))
            show_tune(draw(tune.text), key=f"intervene.{letter}", marks=marks)
    st.caption("The two tunes are identical." if a.text == b.text else "Outlined: where the two tunes differ.")
    if writer.writes_again:
        st.caption(
            "Compose fixes part of this header. Both tunes are written from the whole header on, so that they use the "
            "same random numbers; tune A is therefore another tune than on the other views."
        )
    _many_pairs(context, writer, choice, words)
    _costs(context, changed, choice)
    return [(a.text, "intervene.A"), (b.text, "intervene.B")]


def _many_pairs(context: ViewContext, writer: PairWriter, choice: Choice, words: str) -> None:
    """What changes over many pairs, with intervals; asked for by a button, because it takes seconds."""
    st.header(f"Over {PAIRS} pairs", anchor=False)
    key = *context.key, context.composed, choice, writer.same_header
    st.button(
        f"Write {PAIRS} pairs", key="intervene.hundred", icon=":material/library_music:",
        disabled=COUNTED.get() == key, on_click=COUNTED.set, args=(key,),
    )  # fmt: skip
    if COUNTED.get() != key:
        st.caption(f"One pair is an anecdote. {PAIRS} pairs, with {PAIRS} seeds, show the effect of the intervention.")
        return
    a, b = writer.write(PAIRS, cancel=partial(COUNTED.set, None))
    measured = with_bar("changes", key, lambda report: changes(a, b), "Counting")
    TRIED.set(TRIED.get() | {(context.model, choice, writer.same_header)})
    tried = len(TRIED.get())
    same = sum(x.text == y.text for x, y in zip(a, b, strict=True))
    identical = f"{same} of {PAIRS} pairs {'is' if same == 1 else 'are'} identical"
    st.dataframe(
        [_row(change) for change in measured],
        hide_index=True,
        column_config={"Clear": st.column_config.TextColumn(help="✓: the interval excludes 0.", width="small")},
        key="intervene.table",
    )
    seed = context.composed.seed
    st.caption(
        plain(
            f"{words}. Seeds {seed} to {seed + PAIRS - 1}; {identical}. 95% intervals of the "
            f"mean difference, by bootstrap over pairs. {len(MEASURES)} measures, and {tried} "
            f"intervention{'s' if tried > 1 else ''} tried in this visit: by chance about one of 20 intervals "
            "excludes 0."
        )
    )


def _row(change: Change) -> dict[str, Any]:
    percent = change.name in ("bars filled", "ended")

    def number(value: float, sign: str = "") -> str:
        rounded = round(100 * value if percent else value, 1) + 0.0  # no "-0"
        return f"{rounded:{sign}.1f}{'%' if percent else ''}".replace("-", "−")

    return {
        "Measure": MEASURES[change.name],
        "A": number(change.before),
        "B": number(change.after),
        "Change": number(change.change, "+"),
        "95%": f"{number(change.low, '+')} to {number(change.high, '+')}",
        "Clear": "✓" if change.is_clear else "",
    }


def _costs(context: ViewContext, changed: Engine, choice: Choice) -> None:
    """What the intervention costs the model's predictions, by concept."""
    st.header("Cost", anchor=False)
    key = *context.key, choice
    if st.button("Read tunes with the intervention", key="intervene.cost", icon=":material/menu_book:"):
        READ.set(key)
    if READ.get() != key:
        st.caption("How much worse the changed model predicts real tunes, and which of their characters.")
        return
    if (read := recording_of(context)) is None:
        return
    recording, tunes = read
    losses = with_bar(
        "losses",
        (*key, tunes),
        lambda report: loss_increases(changed, recording, CONCEPTS, report=report),
        "Reading the tunes again",
        cancel=partial(READ.set, None),
    )
    caption = f"{context.model}. {choice.words(context.layers)}. n = {tunes}; 95% intervals over tunes."
    show_figure(
        cost_chart(losses[:COSTS]),
        title="Cost of the intervention",
        caption=caption,
        of={"model": context.model, "intervention": choice.words(context.layers)},
        key="intervene.costs",
    )
    st.caption(
        plain(
            f"{tunes}. Loss added by the intervention, in nats per character, with 95% intervals over tunes; the "
            f"{COSTS - 1} of {len(losses) - 1} concepts that lose most, so some stand out by chance."
        )
    )
