"""Two runs laid over each other: their losses in one chart, what their settings differ in, their newest tunes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from charlstm.errors import CharlstmError
from charlstm.lm.cells import CELLS
from charlstm.lm.train import training_runs
from charlstm.lm.train.training_runs import TrainingRun
from charlstm.ui.shared.drawing import draw
from charlstm.ui.shared.figures import show_figure
from charlstm.ui.shared.notices import plain
from charlstm.ui.shared.player import show_tune, sound_tune
from charlstm.ui.train.charts import overlay_chart
from charlstm.ui.train.live import epoch_of, rows_of, show_liveness


def show_overlay(first: TrainingRun, second: TrainingRun) -> None:
    """The chart, again each second while one of them runs; the settings; the tunes."""
    busy = "running" in (first.state, second.state)
    st.fragment(_losses, run_every=1.0 if busy else None)((first.name, second.name), (first.state, second.state))
    differences = settings_differences(first, second)
    if differences:
        st.dataframe(differences, hide_index=True, key="train.differences")
        if len(differences) > 1 and any(row["Setting"] == "learning rate" for row in differences):
            st.caption("The learning rates differ too, so the losses differ for more than one reason.")
    elif first.settings and second.settings:
        st.caption("The two runs have the same settings.")
    else:
        st.caption("What their settings differ in is shown when both have begun.")
    _tunes((first, second))


def _losses(names: tuple[str, str], states: tuple[str, str]) -> None:
    try:
        runs = [training_runs.find_run(name) for name in names]
    except CharlstmError:
        st.rerun()
    if tuple(run.state for run in runs) != states:
        st.rerun()
    for run in runs:
        show_liveness(run)
    caption = "Validation loss (solid) and training loss (dashed) over the time spent training."
    chart = overlay_chart({run.name: rows_of(run) for run in runs})
    show_figure(chart, title="Two runs", caption=caption, key="train.overlay")
    st.caption(caption)


def settings_differences(first: TrainingRun, second: TrainingRun) -> list[dict[str, str]]:
    """A row for each setting in which two runs differ."""
    flat = [_flat(run.settings) for run in (first, second)]
    names = dict.fromkeys([*flat[0], *flat[1]])
    return [
        {"Setting": name.replace("_", " "), first.name: flat[0].get(name, "–"), second.name: flat[1].get(name, "–")}
        for name in names
        if flat[0].get(name) != flat[1].get(name)
    ]


def _flat(settings: Mapping[str, Any]) -> dict[str, str]:
    """Settings by name, those of the model and of the training among them."""
    values: dict[str, str] = {}
    for name, value in settings.items():
        if isinstance(value, Mapping):
            values |= {str(inner): str(what) for inner, what in value.items()}
        else:
            values[name] = str(value)
    if (cell := values.get("cell", "")) in CELLS:
        values["cell"] = CELLS[cell].label
    return values


def _tunes(runs: Sequence[TrainingRun]) -> None:
    """The newest tune of each, side by side."""
    st.header("What they write", anchor=False)
    drawings = []
    for place, (column, run) in enumerate(zip(st.columns(2), runs, strict=True)):
        with column:
            last = next((row for row in reversed(rows_of(run)) if row.get("sample")), None)
            if last is None:
                st.caption(plain(f"{run.name} has not written a tune yet."))
                continue
            st.caption(plain(f"{run.name}, after epoch {epoch_of(last)}"))
            drawing, key = draw(last["sample"]), f"train.overlay.{place}"
            show_tune(drawing, key=key)
            drawings.append((drawing, key))
    for drawing, key in drawings:
        sound_tune(drawing, key=key)
