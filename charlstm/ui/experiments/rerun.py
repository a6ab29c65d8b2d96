"""Run again: the box that starts a study in a process of its own, shows how far it is, and its command line."""

from __future__ import annotations

import shlex

import streamlit as st

from charlstm.errors import CharlstmError
from charlstm.experiments import local
from charlstm.experiments.catalog import SEEDS, Study, Training
from charlstm.experiments.records import RecordSet
from charlstm.experiments.tables import Row
from charlstm.ui.shared.notices import plain

MAX_EPOCHS, MAX_SEEDS = 500, 20
REFRESH = "1s"


def run_again(study: Study, rows: list[Row], which: RecordSet) -> None:
    """The box, within an expander that stays open while the study runs."""
    active = local.running()
    if active == study.name:
        st.session_state["experiments.watched"] = study.name  # its end is shown as well
    watched = st.session_state.get("experiments.watched") == study.name
    with st.expander("Run again", icon=":material/replay:", expanded=watched):
        left, right, _ = st.columns([1, 1, 2])
        trains = any(isinstance(run.job, Training) for run in study.runs(1))
        epochs = right.number_input(
            "Epochs", 1, MAX_EPOCHS, which.epochs, key=f"experiments.epochs.{study.name}", disabled=not trains,
            help="Other epochs are records of their own, beside these.",
        )  # fmt: skip
        seeds = left.number_input("Seeds", 1, MAX_SEEDS, SEEDS, key=f"experiments.seeds.{study.name}")
        words = local.command(
            study.name,
            epochs=int(epochs),
            seeds=int(seeds),
            corpus=which.corpus,
            again=_all_there(study, rows, int(seeds)),
        )
        st.caption(_how_long(rows, int(epochs), int(seeds), which))
        if st.button(
            "Run it here", key=f"experiments.run.{study.name}", icon=":material/play_arrow:", disabled=bool(active)
        ):
            try:
                local.start(study.name, words)
            except CharlstmError as error:
                st.error(plain(str(error)))
            st.rerun()
        st.caption("It runs in a process of its own: this page may be closed. The same on the command line:")
        st.code(shlex.join(["charlstm", *words]), language=None, wrap_lines=True)
        if active and active != study.name:
            st.caption(plain(f"The study {active} is running now; one runs at a time."))
        if local.status(study.name) is not None:
            _show_status(study.name)


def _all_there(study: Study, rows: list[Row], seeds: int) -> bool:
    """Whether every case has its records: then running means anew, else only what is missing."""
    return all(len(row.records) >= len(row.case.runs(seeds)) for row in rows)


def _how_long(rows: list[Row], epochs: int, seeds: int, which: RecordSet) -> str:
    """What it took when the records were made, for as many epochs and seeds."""
    records = {record.key: record for row in rows for record in row.records}
    if not records:
        return "Nobody has run it yet."
    per_seed = sum(record.seconds for record in records.values()) / max(len(row.records) for row in rows)
    minutes = per_seed * seeds * epochs / which.epochs / 60
    cpu = plain(str(next(iter(records.values())).machine["cpu"]))
    return f"About {max(1, round(minutes))} minutes on one core of the machine that made these records ({cpu})."


def _show_status(name: str) -> None:
    """How far the study's process is; looks again each second while it runs, and the page runs anew at its end."""
    began_running = local.is_running(name)

    @st.fragment(run_every=REFRESH if began_running else None)
    def watch() -> None:
        now = local.status(name)
        if now is None:
            return
        if began_running and not now.running:
            st.rerun()
        with st.container(key=f"experiments-standing-{name}"):
            if now.running:
                share = (now.done + (now.share if now.share < 1 else 0)) / now.total if now.total else 0.0
                at = f"Run {min(now.done + 1, now.total)} of {now.total}" if now.total else "Starting"
                st.progress(min(share, 1.0), plain(f"{at} {now.key}, {_clock(now.seconds)}".replace("  ", " ")))
                if st.button("Stop", key=f"experiments.stop.{name}", icon=":material/stop:"):
                    local.stop(name)
                    st.rerun()
            elif now.finished:
                message = f"Done: {now.total} runs in {_clock(now.seconds)}."
                if now.repeated:
                    message += f" {now.identical} of {now.repeated} came out exactly as they were."
                st.success(plain(message))
            else:
                st.warning(plain(f"It ended after {now.done} of {now.total or 'its'} runs; run it again to go on."))
                if now.log:
                    st.code(now.log, language=None, wrap_lines=True)

    watch()


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
