"""Neurons: a tune, and over each of its characters what one neuron did when the model read it."""

from __future__ import annotations

import unicodedata

import streamlit as st

from charlstm.errors import CharlstmError
from charlstm.lm.checkpoint import JSON_FILE
from charlstm.lm.vocab import Vocab
from charlstm.neurons.concepts import CONCEPTS
from charlstm.neurons.heatmap import heatmap, to_png
from charlstm.neurons.probe import rank_units
from charlstm.neurons.record import Activations, Unit, record
from charlstm.tunes.abc import split_header, split_tunebook
from charlstm.ui.common import draw, engine, file_stem, models, plain, show_tune, sound_tune, stop_with
from charlstm.ui.visit import current_wish, publish, write

MAX_LENGTH = 4000  # characters of a pasted tune
OWN, PASTED = "This tune", "Your own"
LEAVE_OUT, NEAREST = "Leave out", "Nearest letter"
_NEAREST = {
    "’": "'",
    "‘": "'",
    "“": '"',
    "”": '"',
    "–": "-",
    "—": "-",
    "\t": " ",
    "ß": "ss",
    "Æ": "AE",
    "æ": "ae",
    "ø": "o",
}


@st.cache_resource(max_entries=16, show_spinner=False)
def recorded(model: str, stamp: int, text: str) -> Activations:
    """What every neuron of a model did; never changed. `stamp` makes a model that was trained anew another one."""
    return record(engine(model), text)


@st.cache_data(max_entries=64, show_spinner=False)
def followers(model: str, stamp: int, text: str, concept: str) -> list[tuple[int, int, float]]:
    """The five neurons that tell a concept best in this tune: layer, index, and how surely, in [0, 1]."""
    best = rank_units(recorded(model, stamp, text), CONCEPTS[concept], top=5)
    return [(*score.unit, score.selectivity) for score in best]


def pasted_text(vocab: Vocab) -> str:
    """The tune of the text box as this model can read it; the page stops with a sentence where there is none."""
    text = st.text_area(
        "ABC", key="neurons.pasted", height=160, max_chars=MAX_LENGTH, placeholder="T:My tune\nM:4/4\n…"
    )
    tunes = split_tunebook(text)
    if not tunes:
        st.info("Paste a tune in ABC notation: its header lines, then its bars.")
        st.stop()
    first = tunes[0].partition("\n")[2] if tunes[0].startswith("X:") else tunes[0]
    unknown = sorted(set(first) - set(vocab.ids))
    if not unknown:
        return first
    marks = " ".join(c if c.isprintable() else f"U+{ord(c):04X}" for c in unknown[:12])
    more = f" and {len(unknown) - 12} more" if len(unknown) > 12 else ""
    said, choice = st.columns([3, 2], vertical_alignment="center")
    said.warning(plain(f"This model has never met {marks}{more}."))
    way = choice.segmented_control(
        "What to do with them", [NEAREST, LEAVE_OUT], default=NEAREST, required=True, key="neurons.unknown"
    )
    return without_unknown(first, vocab, nearest=way == NEAREST)


def without_unknown(text: str, vocab: Vocab, *, nearest: bool) -> str:
    """A text of known characters only: the others are left out, or replaced by their nearest known spelling."""

    def known(character: str) -> str:
        if character in vocab.ids:
            return character
        spelt = _NEAREST.get(character) or unicodedata.normalize("NFKD", character)
        return "".join(c for c in spelt if c in vocab.ids) if nearest else ""

    return "".join(map(known, text))


def shown_unit(acts: Activations) -> Unit:
    """The neuron of the visit, else the address's, within what this model has."""
    layers, _, size = acts.values.shape
    layer, index = st.session_state.get("neurons.unit", _from_address())
    unit = Unit(min(layer, layers - 1), min(index, size - 1))
    st.session_state["neurons.unit"] = unit
    return unit


