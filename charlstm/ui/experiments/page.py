"""Experiments: the report's figures redrawn from our records, with what it says beside what we find."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import streamlit as st

from charlstm.experiments.catalog import EPOCHS, Study, catalog
from charlstm.experiments.claims import findings, report
from charlstm.experiments.records import Record, RecordSet, StoredRecords, read_records, record_sets
from charlstm.experiments.tables import ROLES, Row, cell, columns, interval_note, neuron_rows, rows_of
from charlstm.neurons.heatmap import heatmap, to_png
from charlstm.neurons.recording import Activations
from charlstm.paths import result_roots
from charlstm.ui.experiments.charts import comparison_chart, curve_chart, loss_domain, temperature_chart
from charlstm.ui.experiments.rerun import run_again
from charlstm.ui.shared.drawing import draw
from charlstm.ui.shared.notices import plain
from charlstm.ui.shared.player import show_tune, sound_tune

WAYS = {"slices": "Slices, as the report plots", "tunes": "Whole tunes"}
MEASURES = {
    "test tunes": "test loss on whole tunes, nats a character",
    "test slices": "test loss on slices, nats a character",
    "train": "training loss on slices, last epoch",
    "characters/s": "characters a second",
}
SHARES = {"in_meter": "Bars that fill their meter", "valid": "Tunes without a fault", "ended": "Tunes that end"}
MARKS = {True: ":material/check:", False: ":material/close:", None: ""}
WORDS = {True: "agrees", False: "differs", None: ""}
PER_LINE = 3


@st.cache_data(max_entries=8, show_spinner=False)
def _records(stamp: tuple[int, int], folder: str) -> StoredRecords:
    return read_records()


@st.cache_data(max_entries=64, show_spinner=False)
def _heatmap_png(text: str, values: tuple[float, ...], unit: tuple[int, int]) -> bytes:
    """The report's grid of one neuron; the values stand at the unit's own place, so that its name is right."""
    acts = np.zeros((unit[0] + 1, len(text), unit[1] + 1), dtype=np.float32)
    acts[unit[0], :, unit[1]] = values
    return to_png(heatmap(Activations((text,), acts), unit))


def _stamp() -> tuple[int, int]:
    """Changes when a record is written."""
    files = [path for root in result_roots() for path in root.glob("*.json")]
    return len(files), max((path.stat().st_mtime_ns for path in files), default=0)


def page() -> None:
    """The page, top to bottom."""
    stored = _records(_stamp(), str(result_roots()))
    records = stored.records
    which = _which(records)
    studies = catalog(which.epochs)
    head, download = st.columns([4, 1], vertical_alignment="bottom")
    head.header("Experiments", anchor=False)
    st.caption(_made_of(records, which))
    study = studies[_chosen(studies)]
    rows = rows_of(study, which.fingerprint, records)
    for problem in stored.problems:
        st.warning(plain(problem), icon=":material/warning:")
    if records:
        download.download_button(
            "Report", lambda: report(which, records), "experiments.md", "text/markdown", key="experiments.report",
            on_click="ignore", icon=":material/download:", width="stretch",
            help="All studies in one text: tables, and what the report says beside what we find.",
        )  # fmt: skip
    st.subheader(study.question, anchor=False)
    st.caption(study.about)
    _findings(study, rows)
    if not any(row.records for row in rows):
        st.info("There are no records of this study here yet. Run it, below.", icon=":material/science:")
    elif study.name == "temperatures":
        _temperatures(rows)
    elif study.name == "heatmaps":
        _heatmaps(rows)
    else:
        _losses(study, rows)
    run_again(study, rows, which)


def _which(records: Sequence[Record]) -> RecordSet:
    """The set of records to show: chosen in the sidebar where there are several."""
    found = list(record_sets(records)) or [RecordSet("fiddle", "", EPOCHS)]
    if len(found) == 1:
        return found[0]
    chosen = st.sidebar.selectbox(
        "Records", range(len(found)), key="experiments.set",
        format_func=lambda k: f"{found[k].corpus}, {found[k].epochs} epochs",
    )  # fmt: skip
    return found[chosen if chosen is not None and chosen < len(found) else 0]


def _chosen(studies: dict[str, Study]) -> str:
    """The study: a choice at the top, kept in the address."""
    state, asked = st.session_state, st.query_params.get("study", "")
    if state.get("experiments.study") not in studies:
        wanted = asked if asked in studies else state.get("experiments.last", "")
        state["experiments.study"] = wanted if wanted in studies else next(iter(studies))
    chosen = st.segmented_control(
        "Study", list(studies), key="experiments.study", required=True, label_visibility="collapsed",
        format_func=lambda name: studies[name].title,
    )  # fmt: skip
    state["experiments.last"] = chosen
    if st.query_params.to_dict() != {"study": chosen}:
        st.query_params.from_dict({"study": str(chosen)})
    return str(chosen)


def _made_of(records: Sequence[Record], which: RecordSet) -> str:
    ours = [record for record in records if which.has(record)]
    intro = "A class report trained small networks on folk tunes; here are its studies, done again."
    if not ours:
        return intro
    tunes = sum(ours[0].corpus.tunes)
    minutes = sum(record.seconds for record in ours) / 60
    seeds = len({record.seed for record in ours})
    return plain(
        f"{intro} {len(ours)} runs on {tunes:,} tunes, {which.epochs} epochs, {seeds} seeds: "
        f"{minutes:.0f} minutes of one core."
    )


def _findings(study: Study, rows: Sequence[Row]) -> None:
    """The report's claims, and ours, side by side."""
    found = findings(study, rows)
    if not found:
        return
    lines = ["| The report says | We find | |", "| --- | --- | --- |"]
    for one in found:
        says = plain(one.says) if one.says else ":gray[Not in the report]"
        lines.append(f"| {says} | {plain(one.finds)} | {MARKS[one.agrees]} {WORDS[one.agrees]} |")
    st.markdown("\n".join(lines))


