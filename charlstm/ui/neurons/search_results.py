"""The places that a search found: a list, and the chosen one to be seen and heard."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import streamlit as st

from charlstm.neurons.recording import Activations
from charlstm.neurons.search import Probe
from charlstm.neurons.snippet import snippet
from charlstm.ui.neurons.examples import bars_of
from charlstm.ui.neurons.settings import unit_name
from charlstm.ui.neurons.tune_source import title_in
from charlstm.ui.neurons.view_context import Sounds
from charlstm.ui.shared.drawing import draw
from charlstm.ui.shared.durations import counted
from charlstm.ui.shared.notices import plain
from charlstm.ui.shared.player import show_tune
from charlstm.ui.state import Setting

SHOWN = 12  # places
PLAYER = "search.place.player"
PLACE = Setting("search.place", 0)


class Hit(NamedTuple):
    """A place that was found, and a remark on it."""

    text: int  # its number in the recording
    start: int
    end: int
    remark: str


def probe_name(probe: Probe, layers: int) -> str:
    """A neuron and when it is on: "12 ↑"."""
    return f"{unit_name(probe.unit, layers)} {'↑' if probe.sign > 0 else '↓'}"


def counted_places(count: int, tunes: int) -> str:
    """So many places in so many tunes."""
    return f"{counted(count, 'place')} in {tunes:,} tunes"


def share_on(acts: Activations, probes: Sequence[Probe]) -> list[float] | None:
    """The share of the probes that are on at each character of a text; None without probes."""
    if not probes:
        return None
    on = [probe.sign * acts.unit(probe.unit) >= probe.threshold for probe in probes]
    shares: list[float] = np.mean(on, axis=0).tolist()
    return shares


def show_places(recording: Activations, hits: Sequence[Hit], probes: Sequence[Probe], summary: str) -> Sounds:
    """A list of places, and the chosen one with its player, whose sound is returned."""
    st.header("Places", anchor=False)
    st.caption(plain(summary))
    if not hits:
        return []
    pieces = [snippet(recording.texts[hit.text], hit.start, hit.end) for hit in hits]

    def label(index: int) -> str:
        title = title_in(recording.texts[hits[index].text])
        bars = bars_of(pieces[index])
        return plain(f"{title}, {bars}" if bars else title)

    left, right = st.columns([2, 3])
    chosen = left.radio(
        "Place",
        range(len(hits)),
        key=PLACE.of(hash((recording.path, tuple(hits)))).widget(range(len(hits))),
        format_func=label,
        captions=[plain(hit.remark) for hit in hits],
        label_visibility="collapsed",
    )
    hit, piece = hits[chosen], pieces[chosen]
    shares = share_on(recording.of_text(hit.text), probes)
    with right:
        show_tune(
            draw(piece.text),
            key=PLAYER,
            values=None if shares is None else piece.values(np.array(shares)),
            scale="unit",
            label="Share of these neurons on",
            marks=[(piece.start, piece.end)] if piece.end > piece.start else [],
        )
    return [(piece.text, PLAYER)]