def shortcuts(acts: Activations, model: str, stamp: int) -> None:
    """Widgets that find a neuron by what it follows in this tune; a new choice shows the best one at once."""
    state = st.session_state

    def ask() -> None:
        state["neurons.asked"] = True

    def jump() -> None:
        if state["neurons.jump"]:
            state["neurons.unit"] = state["neurons.jump"]

    concept = st.selectbox(
        "Neurons that follow",
        list(CONCEPTS),
        index=None,
        key="neurons.concept",
        placeholder="Choose something",
        format_func=lambda name: name.replace("_", " "),
        on_change=ask,
    )
    if concept:
        best = {(k, j): sure for k, j, sure in followers(model, stamp, acts.text, concept)}
        if state.pop("neurons.asked", False):
            state["neurons.unit"] = next(iter(best))
        state["neurons.jump"] = tuple(current) if (current := shown_unit(acts)) in best else None
        st.pills(
            "Best first",
            list(best),
            key="neurons.jump",
            on_change=jump,
            format_func=lambda unit: f"{_name(unit, acts)} · {best[unit]:.0%}",
            help="100 %: in this tune its value alone tells these characters from all others.",
        )


def picker(acts: Activations, unit: Unit) -> None:
    """Widgets that choose a neuron by its number; they move together."""
    state = st.session_state
    layers, _, size = acts.values.shape

    def moved(source: str) -> None:
        state["neurons.unit"] = (state.get("neurons.layer", 1) - 1, state[source])

    state["neurons.slider"] = state["neurons.number"] = unit.index
    if layers > 1:
        state["neurons.layer"] = unit.layer + 1
        st.segmented_control(
            "Layer",
            range(1, layers + 1),
            key="neurons.layer",
            required=True,
            on_change=moved,
            args=("neurons.slider",),
        )
    wide, narrow = st.columns([4, 1], vertical_alignment="bottom")
    wide.slider("Neuron", 0, size - 1, key="neurons.slider", on_change=moved, args=("neurons.slider",))
    narrow.number_input(
        "Neuron by number",
        0,
        size - 1,
        key="neurons.number",
        on_change=moved,
        args=("neurons.number",),
        label_visibility="collapsed",
    )


def _from_address() -> tuple[int, int]:
    """The neuron of the address, "layer:index" from 0; the first one where it names none."""
    parts = st.query_params.get("neuron", "").split(":")
    if len(parts) == 2 and all(part.isascii() and part.isdigit() and len(part) < 6 for part in parts):
        return int(parts[0]), int(parts[1])
    return 0, 0


def _name(unit: tuple[int, int], acts: Activations) -> str:
    return f"{unit[1]}" if acts.values.shape[0] == 1 else f"{unit[1]} in layer {unit[0] + 1}"


def page() -> None:
    """The page, top to bottom."""
    available = models()
    wish = current_wish(available)
    with st.sidebar:
        st.session_state.setdefault("neurons.model", wish.model)
        model = st.selectbox("Model that reads", list(available), key="neurons.model")
        source = st.segmented_control("Tune", [OWN, PASTED], default=OWN, required=True, key="neurons.source")
        finder = st.container()
    checkpoint = available[model]
    stamp = (checkpoint.path / JSON_FILE).stat().st_mtime_ns
    heading, button = st.columns([4, 1], vertical_alignment="center")
    own, slot = st.container(), st.empty()
    try:
        if source == PASTED:
            with own:
                text = pasted_text(checkpoint.vocab)
        else:
            text = without_unknown(write(wish, slot).text, checkpoint.vocab, nearest=True)
        acts = recorded(model, stamp, text)
    except CharlstmError as error:
        stop_with(error)
    with finder:
        shortcuts(acts, model, stamp)
    unit = shown_unit(acts)
    name = f"Neuron {_name(unit, acts)}"
    title = split_header(text).get("T") or "Untitled"
    drawing = draw(text)
    with heading:
        st.header(plain(name), anchor=False)
        st.caption(plain(f"{model} reads “{title}”. A colour is what this neuron holds after reading that character."))
    with slot.container():
        picker(acts, unit)
        show_tune(text, drawing, key="neurons.player", values=acts.unit(unit).tolist(), label=name)
    button.download_button(
        "Save picture",
        lambda: to_png(heatmap(acts, unit)),
        f"{file_stem(title)}-neuron-{unit.layer}-{unit.index}.png",
        "image/png",
        key="neurons.png",
        on_click="ignore",
        icon=":material/download:",
        width="stretch",
    )
    publish(wish, neuron=str(unit))
    sound_tune(drawing, key="neurons.player")


if __name__ == "__main__":  # as Streamlit runs a page
    page()