# ---- losses ---------------------------------------------------------------------------------------------------------


def _losses(study: Study, rows: Sequence[Row]) -> None:
    way = st.segmented_control(
        "Loss on", list(WAYS), key="experiments.way", default="slices", required=True,
        format_func=lambda name: WAYS[name],
        help="A slice is 30 characters from anywhere in a tune, read without what came before it: the report plots "
        "losses on those. On whole tunes a network can use its memory.",
    )  # fmt: skip
    curved = [row for row in rows if any(record.curves for record in row.records)]
    domain = loss_domain(curved, str(way))
    drawn = [row for row in curved if row.case.figure]
    added = [row for row in curved if not row.case.figure]
    _grid(drawn, str(way), domain)
    if added:
        with st.expander("Curves that the report does not have"):
            _grid(added, str(way), domain)
    st.subheader("Side by side", anchor=False)
    measure: str = st.selectbox(
        "Measure", list(MEASURES), key="experiments.measure", format_func=lambda name: MEASURES[name]
    )
    st.altair_chart(comparison_chart(rows, measure, MEASURES[measure]), width="stretch")
    st.caption(f"A point is the mean over seeds; {interval_note(rows)}.".replace("in brackets:", "the bar is"))
    _table(study, rows)


def _grid(rows: Sequence[Row], way: str, domain: tuple[float, float]) -> None:
    for first in range(0, len(rows), PER_LINE):
        for place, row in zip(st.columns(PER_LINE), rows[first : first + PER_LINE], strict=False):
            with place:
                figure = f"Figure {row.case.figure}: " if row.case.figure else ""
                st.caption(plain(f"{figure}{row.case.label}"))
                st.altair_chart(curve_chart(row, way, domain), width="stretch")


def _table(study: Study, rows: Sequence[Row]) -> None:
    """The study's table, and its files."""
    measures = {name: about for name, about in columns(study).items() if any(row.values(name) for row in rows)}
    own = list(dict.fromkeys(name for row in rows for name in row.case.columns))
    entries = [
        {
            "figure": row.case.figure,
            **{name: str(row.case.columns.get(name, "")) for name in own},
            **{name: cell(row, name) for name in measures},
        }
        for row in rows
        if row.records
    ]
    st.subheader("In numbers", anchor=False)
    config = {name: st.column_config.TextColumn(name.replace("_", " "), help=about) for name, about in measures.items()}
    st.dataframe(entries, hide_index=True, column_config=config, width="stretch")
    note = interval_note(rows)
    st.caption(f"{note[0].upper()}{note[1:]}. Hold the pointer over a column's name to read what it is.")
    _files(study.name, entries, [row.to_dict() for row in rows])


