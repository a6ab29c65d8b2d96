"""A training run as it is now: numbers and curves that follow it each second, and the tunes that it writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from charlstm.errors import CharlstmError
from charlstm.lm.config import SampleConfig
from charlstm.lm.sample.sampling import sample
from charlstm.lm.store.checkpoint import JSON_FILE, load_checkpoint
from charlstm.lm.store.epochs import epoch_engine, list_epochs
from charlstm.lm.train import training_runs
from charlstm.lm.train.metrics import Metrics
from charlstm.lm.train.run_files import SILENT_SECONDS
from charlstm.lm.train.training_runs import TrainingRun
from charlstm.ui.shared.drawing import draw
from charlstm.ui.shared.durations import duration
from charlstm.ui.shared.figures import show_figure
from charlstm.ui.shared.notices import plain
from charlstm.ui.shared.player import show_tune, sound_tune
from charlstm.ui.state import Setting
from charlstm.ui.train.charts import line_chart, loss_chart
from charlstm.ui.train.estimates import baseline

PLAYER = "train.player"
LENGTH = 500  # characters of the tune of an untrained network, which never ends
REQUESTED: Setting[int | None] = Setting("train.tune", None)  # the step of a tune that is to be shown
STEP: Setting[int | None] = Setting("train.heard", None)  # the step of the tune that is shown, of one run
NEWEST: Setting[int | None] = Setting("train.newest_step", None)  # the newest that was there, of one run


@st.cache_resource(max_entries=32, show_spinner=False)
def _metrics(folder: str) -> Metrics:
    return Metrics(Path(folder))


def rows_of(run: TrainingRun) -> list[dict[str, Any]]:
    """What the run has reported so far."""
    return _metrics(str(run.folder)).read()


def show_liveness(run: TrainingRun) -> None:
    """What is to be said of a running trainer that is not heard from, or not yet."""
    if run.state != "running":
        return
    if run.silent > SILENT_SECONDS:
        words = (
            f"Nothing was heard from the trainer of {run.name} for {duration(run.silent)}. Its process is alive, so "
        )
        st.warning(plain(f"{words}this machine may be busy: wait, or stop the run and resume it later."))
    elif not rows_of(run):
        st.caption(plain(f"The trainer of {run.name} is starting; on a busy machine that may take some minutes."))


def show_live(run: TrainingRun) -> None:
    """Numbers and curves, again each second while it runs."""
    st.fragment(_live, run_every=1.0 if run.state == "running" else None)(run.name, _stage(run))


def _stage(run: TrainingRun) -> tuple[object, ...]:
    """What the part of the page that does not change each second depends on."""
    samples = [row["step"] for row in rows_of(run) if row.get("sample")]
    newest = samples[-1] if samples and _follows(run.name) else bool(samples)
    return run.state, run.asked, bool(run.settings), (run.folder / JSON_FILE).exists(), newest


def _follows(name: str) -> bool:
    """Whether the newest tune of a run is the one that is shown: it stays so, until an earlier one is chosen."""
    return STEP.of(name).get() in (None, NEWEST.of(name).get())


def _live(name: str, shown: tuple[object, ...]) -> None:
    """Numbers and curves as they are now; the whole page runs again when the run is at another stage."""
    try:
        run = training_runs.find_run(name)
    except CharlstmError:
        st.rerun()
    if _stage(run) != shown:
        st.rerun()
    show_liveness(run)
    rows = rows_of(run)
    if not rows:
        if run.state == "running":
            st.progress(0.0)
        return
    _numbers(run, rows)
    ngram = baseline(str(run.settings.get("corpus", ""))) if run.settings else None
    about = "Loss: how badly it predicts the next character. Dashed: a 6-gram model, which only counts."
    seed = (run.settings.get("train") or {}).get("seed", "–")
    show_figure(
        loss_chart(rows, ngram), title=f"Losses of {run.name}", key="train.losses",
        caption=f"{about} Corpus {run.settings.get('corpus')}, seed {seed}.",
        place=st.container(key="train-losses-place"),
    )  # fmt: skip
    st.caption(about)
    left, right = st.columns(2)
    for place, field in ((left, "grad_norm"), (right, "learning_rate")):
        title = field.replace("grad_", "gradient_").replace("_", " ")
        caption = f"{title.capitalize()} of {run.name} over epochs. Corpus {run.settings.get('corpus')}, seed {seed}."
        show_figure(
            line_chart(rows, field, title), title=f"{title.capitalize()} of {run.name}", caption=caption,
            key=f"train.{field}", place=place,
        )  # fmt: skip
    last = next((row for row in reversed(rows) if row.get("sample")), None)
    if run.state == "running" and last is not None:
        head, button = st.columns([4, 1], vertical_alignment="bottom")
        head.caption(f"A tune after epoch {epoch_of(last)}")
        if button.button("Play this tune", key="train.newest", icon=":material/play_arrow:", width="stretch"):
            REQUESTED.set(last["step"])
            st.rerun()
        st.code(last["sample"], language=None, wrap_lines=True, height=170)


def _numbers(run: TrainingRun, rows: Sequence[Mapping[str, Any]]) -> None:
    """How far it is, and its latest measurements."""
    last = rows[-1]
    done, seconds = float(last["done"]), float(last["seconds"])
    minutes = (run.settings.get("train") or {}).get("minutes")
    left = 60 * minutes * (1 - done) if minutes else seconds * (1 - done) / max(done, 1e-6)
    words = f"Epoch {last['epoch']:.1f}, after {duration(seconds)}"
    if run.state == "running":
        words += f", about {duration(left)} left" if done < 1 else ", last measurements"
    st.progress(min(done, 1.0), words)
    validation = [row["val_loss"] for row in rows if row.get("val_loss") is not None]
    memory = training_runs.memory(run)
    tiles = (
        ("Validation loss", f"{validation[-1]:.3f}" if validation else "…"),
        ("Training loss", f"{last['train_loss']:.3f}"),
        ("Characters per second", f"{last['characters_per_second']:,.0f}"),
        ("Gradient norm", f"{last['grad_norm']:.2f}"),
        *([("Memory", f"{memory / 2**20:,.0f} MB")] if memory else []),
    )
    with st.container(horizontal=True, key="train-numbers"):
        for label, value in tiles:
            st.metric(label, value, width=170)


def show_tunes(run: TrainingRun) -> None:
    """The tunes it wrote, one an epoch, to see and hear. Apart from what changes each second, which would stop it."""
    tunes = {row["step"]: row for row in rows_of(run) if row.get("sample")}
    if not tunes:
        return
    if first := _untrained(run):
        tunes = {0: {"step": 0, "epoch": 0, "sample": first}, **tunes}
    st.header("What it writes", anchor=False)
    steps, setting = list(tunes), STEP.of(run.name)
    if _follows(run.name):
        setting.set(steps[-1])
    NEWEST.of(run.name).set(steps[-1])
    if (requested := REQUESTED.pop()) in tunes:
        setting.set(requested)
    step = steps[-1]
    if len(steps) > 1:
        step = st.select_slider(
            "After epoch", steps, key=setting.widget(steps, steps[-1]), format_func=lambda step: epoch_of(tunes[step])
        )
    row = tunes[step]
    loss = f", loss {row['val_loss']:.3f}" if row.get("val_loss") is not None else ""
    st.caption(f"The same seed each time, at temperature 0.8, after epoch {epoch_of(row)}{loss}.")
    drawing = draw(row["sample"])
    show_tune(drawing, key=PLAYER)
    sound_tune(drawing, key=PLAYER)


def _untrained(run: TrainingRun) -> str:
    """The tune of the network before it has learned anything; "" where that network is not stored."""
    if not (run.folder / JSON_FILE).exists() or not any(epoch.number == 0 for epoch in list_epochs(run.folder)):
        return ""
    return _untrained_tune(str(run.folder), run.created, int((run.settings.get("train") or {}).get("seed", 0)))


@st.cache_data(max_entries=32, show_spinner=False)
def _untrained_tune(folder: str, created: float, seed: int) -> str:
    engine = epoch_engine(load_checkpoint(folder), 0)
    return sample(engine, SampleConfig(temperature=0.8, max_length=LENGTH), seed=seed)[0].text


def epoch_of(row: Mapping[str, Any]) -> str:
    return f"{round(float(row['epoch']), 1):g}"
