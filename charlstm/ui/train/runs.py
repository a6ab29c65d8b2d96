"""The training runs: one of them with its curves, its tunes and what can be done with it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import streamlit as st

from charlstm.lm.cells import CELLS
from charlstm.lm.store.archive import clean_name, is_kept, keep
from charlstm.lm.store.checkpoint import JSON_FILE
from charlstm.lm.store.epochs import list_epochs
from charlstm.lm.train import training_runs
from charlstm.lm.train.training_runs import TrainingRun
from charlstm.sharing import is_shared, limits
from charlstm.ui.shared.notices import plain
from charlstm.ui.shared.permissions import check_disk, has_limits, is_allowed, owner_id, require
from charlstm.ui.state import Setting
from charlstm.ui.train.film import choose_film_of
from charlstm.ui.train.live import show_live, show_tunes
from charlstm.ui.train.new import RATES
from charlstm.ui.train.overlay import show_overlay
from charlstm.ui.train.settings import BESIDE, MESSAGE, RUN, VIEW, attempt, show_messages

Colour = Literal["red", "orange", "blue", "green", "gray"]
STATES: dict[str, tuple[str, Colour, str]] = {
    "queued": ("waiting", "gray", ":material/hourglass_empty:"),
    "running": ("training", "green", ":material/directions_run:"),
    "finished": ("finished", "blue", ":material/check:"),
    "paused": ("paused", "orange", ":material/pause:"),
    "stopped": ("stopped", "gray", ":material/stop:"),
    "failed": ("failed", "red", ":material/error:"),
    "killed": ("killed", "red", ":material/bolt:"),
    "damaged": ("damaged", "red", ":material/broken_image:"),
}
ABOUT = {
    "killed": "The process stopped without reporting: it was killed, or the machine was switched off. At most the last "
    "half minute is lost; Resume continues from there.",
    "paused": "Paused; nothing is lost. Resume continues where it left off.",
    "stopped": "It was stopped. It can be kept as a model, or resumed.",
    "finished": "Time limit reached.",
}
FACTORS = {0.1: "a tenth", 0.25: "a quarter", 0.5: "half", 1.0: "as planned", 2.0: "double", 4.0: "four times"}
WAIT = 60.0  # seconds that a stop may take before the page says so
RATE, MODEL_NAME = Setting("train.rate", 1.0), Setting("train.as", "")  # of one run each, as those of a fork:
FORK_AT, FORK_EPOCHS, FORK_RATE = (
    Setting("train.fork_at", -1),
    Setting("train.fork_epochs", 10),
    Setting("train.fork_rate", 1e-3),
)


def show(runs: Sequence[TrainingRun]) -> None:
    """The view, top to bottom."""
    if not runs:
        st.info("Nothing has been trained here yet. Choose “New” to begin.", icon=":material/model_training:")
        return
    show_messages()
    by_name = {run.name: run for run in runs}
    newest = next((run.name for run in runs if run.state == "running"), runs[0].name)
    if (wanted := RUN.get()) and wanted not in by_name:  # an address, or Back, after it was removed
        st.info(plain(f"There is no run called {wanted[:60]} here any more. Now shown: {newest}."))
    left, right = st.columns(2)
    name = left.selectbox("Run", list(by_name), key=RUN.widget(by_name, newest))
    others = ["", *(other for other in by_name if other != name)]
    beside = right.selectbox(
        "Compare with", others, key=BESIDE.widget(others), format_func=lambda name: name or "no other run"
    )
    run = by_name[name]
    choose_film_of(name)  # by the tab beside this one too
    busy = not is_shared() and any(other.state == "running" for other in runs)
    _head(run)
    if run.state == "queued":
        _wait(run)
    _controls(run, busy)
    if beside:
        _head(by_name[beside])
        _controls(by_name[beside], busy)
        show_overlay(run, by_name[beside])
    else:
        show_live(run)
        show_tunes(run)


def _head(run: TrainingRun) -> None:
    word, colour, icon = STATES[run.state]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header(plain(run.name), anchor=False, width="content")
        st.badge(f"{run.asked} requested" if run.asked else word, icon=icon, color=colour)
    model: Mapping[str, Any] = run.settings.get("model") or {}
    if model:
        layers = f" in {model.get('num_layers')} layers" if model.get("num_layers", 1) != 1 else ""
        parent, epoch = run.settings.get("fork"), run.settings.get("at")
        fork = f", forked from {Path(str(parent)).name}" + (f" after epoch {epoch}" if epoch else "") if parent else ""
        cell = str(model.get("cell", ""))
        size = f"{CELLS[cell].label if cell in CELLS else cell}, {model.get('hidden_size')} neurons{layers}"
        st.caption(plain(f"{size}, trained on {run.settings.get('corpus')}{fork}."))
    if run.message:
        st.error(plain(run.message))
    elif run.state in ABOUT:
        st.caption(ABOUT[run.state])


# ---- what can be done with a run ------------------------------------------------------------------------------------


def _controls(run: TrainingRun, busy: bool) -> None:
    key = f"train.{run.name}"
    if not is_allowed(run.owner):
        st.caption("Started by another visitor. You can watch it, and fork it.")
        if (run.folder / JSON_FILE).exists():
            _fork_popover(run, busy)
        return

    def button(label: str, icon: str, action: Callable[[TrainingRun], object], **options: Any) -> None:
        st.button(label, icon=f":material/{icon}:", on_click=_do, args=(action, run.name), **options)

    with st.container(horizontal=True, vertical_alignment="bottom"):
        if run.state == "running":
            button("Pause", "pause", training_runs.pause, disabled=bool(run.asked), key=f"{key}.pause")
            button(
                "Stop", "stop", training_runs.stop, disabled=run.asked == "stop", key=f"{key}.stop",
                help="Nothing is lost: it can be resumed, or kept as a model.",
            )  # fmt: skip
        elif run.state == "queued":
            button("Stop", "stop", training_runs.stop, key=f"{key}.stop")
        elif run.resumable:
            button("Resume", "play_arrow", training_runs.resume, disabled=busy, type="primary", key=f"{key}.resume")
        if run.state in ("running", *training_runs.RESUMABLE):
            _learning_rate(run)
        if (run.folder / JSON_FILE).exists():
            with st.popover("Keep" if run.state != "running" else "Stop and keep", icon=":material/bookmark:"):
                st.caption("Its best weights become a model that every page offers.")
                setting = MODEL_NAME.of(run.name)
                setting.set(setting.get() or run.name)
                st.text_input("Name", key=setting.widget(), max_chars=60)
                st.button("Keep it", type="primary", on_click=attempt, args=(lambda: _keep(run.name),),
                          key=f"{key}.keep")  # fmt: skip
            _fork_popover(run, busy)
            if len(list_epochs(run.folder)) > 1:
                st.button("Film", icon=":material/movie:", on_click=_film, args=(run.name,), key=f"{key}.film")
        if run.state != "running":
            with st.popover("Remove", icon=":material/delete:"):
                st.caption("Removes the run with its curves and its film. Models that were kept stay.")
                button("Remove it", "delete", _remove, key=f"{key}.remove")


def _do(action: Callable[[TrainingRun], object], name: str) -> None:
    def permitted() -> None:
        run = training_runs.find_run(name)
        require(run.owner)
        action(run)

    attempt(permitted)


@st.fragment(run_every=2.0)
def _wait(run: TrainingRun) -> None:
    """The place in the queue; looks again until it is this run's turn."""
    training_runs.start_queued()
    names = [waiting.name for waiting in training_runs.queue(training_runs.list_runs())]
    if run.name not in names:
        st.rerun()
    st.info(f"It waits for its turn: number {names.index(run.name) + 1} of {len(names)} in the queue.")