def _files(name: str, entries: Sequence[dict[str, str]], values: Sequence[dict[str, Any]]) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(entries[0]) if entries else [])
    writer.writeheader()
    writer.writerows(entries)
    files = (("CSV", "csv", text.getvalue()), ("JSON", "json", json.dumps(values, indent=1)))
    with st.container(horizontal=True, gap="small"):
        for label, ending, data in files:
            st.download_button(
                label, data, f"{name}.{ending}", key=f"experiments.download.{name}.{ending}", on_click="ignore",
                icon=":material/download:",
            )  # fmt: skip


# ---- temperatures ---------------------------------------------------------------------------------------------------


def _temperatures(rows: Sequence[Row]) -> None:
    names = {"baseline": "the baseline", "lstm-512": "lstm-512"}
    charts = [(name, title, True) for name, title in SHARES.items()]
    for place, (name, title, share) in zip(st.columns(PER_LINE), charts, strict=True):
        place.caption(title)
        place.altair_chart(temperature_chart(rows, name, title, names, share=share), width="stretch")
    present = [row for row in rows if row.records]
    st.subheader("One tune of each", anchor=False)
    models = list(dict.fromkeys(row.case.columns["model"] for row in present))
    left, middle, right = st.columns([2, 2, 1])
    model = left.segmented_control(
        "Model", models, key="experiments.model", default=models[0], required=True,
        format_func=lambda name: names.get(name, name),
    )  # fmt: skip
    mine = {row.case.columns["T"]: row for row in present if row.case.columns["model"] == model}
    temperature = middle.segmented_control(
        "Temperature", list(mine), key="experiments.temperature", default=1.0 if 1.0 in mine else next(iter(mine)),
        required=True, format_func=lambda t: f"{t:g}",
    )  # fmt: skip
    row = mine.get(temperature) or next(iter(mine.values()))
    seeds = {record.seed: record for record in row.records}
    seed = right.selectbox("Seed", list(seeds), key="experiments.seed") if len(seeds) > 1 else next(iter(seeds))
    result = seeds.get(seed, row.records[0]).result
    choices = math.exp(result["hesitation"])
    st.caption(
        plain(
            f"The first of {result['tunes']} tunes, not the best. Over all of them the network hesitated between "
            f"{choices:.1f} characters, and {result['measures']['ended']['value']:.0%} of the tunes came to an end."
        )
    )
    abc = "X:1\n" + result["example"]
    drawing = draw(abc)
    show_tune(drawing, key="experiments.player")
    with st.expander("As the network wrote it"):
        st.code(result["example"], language=None, wrap_lines=True)
    _table(catalog()["temperatures"], rows)
    sound_tune(drawing, key="experiments.player")


# ---- heatmaps -------------------------------------------------------------------------------------------------------


def _heatmaps(rows: Sequence[Row]) -> None:
    networks = {
        f"{row.case.label}, seed {record.seed}" if len(row.records) > 1 else row.case.label: record.result
        for row in rows
        for record in row.records
    }
    left, right = st.columns(2)
    role = left.segmented_control(
        "Neuron",
        list(ROLES),
        key="experiments.role",
        default="header",
        required=True,
        format_func=lambda name: ROLES[name],
    )
    name = right.selectbox("Network", list(networks), key="experiments.network")
    result = networks[name if name in networks else next(iter(networks))]
    neuron = result["neurons"][role]
    unit = (int(neuron["unit"][0]), int(neuron["unit"][1]))
    st.caption(
        plain(
            f"Neuron {unit[1]}. Over {result['characters']:,} characters of test tunes it is {neuron['mean'][0]:+.2f} "
            f"on average in headers and {neuron['mean'][1]:+.2f} in bodies. Told by its value alone, a character of a "
            f"header is above one of a body in {neuron['auroc']:.0%} of pairs."
        )
    )
    text = result["text"]
    shift = len("X:1\n")  # the player's tune has a number, which the network never read
    abc = "X:1\n" + text
    drawing = draw(abc)
    values = [*([0.0] * shift), *neuron["values"]]
    show_tune(drawing, key="experiments.neuron", values=values, label=f"Neuron {unit[1]}")
    with st.expander("The grid, as the report draws it"):
        png = _heatmap_png(text, tuple(neuron["values"]), unit)
        st.image(png, width="content")
        st.download_button("PNG", png, f"neuron-{unit[1]}.png", "image/png", key="experiments.png", on_click="ignore")
    st.subheader("In numbers", anchor=False)
    st.dataframe(neuron_rows(rows), hide_index=True, width="stretch")
    sound_tune(drawing, key="experiments.neuron")


if __name__ == "__main__":  # as Streamlit runs a page
    page()
