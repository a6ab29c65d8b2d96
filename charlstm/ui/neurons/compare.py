"""Compare: a model with itself earlier in training, or with another model, neuron by neuron."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from charlstm.errors import CharlstmError
from charlstm.lm.config import SampleConfig
from charlstm.lm.sample.sampling import sample
from charlstm.lm.store.checkpoint import JSON_FILE, Checkpoint
from charlstm.lm.store.epochs import StoredEpoch, epoch_engine, list_epochs
from charlstm.neurons.concepts.registry import CONCEPTS
from charlstm.neurons.matching import Comparison, UnitMatch, compare
from charlstm.neurons.recording import Unit
from charlstm.neurons.training_dynamics import ConceptLearning, concept_learning, unit_through_training
from charlstm.tunes.abc import split_header
from charlstm.ui.background import counted, with_bar
from charlstm.ui.neurons.compare_charts import learnt_chart, likeness_chart, strips_chart, traces_chart
from charlstm.ui.neurons.corpora import corpus_for
from charlstm.ui.neurons.directory_charts import title_of
from charlstm.ui.neurons.names import name_of
from charlstm.ui.neurons.unit_picker import picker, shown_unit, unit_name
from charlstm.ui.neurons.view_context import ViewContext, go
from charlstm.ui.shared.drawing import draw
from charlstm.ui.shared.models import engine, models
from charlstm.ui.shared.notices import plain, stop_with
from charlstm.ui.shared.player import show_tune, sound_tune
from charlstm.ui.shared.tune_source import recorded, source_tune

TRAINING, MODELS = "Through training", "Two models"
TUNES = 120  # of each part, on which neurons of two models are matched
LEARNT_ON = 60  # of each part, after each epoch
FIRST = ("in_header", "before_bar_line", "second_half", "fourth_of_four", "cadence", "compound_meter")
STRIP, STEP = 160, 40  # characters of a tune that a picture shows, and how far it moves


def show(context: ViewContext) -> None:
    """The view, top to bottom."""
    st.header("Compare", anchor=False)
    way = st.segmented_control(
        "Compare with", [TRAINING, MODELS], key="compare.way", default=TRAINING, required=True,
        label_visibility="collapsed",
    )  # fmt: skip
    config = context.checkpoint.config
    shown_unit(config.num_layers, config.hidden_size)  # the address's, before what follows writes another address
    try:
        sounds = _through_training(context) if way == TRAINING else _two_models(context)
    except CharlstmError as error:
        stop_with(error)
    for text, key in sounds:
        sound_tune(draw(text), key=key)


def _part(text: str, key: str) -> range:
    """The characters that a picture shows: all, or where the tune is long, from where a slider says."""
    if len(text) <= STRIP + STEP:
        return range(len(text))
    last = len(text) - STRIP
    starts = sorted({*range(0, last, STEP), last})
    body = split_header(text).body_start
    nearest = min(starts, key=lambda start: abs(start - body))
    start = int(st.select_slider("From character", starts, value=nearest, key=f"{key}.{len(text)}"))
    return range(start, start + STRIP)


# ---- through training -----------------------------------------------------------------------------------------------


def _through_training(context: ViewContext) -> list[tuple[str, str]]:
    """One neuron and one seed tune after each epoch that was kept; texts and keys of the players."""
    epochs = list_epochs(context.checkpoint.path)
    if not epochs:
        _elsewhere(context)
        context.publish(neuron=str(Unit(*st.session_state["neurons.unit"])))
        return []
    st.caption(
        f"The weights of {plain(context.model)} were kept after {len(epochs)} of its epochs. A neuron keeps its number "
        "through training; epoch 0 is before the first step."
    )
    numbers = [epoch.number for epoch in epochs]
    read = source_tune(context)
    layers, size = context.checkpoint.config.num_layers, context.checkpoint.config.hidden_size
    unit = shown_unit(layers, size)
    picker(layers, size, unit)
    kept, values = _strips(context.model, context.stamp, len(epochs), read.text, unit, context.checkpoint)
    state = st.session_state
    if state.get("compare.epoch") not in numbers:
        state["compare.epoch"] = state.get("compare.last_epoch", numbers[-1])
        if state["compare.epoch"] not in numbers:
            state["compare.epoch"] = numbers[-1]
    number = st.select_slider("After epoch", numbers, key="compare.epoch") if len(numbers) > 1 else numbers[0]
    state["compare.last_epoch"] = number
    place = numbers.index(number)
    loss = epochs[place].loss
    said = f" The loss was then {loss:.3f} nats a character." if loss is not None else ""
    name = f"Neuron {unit_name(unit, layers)}"
    st.subheader(plain(f"{name} after epoch {number}"), anchor=False)
    named = name_of(context, unit)
    st.caption(plain(f"In the end it follows: {named}." if named else "In the end it has no name.") + said)
    drawing = draw(read.text)
    show_tune(
        drawing,
        key="compare.reads",
        values=values[place].tolist(),
        label=f"{name}, epoch {number}",
        trace=True,
    )
    st.caption("The same neuron on the same characters, a row for each epoch: blue below zero, red above.")
    st.altair_chart(strips_chart(kept, values, read.text, _part(read.text, "compare.from")), width="stretch")
    sounds = [(read.text, "compare.reads")]
    sounds += _seed_tune(context, number)
    _learnt(context, epochs)
    context.publish(neuron=str(unit), **read.query)
    return sounds


def _elsewhere(context: ViewContext) -> None:
    """What to do where no epochs were kept: models that have some, and how to keep them."""
    st.info(
        f"Of {plain(context.model)} only the end of its training is here. A training begun on the page Train keeps "
        "moments on the way, to be looked at here.",
        icon=":material/history:",
    )

    def choose(name: str) -> None:
        st.session_state["neurons.model"] = name

    for name, checkpoint in models().items():
        if list_epochs(checkpoint.path):
            st.button(f"Look at {plain(name)}, which has", key=f"compare.go.{name}", on_click=choose, args=(name,))


@st.cache_data(max_entries=16, show_spinner=False)
def _strips(
    model: str, stamp: int, count: int, text: str, unit: Unit, _checkpoint: Checkpoint
) -> tuple[list[StoredEpoch], NDArray[np.float32]]:
    return unit_through_training(_checkpoint, text, unit)


@st.cache_data(max_entries=64, show_spinner=False)
def _written(model: str, stamp: int, number: int, seed: int, temperature: float, _checkpoint: Checkpoint) -> str:
    """What the network wrote from a seed after an epoch; cut at 600 characters, since an untaught one never ends."""
    made = sample(
        epoch_engine(_checkpoint, number), SampleConfig(temperature=temperature, max_length=600), n=1, seed=seed
    )
    return made[0].text


def _seed_tune(context: ViewContext, number: int) -> list[tuple[str, str]]:
    """The tune that one seed gives after an epoch."""
    st.subheader(plain(f"What it writes after epoch {number}"), anchor=False)
    seed = st.number_input("Seed", 0, 10**9, value=1, key="compare.seed", width=160)
    text = _written(context.model, context.stamp, number, int(seed), context.checkpoint.temperature, context.checkpoint)
    st.caption(plain(f"The same random numbers after every epoch, temperature {context.checkpoint.temperature:g}."))
    if not text:
        st.info("Nothing: it ended at once.")
        return []
    show_tune(draw(text), key="compare.writes")
    return [(text, "compare.writes")]


def _learnt(context: ViewContext, epochs: list[StoredEpoch]) -> None:
    """When each concept was learnt; measured if asked for, since every epoch reads many tunes."""
    st.subheader("When was it learnt?", anchor=False)
    st.caption(
        "The best neuron of a concept after each epoch, chosen on validation tunes and scored on test tunes: AUROC, "
        "0.5 is chance."
    )
    state = st.session_state
    key = ("learnt", context.model, context.stamp, len(epochs))
    if st.button("Measure every epoch", key="compare.measure") or state.get("compare.measured") == key:
        state["compare.measured"] = key
        found = _measured(context, len(epochs))
        first = [name for name in FIRST if name in found.concepts]
        chosen = st.multiselect(
            "Concepts",
            found.concepts,
            default=first,
            key=f"compare.concepts.{context.model}",
            format_func=title_of,
            max_selections=8,
        )
        if chosen:
            st.altair_chart(learnt_chart(found, chosen), width="stretch")
        st.caption(
            f"{len(found.units[0])} concepts and all neurons were tried after each epoch, on {found.tunes[0]} tunes to "
            f"choose and {found.tunes[1]} others to score."
        )


def _measured(context: ViewContext, count: int) -> ConceptLearning:
    corpus = corpus_for(context.checkpoint)
    choose, score = _parts(corpus.validation, corpus.test, LEARNT_ON, context.checkpoint)
    concepts = {name: concept for name, concept in CONCEPTS.items() if name != "in_body"}
    return with_bar(
        "learnt",
        (context.model, context.stamp, count, corpus.fingerprint),
        lambda report: concept_learning(context.checkpoint, choose, score, concepts, progress=counted(report)),
        "Reading the tunes with the weights of every epoch",
    )


def _parts(
    choose: Sequence[str], score: Sequence[str], count: int, *readers: Checkpoint
) -> tuple[list[str], list[str]]:
    """The first tunes of two parts of a corpus that all models can read."""
    known = set.intersection(*(set(reader.vocab.ids) for reader in readers))
    first, second = ([text for text in part if text and set(text) <= known][:count] for part in (choose, score))
    return first, second


# ---- two models -----------------------------------------------------------------------------------------------------


def _two_models(context: ViewContext) -> list[tuple[str, str]]:
    """Each neuron's most like neuron in another model; texts and keys of the players."""
    others = {name: checkpoint for name, checkpoint in models().items() if name != context.model}
    if not others:
        st.info("There is only one model. Train another one to compare it with.")
        context.publish()
        return []
    state = st.session_state
    if state.get("compare.other") not in others:
        wanted = state.get("compare.last_other", st.query_params.get("other", ""))
        state["compare.other"] = wanted if wanted in others else _most_like(context.checkpoint, others)
    other = st.selectbox("With which model", list(others), key="compare.other")
    state["compare.last_other"] = other
    corpus = corpus_for(context.checkpoint)
    choose, score = _parts(corpus.validation, corpus.test, TUNES, context.checkpoint, others[other])
    stamp = (others[other].path / JSON_FILE).stat().st_mtime_ns
    found = with_bar(
        "comparison",
        (context.model, context.stamp, other, stamp, corpus.fingerprint),
        lambda report: compare(engine(context.model), engine(other), choose, score, progress=counted(report)),
        f"{plain(context.model)} and {plain(other)} read the same tunes",
    )
    layers = context.checkpoint.config.num_layers, others[other].config.num_layers
    st.caption(
        f"Which neuron of {plain(other)} does most like each neuron of {plain(context.model)}? {found.tried:,} pairs "
        f"were tried on {found.tunes[0]} tunes; correlations are of {found.tunes[1]} others."
    )
    alike = sum(map(found.is_clear, found.matches))
    first, second = st.columns(2)
    first.metric("Neurons with a counterpart", f"{alike} of {len(found.matches)}", border=True,
                 help="More alike than chance, and than any neuron of an untrained network.")  # fmt: skip
    second.metric("Correlation, in the middle", f"{np.median([m.similarity for m in found.matches]):.2f}", border=True,
                  help="Half of the neurons have a match above, half below.")  # fmt: skip
    st.altair_chart(likeness_chart(found, other), width="stretch")
    st.caption(plain(f"Dashed: the most that chance reaches in 95 of 100 draws, {found.chance:.2f}."))
    sounds = _pair(context, other, stamp, others[other], found, layers)
    st.subheader("All neurons", anchor=False)
    ranked = sorted(found.matches, key=lambda match: -match.similarity)
    st.dataframe([_match_row(context, found, match, other) for match in ranked], hide_index=True)
    return sounds


