"""Compose: settings in, a tune out, to see, to hear and to keep."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import streamlit as st

from charlstm.errors import CharlstmError, VocabularyError
from charlstm.lm.sample.sampling import Sample
from charlstm.lm.store.checkpoint import Checkpoint
from charlstm.tunes.abc import split_header
from charlstm.tunes.views.bars import bars, misfits
from charlstm.ui.library.session_library import keep_button
from charlstm.ui.shared.common import describe, draw, models, plain, show_tune, sound_tune, stop_with
from charlstm.ui.shared.downloads import downloads, piano_roll
from charlstm.ui.shared.session_tune import current_wish, publish, set_wish, write
from charlstm.ui.shared.sound import sound_settings
from charlstm.ui.shared.url_state import HEADER, LENGTHS, MAX_SEED, TEMPERATURES, Wish, plausible

OPEN = "The model chooses"
USUAL = {
    "key": ("G", "D", "A", "C", "F", "Em", "Am", "Dm", "Bm", "Ador", "Edor", "Amix", "Dmix"),
    "meter": ("4/4", "6/8", "2/4", "3/4", "9/8", "C|"),
    "rhythm": ("reel", "jig", "hornpipe", "slip jig", "polka", "waltz", "march", "air"),
}


def settings(available: Mapping[str, Checkpoint], wish: Wish) -> None:
    """The widgets; pressing a button makes their values the tune of the visit."""
    state = st.session_state
    for name in ("model", "temperature", "seed", "length", *HEADER):
        state.setdefault(f"compose.{name}", getattr(wish, name))

    def model_changed() -> None:
        state["compose.temperature"] = min(available[state["compose.model"]].temperature, TEMPERATURES[1])

    st.selectbox("Model", list(available), key="compose.model", on_change=model_changed)
    checkpoint = available[state["compose.model"]]
    st.caption(plain(describe(checkpoint)))
    st.slider(
        "Temperature", *TEMPERATURES, step=0.05, key="compose.temperature",
        help="Low is safe and plain, high is bold, then wild. At 0 the likeliest character is always taken.",
    )  # fmt: skip
    for name in ("key", "meter", "rhythm"):
        chosen = state[f"compose.{name}"]
        options = ["", *seen(checkpoint, name)]
        st.selectbox(
            name.capitalize(), options if chosen in options else [*options, chosen], key=f"compose.{name}",
            format_func=lambda value: value or OPEN,
        )  # fmt: skip
    st.text_input("Title", key="compose.title", max_chars=80, placeholder=OPEN)
    left, right = st.columns(2)
    left.number_input(
        "Seed", 0, MAX_SEED, key="compose.seed", help="The same seed with the same settings gives the same tune."
    )
    right.number_input(
        "Longest", *LENGTHS, step=100, key="compose.length", help="A tune is cut off after this many characters."
    )
    st.button("Compose", type="primary", width="stretch", on_click=compose)


def seen(checkpoint: Checkpoint, name: str) -> list[str]:
    """The keys, meters or rhythms that the model has met, commonest first; the usual ones if it does not say."""
    headers = checkpoint.corpus.get("headers")
    counts = headers.get(HEADER[name]) if isinstance(headers, dict) else None
    met = list(counts) if isinstance(counts, dict) else []
    return [value for value in met if isinstance(value, str) and plausible(name, value)][:40] or list(USUAL[name])


def compose(next_seed: bool = False) -> None:
    """Make the widgets' settings the tune of the visit; settings that gave the tune on the page give the next seed."""
    state = st.session_state
    values = {name: state[f"compose.{name}"] for name in ("model", "seed", "length", "key", "meter", "rhythm")}
    temperature, title = round(state["compose.temperature"], 2), " ".join(state["compose.title"].split())
    wish = Wish(**values, temperature=temperature, title=title)
    if next_seed or wish == state["tune.wish"]:
        wish = Wish(**{**vars(wish), "seed": (wish.seed + 1) % (MAX_SEED + 1)})
    set_wish(wish)


def facts(sample: Sample) -> str:
    """What can be said of a tune at a glance, in plain words."""
    length = len(sample.text)
    found = bars(sample.text)
    wrong = len(misfits(found))
    said = [
        f"It ended by itself after {length} characters."
        if sample.stopped == "end"
        else f"It was cut off after {length} characters; with more room it may end by itself."
    ]
    if found:
        meter = split_header(sample.text).get("M") or "their meter"
        which = f"All {len(found)} bars fill" if not wrong else f"{len(found) - wrong} of {len(found)} bars fill"
        said.append(f"{which} {meter}.")
    if len(sample.log_probs):
        choices = float(np.exp(-sample.log_probs.mean()))
        said.append(f"On average it hesitated between {choices:.1f} characters.")
    return " ".join(said)


def page() -> None:
    """The page, top to bottom."""
    available = models()
    with st.container():  # always there, so that a notice moves nothing
        wish = current_wish(available)
    with st.sidebar:
        settings(available, wish)
    heading, button = st.columns([4, 1], vertical_alignment="center")
    button.button("Another tune", on_click=compose, args=(True,), icon=":material/refresh:", width="stretch")
    writing = st.empty()  # apart from the player, which must stay through a second run: made anew, it falls silent
    try:
        sample = write(wish, writing)
    except VocabularyError as error:
        st.error(plain(f"{wish.model} has never met {error.character}, so it cannot write it; choose other words."))
        st.stop()
    except CharlstmError as error:
        stop_with(error)
    abc = "X:1\n" + sample.text
    title = split_header(abc).get("T") or "Untitled"
    made = f"Written by {wish.model}, one character at a time. Temperature {wish.temperature:g}, seed {wish.seed}."
    with heading:
        st.header(plain(title), anchor=False)
        st.caption(plain(made))
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        sound = sound_settings(abc, page="compose")
        drawing = draw(abc, sound.transpose)
        downloads(drawing, title, page="compose", note=made)
        keep_button(abc, page="compose", how="composed", wish=wish)
    writing.empty()
    show_tune(drawing.text, drawing, key="compose.player")
    st.caption(plain(facts(sample)))
    if drawing.unmoved:
        st.caption(plain(f"In the key it was written in: {drawing.unmoved}"))
    piano_roll(drawing, page="compose")
    if drawing.remarks:
        with st.expander("What the score leaves out"):
            for remark in drawing.remarks:
                st.caption(plain(remark))
    with st.expander("This tune again"):
        st.caption("The address of this page brings it back. So does this command:")
        st.code(wish.command, language=None, wrap_lines=True)
    publish(wish, **sound.query)
    sound_tune(drawing, key="compose.player")


if __name__ == "__main__":  # as Streamlit runs a page
    page()
