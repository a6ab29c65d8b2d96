"""Neuron: one neuron over many tunes. What it holds, where, how long, what it says, and what is lost without it."""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Sequence

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from charlstm.errors import CharlstmError
from charlstm.lm.cells import GATES
from charlstm.neurons import unit_stats
from charlstm.neurons.ablation import LossIncrease, ablation
from charlstm.neurons.concepts.registry import CONCEPTS
from charlstm.neurons.gates import similarity_half_life
from charlstm.neurons.recording import Activations, Unit
from charlstm.neurons.snippet import Snippet, snippet
from charlstm.neurons.unit_stats import Passage
from charlstm.progress import Report
from charlstm.tunes.abc import split_header
from charlstm.ui.background import counted, with_bar
from charlstm.ui.chart_style import visible
from charlstm.ui.neurons import neuron_charts as charts
from charlstm.ui.neurons.names import name_of
from charlstm.ui.neurons.recordings import surveyed
from charlstm.ui.neurons.unit_picker import picker, shown_unit, unit_name
from charlstm.ui.neurons.view_context import ViewContext, go
from charlstm.ui.palette import OUTLINE, tint
from charlstm.ui.shared.drawing import draw
from charlstm.ui.shared.models import engine
from charlstm.ui.shared.notices import plain, stop_with
from charlstm.ui.shared.player import show_tune, sound_tune

PASSAGES = 4  # on each side
PLAYER = "neuron.player"


def show(context: ViewContext) -> None:
    """The view, top to bottom."""
    heading, button = st.columns([4, 1], vertical_alignment="center")
    config = context.checkpoint.config
    unit = shown_unit(config.num_layers, config.hidden_size)
    name = f"Neuron {unit_name(unit, config.num_layers)}"
    measured = name_of(context, unit)
    with heading:
        st.header(plain(f"{name} · {measured}" if measured else name), anchor=False)
        about = st.empty()
    button.button("Over one tune", on_click=go, args=("tune", unit), key="neuron.tune", width="stretch")
    picker(config.num_layers, config.hidden_size, unit)
    context.publish(neuron=str(unit))
    try:
        found, tunes = surveyed(context)
        about.caption(plain(f"Its output h after each character of {tunes}."))
        values = found.unit(unit)
        _what_it_holds(found, values)
        text = _passages(found, values, name)
        _over_time(context, found, unit, values)
        _among_others(context, found, unit)
        _without(context, found, unit)
    except CharlstmError as error:
        stop_with(error)
    sound_tune(draw(text), key=PLAYER)


def _titled(words: str, about: str) -> None:
    st.subheader(words, anchor=False)
    st.caption(about)


def _what_it_holds(found: Activations, values: NDArray[np.floating]) -> None:
    left, right = st.columns(2, gap="large")
    with left:
        _titled("How often which value", "Down is blue, up is red, as in the tune.")
        st.altair_chart(charts.histogram_chart(*unit_stats.histogram(values)))
    with right:
        _titled("After which character", "The highest and the lowest means; lines are 95 % intervals over tunes.")
        st.altair_chart(charts.character_chart(unit_stats.by_character(found, values)))


# ---- passages -------------------------------------------------------------------------------------------------------


def _passages(found: Activations, values: NDArray[np.floating], name: str) -> str:
    """Where it is highest and lowest, each in another tune, and a player of the one chosen; that one's small tune."""
    state = st.session_state
    sides = {
        "Where it is highest": unit_stats.passages(found, values, count=PASSAGES),
        "Where it is lowest": unit_stats.passages(found, values, count=PASSAGES, lowest=True),
    }
    everyone = [passage for side in sides.values() for passage in side]
    chosen = min(state.get("neuron.passage", 0), len(everyone) - 1)

    def choose(number: int) -> None:
        state["neuron.passage"] = number
        state["neuron.plays"] = state.get("neuron.plays", 0) + 1

    number = 0
    for column, (words, passages) in zip(st.columns(2, gap="large"), sides.items(), strict=True):
        with column:
            _titled(words, "Each in another tune. Outlined: the very character.")
            for passage in passages:
                _passage(found, values, passage, number, number == chosen, choose)
                number += 1
    passage = everyone[chosen]
    cut = _snippet(found, passage)
    start, end = found.starts[passage.index : passage.index + 2]
    drawing = draw(cut.text)
    with st.container(border=True):
        st.caption(plain(f"“{_title(found, passage)}”, {_bars(cut)}"))
        show_tune(
            drawing,
            key=PLAYER,
            values=cut.values(values[start:end]),
            label=name,
            marks=[(cut.start, cut.end)] if cut.end > cut.start else [],
            play=str(state.get("neuron.plays", "")),
        )
    return cut.text


