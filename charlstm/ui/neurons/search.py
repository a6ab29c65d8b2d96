"""Search: the neurons that are on over a part of a tune, a concept's or chosen ones, and every place where they are on.

Four ways to search; each finds places, which search_results.py shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from charlstm.neurons.concept_units import RANKED_ON, best_probes
from charlstm.neurons.concepts.registry import CONCEPTS
from charlstm.neurons.recording import Activations, Unit
from charlstm.neurons.recording_file import open_recording, record_to_file, texts_to_record
from charlstm.neurons.search import THRESHOLD, Probe, match, nearest
from charlstm.tunes.corpus.model import Corpus
from charlstm.ui.background import when_asked, with_bar
from charlstm.ui.neurons.names import label_of
from charlstm.ui.neurons.recordings import reading_seconds
from charlstm.ui.neurons.search_part import RANGE, by_part
from charlstm.ui.neurons.search_results import SHOWN, Hit, counted_places, probe_name, show_places
from charlstm.ui.neurons.settings import number, one_of, units_setting
from charlstm.ui.neurons.tune_source import pasted_text, recorded
from charlstm.ui.neurons.unit_picker import shown_unit
from charlstm.ui.neurons.view_context import Sounds, ViewContext, send_sounds
from charlstm.ui.shared.choices import choose
from charlstm.ui.shared.corpora import corpus_for
from charlstm.ui.shared.durations import counted
from charlstm.ui.shared.models import engine
from charlstm.ui.shared.notices import plain
from charlstm.ui.state import Setting

WAYS = {"part": "Part of this tune", "concept": "Concept", "neurons": "Neurons", "example": "Example"}
MOST = 8  # neurons of a search
HIGH, LOW = "high", "low"
WAY = Setting("search.way", "part", query="by", parse=one_of(WAYS))
CONCEPT_NAME = Setting("search.concept", next(iter(CONCEPTS)), query="concept", parse=one_of(CONCEPTS))
COUNT = Setting("search.many", 3, query="count", parse=number(1, MOST))
UNITS = units_setting("search.units")
SIGN = Setting("search.sign", HIGH, query="on", parse=one_of((HIGH, LOW)))
LEVEL = Setting("search.level", THRESHOLD, query="threshold", parse=number(0.05, 0.95), write="{:g}".format)
OF_WAY: dict[str, tuple[Setting[Any], ...]] = {
    "part": (RANGE,),
    "concept": (WAY, CONCEPT_NAME, COUNT),
    "neurons": (WAY, UNITS, SIGN, LEVEL),
    "example": (WAY,),
}
ADDRESSED = tuple(dict.fromkeys(setting for settings in OF_WAY.values() for setting in settings))


def show(context: ViewContext) -> None:
    """The view, top to bottom."""
    st.title("Search", anchor=False)
    about = st.empty()
    way = choose("Search by", WAYS, WAY, labels=WAYS, hidden=False)
    if way == "part":
        sounds = by_part(context, about, lambda: _collection(context))
    else:
        sounds = {"concept": _by_concept, "neurons": _by_neurons, "example": _by_example}[way](context, about)
        context.publish(*OF_WAY[way])
    send_sounds(sounds)


def _collection(context: ViewContext) -> Activations | None:
    """The activations of the collection, recorded once for all visitors; None until somebody asks for it."""
    corpus, model = corpus_for(context.checkpoint), engine(context.model)
    texts = texts_to_record(model, corpus)
    if (recording := open_recording(model, texts)) is not None:
        return recording
    if (way := WAY.get()) != "part":  # which has published it
        context.publish(*OF_WAY[way])
    reader = plain(context.model)
    return when_asked(
        "collection",
        (*context.key, corpus.fingerprint),
        lambda report: record_to_file(model, texts, report=report),
        f"{reader} reads the collection {plain(corpus.name)}, once",
        seconds=reading_seconds(context.checkpoint, texts),
        sentence=f"To search, {reader} has to read {_how_many(texts, corpus)} once",
        button="Read the collection",
    )


def _how_many(texts: Sequence[str], corpus: Corpus) -> str:
    """Which tunes of a collection are read, as `texts_to_record` chooses them."""
    whole = sum(map(len, (corpus.test, corpus.validation, corpus.train)))
    if len(texts) == whole:
        return f"the {counted(whole, 'tune')} of the collection {plain(corpus.name)}"
    return (
        f"{len(texts):,} of the {counted(whole, 'tune')} of the collection {plain(corpus.name)} (test and validation "
        "tunes first, as many as memory allows)"
    )


def _by_concept(context: ViewContext, about: DeltaGenerator) -> Sounds:
    """The neurons that pick out a concept best, and where they are on."""
    about.caption("The neurons that pick out a concept best, and where they are on together.")
    name = st.selectbox(
        "Concept", list(CONCEPTS), key=CONCEPT_NAME.widget(), format_func=lambda name: CONCEPTS[name].title
    )
    st.caption(plain(CONCEPTS[name].about))
    recording = _collection(context)
    if recording is None:
        return []
    count = st.slider(
        "Neurons", 1, MOST, key=COUNT.widget(), help="The best ones, each with the threshold that suits it."
    )
    ranked = with_bar(
        "concept",
        (*context.key, recording.path, name, RANKED_ON),
        lambda report: best_probes(recording, CONCEPTS[name], most=MOST),
        "Comparing neurons",
    )
    if not ranked:
        st.info("The concept is too rare in these tunes.")
        return []
    probes = [probe for probe, _ in ranked[:count]]
    neurons = ", ".join(f"{probe_name(probe, recording.layers)} ({score:.0%})" for probe, score in ranked[:count])
    st.caption(
        plain(
            f"{neurons}. In brackets: AUROC on the {RANKED_ON} tunes on which the best of {len(recording.rows)} "
            "neurons were chosen."
        )
    )
    # Does the concept hold where its neurons say so?
    matches = match(recording, probes, top=SHOWN)
    hits = []
    for place in matches.best:
        holds = CONCEPTS[name](recording.texts[place.text])[place.start : place.end].any()
        hits.append(Hit(place.text, place.start, place.end, "has the concept" if holds else "does not have it"))
    right = sum(hit.remark == "has the concept" for hit in hits)
    summary = (
        f"{'All' if count > 1 else 'It is'} on at {matches.share:.1%} of the characters of {len(recording.texts):,} "
        f"tunes. {right} of the {len(hits)} places here have the concept."
    )
    return show_places(recording, hits, probes, summary)


def _by_neurons(context: ViewContext, about: DeltaGenerator) -> Sounds:
    """Where some neurons are on, chosen by number."""
    about.caption("Where one neuron is on, or several together.")
    recording = _collection(context)
    if recording is None:
        return []
    units = [Unit(*divmod(row, recording.size)) for row in range(len(recording.rows))]
    if (wanted := UNITS.get()) != []:  # at first the neuron that is looked at; of another model, what this one has
        UNITS.set([Unit(*unit) for unit in wanted or [shown_unit(context)] if unit in units] or units[:1])
    wide, side, narrow = st.columns([3, 1, 2], vertical_alignment="bottom")
    chosen = wide.multiselect(
        "Neurons", units, max_selections=MOST, key=UNITS.widget(), placeholder="By number or by name",
        format_func=lambda unit: label_of(context, unit),
    )  # fmt: skip
    sign = 1 if choose("On when", (HIGH, LOW), SIGN, hidden=False, place=side) == HIGH else -1
    threshold = narrow.slider("Threshold", 0.05, 0.95, step=0.05, key=LEVEL.widget())
    if not chosen:
        st.info("Choose a neuron.")
        return []
    probes = [Probe(Unit(*unit), sign, threshold) for unit in chosen]
    matches = match(recording, probes, length=recording.characters, top=SHOWN)  # longest first
    level, most = next(((k, n) for k, n in matches.counts.items() if n), (0, 0))
    if not most:
        st.info("It is not on anywhere. Lower the threshold.")
        return []
    hits = [Hit(p.text, p.start, p.end, f"{p.end - p.start} characters long") for p in matches.best]
    places = counted_places(most, len(recording.texts))
    return show_places(recording, hits, probes, f"{level} of {len(probes)} on together at {places}; the longest first.")


def _by_example(context: ViewContext, about: DeltaGenerator) -> Sounds:
    """Where the model is in the state most similar to the one after a snippet."""
    about.caption("Paste some bars. Where else is the model in nearly the same state as after them?")
    text = pasted_text(context.checkpoint.vocab)
    acts = recorded(*context.key, text)
    recording = _collection(context)
    if recording is None:
        return []
    neighbours = with_bar(
        "nearest",
        (*context.key, recording.path, text),
        lambda report: nearest(recording, acts.values[:, -1], top=SHOWN),
        "Comparing states",
    )
    hits = [Hit(t, at, at + 1, f"distance {d:.1f}") for t, at, d in neighbours.best]
    summary = f"Half of all characters are further away than {neighbours.median:.1f}. The nearest place of each tune:"
    return show_places(recording, hits, [], summary)
