"""The runs there are: one of them live, with its curves, its tunes and what can be done with it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import streamlit as st

from charlstm.errors import CharlstmError
from charlstm.lm.store.archive import clean_name, keep
from charlstm.lm.store.checkpoint import JSON_FILE
from charlstm.lm.store.epochs import list_epochs
from charlstm.lm.train import training_runs
from charlstm.lm.train.metrics import Metrics
from charlstm.lm.train.run_files import SILENT_SECONDS
from charlstm.lm.train.training_runs import TrainingRun
from charlstm.ui.shared.drawing import draw
from charlstm.ui.shared.notices import plain
from charlstm.ui.shared.player import show_tune, sound_tune
from charlstm.ui.train.charts import line_chart, loss_chart
from charlstm.ui.train.estimates import baseline
from charlstm.ui.train.new import RATES, span

Colour = Literal["red", "orange", "blue", "green", "gray"]
STATES: dict[str, tuple[str, Colour, str]] = {
    "running": ("learning", "green", ":material/directions_run:"),
    "finished": ("finished", "blue", ":material/check:"),
    "paused": ("paused", "orange", ":material/pause:"),
    "stopped": ("stopped", "gray", ":material/stop:"),
    "failed": ("failed", "red", ":material/error:"),
    "killed": ("killed", "red", ":material/bolt:"),
    "damaged": ("damaged", "red", ":material/broken_image:"),
}
SAYS = {
    "killed": "Its process is gone without a word: it was killed, or the machine was switched off. At most the last "
    "half minute is lost; Resume goes on from there.",
    "paused": "It stands still and keeps all it has learned. Resume goes on as if nothing had been.",
    "stopped": "It was stopped. It can be kept as a model, and could still go on.",
    "finished": "It has learned for as long as it was given.",
}
FACTORS = {0.1: "a tenth", 0.25: "a quarter", 0.5: "half", 1.0: "as planned", 2.0: "double", 4.0: "four times"}
WAIT = 60.0  # seconds that a stop may take before the page says so


@st.cache_resource(max_entries=32, show_spinner=False)
def _metrics(folder: str) -> Metrics:
    return Metrics(Path(folder))


def show(found: Sequence[TrainingRun]) -> None:
    """The view, top to bottom."""
    if not found:
        st.info("Nothing has been trained here yet. Choose “New” to begin.", icon=":material/model_training:")
        return
    if problem := st.session_state.pop("train.problem", ""):
        st.error(plain(problem))
    if said := st.session_state.pop("train.said", ""):
        st.success(plain(said))
    names = [run.name for run in found]
    by_name = {run.name: run for run in found}
    if st.session_state.get("train.run") not in names:
        current = next((run.name for run in found if run.state == "running"), names[0])
        st.session_state["train.run"] = current
    name = st.selectbox(
        "Run", names, key="train.run", format_func=lambda name: f"{name} · {STATES[by_name[name].state][0]}"
    )
    run = by_name[name]
    _head(run)
    _controls(run, any(other.state == "running" for other in found))
    live = st.fragment(_live, run_every=1.0 if run.state == "running" else None)
    live(run.name, _stage(run))
    _listen(run)


def _head(run: TrainingRun) -> None:
    word, colour, icon = STATES[run.state]
    model: Mapping[str, Any] = run.settings.get("model") or {}
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(plain(run.name), anchor=False, width="content")
        st.badge(f"{run.asked} asked for" if run.asked else word, icon=icon, color=colour)
    if model:
        layers = f" in {model.get('num_layers')} layers" if model.get("num_layers", 1) != 1 else ""
        parent, epoch = run.settings.get("fork"), run.settings.get("at")
        fork = f", begun with {Path(str(parent)).name}" + (f" after epoch {epoch}" if epoch else "") if parent else ""
        size = f"{str(model.get('cell', '')).upper()}, {model.get('hidden_size')} neurons{layers}"
        st.caption(plain(f"{size}, learning from {run.settings.get('corpus')}{fork}."))
    if run.message:
        st.error(plain(run.message))
    elif run.state in SAYS:
        st.caption(SAYS[run.state])
    if run.state == "running" and run.silent > SILENT_SECONDS:
        st.warning(f"It has not been heard of for {span(run.silent)}.")


def _controls(run: TrainingRun, busy: bool) -> None:
    """What can be done with a run now."""
    key = f"train.{run.name}"
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if run.state == "running":
            st.button("Pause", icon=":material/pause:", on_click=_do, args=(training_runs.pause, run.name),
                      disabled=bool(run.asked), key=f"{key}.pause")  # fmt: skip
            st.button("Stop", icon=":material/stop:", on_click=_do, args=(training_runs.stop, run.name),
                      disabled=run.asked == "stop", key=f"{key}.stop")  # fmt: skip
        elif run.resumable:
            st.button("Resume", icon=":material/play_arrow:", on_click=_do, args=(training_runs.resume, run.name),
                      disabled=busy, type="primary", key=f"{key}.resume")  # fmt: skip
        if run.state in ("running", *training_runs.RESUMABLE):
            factors = sorted({*FACTORS, training_runs.rate_of(run)})
            st.session_state[f"{key}.rate"] = training_runs.rate_of(run)
            st.selectbox(
                "Learning rate", factors, key=f"{key}.rate", on_change=_rate, args=(run.name,), width=160,
                format_func=lambda factor: FACTORS.get(factor, f"{factor:g} times"),
            )  # fmt: skip
        if (run.folder / JSON_FILE).exists():
            with st.popover("Keep" if run.state != "running" else "Stop and keep", icon=":material/bookmark:"):
                st.caption("Its best weights go to the models that every page offers.")
                st.text_input("As", value=run.name, key=f"{key}.as", max_chars=60)
                st.button("Keep it", type="primary", on_click=_keep, args=(run.name,), key=f"{key}.keep")
        _fork_popover(run, busy)
        if run.state != "running":
            with st.popover("Remove", icon=":material/delete:"):
                st.caption("The run goes, with its curves and its film. Models that were kept stay.")
                st.button("Remove it", on_click=_do, args=(training_runs.remove, run.name), key=f"{key}.remove")


def _fork_popover(run: TrainingRun, busy: bool) -> None:
    """A new run that begins with one of this run's stored epochs."""
    stored = [one.number for one in list_epochs(run.folder)]
    if not stored or not (run.folder / JSON_FILE).exists():
        return
    key = f"train.{run.name}.fork"
    with st.popover("Fork", icon=":material/fork_right:"):
        st.caption("A new run that begins with what this one knew after an epoch, and goes another way from there.")
        st.selectbox("Begin after epoch", stored, index=len(stored) - 1, key=f"{key}.at")
        st.number_input("Epochs", 1, 10_000, 10, key=f"{key}.epochs")
        st.select_slider("Learning rate", RATES, value=1e-3, key=f"{key}.rate")
        st.button("Start the fork", type="primary", disabled=busy, on_click=_fork, args=(run.name,), key=f"{key}.start")
        if busy:
            st.caption("Another run is learning now; pause it first.")


