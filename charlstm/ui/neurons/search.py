"""Search: the neurons that are on over a part of a tune, and every place of a corpus where the same ones are on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from charlstm.errors import CharlstmError
from charlstm.neurons.auroc import auroc
from charlstm.neurons.concepts.concept import domain, labels_of
from charlstm.neurons.concepts.layout import layout
from charlstm.neurons.concepts.registry import CONCEPTS
from charlstm.neurons.recording import Activations, Unit
from charlstm.neurons.recording_file import record_to_file, texts_to_record
from charlstm.neurons.search import THRESHOLD, Probe, Selected, concept_probes, match, nearest, select
from charlstm.neurons.snippet import snippet
from charlstm.progress import Report
from charlstm.tunes.abc import split_header
from charlstm.ui.background import counted, with_bar
from charlstm.ui.neurons.corpora import corpus_for
from charlstm.ui.neurons.names import name_of
from charlstm.ui.neurons.unit_picker import unit_name
from charlstm.ui.neurons.view_context import ViewContext
from charlstm.ui.shared.drawing import draw
from charlstm.ui.shared.models import engine
from charlstm.ui.shared.notices import plain, stop_with
from charlstm.ui.shared.player import show_tune, sound_tune
from charlstm.ui.shared.tune_source import pasted_text, recorded, source_tune

PART, CONCEPT, NEURON, EXAMPLE = "A part of this tune", "A concept", "A neuron", "An example"
SHOWN = 12  # places
LISTED = 16  # neurons found
USED = 6  # of them, at first
RANKED_ON = 60  # tunes on which a concept's neurons are chosen
HIGH, LOW = "high", "low"


class Hit(NamedTuple):
    """A place that was found, and what is said of it."""

    text: int
    start: int
    end: int
    said: str


def show(context: ViewContext) -> None:
    """The view, top to bottom."""
    st.header("Search", anchor=False)
    about = st.empty()
    way = st.segmented_control(
        "Search by", [PART, CONCEPT, NEURON, EXAMPLE], default=PART, required=True, key="search.way"
    )
    try:
        sounds = {PART: _by_part, CONCEPT: _by_concept, NEURON: _by_neuron, EXAMPLE: _by_example}[way](context, about)
    except CharlstmError as error:
        stop_with(error)
    if way != PART:
        context.publish()
    for text, key in sounds:
        sound_tune(draw(text), key=key)


# ---- ways to search -------------------------------------------------------------------------------------------------

Sounds = list[tuple[str, str]]  # texts whose sound is sent last, with the keys of their players


def _by_part(context: ViewContext, about: st.delta_generator.DeltaGenerator) -> Sounds:
    """Choose a part of a tune; neurons that are on there and off just around it; the same ones elsewhere."""
    about.caption(
        "Drag over some notes or characters. Which neurons are on there, and where else are they on together?"
    )
    read = source_tune(context)
    text = read.text
    acts = recorded(context.model, context.stamp, text)
    context.publish(**read.query)
    player = st.container()
    start, end = _range(text)
    threshold, share, before, after = _thresholds()
    found = select(acts, start, end, threshold=threshold, share=share, before=before, after=after)
    layers = acts.layers
    probes = _chosen(context, found, layers)
    with player:
        chosen = show_tune(
            draw(text),
            key="search.player",
            values=_together(acts, probes),
            scale="unit",
            label="Of these neurons on",
            marks=[(start, end)],
            selectable=True,
        )
    if chosen and (text, chosen) != st.session_state.get("search.dragged"):
        st.session_state["search.dragged"] = (text, chosen)
        st.session_state["search.range"] = (text, chosen.start, chosen.end)
        st.rerun()
    if not probes:
        if not found:
            st.info("No neuron is on there and off around it. Choose another part, or lower the threshold.")
        return [(text, "search.player")]
    recording = _recording(context)
    matches = match(recording, probes, length=end - start, top=SHOWN)
    level, most = next(((k, n) for k, n in matches.counts.items() if n), (0, 0))
    together = "All" if level == len(probes) else f"At most {level} of the {len(probes)}"
    words = f"{together} are on together at {_places(most)} in {len(recording.texts):,} tunes."
    if len(probes) == 1:
        words = (
            f"It is on at {_places(most)} in {len(recording.texts):,} tunes, {matches.share:.1%} of their characters."
        )
    hits = [Hit(p.text, p.start, p.end, f"{p.shared} of {len(probes)} neurons") for p in matches.best]
    return [*_results(context, recording, hits, probes, words), (text, "search.player")]


def _by_concept(context: ViewContext, about: st.delta_generator.DeltaGenerator) -> Sounds:
    """The neurons that tell a concept best, and where they are on."""
    about.caption("The neurons that tell a concept best, and where they are on together.")
    name = st.selectbox("Concept", list(CONCEPTS), key="search.concept", format_func=lambda n: CONCEPTS[n].title)
    st.caption(plain(CONCEPTS[name].about))
    recording = _recording(context)
    many = st.slider(
        "Neurons", 1, 8, 3, key="search.many", help="The best ones, each with the threshold that suits it."
    )
    ranked = with_bar(
        "concept",
        (context.model, context.stamp, recording.path, name, RANKED_ON),
        lambda report: _rank(recording, name),
        "Comparing neurons",
    )
    if not ranked:
        st.info("These tunes have it too seldom.")
        return []
    probes = [probe for probe, _ in ranked[:many]]
    said = ", ".join(f"{_name(p, recording.layers)} ({a:.0%})" for p, a in ranked[:many])
    st.caption(
        plain(
            f"{said}. In brackets: how surely each tells it, of 100 %, on the {RANKED_ON} tunes that it was chosen on,"
            f" the best of {len(recording.rows)}."
        )
    )
    matches = match(recording, probes, top=SHOWN)
    hits = []
    for place in matches.best:
        has = CONCEPTS[name](recording.texts[place.text])[place.start : place.end].any()
        hits.append(Hit(place.text, place.start, place.end, "has it" if has else "has it not"))
    right = sum(hit.said == "has it" for hit in hits)
    words = (
        f"{'All' if many > 1 else 'It'} on: {matches.share:.1%} of the characters of {len(recording.texts):,} tunes. "
        f"{right} of the {len(hits)} places here have the concept."
    )
    return _results(context, recording, hits, probes, words)


def _by_neuron(context: ViewContext, about: st.delta_generator.DeltaGenerator) -> Sounds:
    """Where some neurons are on, chosen by number."""
    about.caption("Where one neuron, or several at once, are on.")
    recording = _recording(context)
    units = [Unit(*divmod(row, recording.size)) for row in range(len(recording.rows))]
    wide, side, narrow = st.columns([3, 1, 2], vertical_alignment="bottom")
    chosen = wide.multiselect(
        "Neurons",
        units,
        default=units[:1],
        max_selections=8,
        key="search.units",
        format_func=lambda unit: _titled(context, unit, recording.layers),
        placeholder="By number or by name",
    )
    sign = (
        1
        if side.segmented_control("On when", [HIGH, LOW], default=HIGH, required=True, key="search.sign") == HIGH
        else -1
    )
    threshold = narrow.slider("Threshold", 0.05, 0.95, THRESHOLD, 0.05, key="search.level")
    if not chosen:
        st.info("Choose a neuron.")
        return []
    probes = [Probe(Unit(*unit), sign, threshold) for unit in chosen]
    matches = match(recording, probes, length=recording.characters, top=SHOWN)  # longest first
    level, most = next(((k, n) for k, n in matches.counts.items() if n), (0, 0))
    if not most:
        st.info("It is nowhere on. Lower the threshold.")
        return []
    hits = [Hit(p.text, p.start, p.end, f"{p.end - p.start} characters long") for p in matches.best]
    words = (
        f"{level} of {len(probes)} on together at {_places(most)} in {len(recording.texts):,} tunes; the longest first."
    )
    return _results(context, recording, hits, probes, words)


def _by_example(context: ViewContext, about: st.delta_generator.DeltaGenerator) -> Sounds:
    """Where the model is in the state most like the one after a snippet."""
    about.caption("Paste some bars. Where else is the model in nearly the same state as after them?")
    text = pasted_text(context.checkpoint.vocab)
    acts = recorded(context.model, context.stamp, text)
    recording = _recording(context)
    found = with_bar(
        "nearest",
        (context.model, context.stamp, recording.path, text),
        lambda report: nearest(recording, acts.values[:, -1], top=SHOWN),
        "Comparing states",
    )
    hits = [Hit(t, at, at + 1, f"distance {d:.1f}") for t, at, d in found.best]
    words = f"Half of all characters are further away than {found.median:.1f}. The nearest place of each tune:"
    return _results(context, recording, hits, [], words)


# ---- parts of the page ----------------------------------------------------------------------------------------------


def _range(text: str) -> tuple[int, int]:
    """What is chosen in the tune: by dragging, or by the widgets here, which also show it."""
    state = st.session_state
    bars = [numbered.bar for numbered in layout(text).bars]
    kept = state.get("search.range")
    if not kept or kept[0] != text or not 0 <= kept[1] < kept[2] <= len(text):
        first = bars[1] if len(bars) > 1 else bars[0] if bars else None
        kept = (text, first.start, first.end) if first else (text, 0, len(text))
        state["search.range"] = kept
    start, end = kept[1:]

    def by_bars() -> None:
        first, last = state["search.bars"]
        state["search.range"] = (text, bars[first - 1].start, bars[last - 1].end)

    def by_characters() -> None:
        low, high = sorted((state["search.from"], state["search.to"]))
        state["search.range"] = (text, low - 1, high)

    wide, left, right = st.columns([4, 1, 1], vertical_alignment="bottom")
    if len(bars) > 1:
        touched = [k for k, bar in enumerate(bars, 1) if bar.start < end and start < bar.end]
        state["search.bars"] = (touched[0], touched[-1]) if touched else (1, 1)
        wide.slider("Bars", 1, len(bars), key="search.bars", on_change=by_bars)
    state["search.from"], state["search.to"] = start + 1, end
    left.number_input("From character", 1, len(text), key="search.from", on_change=by_characters)
    right.number_input("to", 1, len(text), key="search.to", on_change=by_characters)
    return start, end


def _thresholds() -> tuple[float, float, int, int]:
    """How far up is on, for how much of the part, and whether just before and just after must be off."""
    with st.expander("What counts as on"):
        one, two, three = st.columns(3)
        threshold = one.slider(
            "Threshold", 0.05, 0.95, THRESHOLD, 0.05, key="search.threshold",
            help="On: a value at or above this, or at or below minus this. Values lie between -1 and 1.",
        )  # fmt: skip
        share = two.slider("For how much of the part, %", 50, 100, 75, 5, key="search.share") / 100
        before = three.toggle("Off just before", value=True, key="search.before")
        after = three.toggle("Off just after", value=True, key="search.after")
    return threshold, share, int(before), int(after)


def _chosen(context: ViewContext, found: Sequence[Selected], layers: int) -> list[Probe]:
    """The neurons to search with, out of those that were found."""
    offered = [selected.probe for selected in found[:LISTED]]
    if not offered:
        return []
    more = f" The {LISTED} that stand out most:" if len(found) > LISTED else ""
    chosen = st.pills(
        f"{len(found)} neurons are on there and off around it.{more}" if len(found) > 1 else "One neuron is on there.",
        offered,
        selection_mode="multi",
        default=offered[:USED],
        key=f"search.probes.{hash(tuple(offered))}",
        format_func=lambda probe: _name(probe, layers),
        help="Tap to leave one out or put it in. ↑ is on when high, ↓ when low.",
    )
    named = [f"{unit_name(p.unit, layers)} {name}" for p in chosen if (name := name_of(context, p.unit))]
    if named:
        st.caption(plain(f"Known in the Directory: {', '.join(named)}."))
    return list(chosen)


def _titled(context: ViewContext, unit: Unit, layers: int) -> str:
    """A neuron's number, and its measured name where it has one."""
    name = name_of(context, unit)
    return unit_name(unit, layers) + (f" · {name}" if name else "")


