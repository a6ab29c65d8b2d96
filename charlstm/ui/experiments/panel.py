"""The panel: every measure of each model's tunes between real tunes and shuffled bars, and what notes they have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from charlstm.evaluate.distributions import DISTRIBUTIONS
from charlstm.experiments.jobs import Study
from charlstm.experiments.records import Record
from charlstm.experiments.tables import BESIDE, PANEL, Row, beside, cell, interval_note
from charlstm.ui.experiments.losses import download_table, wrapped_table
from charlstm.ui.experiments.panel_charts import distribution_chart, measure_chart
from charlstm.ui.shared.choices import choose
from charlstm.ui.shared.figures import show_figure
from charlstm.ui.shared.notices import plain
from charlstm.ui.state import Setting

TITLES = {
    "pitch": "Pitch above the tonic", "interval": "Interval to the next note", "length": "Length of a note",
    "rhythm": "Rhythm of a bar",
}  # fmt: skip
DEFINED = ("valid", "fully_valid")  # the two kinds of valid that stand side by side
MEASURE = Setting("experiments.panel.measure", "fully_valid")
MODEL = Setting("experiments.panel.model", "")
TEMPERATURE = Setting("experiments.panel.temperature", 0.8)


def show_panel(study: Study, rows: Sequence[Row]) -> None:
    """A measure over the temperature, the notes of one model's tunes, and all measures of it."""
    present = [row for row in rows if row.records]
    measures = {name: about for name, about in PANEL.items() if any(row.values(name) for row in present)}
    # One measure of all models.
    measure = st.selectbox(
        "Measure", list(measures), key=MEASURE.widget(measures), format_func=lambda name: _words(name, measures)
    )
    caption = f"{measures[measure]}; {interval_note(present)}".replace("in brackets:", "the bar is")
    title = f"{_name(measure)} by temperature"
    show_figure(measure_chart(present, measure), title=title, caption=caption, key="experiments.panel.chart")
    words = [f"{_name(name)}: {measures[name]}." for name in DEFINED if name in measures]
    st.caption(plain(" ".join(words)))
    # One model at one temperature.
    models = list(dict.fromkeys(str(row.case.columns["model"]) for row in present))
    left, right = st.columns([3, 2])
    model = left.selectbox("Model", models, key=MODEL.widget(models))
    by_temperature = {row.case.columns["T"]: row for row in present if row.case.columns["model"] == model}
    labels = {t: f"{t:g}" for t in by_temperature}
    t = choose("Temperature", by_temperature, TEMPERATURE, labels=labels, hidden=False, place=right)
    st.header("Notes and rhythms", anchor=False)
    _show_distributions(by_temperature[t].records[0], f"{model}, T = {t:g}")
    _show_table(study, list(by_temperature.values()), measures)


def _name(measure: str) -> str:
    return measure.replace("_", " ").capitalize()


def _words(measure: str, measures: Mapping[str, str]) -> str:
    return f"{_name(measure)}: {measures[measure]}"


def _show_distributions(record: Record, tunes: str) -> None:
    """The four distributions of a model's tunes beside those of real tunes."""
    drawn = record.result.get("distributions", {})
    names = [name for name in DISTRIBUTIONS if name in drawn]
    for first in range(0, len(names), 2):
        for place, name in zip(st.columns(2), names[first : first + 2], strict=False):
            with place:
                st.caption(plain(_distance(name, drawn[name])))
                caption = f"Share of {DISTRIBUTIONS[name]}: {record.result['tunes']} tunes of {tunes}, and "
                caption += f"{record.result['real_tunes']} real tunes."
                show_figure(
                    distribution_chart(name, drawn[name], tunes), title=TITLES[name], caption=caption,
                    key=f"experiments.panel.{name}",
                )  # fmt: skip


def _distance(name: str, values: Mapping[str, Any]) -> str:
    said = TITLES[name]
    if values["distance"] is not None and values["halves"] is not None:
        said += f": {values['distance']:.1%} away from real tunes; two halves of those: {values['halves']:.1%}"
    return f"{said}."


def _show_table(study: Study, rows: Sequence[Row], measures: Mapping[str, str]) -> None:
    """All measures of a model: a line each, a column a temperature, then the real and the shuffled tunes."""
    st.header("Table", anchor=False)
    entries = []
    for name, about in measures.items():
        reference = {label: beside(rows, name)[part] for part, label in BESIDE.items()}
        cells = {f"T = {row.case.columns['T']:g}": cell(row, name) for row in rows}
        entries.append({"measure": _name(name), **cells, **reference, "definition": about})
    wrapped_table(entries)
    note = interval_note(rows)
    st.caption(plain(f"{note[0].upper()}{note[1:]}."))
    download_table(study.name, entries, [row.to_dict() for row in rows])
    st.caption("A model of your own, or tunes in a file:")
    st.code(
        "charlstm evaluate panel --model NAME --temperature 0.8 -n 1000\ncharlstm evaluate panel tunes.abc",
        language=None,
    )