# ---- live -----------------------------------------------------------------------------------------------------------


def _stage(run: TrainingRun) -> tuple[object, ...]:
    """What the part of the page that does not change each second depends on."""
    rows = _metrics(str(run.folder)).read()
    has_model, has_tune = (run.folder / JSON_FILE).exists(), any(row.get("sample") for row in rows)
    return run.state, run.asked, bool(run.settings), has_model, has_tune


def _live(name: str, shown: tuple[object, ...]) -> None:
    """Numbers and curves as they are now; the page is run again when it stands at another stage."""
    try:
        run = training_runs.find_run(name)
    except CharlstmError:
        st.rerun()
    if _stage(run) != shown:
        st.rerun()
    rows = _metrics(str(run.folder)).read()
    if not rows:
        if run.state == "running":
            st.caption("The trainer is starting; its first report takes some seconds.")
            st.progress(0.0)
        return
    _numbers(run, rows)
    line = baseline(str(run.settings.get("corpus", ""))) if run.settings else None
    st.altair_chart(loss_chart(rows, line), key="train.losses")
    st.caption(
        "Loss is how much the next character surprises it. Dashed: what mere counting reaches that looks at five "
        "characters (an n-gram)."
    )
    left, right = st.columns(2)
    left.altair_chart(line_chart(rows, "grad_norm", "gradient norm"), key="train.norms")
    right.altair_chart(line_chart(rows, "learning_rate", "learning rate"), key="train.rates")
    last = next((row for row in reversed(rows) if row.get("sample")), None)
    if run.state == "running" and last is not None:
        head, button = st.columns([4, 1], vertical_alignment="bottom")
        head.caption(f"After epoch {_epoch(last)} it writes")
        if button.button("Play this tune", key="train.newest", icon=":material/play_arrow:", width="stretch"):
            st.session_state["train.tune"] = last["step"]
            st.rerun()
        st.code(last["sample"], language=None, wrap_lines=True, height=170)


