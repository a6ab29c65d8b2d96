"""Compare two models: the most similar neuron of the other model for each neuron, and one such pair on a tune."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from charlstm.lm.store.checkpoint import Checkpoint
from charlstm.neurons.matching import SHUFFLES, Comparison, UnitMatch, compare
from charlstm.progress import Report
from charlstm.ui.background import LONG, when_asked, with_bar
from charlstm.ui.neurons.compare_charts import likeness_chart, traces_chart
from charlstm.ui.neurons.compare_parts import held_out_tunes, visible_part
from charlstm.ui.neurons.names import name_of
from charlstm.ui.neurons.recordings import reading_seconds
from charlstm.ui.neurons.settings import go, unit_name
from charlstm.ui.neurons.tune_source import recorded, source_tune, title_in
from charlstm.ui.neurons.unit_picker import picker, shown_unit
from charlstm.ui.neurons.view_context import Sounds, ViewContext
from charlstm.ui.shared.choices import choose
from charlstm.ui.shared.corpora import corpus_for
from charlstm.ui.shared.drawing import draw
from charlstm.ui.shared.figures import show_figure
from charlstm.ui.shared.models import engine, models, stamp_of
from charlstm.ui.shared.notices import plain
from charlstm.ui.shared.player import show_tune
from charlstm.ui.state import Setting

TUNES = 120  # of each part
PER_PAIR = 5e-11  # seconds to correlate a pair of neurons at a character, measured on two shared cores
PLAYER = "compare.reads"
OTHER = Setting("compare.other", "", query="other")
ADDRESSED = (OTHER,)
WHICH = Setting("compare.which", 0)  # of the two neurons, on the score


def show(context: ViewContext) -> Sounds:
    """The most similar neuron of another model for each neuron; the player's sound."""
    others = {name: checkpoint for name, checkpoint in models().items() if name != context.model}
    if not others:
        st.info("There is only one model. Train another one to compare it with.")
        context.publish(by="models")
        return []
    other = st.selectbox("Other model", list(others), key=OTHER.widget(others, _closest(context.checkpoint, others)))
    corpus = corpus_for(context.checkpoint)
    choose_on, score_on = held_out_tunes(corpus, TUNES, context.checkpoint, others[other])
    stamp = stamp_of(other)
    kind, key = "comparison", (*context.key, other, stamp, corpus.fingerprint)
    own, theirs = engine(context.model), engine(other)
    words = f"{plain(context.model)} and {plain(other)} read the same tunes"

    def work(report: Report) -> Comparison:
        return compare(own, theirs, choose_on, score_on, report=report)

    seconds = _comparing_seconds(context.checkpoint, others[other], [*choose_on, *score_on])
    if seconds > LONG:
        context.publish(*ADDRESSED, by="models", neuron=str(shown_unit(context)))  # the view may end here
        sentence = (
            f"To compare them, {plain(context.model)} and {plain(other)} have to read {len(choose_on) + len(score_on)} "
            "tunes once"
        )
        comparison = when_asked(kind, key, work, words, seconds=seconds, sentence=sentence, button="Compare them")
        if comparison is None:
            return []
    else:
        comparison = with_bar(kind, key, work, words, cancel=partial(go, "tune"))
    st.caption(
        f"Which neuron of {plain(other)} is most similar to each neuron of {plain(context.model)}? "
        f"{comparison.tried:,} pairs were tried on {comparison.tunes[0]} tunes; correlations are on "
        f"{comparison.tunes[1]} others."
    )
    alike = sum(map(comparison.is_clear, comparison.matches))
    first, second = st.columns(2)
    first.metric("Neurons with a counterpart", f"{alike} of {len(comparison.matches)}", border=True,
                 help="More similar than chance, and than any neuron of an untrained network.")  # fmt: skip
    second.metric("Median correlation", f"{np.median([m.similarity for m in comparison.matches]):.2f}", border=True,
                  help="Half of the neurons have a match above, half below.")  # fmt: skip
    note = f"{context.model} and {other}; n = {comparison.tunes[1]} tunes."
    show_figure(
        likeness_chart(comparison, other),
        title="Similarity of neurons",
        caption=note,
        of={"model": context.model, "other": other},
        key="compare.similarity",
    )
    st.caption(plain(f"Dashed: 95 of 100 draws by chance stay below {comparison.chance:.2f}."))
    sounds = _pair(context, other, stamp, others[other], comparison)
    st.header("All neurons", anchor=False)
    ranked = sorted(comparison.matches, key=lambda match: -match.similarity)
    st.dataframe([_match_row(context, comparison, match, other) for match in ranked], hide_index=True)
    return sounds


