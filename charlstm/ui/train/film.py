"""The film: a run's stored epochs, one after the other; the same seed, from noise to music."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import streamlit as st

from charlstm.errors import CharlstmError
from charlstm.evaluate.validity import validity
from charlstm.lm.config import SampleConfig
from charlstm.lm.infer.engine import Engine
from charlstm.lm.sample.sampling import sample
from charlstm.lm.store.checkpoint import JSON_FILE, Checkpoint, list_checkpoints, load_checkpoint
from charlstm.lm.store.epochs import StoredEpoch, epoch_engine, list_epochs
from charlstm.lm.train import training_runs
from charlstm.neurons.recording import record
from charlstm.tunes.abc import parse_meter, split_header
from charlstm.ui.shared.drawing import draw
from charlstm.ui.shared.notices import plain
from charlstm.ui.shared.player import show_tune, sound_tune
from charlstm.ui.train.charts import film_chart

FRAME = 1.6  # seconds of a frame while the film runs
LENGTH = 500  # characters: noise does not end by itself


def films() -> dict[str, Path]:
    """What has a film: models, then runs, by name."""
    found: dict[str, Path] = {}
    for checkpoint in list_checkpoints():
        if len(list_epochs(checkpoint.path)) > 1:
            found[checkpoint.name] = checkpoint.path
    for run in training_runs.list_runs():
        if (run.folder / JSON_FILE).exists() and len(list_epochs(run.folder)) > 1:
            found[f"run {run.name}"] = run.folder
    return found


def show() -> None:
    """The view, top to bottom."""
    available = films()
    if not available:
        st.info("There is no film yet: each run that is started here keeps one.", icon=":material/movie:")
        return
    state = st.session_state
    if state.get("film.source") not in available:
        state["film.source"] = next(iter(available))
    left, middle = st.columns([3, 1], vertical_alignment="bottom")
    source = left.selectbox("Film of", list(available), key="film.source")
    seed = int(middle.number_input("Seed", 0, 2**31 - 1, 1, key="film.seed", help="Another seed, another tune."))
    try:
        checkpoint = load_checkpoint(available[source])
        stored = list_epochs(checkpoint.path)
        st.fragment(_screen, run_every=FRAME if state.get("film.running") else None)(checkpoint, stored, seed)
    except CharlstmError as error:
        st.error(plain(str(error)))


def _screen(checkpoint: Checkpoint, stored: list[StoredEpoch], seed: int) -> None:
    """One frame, and the controls; while the film runs each call is the next frame."""
    state = st.session_state
    numbers = [one.number for one in stored]
    if state.get("film.epoch") not in numbers:
        state["film.epoch"] = numbers[0]
    running = bool(state.get("film.running"))
    if running and state.pop("film.fresh", None) is None:
        place = numbers.index(state["film.epoch"])
        if place + 1 < len(numbers):
            state["film.epoch"] = numbers[place + 1]
        else:
            state["film.running"] = running = False
            st.rerun()
    button, slider = st.columns([1, 5], vertical_alignment="bottom")
    if running:
        stop = button.button("Halt", icon=":material/pause:", key="film.halt", width="stretch")
    else:
        stop = False
        if button.button("Run", icon=":material/movie:", key="film.run", width="stretch", type="primary"):
            state["film.running"], state["film.fresh"] = True, True
            state["film.rewind"] = True
            st.rerun()
    if stop:
        state["film.running"] = False
        st.rerun()
    if state.pop("film.rewind", False):
        state["film.epoch"] = numbers[0]
    number = slider.select_slider("Epoch", numbers, key="film.epoch")
    here = stored[numbers.index(number)]
    engine = _engine(str(here.path), here.path.stat().st_mtime_ns, str(checkpoint.path))
    text = _tune(str(here.path), here.path.stat().st_mtime_ns, str(checkpoint.path), seed, checkpoint.temperature)
    check = validity(text)
    last = stored[-1]
    layers, size = checkpoint.config.num_layers, checkpoint.config.hidden_size
    unit = _watched(str(last.path), last.path.stat().st_mtime_ns, str(checkpoint.path), seed, checkpoint.temperature)
    tiles, chart = st.columns([3, 2], vertical_alignment="center")
    with tiles, st.container(horizontal=True):
        st.metric("Loss, unseen tunes", "–" if here.loss is None else f"{here.loss:.2f}", width=150)
        counted = check.bars > 0 and parse_meter(split_header(text).get("M") or "") is not None
        st.metric("Bars that fill", f"{check.bars_filled:.0%}" if counted else "–", width=130)
        st.metric(
            "A whole tune", "yes" if check.valid else "no", width=130, help=plain(" ".join(check.reasons)) or None
        )
        index = st.number_input("Neuron", 0, layers * size - 1, unit, key=f"film.neuron.{checkpoint.name}", width=130)
    frames = [{"epoch": one.epoch, "number": one.number, "loss": one.loss} for one in stored]
    chart.altair_chart(film_chart(frames, number), key="film.losses")
    layer, place = divmod(int(index), size)
    st.caption(
        plain(f"After epoch {here.epoch:g} of {checkpoint.name}, with seed {seed}. "
              f"Colours: neuron {place}{f' of layer {layer + 1}' if layers > 1 else ''}, blue −1 to red +1. ")
        + ("In the end it is the one that tells the header most clearly from the music." if index == unit else "")
    )  # fmt: skip
    values = record(engine, text).unit((layer, place)) if text else np.zeros(0)
    drawing = draw(text)
    show_tune(drawing, key="film.player", values=values.tolist(), label=f"Neuron {place}")
    if not running:
        sound_tune(drawing, key="film.player")


@st.cache_resource(max_entries=24, show_spinner=False)
def _engine(path: str, stamp: int, folder: str) -> Engine:
    return epoch_engine(load_checkpoint(folder), int(Path(path).stem))


@st.cache_data(max_entries=256, show_spinner=False)
def _tune(path: str, stamp: int, folder: str, seed: int, temperature: float) -> str:
    """What the network of an epoch writes with a seed."""
    config = SampleConfig(temperature=min(temperature, 1.0), max_length=LENGTH)
    return sample(_engine(path, stamp, folder), config, seed=seed)[0].text


@st.cache_data(max_entries=64, show_spinner=False)
def _watched(path: str, stamp: int, folder: str, seed: int, temperature: float) -> int:
    """The neuron, counted over all layers, that in the last frame differs most between the header and the music."""
    engine = _engine(path, stamp, folder)
    text = _tune(path, stamp, folder, seed, temperature)
    start = split_header(text).body_start
    if not 0 < start < len(text):  # it writes no header yet
        return 0
    values = record(engine, text).values  # (L, T, H)
    return int(np.abs(values[:, :start].mean(axis=1) - values[:, start:].mean(axis=1)).argmax())
