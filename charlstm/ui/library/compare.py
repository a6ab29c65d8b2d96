"""Two tunes of the library side by side, and what differs between them."""

from __future__ import annotations

from difflib import SequenceMatcher

import streamlit as st

from charlstm.library.tune import LibraryTune
from charlstm.tunes.views.bars import bars
from charlstm.ui.library.settings import show
from charlstm.ui.library.tunes import facts, summary
from charlstm.ui.shared.drawing import draw
from charlstm.ui.shared.notices import plain
from charlstm.ui.shared.player import show_tune

ALIKE = 0.2  # share of bars that two tunes have in common before their differences are worth marking

Marks = list[tuple[int, int]]


def show_two(first: LibraryTune, second: LibraryTune) -> None:
    """Two tunes with their players, the bars that differ outlined, and a table of the rest."""
    differ = differences(first.titled, second.titled)
    for column, tune, marks in zip(st.columns(2), (first, second), differ, strict=True):
        with column:
            st.header(plain(tune.name), anchor=False)
            st.caption(plain(summary(tune)))
            show_tune(draw(tune.titled), key=f"library.player.{tune.number}", marks=marks)
    # Every fact, then the settings that differ; cells that differ are bold.
    rows = {name: (value, facts(second.text)[name]) for name, value in facts(first.text).items()}
    settings, others = (_settings(tune) for tune in (first, second))
    for name in sorted({*settings, *others}):
        if settings.get(name) != others.get(name):
            rows[name.replace("_", " ").capitalize()] = (settings.get(name, ""), others.get(name, ""))
    lines = [f"| | {plain(first.name)} | {plain(second.name)} |", "|---|---|---|"]
    for name, pair in rows.items():
        cells = [plain(value) or "–" for value in pair]
        bold = "" if pair[0] == pair[1] else "**"
        lines.append(f"| {plain(name)} | {bold}{cells[0]}{bold} | {bold}{cells[1]}{bold} |")
    st.markdown("\n".join(lines))
    st.button("Close the first", on_click=show, args=([second.number],), key="library.single", icon=":material/close:")


def _settings(tune: LibraryTune) -> dict[str, str]:
    """What a tune was made with, as short texts."""
    return {name: str(value) for name, value in tune.settings.items() if name not in ("prime", "before")}


@st.cache_data(max_entries=32, show_spinner=False)
def differences(first: str, second: str) -> tuple[Marks, Marks]:
    """The characters of the bars that only one of two tunes has; none where they have hardly a bar in common."""
    texts = (first, second)
    tune_bars = [bars(text) for text in texts]
    a, b = ([text[bar.start : bar.end] for bar in own] for text, own in zip(texts, tune_bars, strict=True))
    matcher = SequenceMatcher(None, a, b, autojunk=False)
    if matcher.ratio() < ALIKE:
        return [], []
    marks: tuple[Marks, Marks] = ([], [])
    for what, *edges in matcher.get_opcodes():
        if what != "equal":
            for own, side, start, end in zip(tune_bars, marks, edges[::2], edges[1::2], strict=True):
                if start < end:
                    side.append((own[start].start, own[end - 1].end))
    return marks
