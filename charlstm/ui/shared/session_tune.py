"""The tune that a visit is about: from the address, or by chance; kept when the page is another one."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from dataclasses import fields

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from charlstm.lm.config import SampleConfig
from charlstm.lm.sample.sampling import Sample, stream
from charlstm.lm.store.checkpoint import Checkpoint
from charlstm.ui.library.session_library import put
from charlstm.ui.shared.common import engine, plain
from charlstm.ui.shared.url_state import TEMPERATURES, Wish, parse_wish

FRAME = 0.05  # seconds between two looks at a tune that is being written slowly
PAUSE, PAUSES = 0.025, 0.3  # seconds after each line, and of all of them: a fast model writes a tune unseen without
_WISH = tuple(field.name for field in fields(Wish))


def current_wish(available: Mapping[str, Checkpoint]) -> Wish:
    """The tune that this visit is about: a new address's, else the session's, else a first one, its seed by chance."""
    state = st.session_state
    query = {name: value for name, value in st.query_params.items() if name in _WISH}
    first = next(iter(available))
    temperatures = {name: min(checkpoint.temperature, TEMPERATURES[1]) for name, checkpoint in available.items()}
    if query and query != state.get("tune.query"):
        default = Wish(model=first, seed=_first_seed(), temperature=temperatures[first])
        wish, problems = parse_wish(query, models=available, default=default, temperatures=temperatures)
        set_wish(wish)
        for problem in problems:
            st.warning(plain(problem))
    elif "tune.wish" not in state or state["tune.wish"].model not in available:
        set_wish(Wish(model=first, seed=_first_seed(), temperature=temperatures[first]))
    current: Wish = state["tune.wish"]
    return current


def set_wish(wish: Wish) -> None:
    """Make this the tune of the visit; the widgets that show it begin anew."""
    st.session_state["tune.wish"] = wish
    for name in _WISH:
        st.session_state.pop(f"compose.{name}", None)


def publish(wish: Wish, **more: str) -> None:
    """Put the tune, and what else the page shows, into the address bar."""
    st.session_state["tune.query"] = wish.query
    address = wish.query | more
    if st.query_params.to_dict() != address:
        st.query_params.from_dict(address)


def _first_seed() -> int:
    return random.randint(1, 9999)  # short enough to be read aloud


def write(wish: Wish, slot: DeltaGenerator) -> Sample:
    """The tune of a wish: the one at hand, or a new one, seen while it is written."""
    kept: tuple[Wish, Sample] | None = st.session_state.get("tune.sample")
    if kept and kept[0] == wish:
        return kept[1]
    config = SampleConfig(temperature=wish.temperature, max_length=wish.length)
    writing = stream(engine(wish.model), config, seed=wish.seed, fields=wish.header)
    text, shown, paused = "", time.monotonic(), 0.0
    while True:
        try:
            character = next(writing)
        except StopIteration as end:
            sample: Sample = end.value
            break
        text += character
        line_ends = character == "\n" and paused < PAUSES
        if line_ends or time.monotonic() - shown > FRAME:
            slot.code(text, language=None, wrap_lines=True)
            if line_ends:
                time.sleep(PAUSE)
                paused += PAUSE
            shown = time.monotonic()
    st.session_state["tune.sample"] = (wish, sample)
    put("X:1\n" + sample.text, "composed", wish=wish)
    return sample