def _numbers(run: TrainingRun, rows: Sequence[Mapping[str, Any]]) -> None:
    last = rows[-1]
    held = [row["val_loss"] for row in rows if row.get("val_loss") is not None]
    done = float(last["done"])
    train: Mapping[str, Any] = run.settings.get("train") or {}
    minutes = train.get("minutes")
    seconds = float(last["seconds"])
    left = 60 * minutes * (1 - done) if minutes else seconds * (1 - done) / max(done, 1e-6)
    words = f"epoch {last['epoch']:.1f}, after {span(seconds)}"
    if run.state == "running":
        words += f", about {span(left)} to go" if done < 1 else ", last measurements"
    st.progress(min(done, 1.0), words)
    held_memory = training_runs.memory(run)
    tiles = (
        ("Loss, unseen tunes", f"{held[-1]:.3f}" if held else "…"),
        ("Loss, its own", f"{last['train_loss']:.3f}"),
        ("Characters a second", f"{last['characters_per_second']:,.0f}"),
        ("Gradient norm", f"{last['grad_norm']:.2f}"),
        *([("Memory", f"{held_memory / 2**20:,.0f} MB")] if held_memory else []),
    )
    with st.container(horizontal=True):
        for label, value in tiles:
            st.metric(label, value, width=170)


def _listen(run: TrainingRun) -> None:
    """The tunes it wrote, one an epoch, to see and hear. Apart from what changes each second, which would stop it."""
    tunes = {row["step"]: row for row in _metrics(str(run.folder)).read() if row.get("sample")}
    if not tunes:
        return
    st.subheader("What it writes", anchor=False)
    steps = list(tunes)
    key = f"train.heard.{run.name}"
    asked = st.session_state.pop("train.tune", None)
    if asked in tunes:
        st.session_state[key] = asked
    if st.session_state.get(key) not in tunes:
        st.session_state[key] = steps[-1]
    step = steps[-1]
    if len(steps) > 1:
        step = st.select_slider("After epoch", steps, key=key, format_func=lambda step: _epoch(tunes[step]))
    row = tunes[step]
    drawing = draw(row["sample"])
    loss = f", loss {row['val_loss']:.3f}" if row.get("val_loss") is not None else ""
    st.caption(f"The same seed each time, at temperature 0.8, after epoch {_epoch(row)}{loss}.")
    show_tune(drawing, key="train.player")
    sound_tune(drawing, key="train.player")


def _epoch(row: Mapping[str, Any]) -> str:
    return f"{round(float(row['epoch']), 1):g}"


# ---- deeds ----------------------------------------------------------------------------------------------------------


def _do(deed: Any, name: str) -> None:
    try:
        deed(training_runs.find_run(name))
    except (CharlstmError, OSError) as error:
        st.session_state["train.problem"] = str(error)


def _rate(name: str) -> None:
    factor = st.session_state[f"train.{name}.rate"]
    _do(lambda run: training_runs.set_rate(run, factor), name)


def _keep(name: str) -> None:
    """Keep a run's best weights as a model; a running one is stopped first."""
    try:
        run = training_runs.find_run(name)
        if run.state == "running":
            training_runs.stop(run)
            end = time.monotonic() + WAIT
            while run.state == "running" and time.monotonic() < end:
                time.sleep(0.1)
                run = training_runs.read_run(run.folder)
        model = keep(run.folder, clean_name(st.session_state.get(f"train.{name}.as") or name))
        st.session_state["train.said"] = f"{model.name} is among the models now: every page offers it."
    except (CharlstmError, OSError) as error:
        st.session_state["train.problem"] = str(error)


def _fork(name: str) -> None:
    state, key = st.session_state, f"train.{name}.fork"
    try:
        run = training_runs.find_run(name)
        arguments = [
            *("--corpus", str(run.settings.get("corpus")), "--fork", str(run.folder.resolve())),
            *("--at", str(state[f"{key}.at"]), "--epochs", str(state[f"{key}.epochs"])),
            *("--learning-rate", f"{state[f'{key}.rate']:g}", "--keep-epochs"),
        ]
        state["train.run"] = training_runs.start(arguments, name=f"{name[:50]}-fork").name
    except (CharlstmError, OSError) as error:
        state["train.problem"] = str(error)
