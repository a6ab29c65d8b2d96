"""Compare during training: a neuron and a seed's tune after each stored epoch, and when each concept was learned."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from charlstm.lm.config import SampleConfig
from charlstm.lm.sample.sampling import sample
from charlstm.lm.store.checkpoint import Checkpoint
from charlstm.lm.store.epochs import StoredEpoch, epoch_engine, list_epochs
from charlstm.neurons.concepts.registry import CONCEPTS
from charlstm.neurons.recording import Unit
from charlstm.neurons.training_dynamics import ConceptLearning, concept_learning, unit_through_training
from charlstm.ui.background import LONG, when_asked
from charlstm.ui.neurons.compare_charts import learnt_chart, strips_chart
from charlstm.ui.neurons.compare_parts import held_out_tunes, visible_part
from charlstm.ui.neurons.directory_charts import title_of
from charlstm.ui.neurons.names import name_of
from charlstm.ui.neurons.recordings import reading_seconds
from charlstm.ui.neurons.settings import MODEL, number, unit_name
from charlstm.ui.neurons.tune_source import source_tune, title_in
from charlstm.ui.neurons.unit_picker import picker, shown_unit
from charlstm.ui.neurons.view_context import Sounds, ViewContext, send_sounds
from charlstm.ui.shared.corpora import corpus_for
from charlstm.ui.shared.drawing import draw
from charlstm.ui.shared.figures import show_figure
from charlstm.ui.shared.models import models
from charlstm.ui.shared.notices import plain
from charlstm.ui.shared.player import show_tune
from charlstm.ui.state import Setting

TUNES = 60  # of each part, after each epoch
FIRST = ("in_header", "before_bar_line", "second_half", "fourth_of_four", "cadence", "compound_meter")
READS, WRITES = "compare.reads", "compare.writes"
LENGTH = 600  # characters: an untrained network never ends a tune
EPOCH: Setting[int | None] = Setting("compare.epoch", None, query="epoch", parse=number(0, 10**6))
SEED = Setting("compare.seed", 1)
ADDRESSED = (EPOCH,)
CHOSEN: Setting[list[str] | None] = Setting("compare.concepts", None)


def show(context: ViewContext) -> None:
    """One neuron and one seed's tune after each stored epoch, with their sounds; when each concept was learned."""
    epochs = list_epochs(context.checkpoint.path)
    if not epochs:
        _offer_others(context)
        context.publish(neuron=str(shown_unit(context)))
        return
    st.caption(
        f"How does a neuron become what it is? The weights of {plain(context.model)} "
        f"were stored after {len(epochs)} of its epochs. A neuron keeps its "
        "number during training; epoch 0 is before the first step."
    )
    tune = source_tune(context)
    unit = shown_unit(context)
    picker(context, unit)
    stored, values = _strips(*context.key, len(epochs), tune.text, unit, context.checkpoint)
    numbers = [epoch.number for epoch in epochs]
    number = numbers[0]
    if len(numbers) > 1:
        number = st.select_slider("After epoch", numbers, key=EPOCH.widget(numbers, numbers[-1]))
    place = numbers.index(number)
    # The neuron on a tune, at this epoch and at all of them.
    neuron = f"Neuron {unit_name(unit, context.layers)}"
    st.header(plain(f"{neuron} after epoch {number}"), anchor=False)
    name, loss = name_of(context, unit), epochs[place].loss
    about = f"At the end of training it {name.behaviour}." if name else "At the end of training it has no name."
    st.caption(plain(about + (f" Loss at this epoch: {loss:.3f} nats per character." if loss is not None else "")))
    label = f"{neuron}, epoch {number}"
    show_tune(draw(tune.text), key=READS, values=values[place].tolist(), label=label, trace=True)
    st.caption("The same neuron on the same characters, a row per epoch: blue below zero, red above, nothing at zero.")
    strips = strips_chart(stored, values, tune.text, visible_part(tune.text, "training"))
    caption = f"{context.model}, {neuron.lower()}, on “{title_in(tune.text)}”; a row per stored epoch."
    of = {"neuron": unit_name(unit, context.layers), "model": context.model, "tune": title_in(tune.text)}
    show_figure(strips, title="A neuron during training", caption=caption, of=of, key="compare.strips")
    sounds = [(tune.text, READS), *_seed_tune(context, number)]
    context.publish(*ADDRESSED, neuron=str(unit), **tune.query)
    send_sounds(sounds)  # now: a measurement that is waited for takes longer
    _learned(context, len(epochs))