def _places(count: int) -> str:
    return f"{count:,} place{'' if count == 1 else 's'}"


def _name(probe: Probe, layers: int) -> str:
    return f"{unit_name(probe.unit, layers)} {'↑' if probe.sign > 0 else '↓'}"


def _together(acts: Activations, probes: Sequence[Probe]) -> list[float] | None:
    """The share of the probes that are on at each character of a text."""
    if not probes:
        return None
    on = [probe.sign * acts.unit(probe.unit) >= probe.threshold for probe in probes]
    shares: list[float] = np.mean(on, axis=0).tolist()
    return shares


def _recording(context: ViewContext) -> Activations:
    """The activations of the corpus; made once, while a bar shows how far they are."""
    corpus = corpus_for(context.checkpoint)
    model = engine(context.model)

    def make(report: Report) -> Activations:
        return record_to_file(model, texts_to_record(model, corpus), progress=counted(report))

    return with_bar(
        "recording",
        (context.model, context.stamp, corpus.fingerprint),
        make,
        f"{context.model} reads the collection {corpus.name}, once",
    )


def _rank(recording: Activations, name: str) -> list[tuple[Probe, float]]:
    """The units that tell a concept best on the first tunes, with thresholds; empty where it is too rare."""
    concept = CONCEPTS[name]
    texts = recording.texts[:RANKED_ON]
    columns = int(recording.starts[len(texts)])
    labels = labels_of(texts, [concept])[0]
    inside = np.concatenate([domain(text, concept.within) for text in texts])
    labels = labels[inside]
    if not 10 <= labels.sum() <= len(labels) - 10:
        return []
    values: NDArray[np.float32] = recording.rows[:, :columns][:, inside].astype(np.float32)
    scores = auroc(values, labels[None])[:, 0]
    best = np.argsort(-np.abs(scores - 0.5), kind="stable")[:8]
    units = [Unit(*divmod(int(row), recording.size)) for row in best]
    sureness = [float(max(score, 1 - score)) for score in scores[best]]
    return list(zip(concept_probes(values[best], labels, units), sureness, strict=True))


