"""The top and bottom activating examples of a neuron: passages of tunes in its colours, one of them with a player."""

from __future__ import annotations

import html
from collections.abc import Sequence

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from charlstm.neurons import unit_stats
from charlstm.neurons.recording import Activations
from charlstm.neurons.snippet import Snippet, snippet
from charlstm.neurons.unit_stats import Passage
from charlstm.tunes.abc import split_header
from charlstm.ui.chart_style import visible
from charlstm.ui.palette import OUTLINE, tint
from charlstm.ui.shared.drawing import draw
from charlstm.ui.shared.notices import plain
from charlstm.ui.shared.player import show_tune
from charlstm.ui.state import Setting

COUNT = 4  # at each end
PLAYER = "neuron.player"
PASSAGE = Setting("neuron.passage", 0)  # the number of the passage that is shown
PLAYS = Setting("neuron.plays", 0)  # how often a passage was asked to play


def titled(words: str, about: str) -> None:
    """The heading of a part of the view, and a sentence below it."""
    st.header(words, anchor=False)
    st.caption(about)


def top_examples(recording: Activations, values: NDArray[np.floating], label: str) -> str:
    """Where a neuron is highest and lowest, each in another tune, and a player of the one chosen.

    Parameters
    ----------
    recording : Activations
    values : float array, shape (characters of the recording,)
        Of the neuron.
    label : str
        What the values are of.

    Returns
    -------
    str
        The text in the player, whose sound is still to be sent.
    """
    ends = {
        "Top activating examples": unit_stats.passages(recording, values, count=COUNT),
        "Bottom activating examples": unit_stats.passages(recording, values, count=COUNT, lowest=True),
    }
    passages = [passage for end in ends.values() for passage in end]
    chosen = min(PASSAGE.get(), len(passages) - 1)
    number = 0
    for column, (words, some) in zip(st.columns(2, gap="large"), ends.items(), strict=True):
        with column:
            titled(words, "Each from a different tune. The example itself is outlined.")
            for passage in some:
                _example(recording, values, passage, number, number == chosen)
                number += 1
    passage = passages[chosen]
    cut = snippet(recording.texts[passage.index], passage.at, passage.at + 1)
    start, end = recording.starts[passage.index : passage.index + 2]
    with st.container(border=True):
        st.caption(plain(f"“{_title(recording, passage)}”, {bars_of(cut) or 'complete'}"))
        show_tune(
            draw(cut.text),
            key=PLAYER,
            values=cut.values(values[start:end]),
            label=label,
            marks=[(cut.start, cut.end)] if cut.end > cut.start else [],
            play=str(PLAYS.get() or ""),
        )
    return cut.text


def _example(
    recording: Activations, values: NDArray[np.floating], passage: Passage, number: int, is_chosen: bool
) -> None:
    """A passage in colour, and below it a button that plays it."""

    def play() -> None:
        PASSAGE.set(number)
        PLAYS.set(PLAYS.get() + 1)

    start = int(recording.starts[passage.index])
    shown = values[start + passage.start : start + passage.end].tolist()
    text = recording.texts[passage.index]
    st.html(coloured(text[passage.start : passage.end], shown, passage.at - passage.start))
    label = f"Play {number + 1}: {signed(passage.value)} in “{_title(recording, passage)}”"
    st.button(
        plain(label), key=f"neuron.play.{number}", icon=":material/play_arrow:", on_click=play,
        type="primary" if is_chosen else "secondary",
    )  # fmt: skip


def coloured(text: str, values: Sequence[float], at: int) -> str:
    """Some characters as HTML, escaped, each in its value's colour; the one at `at` outlined."""
    spans = []
    for k, (character, value) in enumerate(zip(text, values, strict=True)):
        outline = f"outline:2px solid {OUTLINE};" if k == at else ""
        ink = "color:#fff;" if abs(value) > 0.6 else ""
        spans.append(
            f'<span style="background:{tint(value)};{ink}{outline}" title="{signed(value)}">'
            f"{html.escape(visible(character))}</span>"
        )
    style = "font-family:monospace;font-size:0.95rem;line-height:1.9;overflow-wrap:anywhere"
    return f'<div style="{style}">{"".join(spans)}</div>'


def signed(value: float) -> str:
    """A value with its sign, two digits."""
    return f"{value:+.2f}".replace("-", "−")


def bars_of(cut: Snippet) -> str:
    """Which bars a piece of a tune is: "bars 3 to 5"; "" for one without bars."""
    if not cut.first:
        return ""
    return f"bar {cut.first}" if cut.first == cut.last else f"bars {cut.first} to {cut.last}"


def _title(recording: Activations, passage: Passage) -> str:
    return split_header(recording.texts[passage.index]).get("T") or "Untitled"