def _film(name: str) -> None:
    """Show the film of a run."""
    VIEW.set("film")
    choose_film_of(name)


def _remove(run: TrainingRun) -> None:
    training_runs.remove(run)
    RUN.set("")
    MESSAGE.set(f"The run {run.name} is removed.")


def _learning_rate(run: TrainingRun) -> None:
    """The learning rate as a factor of the planned one; it can be changed while the network learns."""
    rate, setting = training_runs.rate_of(run), RATE.of(run.name)
    setting.set(rate)
    st.selectbox(
        "Learning rate", sorted({*FACTORS, rate}), key=setting.widget(), width=160,
        on_change=lambda: _do(lambda run: training_runs.set_rate(run, setting.get()), run.name),
        format_func=lambda factor: FACTORS.get(factor, f"{factor:g} times"),
    )  # fmt: skip


def _keep(name: str) -> None:
    """Keep a run's best weights as a model; a running one is stopped first."""
    run = training_runs.find_run(name)
    require(run.owner)
    check_disk()
    if run.state == "running":
        training_runs.stop(run)
        end = time.monotonic() + WAIT
        while run.state == "running" and time.monotonic() < end:
            time.sleep(0.1)
            run = training_runs.read_run(run.folder)
    model = clean_name(MODEL_NAME.of(name).get() or name)
    if not is_kept(run.folder, model):  # by a click just before
        keep(run.folder, model, owner=owner_id())
    MESSAGE.set(f"{model} is now a model on every page.")


def _fork_popover(run: TrainingRun, busy: bool) -> None:
    """A new run that starts from one of this run's stored epochs."""
    numbers = [epoch.number for epoch in list_epochs(run.folder)]
    if not numbers:
        return
    with st.popover("Fork", icon=":material/fork_right:"):
        st.caption("A new run that starts from what this one had learned after an epoch.")
        st.selectbox("Start after epoch", numbers, key=FORK_AT.of(run.name).widget(numbers, numbers[-1]))
        if has_limits():
            st.caption(f"It trains for {limits().minutes:g} minutes.")
        else:
            st.number_input("Epochs", 1, 10_000, key=FORK_EPOCHS.of(run.name).widget())
        st.select_slider("Learning rate", RATES, key=FORK_RATE.of(run.name).widget())
        st.button("Start the fork", type="primary", disabled=busy, on_click=attempt, args=(lambda: _fork(run.name),),
                  key=f"train.{run.name}.fork")  # fmt: skip
        if busy:
            st.caption("Another run is training now; pause it first.")


def _fork(name: str) -> None:
    run = training_runs.find_run(name)
    check_disk()
    length = ("--minutes", f"{limits().minutes:g}") if has_limits() else ("--epochs", str(FORK_EPOCHS.of(name).get()))
    arguments = [
        *("--corpus", str(run.settings.get("corpus")), "--fork", str(run.folder.resolve())),
        *("--at", str(FORK_AT.of(name).get()), *length),
        *("--learning-rate", f"{FORK_RATE.of(name).get():g}", "--keep-epochs"),
    ]
    RUN.set(training_runs.start(arguments, name=f"{name[:50]}-fork", owner=owner_id()).name)
