"""A study of losses: the report's figures, all cases side by side, and the table of a study with its files."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from charlstm.experiments.jobs import Sampling, Study
from charlstm.experiments.tables import WINDOWS, Row, cell, columns, interval_note
from charlstm.ui.experiments.charts import comparison_chart, curve_chart, loss_domain
from charlstm.ui.shared.choices import choose
from charlstm.ui.shared.figures import show_figure
from charlstm.ui.shared.notices import plain
from charlstm.ui.state import Setting

WAYS = {"slices": WINDOWS, "tunes": "Whole tunes"}
MEASURES = {
    "test tunes": "test loss on whole tunes, nats per character",
    "test windows": f"test loss on {WINDOWS}, nats per character",
    "train": f"training loss on {WINDOWS}, last epoch",
    "characters/s": "characters per second",
}
LINES, REPORTED = "A line per seed", "; dashed: the last loss in the original report"
IN_FILES = "characters/s", "seconds"  # columns of the files alone, so that the table fits
PER_LINE = 3
_INTERVAL = re.compile(r"\(([\d.,]+) to ([\d.,]+)\)")
WAY = Setting("experiments.way", "slices")
MEASURE = Setting("experiments.measure", next(iter(MEASURES)))


def show_losses(study: Study, rows: Sequence[Row]) -> None:
    """The curves, the comparison of all cases, the table."""
    way = choose(
        "Loss on", WAYS, WAY, labels=WAYS, hidden=False,
        help="A window is 30 characters from anywhere in a tune, read without what came before it: the report plots "
        "losses on those. On whole tunes a network can use its memory.",
    )  # fmt: skip
    with_curves = [row for row in rows if any(record.curves for record in row.records)]
    domain = loss_domain(with_curves, way)
    with_report = way == "slices" and any(row.case.report for row in with_curves)
    st.caption(f"{LINES}{REPORTED if with_report else ''}.")
    _grid([row for row in with_curves if row.case.figure], way, domain)
    if added := [row for row in with_curves if not row.case.figure]:
        with st.expander("Curves that are not in the report"):
            _grid(added, way, domain)
    st.header("Side by side", anchor=False)
    measure = st.selectbox("Measure", list(MEASURES), key=MEASURE.widget(), format_func=MEASURES.__getitem__)
    caption = f"A point is the mean over seeds; {interval_note(rows)}.".replace("in brackets:", "the bar is")
    chart = comparison_chart(rows, measure, MEASURES[measure])
    show_figure(chart, title=f"{study.title}, side by side", caption=caption, key="experiments.comparison")
    st.caption(caption)
    show_table(study, rows)


def _grid(rows: Sequence[Row], way: str, domain: tuple[float, float]) -> None:
    for first in range(0, len(rows), PER_LINE):
        for place, row in zip(st.columns(min(PER_LINE, len(rows))), rows[first : first + PER_LINE], strict=False):
            with place:
                title = (f"Figure {row.case.figure}: " if row.case.figure else "") + row.case.label
                st.caption(plain(title))
                seeds = ", ".join(str(record.seed) for record in row.records)
                caption = f"Loss on {WAYS[way].lower()}; a line per seed ({seeds}); dashed: the original report."
                show_figure(
                    curve_chart(row, way, domain), title=title, caption=caption, key=f"experiments.{way}.{title}"
                )


def show_table(study: Study, rows: Sequence[Row]) -> None:
    """A study's table, and its files."""
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
    st.header("Table", anchor=False)
    # Losses and tunes have different columns, so each kind has a table of its own.
    kinds: dict[bool, list[dict[str, str]]] = {}
    for row, entry in zip((row for row in rows if row.records), entries, strict=True):
        kinds.setdefault(isinstance(row.case.job, Sampling), []).append(entry)
    shown = []
    for alike in kinds.values():
        candidates = [name for name in ("figure", *own, *measures) if name not in IN_FILES]
        names = [name for name in candidates if any(entry[name] not in ("", "-") for entry in alike)]
        names.sort(key=lambda name: name in measures and name != MEASURE.default)  # the headline before the others
        wrapped_table([{_title(name): entry[name] for name in names} for entry in alike])
        shown += [name for name in names if name in measures]
    note = interval_note(rows)
    more = " Speed and time of the trainings are in the files." if any(name in measures for name in IN_FILES) else ""
    st.caption(f"{note[0].upper()}{note[1:]}.{more}")
    with st.expander("What the columns are"):
        st.markdown("\n".join(f"- {plain(_title(name))}: {plain(measures[name])}" for name in dict.fromkeys(shown)))
    download_table(study.name, entries, [row.to_dict() for row in rows])


def wrapped_table(entries: Sequence[Mapping[str, str]]) -> None:
    """A table of texts as wide as the page, whose cells wrap: no column is cut off."""
    st.table([{name: plain(_cell(text)) for name, text in entry.items()} for entry in entries], hide_index=True)


def _cell(text: str) -> str:
    """A text as a cell shows it: a dash where nothing was measured; no line ends inside an interval."""
    return "–" if text == "-" else _INTERVAL.sub("(\\1\u2060–\u2060\\2)", text)


def _title(column: str) -> str:
    """A column's heading in the words of the page; its name in the files stays."""
    return column.replace("_", " ").replace("dropout acts", "output dropout")


def download_table(name: str, entries: Sequence[dict[str, str]], values: Sequence[dict[str, Any]]) -> None:
    """A table as CSV, and its values as JSON."""
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
