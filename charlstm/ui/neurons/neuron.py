"""Neuron: one neuron over many tunes. What it holds, where, how long, what it predicts, and what its ablation costs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from charlstm.lm.cells import GATES
from charlstm.neurons import unit_stats
from charlstm.neurons.ablation import LossIncrease, ablation
from charlstm.neurons.concepts.registry import CONCEPTS
from charlstm.neurons.gates import similarity_half_life
from charlstm.neurons.recording import Activations, Unit
from charlstm.progress import Progress, Report
from charlstm.ui.background import with_bar
from charlstm.ui.neurons import neuron_charts as charts
from charlstm.ui.neurons.examples import PLAYER, signed, titled, top_examples
from charlstm.ui.neurons.names import label_of
from charlstm.ui.neurons.recordings import recording_of
from charlstm.ui.neurons.settings import go, unit_name
from charlstm.ui.neurons.unit_picker import picker, shown_unit
from charlstm.ui.neurons.view_context import ViewContext, send_sounds
from charlstm.ui.shared.choices import choose
from charlstm.ui.shared.figures import show_figure
from charlstm.ui.shared.models import engine
from charlstm.ui.shared.notices import plain
from charlstm.ui.state import Setting

Of = Mapping[str, str]  # whose numbers: neuron and model, for the files
METER = Setting("neuron.meter", "")
ABLATE = Setting("neuron.out", False)
INTERVALS = "Lines are 95% intervals, by bootstrap over tunes."


def show(context: ViewContext) -> None:
    """The view, top to bottom."""
    heading, button = st.columns([4, 1], vertical_alignment="center")
    unit = shown_unit(context)
    with heading:
        st.title(plain(f"Neuron {label_of(context, unit)}"), anchor=False)
        about = st.empty()
    button.button("On one tune", on_click=go, args=("tune", unit), key="neuron.tune", width="stretch")
    picker(context, unit)
    context.publish(neuron=str(unit))
    about.caption("What does it respond to? Blue is low, red is high.")
    if (read := recording_of(context)) is None:
        return
    recording, tunes = read
    about.caption(plain(f"What does it respond to? Its output h on {tunes}: blue is low, red is high."))
    values = recording.unit(unit)
    note = f"{context.model}, neuron {unit_name(unit, context.layers)}, output h; n = {tunes}."
    of = {"neuron": unit_name(unit, context.layers), "model": context.model}
    _activations(recording, values, note, of)
    text = top_examples(recording, values, f"Neuron {unit_name(unit, context.layers)}")
    _rhythm(recording, values, note, of)
    left, right = st.columns(2, gap="large")
    with left:
        _memory(context, recording, unit, values, note, of)
    with right:
        _output_weights(context, unit, note, of)
    _similar(context, recording, unit)
    _ablation(context, recording, unit, note, of)
    send_sounds([(text, PLAYER)])


def _activations(recording: Activations, values: NDArray[np.floating], note: str, of: Of) -> None:
    left, right = st.columns(2, gap="large")
    with left:
        titled("Activation histogram", "How often it takes each value.")
        chart = charts.histogram_chart(*unit_stats.histogram(values), "output h", len(values))
        show_figure(chart, title="Activation histogram", caption=note, of=of, key="neuron.histogram")
    with right:
        titled("Mean activation by character", "The highest and lowest means; lines are 95% intervals over tunes.")
        groups = unit_stats.by_character(recording, values)
        if groups:
            chart, caption = charts.character_chart(groups), f"{note} {INTERVALS}"
            show_figure(chart, title="Mean activation by character", caption=caption, of=of, key="neuron.characters")
        else:
            st.caption("No character occurs often enough in these tunes.")


# ---- in time --------------------------------------------------------------------------------------------------------


def _rhythm(recording: Activations, values: NDArray[np.floating], note: str, of: Of) -> None:
    """Where in the bar it is high, and how often it repeats; in one meter."""
    meters = list(unit_stats.meters(recording))[:6]
    if not meters:
        return
    left, right = st.columns(2, gap="large")
    with left:
        titled("Position in the bar", "Mean after the notes and rests that begin there; 95% intervals over tunes.")
        meter = choose("Meter", meters, METER)
        groups = unit_stats.by_place(recording, values, meter)
        if groups:
            chart, caption = charts.place_chart(groups, meter), f"{note} {INTERVALS}"
            show_figure(chart, title="Position in the bar", caption=caption, of=of, key="neuron.places")
        else:
            st.caption("No tune in this meter has a complete bar.")
    with right:
        titled("Periodicity", "Its spectrum in musical time. A peak at 1 bar: it does the same in every bar.")
        cycles, power, stretches = unit_stats.spectrum(recording, values, meter)
        if power.any():
            chart = charts.spectrum_chart(cycles, power, meter)
            caption = f"{note} {stretches} stretches of {unit_stats.WINDOW} bars."
            show_figure(chart, title="Periodicity", caption=caption, of=of, key="neuron.spectrum")
            st.caption(f"From {stretches} stretches of {unit_stats.WINDOW} bars.")
        else:
            st.caption(f"No tune in this meter has {unit_stats.WINDOW} complete bars in a row.")


def _memory(
    context: ViewContext, recording: Activations, unit: Unit, values: NDArray[np.floating], note: str, of: Of
) -> None:
    """How long it remembers, by its gates; without gates, how long it stays similar to itself."""
    spec = context.checkpoint.config.cell_spec
    bar = unit_stats.characters_per_bar(recording)
    if letter := spec.memory_gate:
        titled(
            f"Its memory halves in {_length(float(recording.gates[letter].half_life[unit]), bar)}",
            f"ln 2 / mean of −ln {letter}, where the {GATES[letter].name} {letter} is the share of its memory that it "
            "keeps at each character. How often its gates are closed and open:",
        )
        chart = charts.gates_chart(recording.gates, unit.layer, unit.index)
        caption = note.replace("output h", f"gates {', '.join(recording.gates)}")
        show_figure(chart, title="Gates", caption=caption, of=of, key="neuron.gates")
    else:
        titled(
            f"It stays similar for {_length(similarity_half_life(recording.split(values)), bar)}",
            f"Until its autocorrelation falls to 1/2. The cell type {spec.label} has no gates, so this is not how "
            "long it remembers.",
        )


def _length(count: float, bar: float) -> str:
    """A number of characters in words, in bars too where it is more than one."""
    if not math.isfinite(count):
        return "no time at all: it never lets go"
    words = f"{count:.1f} characters" if count < 100 else f"{count:,.0f} characters"
    return f"{words}, {count / bar:.1f} bars" if bar and count > bar else words


# ---- what it does in the network ------------------------------------------------------------------------------------


def _output_weights(context: ViewContext, unit: Unit, note: str, of: Of) -> None:
    votes = unit_stats.output_weights(engine(context.model), unit)
    if votes is None:
        titled("Output weights", "It feeds the layer above, not the next character.")
        return
    titled(
        "Output weights (logit effect)",
        "Which next characters it makes likelier when it is high (red), and which when it is low (blue).",
    )
    chart = charts.votes_chart(votes, context.checkpoint.vocab.symbols)
    show_figure(chart, title="Output weights", caption=note.partition(";")[0], of=of, key="neuron.weights")


def _similar(context: ViewContext, recording: Activations, unit: Unit) -> None:
    similar = unit_stats.similar_units(recording, unit)
    if not similar:
        return
    titled("Similar neurons", "They rise and fall with it (+) or against it (−): correlation over all characters.")
    with st.container(horizontal=True):
        for other, correlation in similar:
            st.button(
                plain(label_of(context, other, signed(correlation))),
                key=f"neuron.like.{other}",
                on_click=go,
                args=("neuron", other),
            )


def _ablation(context: ViewContext, recording: Activations, unit: Unit, note: str, of: Of) -> None:
    titled(
        "Ablation",
        "The same tunes read again with this neuron held at 0, and at its mean: how much worse each kind of character "
        "is predicted.",
    )
    if not st.toggle("Ablate it", key=ABLATE.widget()):
        return

    def work(report: Report) -> tuple[list[LossIncrease], list[LossIncrease]]:
        model = engine(context.model)

        def second(progress: Progress) -> None:
            report(replace(progress, done=progress.total + progress.done, total=2 * progress.total))

        zero = ablation(
            model, recording, unit, CONCEPTS, report=lambda first: report(replace(first, total=2 * first.total))
        )
        return zero, ablation(model, recording, unit, CONCEPTS, at_mean=True, report=second)

    key = (*context.key, recording.texts, unit)
    zero, mean = with_bar("ablation", key, work, "Reading the tunes without it", cancel=partial(ABLATE.set, False))
    everything, tried = zero[0], len(zero) - 1
    st.caption(
        plain(
            f"Loss with it: {everything.before:.3f} nats per character; at 0: {everything.increase:+.4f}, at its "
            f"mean: {mean[0].increase:+.4f}. {tried} kinds of character were tried. Shown: those that change most and "
            f"whose 95% interval over tunes excludes 0; by chance alone about {0.05 * tried:.0f} of {tried} would."
        )
    )
    chart = charts.ablation_chart(zero, mean)
    show_figure(chart, title="Ablation", caption=f"{note} {INTERVALS}", of=of, key="neuron.ablation")
