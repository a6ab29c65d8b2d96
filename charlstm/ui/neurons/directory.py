"""Directory: what each neuron follows, measured: the best neurons of each concept, and each neuron's name or none."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import streamlit as st

from charlstm.errors import CharlstmError
from charlstm.neurons.concepts.concept import WITHIN
from charlstm.neurons.concepts.registry import CONCEPTS
from charlstm.neurons.directory.entries import ConceptEntry, Directory, NeuronEntry
from charlstm.neurons.directory.file import measure, open_directory, save_directory
from charlstm.neurons.recording import Unit
from charlstm.progress import Progress
from charlstm.tunes.corpus.model import Corpus
from charlstm.ui.neurons.corpora import corpus_for
from charlstm.ui.neurons.directory_charts import concept_chart, in_direction, names_chart, probe_chart, title_of
from charlstm.ui.neurons.unit_picker import shown_unit, unit_name
from charlstm.ui.neurons.view_context import ViewContext, go
from charlstm.ui.shared.models import engine
from charlstm.ui.shared.notices import plain, stop_with

BY_CONCEPT, BY_NEURON = "By concept", "By neuron"
ALL, NAMED, NAMELESS = "All", "With a name", "No name"
KEPT = 8  # directories in memory
EXAMPLES = {
    "header": ("The header neuron", "rises most surely while the header is read"),
    "body": ("The body neuron", "rises most surely once the notes begin"),
    "quiet": ("The quiet neuron", "moves least of all"),
}


def show(context: ViewContext) -> None:
    """The view, top to bottom."""
    st.header("Directory", anchor=False)
    config = context.checkpoint.config
    unit = shown_unit(config.num_layers, config.hidden_size)  # kept in the address for the other views
    corpus = corpus_for(context.checkpoint)
    found = _known(context, corpus)
    if found is None:
        found = _measured(context, corpus)
    layers = config.num_layers
    choose, score = found.tunes
    st.caption(
        f"What each neuron of {plain(context.model)} follows. {found.tried:,} pairs of a neuron and a concept were "
        f"tried on {choose} tunes; every score here is of {score} other tunes."
        + (" The model learned from neither." if context.checkpoint.corpus.fingerprint == corpus.fingerprint else "")
    )
    _summary(found)
    _examples(found, layers)
    context.publish(neuron=str(unit))
    way = st.segmented_control(
        "Show", [BY_CONCEPT, BY_NEURON], default=BY_CONCEPT, required=True, key="directory.way",
        label_visibility="collapsed",
    )  # fmt: skip
    if way == BY_CONCEPT:
        _by_concept(context, found, layers)
    else:
        _by_neuron(context, found, layers)
    with st.expander("How it is measured"):
        st.markdown(_METHOD)


def _known(context: ViewContext, corpus: Corpus) -> Directory | None:
    """The directory of this model and these tunes, if it was measured before: kept in memory or in its file."""
    key = (context.model, context.stamp, corpus.fingerprint)
    shelf = _shelf()
    if key not in shelf and (found := open_directory(engine(context.model), corpus)) is not None:
        _keep(key, found)
    return shelf.get(key)


@st.cache_resource(show_spinner=False)
def _shelf() -> dict[tuple[str, int, str], Directory]:
    return {}


def _keep(key: tuple[str, int, str], found: Directory) -> None:
    shelf = _shelf()
    shelf[key] = found
    while len(shelf) > KEPT:
        shelf.pop(next(iter(shelf)), None)


def _measured(context: ViewContext, corpus: Corpus) -> Directory:
    """Measure it now, if the visitor wants to: the page ends here until it is done."""
    units = context.checkpoint.config.num_layers * context.checkpoint.config.hidden_size
    st.info(
        f"Nothing is known yet of this model's {units} neurons, or it was measured for other weights or other tunes. "
        f"Reading {len(corpus.validation) + len(corpus.test)} tunes and comparing takes from ten seconds to a minute.",
        icon=":material/query_stats:",
    )
    if not st.button("Measure all neurons", type="primary", key="directory.measure"):
        context.publish()
        st.stop()
    bar = st.progress(0.0, "Labelling the tunes")

    def report(progress: Progress) -> None:
        bar.progress(progress.share, progress.doing[0].upper() + progress.doing[1:])

    try:
        found = measure(engine(context.model), corpus, report=report)
    except CharlstmError as error:
        stop_with(error)
    with suppress(OSError):  # a folder that cannot be written: it is kept in memory
        save_directory(found, context.checkpoint.path)
    _keep((context.model, context.stamp, corpus.fingerprint), found)
    st.rerun()


# ---- above the tables -----------------------------------------------------------------------------------------------


def _summary(found: Directory) -> None:
    named = sum(neuron.named for neuron in found.neurons)
    first, second, third = st.columns(3)
    first.metric("Neurons with a name", f"{named} of {len(found.neurons)}", border=True)
    second.metric("Without a name", f"{found.nameless:.0%}", border=True)
    if found.measured:
        best = max(found.measured, key=lambda entry: entry.margin)
        third.metric(
            f"AUROC of {title_of(best.concept)}",
            f"{best.best[0].directed_auroc:.2f}",
            border=True,
            help="The concept whose best neuron lies furthest above what anything untaught reaches.",
        )


def _examples(found: Directory, layers: int) -> None:
    """The three neurons that the report shows, found anew in this model."""
    if not found.examples:
        return
    st.subheader("The report's three, found here", anchor=False)
    loud = {neuron.score.unit: neuron.mean_abs_activation for neuron in found.neurons}
    for place, (role, (title, words)) in zip(st.columns(3), EXAMPLES.items(), strict=True):
        entry = found.examples[role]
        said = {
            "header": f"AUROC {entry.held_out:.2f}",
            "body": f"AUROC {1 - entry.held_out:.2f}",
            "quiet": f"on average {loud.get(entry.unit, 0.0):.2f} from zero",
        }[role]
        with place.container(border=True):
            st.markdown(f"**{title}: {unit_name(entry.unit, layers)}**")
            st.caption(f"It {words}: {said}.")
            _open_button(entry.unit, "See it on a tune", f"directory.example.{role}", view="tune")


def _open_button(unit: Unit, label: str, key: str, *, view: str = "neuron") -> None:
    st.button(label, key=key, on_click=go, args=(view, unit), width="stretch")


# ---- by concept -----------------------------------------------------------------------------------------------------


def _by_concept(context: ViewContext, found: Directory, layers: int) -> None:
    entries = sorted(found.measured, key=lambda entry: -entry.margin)
    if not entries:
        st.info("No concept occurs in enough of these tunes.")
        return
    st.caption("The concepts whose best neuron lies furthest above what anything untaught reaches stand first.")
    st.altair_chart(concept_chart(entries), width="stretch")
    st.subheader("One concept", anchor=False)
    names = [entry.concept for entry in entries]
    if st.session_state.get("directory.concept") not in names:  # another model may know others
        st.session_state["directory.concept"] = names[0]
    concept = st.selectbox(
        "Concept",
        names,
        key="directory.concept",
        format_func=title_of,
        label_visibility="collapsed",
    )
    _concept(next(entry for entry in entries if entry.concept == concept), layers)
    st.subheader("All concepts", anchor=False)
    st.dataframe(
        [_concept_row(context, entry) for entry in entries],
        hide_index=True,
        column_config={
            "AUROC": st.column_config.ProgressColumn(format="%.3f", min_value=0.5, max_value=1.0),
            "1 to 16 neurons": st.column_config.LineChartColumn(
                y_min=0.5, y_max=1.0, help="AUROC of 1, 2, 4, 8 and 16 neurons together."
            ),
            "Other tunes": st.column_config.NumberColumn(
                format="%.3f", help="95 of 100 labellings taken from other tunes stay below this."
            ),
            "Untrained": st.column_config.NumberColumn(
                format="%.3f", help="The best neuron of a network of the same shape with random weights."
            ),
            "Character": st.column_config.NumberColumn(format="%.3f", help="What the last character alone tells."),
            "Open": st.column_config.LinkColumn(display_text="open", help="This neuron, in a tab of its own."),
        },
    )
    rare = [title_of(entry.concept) for entry in found.concepts if not entry.best]
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
        "95 %": f"{low:.3f} to {high:.3f}",
        "Other tunes": entry.shuffled_high,
        "Untrained": entry.untrained,
        "Character": entry.character,
        "1 to 16 neurons": list(entry.probes),
    }


def _link(context: ViewContext, unit: Unit) -> str:
    return f"?reader={context.model}&view=neuron&neuron={unit}"


def _concept(entry: ConceptEntry, layers: int) -> None:
    """One concept: its definition, its best neurons, and how many are needed."""
    concept = CONCEPTS.get(entry.concept)
    if concept:
        st.markdown(plain(concept.about))
        st.caption(
            f"Asked among {WITHIN[concept.within]}: {entry.share:.1%} of them have it, in {entry.tunes} of the tunes."
        )
    left, right = st.columns(2, gap="large")
    with left:
        st.caption("Its best neurons, best where they were chosen first; ↑ rises, ↓ falls where it holds.")
        for place, best in enumerate(entry.best):
            score, low, high = in_direction(entry, place)
            words, button = st.columns([3, 2], vertical_alignment="center")
            arrow = "↑" if best.chosen >= 0.5 else "↓"
            words.markdown(
                f"**{unit_name(best.unit, layers)}** {arrow} &nbsp; {score:.3f} "
                f":small[:gray[({low:.3f} to {high:.3f})]]"
            )
            with button:
                _open_button(best.unit, "Open", f"directory.best.{place}")
    with right:
        st.caption("Does one neuron know it, or do many? Probes of a few neurons together.")
        st.altair_chart(probe_chart(entry), width="stretch")


# ---- by neuron ------------------------------------------------------------------------------------------------------


def _by_neuron(context: ViewContext, found: Directory, layers: int) -> None:
    left, right = st.columns([2, 3], gap="large")
    with left:
        st.caption("How many neurons are named after each musical idea.")
        st.altair_chart(names_chart(found), width="stretch")
    with right:
        which = st.segmented_control(
            "Neurons", [ALL, NAMED, NAMELESS], default=ALL, required=True, key="directory.which",
            label_visibility="collapsed",
        )  # fmt: skip
        kept = [n for n in found.neurons if which == ALL or n.named == (which == NAMED)]
        st.dataframe(
            [_neuron_row(context, neuron) for neuron in sorted(kept, key=lambda n: -n.score.directed_auroc)],
            hide_index=True,
            height=520,
            column_config={
                "AUROC": st.column_config.ProgressColumn(format="%.3f", min_value=0.5, max_value=1.0),
                "Loudness": st.column_config.NumberColumn(format="%.2f", help="Its mean distance from zero."),
                "Open": st.column_config.LinkColumn(display_text="open", help="This neuron, in a tab of its own."),
            },
        )
        st.caption(
            "A neuron without a name has its nearest concept in brackets: it tells it too little, or no better than "
            "chance or an untrained network would."
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
        "95 %": f"{low:.3f} to {high:.3f}",
        "Loudness": neuron.mean_abs_activation,
    }


_METHOD = """
A concept says of each character whether it holds there, from the text alone. **AUROC** is the chance that a neuron's
value is higher at a character where it holds than at one where it does not: 0.5 knows nothing, 1 always; for a neuron
that falls, the other way round.

A neuron is *chosen* on validation tunes and *scored* on test tunes. The interval is where 95 of 100 scores lie when
the test tunes are drawn again. Beside it stands what would be reached with nothing known:

- **labels of other tunes**: the best of all neurons, chosen and scored alike, for labels that belong to other tunes;
- **an untrained network** of the same shape: it too keeps the last characters;
- **the character alone**: some concepts can be read off the last character.

A neuron has a *name* if its AUROC on the test tunes is above 0.75, above the best neuron of the untrained network, and
above what labels of other tunes reach anywhere, over all neurons and all concepts together, in 95 of 100 draws.
"""
