"""Experiments: the report's figures reproduced from our records, its claims beside our findings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from charlstm.experiments.catalog import EPOCHS, catalog
from charlstm.experiments.claims import claims, report
from charlstm.experiments.jobs import Study
from charlstm.experiments.records import Record, RecordSet, StoredRecords, read_records, record_sets
from charlstm.experiments.tables import Row, rows_of
from charlstm.paths import result_roots
from charlstm.ui.experiments.heatmaps import show_heatmaps
from charlstm.ui.experiments.losses import show_losses
from charlstm.ui.experiments.panel import show_panel
from charlstm.ui.experiments.rerun import run_again
from charlstm.ui.experiments.temperatures import show_temperatures
from charlstm.ui.shared.choices import choose
from charlstm.ui.shared.notices import plain
from charlstm.ui.shared.view_slots import view_slot
from charlstm.ui.shared.written_address import WrittenAddress, is_followed, write_address
from charlstm.ui.state import Setting

VERDICTS = {True: ":material/check: agrees", False: ":material/close: differs", None: ""}
STUDY = Setting("experiments.study", "", query="study")
ADDRESS: WrittenAddress = Setting("experiments.address", None)
RECORDS = Setting("experiments.set", 0)  # which set of records


@st.cache_data(max_entries=8, show_spinner=False)
def _records(stamp: tuple[int, int], folder: str) -> StoredRecords:
    return read_records()


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
    head.title("Experiments", anchor=False)
    st.caption(_about(records, which))
    study = _chosen(studies)
    rows = rows_of(study, which.fingerprint, records)
    for problem in stored.problems:
        st.warning(plain(problem), icon=":material/warning:")
    if records:
        download.download_button(
            "Report", lambda: report(which, records), "experiments.md", "text/markdown", key="experiments.report",
            on_click="ignore", icon=":material/download:", width="stretch",
            help="All studies in one text: tables, and the original report beside this reproduction.",
        )  # fmt: skip
    with view_slot(study.name, studies):
        _show_study(study, rows, which, records)


def _show_study(study: Study, rows: Sequence[Row], which: RecordSet, records: Sequence[Record]) -> None:
    """One study: its question, the report's claims beside ours, its figures, and how to run it again."""
    st.header(study.question, anchor=False)
    st.caption(study.about)
    _findings(study, rows)
    if not any(row.records for row in rows):
        st.info("There are no records of this study yet. Run it below.", icon=":material/science:")
    elif study.name == "temperatures":
        baseline = rows_of(catalog(which.epochs)["baseline"], which.fingerprint, records)
        show_temperatures(study, rows, baseline)
    elif study.name == "heatmaps":
        show_heatmaps(rows)
    elif study.name == "panel":
        show_panel(study, rows)
    else:
        show_losses(study, rows)
    run_again(study, rows, which)


def _which(records: Sequence[Record]) -> RecordSet:
    """The set of records to show: chosen in the sidebar where there are several."""
    available = list(record_sets(records)) or [RecordSet("fiddle", "", EPOCHS)]
    if len(available) == 1:
        return available[0]
    places = range(len(available))
    place = st.sidebar.selectbox(
        "Records", places, key=RECORDS.widget(places),
        format_func=lambda k: f"{available[k].corpus}, {available[k].epochs} epochs",
    )  # fmt: skip
    return available[place]


def _chosen(studies: Mapping[str, Study]) -> Study:
    """The study: a choice at the top, written into the address, and read from it when the visitor goes back."""
    query = st.query_params.to_dict()
    if "study" in query and is_followed(ADDRESS, query):
        STUDY.reload()
    name = choose("Study", list(studies), STUDY, labels={name: study.title for name, study in studies.items()})
    write_address(ADDRESS, {"study": name})
    return studies[name]


def _about(records: Sequence[Record], which: RecordSet) -> str:
    ours = [record for record in records if which.has(record)]
    intro = "A class report trained small networks on folk tunes. These are its studies, reproduced."
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
    compared = claims(study, rows)
    if not compared:
        return
    judged = any(claim.agrees is not None for claim in compared)
    lines = ["| Original report | This reproduction |" + " |" * judged, "| --- | --- |" + " --- |" * judged]
    for claim in compared:
        says = plain(claim.says) if claim.says else ":gray[Not in the report]"
        lines.append(f"| {says} | {plain(claim.finds)} |" + f" {VERDICTS[claim.agrees]} |" * judged)
    st.markdown("\n".join(lines))


if __name__ == "__main__":  # as Streamlit runs a page
    page()