def _passage(
    found: Activations,
    values: NDArray[np.floating],
    passage: Passage,
    number: int,
    is_chosen: bool,
    choose: Callable[[int], None],
) -> None:
    """A row: a button that plays it, and its characters in colour."""
    start = int(found.starts[passage.index])
    shown = values[start + passage.start : start + passage.end].tolist()
    text = found.texts[passage.index]
    st.html(coloured(text[passage.start : passage.end], shown, passage.at - passage.start))
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(
            "", key=f"neuron.play.{number}", icon=":material/play_arrow:", help="Play these bars", width="content",
            on_click=choose, args=(number,), type="primary" if is_chosen else "secondary",
        )  # fmt: skip
        st.caption(plain(f"{signed(passage.value)} in “{_title(found, passage)}”"), width="content")


def coloured(text: str, values: Sequence[float], at: int) -> str:
    """Some characters as HTML, escaped, each in its value's colour; the one at `at` outlined."""
    spans = []
    for k, (character, value) in enumerate(zip(text, values, strict=True)):
        outline = f"outline:2px solid {OUTLINE};" if k == at else ""
        ink = "color:#fff;" if value > 0.6 or value < -0.6 else ""
        spans.append(
            f'<span style="background:{tint(float(value))};{ink}{outline}" '
            f'title="{signed(value)}">{html.escape(visible(character))}</span>'
        )
    style = "font-family:monospace;font-size:0.95rem;line-height:1.9;overflow-wrap:anywhere"
    return f'<div style="{style}">{"".join(spans)}</div>'


def signed(value: float) -> str:
    """A value with its sign, two digits."""
    return f"{value:+.2f}".replace("-", "−")


def _title(found: Activations, passage: Passage) -> str:
    return split_header(found.texts[passage.index]).get("T") or "Untitled"


def _snippet(found: Activations, passage: Passage) -> Snippet:
    return snippet(found.texts[passage.index], passage.at, passage.at + 1)


def _bars(cut: Snippet) -> str:
    if not cut.first:
        return "all of it"
    return f"bar {cut.first}" if cut.first == cut.last else f"bars {cut.first} to {cut.last}"


# ---- over time, among the others, without it ------------------------------------------------------------------------


def _over_time(context: ViewContext, found: Activations, unit: Unit, values: NDArray[np.floating]) -> None:
    meters = list(unit_stats.meters(found))[:6]
    left, right = st.columns(2, gap="large")
    if meters:
        with left:
            _titled("Where in the bar", "Mean after the notes and rests that begin there; 95 % intervals over tunes.")
            meter = st.segmented_control(
                "Meter", meters, default=meters[0], required=True, key="neuron.meter", label_visibility="collapsed"
            )
            groups = unit_stats.by_place(found, values, meter)
            if groups:
                st.altair_chart(charts.place_chart(groups, meter))
            else:
                st.caption("No tune in this meter has a full bar.")
        with right:
            _titled("In which rhythm it moves", "Its spectrum in musical time. A peak at 1 bar: the same in every bar.")
            cycles, power, stretches = unit_stats.spectrum(found, values, meter)
            if power.any():
                st.altair_chart(charts.spectrum_chart(cycles, power, meter))
                st.caption(f"Over {stretches} stretches of {unit_stats.WINDOW} bars.")
            else:
                st.caption(f"No tune in this meter has {unit_stats.WINDOW} full bars in a row.")
    left, right = st.columns(2, gap="large")
    with left:
        _memory(context, found, unit, values)
    with right:
        _votes(context, unit)


