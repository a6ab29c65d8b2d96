"""Neuron index: what each neuron follows, measured: each concept's best neurons, each neuron's name or none."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import streamlit as st

from charlstm.neurons.concepts.concept import WITHIN
from charlstm.neurons.concepts.registry import CONCEPTS
from charlstm.neurons.directory.entries import ROLES, ConceptEntry, Directory, NeuronEntry
from charlstm.neurons.directory.file import measure, open_directory, save_directory
from charlstm.neurons.recording import Unit
from charlstm.progress import Report
from charlstm.tunes.corpus.model import Corpus
from charlstm.ui.background import LONG, when_asked
from charlstm.ui.neurons.directory_charts import concept_chart, in_direction, names_chart, probe_chart, title_of
from charlstm.ui.neurons.recordings import reading_seconds
from charlstm.ui.neurons.settings import go, one_of, unit_name
from charlstm.ui.neurons.unit_picker import shown_unit
from charlstm.ui.neurons.view_context import ViewContext
from charlstm.ui.shared.choices import choose
from charlstm.ui.shared.corpora import corpus_for
from charlstm.ui.shared.figures import show_figure
from charlstm.ui.shared.models import engine
from charlstm.ui.shared.notices import plain
from charlstm.ui.state import Setting

WAYS = {"concept": "By concept", "neuron": "By neuron"}
ALL, NAMED, NAMELESS = "All", "Named", "No name"
CACHED = 8  # directories in memory
READINGS = 4  # a measurement takes as long as the model takes to read the tunes so often
WAY = Setting("directory.way", "concept", query="by", parse=one_of(WAYS))
WHICH = Setting("directory.which", ALL)
CONCEPT = Setting("directory.concept", "", query="concept", parse=one_of(CONCEPTS))
ADDRESSED = (WAY, CONCEPT)
EXAMPLES = {
    "header": (ROLES["header"], "rises most clearly in the header"),
    "body": (ROLES["body"], "rises most clearly once the notes begin"),
    "quiet": (ROLES["quiet"], "moves least of all"),
}
_AUROC = st.column_config.ProgressColumn(format="%.3f", min_value=0.5, max_value=1.0)
_OPEN = st.column_config.LinkColumn(width=50, display_text="open", help="Open this neuron in a new tab.")


def show(context: ViewContext) -> None:
    """The view, top to bottom."""
    st.title("Neuron index", anchor=False)
    unit = shown_unit(context)  # kept in the address for the other views
    corpus = corpus_for(context.checkpoint)
    if (directory := _stored(context, corpus)) is None:
        context.publish(*ADDRESSED, neuron=str(unit))  # before the measurement, which takes long
        if (directory := _measured(context, corpus)) is None:
            return
    chosen_on, scored_on = directory.tunes
    is_own = context.checkpoint.corpus.fingerprint == corpus.fingerprint
    st.caption(
        f"What does each neuron of {plain(context.model)} follow? An AUROC of 1 picks out the concept perfectly, 0.5 "
        f"is chance. {directory.tried:,} pairs of a neuron and a concept were "
        f"tried on {chosen_on} tunes; every score here is from {scored_on} other tunes."
        + (" The model learned from none of them." if is_own else "")
    )
    _summary(directory)
    _examples(directory, context.layers)
    if choose("Show", WAYS, WAY, labels=WAYS) == "concept":
        _by_concept(context, directory)
    else:
        _by_neuron(context, directory)
    context.publish(*ADDRESSED, neuron=str(unit))
    with st.expander("How it is measured"):
        st.markdown(_METHOD)


# ---- measured once --------------------------------------------------------------------------------------------------


@st.cache_resource(show_spinner=False)
def _cache() -> dict[tuple[str, int, str], Directory]:
    return {}


def _keep(key: tuple[str, int, str], directory: Directory) -> Directory:
    cache = _cache()
    cache[key] = directory
    while len(cache) > CACHED:
        cache.pop(next(iter(cache)), None)
    return directory


def _stored(context: ViewContext, corpus: Corpus) -> Directory | None:
    """The directory of this model and these tunes, if it was measured before: from memory or from its file."""
    key = (*context.key, corpus.fingerprint)
    directory = _cache().get(key) or open_directory(engine(context.model), corpus)
    return None if directory is None else _keep(key, directory)


def _measured(context: ViewContext, corpus: Corpus) -> Directory | None:
    """The same measured now, if somebody has asked for it."""
    model, path, count = engine(context.model), context.checkpoint.path, context.layers * context.size
    texts = [*corpus.validation, *corpus.test]

    def work(report: Report) -> Directory:
        directory = measure(model, corpus, report=report)
        with suppress(OSError):  # a folder that cannot be written: it stays in memory
            save_directory(directory, path)
        return directory

    key = (*context.key, corpus.fingerprint)
    directory = when_asked(
        "directory",
        key,
        work,
        f"Measuring the {count} neurons of {plain(context.model)}",
        seconds=max(READINGS * reading_seconds(context.checkpoint, texts), LONG),
        sentence=f"The {count} neurons of this model have not been measured with these weights and tunes yet. To "
        f"measure them on {len(texts)} tunes takes",
        button="Measure all neurons",
    )
    return None if directory is None else _keep(key, directory)


# ---- above the tables -----------------------------------------------------------------------------------------------


def _summary(directory: Directory) -> None:
    named = sum(neuron.named for neuron in directory.neurons)
    first, second, third = st.columns(3)
    first.metric("Named neurons", f"{named} of {len(directory.neurons)}", border=True)
    second.metric("Without a name", f"{directory.nameless:.0%}", border=True)
    if directory.measured:
        best = max(directory.measured, key=lambda entry: entry.margin)
        third.metric(
            f"AUROC of {title_of(best.concept)}",
            f"{best.best[0].directed_auroc:.2f}",
            border=True,
            help="The concept whose best neuron is furthest above all baselines.",
        )


def _examples(directory: Directory, layers: int) -> None:
    """The three neurons that the report shows, as they are in this model."""
    if not directory.examples:
        return
    st.header("The three neurons of the original report, in this model", anchor=False)
    mean_abs = {neuron.score.unit: neuron.mean_abs_activation for neuron in directory.neurons}
    for place, (role, (title, words)) in zip(st.columns(3), EXAMPLES.items(), strict=True):
        entry = directory.examples[role]
        measure_of_it = {
            "header": f"AUROC {entry.held_out:.2f}",
            "body": f"AUROC {1 - entry.held_out:.2f}",
            "quiet": f"mean absolute activation {mean_abs.get(entry.unit, 0.0):.2f}",
        }[role]
        with place.container(border=True):
            st.markdown(f"**{title}: {unit_name(entry.unit, layers)}**")
            st.caption(f"It {words}: {measure_of_it}.")
            _open_button(
                entry.unit,
                f"Neuron {unit_name(entry.unit, layers)} on a tune",
                f"directory.example.{role}",
                view="tune",
            )


def _open_button(unit: Unit, label: str, key: str, *, view: str = "neuron") -> None:
    st.button(label, key=key, on_click=go, args=(view, unit), width="stretch")


# ---- by concept -----------------------------------------------------------------------------------------------------


def _by_concept(context: ViewContext, directory: Directory) -> None:
    entries = sorted(directory.measured, key=lambda entry: -entry.margin)
    if not entries:
        st.info("No concept occurs in enough of these tunes.")
        return
    st.caption("Sorted by how far the best neuron of a concept is above all baselines.")
    chosen_on, scored_on = directory.tunes
    note = f"{context.model}; chosen on {chosen_on} tunes, scored on {scored_on}; 95% intervals over tunes."
    show_figure(
        concept_chart(entries),
        title="Best neuron of each concept",
        caption=note,
        of={"model": context.model},
        key="directory.concepts",
    )
    st.header("One concept", anchor=False)
    by_name = {entry.concept: entry for entry in entries}
    concept = st.selectbox(
        "Concept", list(by_name), key=CONCEPT.widget(by_name), format_func=title_of, label_visibility="collapsed"
    )
    _concept(context, by_name[concept])
    st.header("All concepts", anchor=False)
    number = st.column_config.NumberColumn
    st.dataframe(
        [_concept_row(context, entry) for entry in entries],
        hide_index=True,
        column_config={
            "Concept": st.column_config.TextColumn(width=205),
            "Neuron": st.column_config.TextColumn(width=62),
            "AUROC": number(width=60, format="%.3f"),
            "95%": st.column_config.TextColumn(width=100),
            "1 to 16 neurons": st.column_config.LineChartColumn(
                width=106, y_min=0.5, y_max=1.0, help="AUROC of 1, 2, 4, 8 and 16 neurons together."
            ),
            "Other tunes": number(
                width=85, format="%.3f", help="95 of 100 labellings from other tunes stay below this."
            ),
            "Untrained": number(
                width=78, format="%.3f", help="The best neuron of a network of the same shape with random weights."
            ),
            "Character": number(width=75, format="%.3f", help="What the last character alone tells."),
            "Open": _OPEN,
        },
    )
    rare = [title_of(entry.concept) for entry in directory.concepts if not entry.best]
    if rare:
        st.caption(plain(f"Too rare in these tunes to be measured: {', '.join(rare)}."))


def _concept_row(context: ViewContext, entry: ConceptEntry) -> dict[str, Any]:
    best = entry.best[0]
    score, low, high = in_direction(entry)
    return {
        "Concept": title_of(entry.concept),
        "Neuron": f"{best.unit} {'↑' if best.chosen >= 0.5 else '↓'}",
        "Open": _link(context, best.unit),
        "AUROC": round(score, 3),
        "95%": f"{low:.3f}–{high:.3f}",
        "Other tunes": entry.shuffled_high,
        "Untrained": entry.untrained,
        "Character": entry.character,
        "1 to 16 neurons": list(entry.probes),
    }


def _link(context: ViewContext, unit: Unit) -> str:
    return f"?reader={context.model}&view=neuron&neuron={unit}"


def _concept(context: ViewContext, entry: ConceptEntry) -> None:
    """One concept: its definition, its best neurons, and how many are needed."""
    layers = context.layers
    if concept := CONCEPTS.get(entry.concept):
        st.markdown(plain(concept.about))
        st.caption(f"{entry.share:.1%} of {WITHIN[concept.within]} have it, in {entry.tunes} of the tunes.")
    left, right = st.columns(2, gap="large")
    with left:
        st.caption("Its best neurons; ↑ rises, ↓ falls where it holds.")
        for place, best in enumerate(entry.best):
            score, low, high = in_direction(entry, place)
            words, button = st.columns([3, 2], vertical_alignment="center")
            arrow = "↑" if best.chosen >= 0.5 else "↓"
            words.markdown(
                f"**{unit_name(best.unit, layers)}** {arrow} &nbsp; {score:.3f} "
                f":small[:gray[({low:.3f} to {high:.3f})]]"
            )
            with button:
                _open_button(best.unit, f"Open {unit_name(best.unit, layers)}", f"directory.best.{place}")
    with right:
        st.caption("One neuron or many? AUROC of a few neurons together (sparse probes).")
        title = title_of(entry.concept)
        show_figure(
            probe_chart(entry),
            title="Sparse probes",
            caption=f"{context.model}; concept: {title}. AUROC of 1 to 16 neurons together, on held-out tunes.",
            of={"model": context.model, "concept": title},
            key="directory.probes",
        )


# ---- by neuron ------------------------------------------------------------------------------------------------------


def _by_neuron(context: ViewContext, directory: Directory) -> None:
    left, right = st.columns([2, 3], gap="large")
    with left:
        st.caption("Neurons named after each musical idea.")
        caption = f"{context.model}; {len(directory.neurons)} neurons."
        show_figure(
            names_chart(directory),
            title="Named neurons",
            caption=caption,
            of={"model": context.model},
            key="directory.names",
        )
    with right:
        which = choose("Neurons", (ALL, NAMED, NAMELESS), WHICH)
        rows = [neuron for neuron in directory.neurons if which == ALL or neuron.named == (which == NAMED)]
        st.dataframe(
            [_neuron_row(context, neuron) for neuron in sorted(rows, key=lambda neuron: -neuron.score.directed_auroc)],
            hide_index=True,
            height=520,
            column_config={
                "AUROC": _AUROC,
                "Mean |h|": st.column_config.NumberColumn(format="%.2f", help="Its mean absolute activation."),
                "Open": _OPEN,
            },
        )
        st.caption(
            "A neuron without a name has its closest concept in brackets: its AUROC is too low, or no higher than "
            "chance or an untrained network would reach."
        )


def _neuron_row(context: ViewContext, neuron: NeuronEntry) -> dict[str, Any]:
    score = neuron.score
    low, high = (score.low, score.high) if score.chosen >= 0.5 else (1 - score.high, 1 - score.low)
    name = title_of(neuron.concept)
    return {
        "Neuron": str(score.unit),
        "Open": _link(context, score.unit),
        "Name": f"{name} {'↑' if score.chosen >= 0.5 else '↓'}" if neuron.named else f"no name ({name})",
        "AUROC": round(score.directed_auroc, 3),
        "95%": f"{low:.3f} to {high:.3f}",
        "Mean |h|": neuron.mean_abs_activation,
    }


_METHOD = """
A concept says for each character whether it holds there, from the text alone. **AUROC** is the probability that a
neuron's value is higher at a character where the concept holds than at one where it does not: 0.5 is chance, 1 is
perfect. For a neuron that falls, it is the other way round.

A neuron is *chosen* on validation tunes and *scored* on test tunes. The interval contains 95 of 100 scores when the
test tunes are resampled. The baselines beside it:

- **other tunes**: the best of all neurons, chosen and scored in the same way, for labels that belong to other
  tunes;
- **untrained**: a network of the same shape with random weights; it too remembers the last characters;
- **character alone**: some concepts can be read off the last character.

A neuron has a *name* if its AUROC on the test tunes is above 0.75, above the best neuron of the untrained network, and
above what labels of other tunes reach, over all neurons and all concepts together, in 95 of 100 draws.
"""
