"""The settings of the page Compose: widgets for a model, a header, a seed, and how it is drawn."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from charlstm.lm.store.checkpoint import Checkpoint
from charlstm.ui.shared.models import describe, model_label
from charlstm.ui.shared.notices import plain
from charlstm.ui.shared.session_tune import TUNE, WIDGETS, choose_tune, edited_settings
from charlstm.ui.shared.url_state import (
    HEADER,
    LENGTHS,
    LOWEST_TOP_P,
    MAX_SEED,
    MAX_TOP_K,
    TEMPERATURES,
    plausible,
)
from charlstm.ui.shared.written_tunes import can_guard

OPEN = "The model chooses"
USUAL = {
    "key": ("G", "D", "A", "C", "F", "Em", "Am", "Dm", "Bm", "Ador", "Edor", "Amix", "Dmix"),
    "meter": ("4/4", "6/8", "2/4", "3/4", "9/8", "C|"),
    "rhythm": ("reel", "jig", "hornpipe", "slip jig", "polka", "waltz", "march", "air"),
}
LABELS = {"key": "Compose in key", "meter": "Meter", "rhythm": "Rhythm"}
FORM = ("form", "edited_form", "kept_bars", "attributes")  # settings without a widget of their own
CHANGED_LABELS = LABELS | {"guard": "Always playable", "top_k": "top-k", "top_p": "top-p"}


def show_settings(available: Mapping[str, Checkpoint]) -> None:
    """The widgets; the button makes their values the settings of the tune.

    Each has its value twice: by its key, and as the default that it is sent with. It is the first page that many
    browsers draw, and one that takes seconds to load what draws a widget would show the default, and send it back.
    """
    model = WIDGETS["model"]

    def model_changed() -> None:
        chosen = available[model.get()]
        WIDGETS["temperature"].set(min(chosen.temperature, TEMPERATURES[1]))
        if not can_guard(chosen):
            WIDGETS["guard"].set(False)

    st.selectbox(
        "Model", list(available), key=model.widget(available), index=list(available).index(model.get()),
        on_change=model_changed,
        format_func=lambda name: model_label(available[name]) if name in available else str(name),
    )  # fmt: skip
    checkpoint = available[model.get()]
    st.caption(plain(describe(checkpoint)))
    for name, label in LABELS.items():
        chosen, options = WIDGETS[name].get(), ["", *seen(checkpoint, name)]
        options = options if chosen in options else [*options, chosen]
        st.selectbox(
            label, options, key=WIDGETS[name].widget(), index=options.index(chosen),
            format_func=lambda value: value or OPEN,
        )  # fmt: skip
    st.text_input("Title", key=WIDGETS["title"].widget(), value=WIDGETS["title"].get(), max_chars=80, placeholder=OPEN)
    left, right = st.columns([2, 3])
    left.number_input(
        "Seed", 0, MAX_SEED, key=WIDGETS["seed"].widget(), value=int(WIDGETS["seed"].get()),
        help="The same seed with the same settings gives the same tune.",
    )  # fmt: skip
    right.number_input(
        "Maximum length", *LENGTHS, step=100, key=WIDGETS["length"].widget(), value=int(WIDGETS["length"].get()),
        help="In characters. A longer tune is cut off.",
    )  # fmt: skip
    is_possible = can_guard(checkpoint)
    st.toggle(
        "Always playable", key=WIDGETS["guard"].widget(), value=WIDGETS["guard"].get(),
        on_change=_compose, args=("guard",), disabled=not is_possible,
        help="Bars that fill, repeats that close, an ending: the model may write only what leads to a tune that can be "
        "played. Characters where it wanted another one are boxed."
        if is_possible else "This model does not know the characters that every complete tune needs.",
    )  # fmt: skip
    with st.expander("Advanced"):
        st.number_input(
            "Top-k", 0, MAX_TOP_K, key=WIDGETS["top_k"].widget(), value=int(WIDGETS["top_k"].get()),
            help="Choose among the k most likely characters. 0: among all.",
        )  # fmt: skip
        st.slider(
            "Top-p", LOWEST_TOP_P, 1.0, step=0.05, key=WIDGETS["top_p"].widget(), value=float(WIDGETS["top_p"].get()),
            on_change=_compose, args=("top_p",),
            help="Choose among the most likely characters that together have this much of the probability. 1: among "
            "all.",
        )  # fmt: skip
    st.button("Compose", type="primary", width="stretch", on_click=_compose)


def show_temperature() -> None:
    """The slider, which composes when it is let go: the same seed, hotter or colder."""
    st.slider(
        "Temperature", *TEMPERATURES, step=0.05,
        key=WIDGETS["temperature"].widget(), value=float(WIDGETS["temperature"].get()),
        on_change=_compose, args=("temperature",),
        help="Low is safe and plain, high is bold, then wild. At 0 the most likely character is always chosen.",
    )  # fmt: skip


def changed_settings() -> str:
    """The names of the settings that differ from those of the tune on the page; "" for none."""
    tune, edited = TUNE.get(), edited_settings()
    changed = [name for name in WIDGETS if name not in FORM and getattr(edited, name) != getattr(tune, name, None)]
    return ", ".join(CHANGED_LABELS.get(name, name).lower() for name in changed)


def _compose(moved: str = "") -> None:
    """Make the widgets' settings those of the tune; `moved` is the widget that was let go."""
    settings = edited_settings(moved)
    if settings == TUNE.get():
        st.toast("These settings already give this tune. “Another tune” takes the next seed.", icon=":material/info:")
    else:
        choose_tune(settings)


def seen(checkpoint: Checkpoint, name: str) -> list[str]:
    """The keys, meters or rhythms that the model has seen, most frequent first; the usual ones if it does not say."""
    values = checkpoint.corpus.headers.get(HEADER[name], {})
    return [value for value in values if plausible(name, value)][:40] or list(USUAL[name])
