"""Run again: the box that starts a study in its own process, shows how far it is, and its command."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

import streamlit as st

from charlstm.errors import CharlstmError
from charlstm.experiments import local
from charlstm.experiments.jobs import SEEDS, Study, Training
from charlstm.experiments.records import RecordSet
from charlstm.experiments.tables import Row
from charlstm.ui.shared.notices import plain
from charlstm.ui.shared.permissions import has_limits, require
from charlstm.ui.state import Setting

MAX_EPOCHS, MAX_SEEDS = 500, 20
REFRESH = "1s"
WATCHED = Setting("experiments.watched", "")  # the study that was seen running
EPOCH_COUNT: Setting[int | None] = Setting("experiments.epochs", None)  # of a study each
SEED_COUNT = Setting("experiments.seeds", SEEDS)


def run_again(study: Study, rows: Sequence[Row], which: RecordSet) -> None:
    """The box, within an expander that stays open while the study runs."""
    name, active = study.name, local.running()
    if active == name:
        WATCHED.set(name)  # its end is shown as well
    with st.expander("Run again", icon=":material/replay:", expanded=WATCHED.get() == name):
        left, right, _ = st.columns([1, 1, 2])
        trains = any(isinstance(run.job, Training) for run in study.runs(1))
        epochs = right.number_input(
            "Epochs", 1, MAX_EPOCHS, key=EPOCH_COUNT.of(name).widget(default=which.epochs), disabled=not trains,
            help="Runs with other epochs get their own records.",
        )  # fmt: skip
        seeds = left.number_input("Seeds", 1, MAX_SEEDS, key=SEED_COUNT.of(name).widget())
        complete = all(len(row.records) >= len(row.case.runs(int(seeds))) for row in rows)  # else only what is missing
        words = local.command(name, epochs=int(epochs), seeds=int(seeds), corpus=which.corpus, again=complete)
        st.caption(_how_long(rows, int(epochs), int(seeds), which))
        if st.button("Run it here", key=f"experiments.run.{name}", icon=":material/play_arrow:",
                     disabled=bool(active) or has_limits()):  # fmt: skip
            try:
                require("")
                local.start(name, words)
            except CharlstmError as error:
                st.error(plain(str(error)))
            st.rerun()
        if has_limits():
            st.caption("On a shared server the teacher starts and stops studies; the code is typed on the Train page.")
        st.caption("It runs in its own process: you can close this page. The same from the command line:")
        st.code(shlex.join(["charlstm", *words]), language=None, wrap_lines=True)
        if active and active != name:
            st.caption(plain(f"The study {active} is running now; one runs at a time."))
        if local.status(name) is not None:
            _show_status(name)


def _how_long(rows: Sequence[Row], epochs: int, seeds: int, which: RecordSet) -> str:
    """What it took when the records were made, for as many epochs and seeds."""
    records = {record.key: record for row in rows for record in row.records}
    if not records:
        return "It has not been run yet."
    per_seed = sum(record.seconds for record in records.values()) / max(len(row.records) for row in rows)
    minutes = per_seed * seeds * epochs / which.epochs / 60
    cpu = plain(str(next(iter(records.values())).machine["cpu"]))
    return f"About {max(1, round(minutes))} minutes on one core of the machine that made these records ({cpu})."


def _show_status(name: str) -> None:
    """How far the study's process is, again each second while it runs; at its end the whole page runs again."""
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
                if not has_limits() and st.button("Stop", key=f"experiments.stop.{name}", icon=":material/stop:"):
                    local.stop(name)
                    st.rerun()
            elif now.finished:
                message = f"Done: {now.total} runs in {_clock(now.seconds)}."
                if now.repeated:
                    message += f" {now.identical} of {now.repeated} gave exactly the same result."
                st.success(plain(message))
            else:
                st.warning(
                    plain(f"It stopped after {now.done} of {now.total or 'its'} runs; run it again to continue.")
                )
                if now.log:
                    st.code(now.log, language=None, wrap_lines=True)

    watch()


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