def _most_like(checkpoint: Checkpoint, others: dict[str, Checkpoint]) -> str:
    """The other model nearest in size, another cell first: what is compared is then the cell."""
    own = checkpoint.config
    return min(
        others,
        key=lambda name: (
            abs(others[name].config.hidden_size - own.hidden_size),
            others[name].config.cell == own.cell,
            name,
        ),
    )


def _pair(
    context: ViewContext, other: str, stamp: int, checkpoint: Checkpoint, found: Comparison, layers: tuple[int, int]
) -> list[tuple[str, str]]:
    """One neuron and its match, on the same tune."""
    st.subheader("One neuron and its match", anchor=False)
    size = context.checkpoint.config.hidden_size
    unit = shown_unit(layers[0], size)
    picker(layers[0], size, unit)
    match = found.matches[unit.layer * size + unit.index]
    names = (
        f"{context.model}: neuron {unit_name(unit, layers[0])}",
        f"{other}: neuron {unit_name(match.other, layers[1])}",
    )
    turned = "" if match.held_out >= 0 else ", turned round"
    verdict = "more than chance and an untrained network" if found.is_clear(match) else "no more than chance would"
    named = name_of(context, unit)
    st.markdown(
        plain(
            f"{names[1]} does most like it: correlation {match.held_out:+.2f} ({match.low:+.2f} to {match.high:+.2f}), "
            f"{verdict}. " + (f"Its name here: {named}." if named else "It has no name here.")
        )
    )
    read = source_tune(context)
    if set(read.text) - set(checkpoint.vocab.ids):
        st.info(plain(f"{other} cannot read this tune: it has characters that it never met. Choose another tune."))
        context.publish(neuron=str(unit), other=other, **read.query)
        return []
    own, theirs = (
        recorded(name, made, read.text).unit(one)
        for name, made, one in ((context.model, context.stamp, unit), (other, stamp, match.other))
    )
    sign = 1.0 if match.held_out >= 0 else -1.0
    lines = {names[0]: own, names[1] + turned: np.asarray(sign * theirs, dtype=np.float32)}
    st.altair_chart(traces_chart(read.text, lines, _part(read.text, "compare.pair.from")), width="stretch")
    which = st.segmented_control(
        "On the score", [0, 1], default=0, required=True, key="compare.which", format_func=names.__getitem__,
        label_visibility="collapsed",
    )  # fmt: skip
    shown = (own, theirs)[which]
    show_tune(draw(read.text), key="compare.reads", values=shown.tolist(), label=names[which], trace=True)
    st.button("More about this neuron", on_click=go, args=("neuron", unit), key="compare.more")
    context.publish(neuron=str(unit), other=other, **read.query)
    return [(read.text, "compare.reads")]


def _match_row(context: ViewContext, found: Comparison, match: UnitMatch, other: str) -> dict[str, Any]:
    named = name_of(context, match.unit)
    return {
        "Neuron": str(match.unit),
        "Name": str(named) if named else "no name",
        f"In {other}": str(match.other),
        "Correlation": round(match.held_out, 3),
        "95 %": f"{match.low:+.2f} to {match.high:+.2f}",
        "Untrained": round(match.untrained, 3),
        "Alike": found.is_clear(match),
    }