def _results(
    context: ViewContext, recording: Activations, hits: Sequence[Hit], probes: Sequence[Probe], words: str
) -> Sounds:
    """A list of places, and the chosen one to be seen and heard."""
    st.subheader("Places", anchor=False)
    st.caption(plain(words))
    if not hits:
        return []
    cut = [snippet(recording.texts[hit.text], hit.start, hit.end) for hit in hits]

    def label(index: int) -> str:
        hit, piece = hits[index], cut[index]
        title = (split_header(recording.texts[hit.text]).get("T") or "").strip() or "Untitled"
        bars = f"bar {piece.first}" if piece.first == piece.last else f"bars {piece.first} to {piece.last}"
        return plain(f"{title}, {bars}") if piece.first else plain(title)

    left, right = st.columns([2, 3])
    chosen = left.radio(
        "Place",
        range(len(hits)),
        key=f"search.place.{hash((recording.path, tuple(hits)))}",
        format_func=label,
        captions=[plain(hit.said) for hit in hits],
        label_visibility="collapsed",
    )
    hit, piece = hits[chosen], cut[chosen]
    shares = _together(recording.of_text(hit.text), probes)
    with right:
        show_tune(
            draw(piece.text),
            key="search.place.player",
            values=None if shares is None else piece.values(np.array(shares)),
            scale="unit",
            label="Of these neurons on",
            marks=[(piece.start, piece.end)] if piece.end > piece.start else [],
        )
    return [(piece.text, "search.place.player")]