def _offer_others(context: ViewContext) -> None:
    """What to do where no epochs were stored: models that have some, and how to store them."""
    st.info(
        f"Only the final weights of {plain(context.model)} are stored. A training started on the Train page keeps its "
        "epochs too, and can be seen here.",
        icon=":material/history:",
    )
    for name, checkpoint in models().items():
        if list_epochs(checkpoint.path):
            st.button(
                f"Show {plain(name)}, which has epochs", key=f"compare.go.{name}", on_click=MODEL.set, args=(name,)
            )


@st.cache_data(max_entries=16, show_spinner=False)
def _strips(
    model: str, stamp: int, count: int, text: str, unit: Unit, _checkpoint: Checkpoint
) -> tuple[list[StoredEpoch], NDArray[np.float32]]:
    return unit_through_training(_checkpoint, text, unit)


@st.cache_data(max_entries=64, show_spinner=False)
def _written(model: str, stamp: int, number: int, seed: int, temperature: float, _checkpoint: Checkpoint) -> str:
    """What the network of an epoch writes with a seed."""
    config = SampleConfig(temperature=temperature, max_length=LENGTH)
    return sample(epoch_engine(_checkpoint, number), config, n=1, seed=seed)[0].text


def _seed_tune(context: ViewContext, number: int) -> Sounds:
    """The tune that one seed gives after an epoch."""
    st.header(plain(f"What it writes after epoch {number}"), anchor=False)
    seed = st.number_input("Seed", 0, 10**9, key=SEED.widget(), width=160)
    temperature = context.checkpoint.temperature
    text = _written(*context.key, number, int(seed), temperature, context.checkpoint)
    st.caption(plain(f"The same random numbers after every epoch, temperature {temperature:g}."))
    if not text:
        st.info("Nothing: it ended at once.")
        return []
    show_tune(draw(text), key=WRITES)
    return [(text, WRITES)]


def _learned(context: ViewContext, count: int) -> None:
    """When each concept was learned; measured if asked for, since every epoch reads many tunes."""
    st.header("When was it learned?", anchor=False)
    st.caption(
        "The best neuron of a concept after each epoch, chosen on validation tunes and scored on test tunes: AUROC, "
        "0.5 is chance."
    )
    if (dynamics := _measured(context, count)) is None:
        return
    setting = CHOSEN.of(context.model)
    if setting.get() is None:
        setting.set([name for name in FIRST if name in dynamics.concepts])
    chosen = st.multiselect("Concepts", dynamics.concepts, key=setting.widget(), format_func=title_of, max_selections=8)
    if chosen:
        chosen_on, scored_on = dynamics.tunes
        caption = f"{context.model}; best neuron of each concept, chosen on {chosen_on} tunes, scored on {scored_on}."
        show_figure(
            learnt_chart(dynamics, chosen),
            title="When concepts were learned",
            caption=caption,
            of={"model": context.model},
            key="compare.learned",
        )
    st.caption(
        f"{len(dynamics.units[0])} concepts and all neurons were tried after each epoch: chosen on "
        f"{dynamics.tunes[0]} tunes, scored on {dynamics.tunes[1]} others."
    )


def _measured(context: ViewContext, count: int) -> ConceptLearning | None:
    """What the epochs were measured to know; None until somebody asks for it."""
    corpus, checkpoint = corpus_for(context.checkpoint), context.checkpoint
    choose, score = held_out_tunes(corpus, TUNES, checkpoint)
    concepts = {name: concept for name, concept in CONCEPTS.items() if name != "in_body"}
    return when_asked(
        "training dynamics",
        (*context.key, count, corpus.fingerprint),
        lambda report: concept_learning(checkpoint, choose, score, concepts, report=report),
        "Reading the tunes with the weights of every epoch",
        seconds=max(count * reading_seconds(checkpoint, [*choose, *score]), LONG),
        sentence=f"To measure it, {len(choose) + len(score)} tunes have to be read with the weights of all {count} "
        "epochs once",
        button="Measure every epoch",
    )
