"""Search by a part of a tune: which neurons are on there and off around it, and where else they are on together."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from charlstm.neurons.recording import Activations
from charlstm.neurons.search import THRESHOLD, Probe, Selected, match, select
from charlstm.tunes.views.bar_numbers import printed_bars
from charlstm.ui.neurons.names import name_of
from charlstm.ui.neurons.search_results import SHOWN, Hit, counted_places, probe_name, share_on, show_places
from charlstm.ui.neurons.settings import unit_name
from charlstm.ui.neurons.tune_source import recorded, source_tune
from charlstm.ui.neurons.view_context import Sounds, ViewContext
from charlstm.ui.shared.drawing import draw
from charlstm.ui.shared.notices import plain
from charlstm.ui.shared.player import Selection, show_tune
from charlstm.ui.state import Setting

LISTED = 16  # neurons that are offered
USED = 6  # of them, at first
PLAYER = "search.player"


def _parse_range(text: str) -> tuple[str, int, int] | None:
    """A part of an address, "46-49": characters from 1, both included; of whatever text."""
    match = re.fullmatch(r"([1-9]\d{0,6})-([1-9]\d{0,6})", text)
    return ("", int(match[1]) - 1, int(match[2])) if match else None


# The text, "" if it is not known yet, and the part of it.
RANGE: Setting[tuple[str, int, int]] = Setting(
    "search.range", ("", 0, 0), query="part", parse=_parse_range, write=lambda part: f"{part[1] + 1}-{part[2]}"
)
DRAGGED: Setting[tuple[str, Selection] | None] = Setting("search.dragged", None)  # what was last chosen in the player
BARS = Setting("search.bars", (1, 1))
FROM, TO = Setting("search.from", 1), Setting("search.to", 1)
LEVEL = Setting("search.threshold", THRESHOLD)
SHARE = Setting("search.share", 75)
BEFORE, AFTER = Setting("search.before", True), Setting("search.after", True)
PROBES: Setting[list[Probe] | None] = Setting("search.probes", None)


def by_part(context: ViewContext, about: DeltaGenerator, recording_of: Callable[[], Activations | None]) -> Sounds:
    """Choose a part of a tune; neurons that are on there and off just around it; the same ones elsewhere."""
    about.caption(
        "Drag over some notes or characters. Which neurons are on there, and where else are they on together?"
    )
    tune = source_tune(context)
    text = tune.text
    acts = recorded(*context.key, text)
    # The player shows what is chosen in the widgets below it, whose values are known before they are drawn.
    start, end = _range(text, acts)
    context.publish(RANGE, **tune.query)
    selected = _selected(acts, start, end)
    probes = _probes(selected)
    chosen = show_tune(
        draw(text), key=PLAYER, values=share_on(acts, probes), scale="unit", label="Share of these neurons on",
        marks=[(start, end)], selectable=True,
    )  # fmt: skip
    if chosen and (text, chosen) != DRAGGED.get():
        DRAGGED.set((text, chosen))
        RANGE.set((text, chosen.start, chosen.end))
        st.rerun()
    _range_widgets(text, start, end)
    _condition_widgets()
    _probe_widget(context, selected)
    if not probes:
        if not selected:
            st.info(
                "No neuron is on there and off around it. Choose another part, such as one bar or a few notes, "
                "or lower the threshold."
            )
        return [(text, PLAYER)]
    # Everywhere else.
    recording = recording_of()
    if recording is None:
        return [(text, PLAYER)]
    matches = match(recording, probes, length=end - start, top=SHOWN)
    level, most = next(((k, n) for k, n in matches.counts.items() if n), (0, 0))
    places = counted_places(most, len(recording.texts))
    together = "All" if level == len(probes) else f"At most {level} of the {len(probes)}"
    summary = f"{together} are on together at {places}."
    if len(probes) == 1:
        summary = f"It is on at {places}, {matches.share:.1%} of their characters."
    hits = [Hit(p.text, p.start, p.end, f"{p.shared} of {len(probes)} neurons") for p in matches.best]
    return [*show_places(recording, hits, probes, summary), (text, PLAYER)]


def _selected(acts: Activations, start: int, end: int) -> list[Selected]:
    """The neurons that are on over a part, as the widgets of `_condition_widgets` have it."""
    return select(
        acts,
        start,
        end,
        threshold=LEVEL.get(),
        share=SHARE.get() / 100,
        before=int(BEFORE.get()),
        after=int(AFTER.get()),
    )


def _range(text: str, acts: Activations) -> tuple[int, int]:
    """What is chosen in the tune: by dragging, or by the widgets of `_range_widgets`."""
    chosen_in, start, end = RANGE.get()
    if chosen_in not in (text, "") or not 0 <= start < end <= len(text):
        # Another tune: its first bar after the opening one in which a neuron stands out.
        bars = printed_bars(text).bars
        offered = [(bar.start, bar.end) for bar in bars[1:] or bars] or [(0, len(text))]
        start, end = next((part for part in offered if _selected(acts, *part)), offered[0])
    RANGE.set((text, start, end))
    return start, end


def _range_widgets(text: str, start: int, end: int) -> None:
    """Widgets that choose a part of the tune, and show which is chosen."""
    printed = printed_bars(text)

    def by_bars() -> None:
        first, last = printed.between(*BARS.get())
        RANGE.set((text, printed.bars[first].start, printed.bars[last].end))

    def by_characters() -> None:
        low, high = sorted((FROM.get(), TO.get()))
        RANGE.set((text, low - 1, high))

    wide, left, right = st.columns([4, 1, 1], vertical_alignment="bottom")
    if printed.highest > printed.lowest:
        shown = printed.touched(start, end) or (printed.highest, printed.highest)
        BARS.renew(shown)
        wide.slider("Bars", printed.lowest, printed.highest, shown, key=BARS.widget(), on_change=by_bars)
    FROM.renew(start + 1)
    TO.renew(end)
    left.number_input("From character", 1, len(text), start + 1, key=FROM.widget(), on_change=by_characters)
    right.number_input("to", 1, len(text), end, key=TO.widget(), on_change=by_characters)


def _condition_widgets() -> None:
    """How high is on, for how much of the part, and whether just before and just after must be off."""
    with st.expander("What counts as on"):
        one, two, three = st.columns(3)
        one.slider(
            "Threshold", 0.05, 0.95, step=0.05, key=LEVEL.widget(),
            help="On: a value at or above this, or at or below minus this. Values are between -1 and 1.",
        )  # fmt: skip
        two.slider("For how much of the part, %", 50, 100, step=5, key=SHARE.widget())
        three.toggle("Off just before", key=BEFORE.widget())
        three.toggle("Off just after", key=AFTER.widget())


def _offered(selected: Sequence[Selected]) -> tuple[list[Probe], Setting[list[Probe] | None]]:
    """The neurons to choose from, and the setting of those that are chosen."""
    offered = [neuron.probe for neuron in selected[:LISTED]]
    setting = PROBES.of(hash(tuple(offered)))
    if setting.get() is None:
        setting.set(offered[:USED])
    return offered, setting


def _probes(selected: Sequence[Selected]) -> list[Probe]:
    """The neurons to search with, out of those that are on there."""
    offered, setting = _offered(selected)
    return [probe for probe in setting.get() or [] if probe in offered]


def _probe_widget(context: ViewContext, selected: Sequence[Selected]) -> None:
    """A widget that chooses the neurons to search with."""
    offered, setting = _offered(selected)
    if not offered:
        return
    more = f" The {LISTED} that stand out most:" if len(selected) > LISTED else ""
    count = f"{len(selected)} neurons are" if len(selected) > 1 else "One neuron is"
    chosen = st.pills(
        f"{count} on there and off around it.{more}",
        offered,
        selection_mode="multi",
        key=setting.widget(),
        format_func=lambda probe: probe_name(probe, context.layers),
        help="Click to remove or add one. ↑: on when high, ↓: on when low.",
    )
    names = [f"{unit_name(p.unit, context.layers)} {name}" for p in chosen if (name := name_of(context, p.unit))]
    if names:
        st.caption(plain(f"Named in the Neuron index: {', '.join(names)}."))