def _comparing_seconds(own: Checkpoint, other: Checkpoint, texts: Sequence[str]) -> float:
    """About how long it takes to read tunes with both and an untrained network, and to correlate all pairs."""
    reading = reading_seconds(own, texts) + 2 * reading_seconds(other, texts)
    units = [one.config.num_layers * one.config.hidden_size for one in (own, other)]
    return reading + (2 + SHUFFLES) * units[0] * units[1] * sum(map(len, texts)) * PER_PAIR


def _closest(checkpoint: Checkpoint, others: dict[str, Checkpoint]) -> str:
    """The other model nearest in size, another cell first: what is compared is then the cell."""
    own = checkpoint.config

    def distance(name: str) -> tuple[int, bool, str]:
        config = others[name].config
        return abs(config.hidden_size - own.hidden_size), config.cell == own.cell, name

    return min(others, key=distance)


def _pair(context: ViewContext, other: str, stamp: int, checkpoint: Checkpoint, comparison: Comparison) -> Sounds:
    """One neuron and its match, on the same tune."""
    st.header("One neuron and its match", anchor=False)
    unit = shown_unit(context)
    picker(context, unit)
    match = comparison.matches[unit.layer * context.size + unit.index]
    names = (
        f"{context.model}: neuron {unit_name(unit, context.layers)}",
        f"{other}: neuron {unit_name(match.other, checkpoint.config.num_layers)}",
    )
    verdict = "more than chance and an untrained network" if comparison.is_clear(match) else "no more than chance"
    name = name_of(context, unit)
    st.markdown(
        plain(
            f"{names[1]} is most similar: correlation {match.held_out:+.2f} ({match.low:+.2f} to {match.high:+.2f}), "
            f"{verdict}. " + (f"Its name here: {name}." if name else "It has no name here.")
        )
    )
    tune = source_tune(context)
    if set(tune.text) - set(checkpoint.vocab.ids):
        st.info(plain(f"{other} cannot read this tune: it has characters that are not in its vocabulary."))
        context.publish(*ADDRESSED, by="models", neuron=str(unit), **tune.query)
        return []
    own = recorded(*context.key, tune.text).unit(unit)
    theirs = recorded(other, stamp, tune.text).unit(match.other)
    # A match that falls where the neuron rises is drawn upside down.
    sign = 1.0 if match.held_out >= 0 else -1.0
    lines = {
        names[0]: own,
        names[1] + ("" if sign > 0 else ", inverted"): np.asarray(sign * theirs, dtype=np.float32),
    }
    traces = traces_chart(tune.text, lines, visible_part(tune.text, "pair"))
    title = title_in(tune.text)
    caption = f"On “{title}”: {names[0]}; {names[1]}; correlation {match.held_out:+.2f} on held-out tunes."
    of = {"model": context.model, "neuron": unit_name(unit, context.layers), "other": names[1], "tune": title}
    show_figure(traces, title="Two neurons on a tune", caption=caption, of=of, key="compare.traces")
    which = choose("On the score", (0, 1), WHICH, labels=dict(enumerate(names)))
    values = (own, theirs)[which].tolist()
    show_tune(draw(tune.text), key=PLAYER, values=values, label=names[which], trace=True)
    st.button("Neuron details", on_click=go, args=("neuron", unit), key="compare.more")
    context.publish(*ADDRESSED, by="models", neuron=str(unit), **tune.query)
    return [(tune.text, PLAYER)]


def _match_row(context: ViewContext, comparison: Comparison, match: UnitMatch, other: str) -> dict[str, Any]:
    return {
        "Neuron": str(match.unit),
        "Name": str(name_of(context, match.unit) or "no name"),
        f"In {other}": str(match.other),
        "Correlation": round(match.held_out, 3),
        "95%": f"{match.low:+.2f} to {match.high:+.2f}",
        "Untrained": round(match.untrained, 3),
        "Counterpart": comparison.is_clear(match),
    }