def _memory(context: ViewContext, found: Activations, unit: Unit, values: NDArray[np.floating]) -> None:
    spec = context.checkpoint.config.cell_spec
    bar = unit_stats.characters_per_bar(found)
    if gate := spec.memory_gate:
        half = float(found.gates[gate].half_life[unit])
        _titled(
            f"Its memory halves in {_characters(half, bar)}",
            f"ln 2 / mean of −ln {gate}, with its {GATES[gate].name} {gate}: what share of the old is kept at each "
            "character. How often its gates are shut and open:",
        )
        st.altair_chart(charts.gates_chart(found.gates, unit.layer, unit.index))
    else:
        half = similarity_half_life(found.split(values))
        _titled(
            f"It stays like itself for {_characters(half, bar)}",
            f"Until its autocorrelation falls to 1/2. A {spec.title} has no gates, so this is not how long it "
            "remembers.",
        )


def _characters(count: float, bar: float) -> str:
    """A number of characters in words, in bars too where it is more than one."""
    if not math.isfinite(count):
        return "no time at all: it never lets go"
    said = f"{count:.1f} characters" if count < 100 else f"{count:,.0f} characters"
    return f"{said}, {count / bar:.1f} bars" if bar and count > bar else said


def _votes(context: ViewContext, unit: Unit) -> None:
    votes = unit_stats.output_weights(engine(context.model), unit)
    if votes is None:
        _titled("What it says", "It speaks to the layer above, not to the next character.")
        return
    _titled(
        "What it says to the next character",
        "Its column of the decoder, about its mean: likelier when it is up (red), when it is down (blue).",
    )
    st.altair_chart(charts.votes_chart(votes, context.checkpoint.vocab.symbols))


def _among_others(context: ViewContext, found: Activations, unit: Unit) -> None:
    near = unit_stats.similar_units(found, unit)
    if not near:
        return
    _titled("Neurons like it", "They rise and fall with it (+) or against it (−): correlation over all characters.")
    with st.container(horizontal=True):
        for other, correlation in near:
            known = name_of(context, other)
            label = f"{unit_name(other, context.checkpoint.config.num_layers)} · {signed(correlation)}"
            st.button(
                plain(f"{label} · {known}" if known else label),
                key=f"neuron.like.{other}",
                on_click=go,
                args=("neuron", other),
            )


def _without(context: ViewContext, found: Activations, unit: Unit) -> None:
    _titled(
        "What is lost without it",
        "The same tunes read again with this neuron held, once at 0 and once at its mean: how much worse each kind of "
        "character is foreseen.",
    )
    if not st.toggle("Take it out", key="neuron.out"):
        return
    key = context.model, context.stamp, found.texts, unit

    def make(report: Report) -> tuple[list[LossIncrease], list[LossIncrease]]:
        model, half = engine(context.model), found.characters
        return (
            ablation(model, found, unit, CONCEPTS, progress=lambda done, _: counted(report)(done, 2 * half)),
            ablation(
                model,
                found,
                unit,
                CONCEPTS,
                at_mean=True,
                progress=lambda done, _: counted(report)(half + done, 2 * half),
            ),
        )

    zero, mean = with_bar("without", key, make, "Reading the tunes without it")
    everything, asked = zero[0], len(zero) - 1
    st.caption(
        plain(
            f"With it {everything.before:.3f} nats a character; held at 0 {everything.increase:+.4f}, held at its mean "
            f"{mean[0].increase:+.4f}. {asked} kinds of character were asked. Shown are those that change most, where "
            f"the 95 % interval over tunes leaves out 0; by chance alone about {0.05 * asked:.0f} of {asked} would."
        )
    )
    st.altair_chart(charts.ablation_chart(zero, mean))
