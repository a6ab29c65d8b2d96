"""The film: a run's stored epochs, one after the other; the same seed, from noise to music."""

from __future__ import annotations

from pathlib import Path
from typing import Any

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
from charlstm.ui.shared.figures import show_figure
from charlstm.ui.shared.notices import plain
from charlstm.ui.shared.player import show_tune, sound_tune
from charlstm.ui.shared.written_address import write_address
from charlstm.ui.state import Setting
from charlstm.ui.train.charts import film_chart
from charlstm.ui.train.live import epoch_of
from charlstm.ui.train.settings import ADDRESS

FRAME = 1.6  # seconds of a frame while the film plays
LENGTH = 500  # characters: noise never ends a tune
PLAYER = "film.player"
MAX_SEED = 2**31 - 1
SOURCE = Setting("film.source", "", query="of")
SEED = Setting("film.seed", 1, query="seed", parse=lambda text: min(max(int(text), 0), MAX_SEED))
EPOCH: Setting[int | None] = Setting("film.epoch", None, query="epoch", parse=int)  # the number of a stored one
ADDRESSED: tuple[Setting[Any], ...] = (SOURCE, SEED, EPOCH)
MISSING = Setting("film.missing", ("", ""))  # what an address asked for and is not here, what is shown instead
PLAYING = Setting("film.running", False)
STARTED = Setting("film.started", False)  # just now: the next frame is the first
NEURON: Setting[int | None] = Setting("film.neuron", None)  # of one film, counted over all layers


def films() -> dict[str, Path]:
    """What has a film: models, then runs, by name."""
    folders = {checkpoint.name: checkpoint.path for checkpoint in list_checkpoints()}
    for run in training_runs.list_runs():
        if (run.folder / JSON_FILE).exists():
            folders[_name(run.name)] = run.folder
    return {name: folder for name, folder in folders.items() if len(list_epochs(folder)) > 1}


def choose_film_of(run: str) -> None:
    """Have the view show the film of a run when it is opened."""
    SOURCE.set(_name(run))


def _name(run: str) -> str:
    """Of a run's film; a model's has the model's name."""
    return f"run {run}"


def address() -> dict[str, str]:
    """The page's address: which film, which seed, which epoch."""
    shown = {setting.query: setting.write(setting.get()) for setting in ADDRESSED if setting.get() not in ("", None)}
    return {"view": "film", **shown}


def show() -> None:
    """The view, top to bottom."""
    available, runs = films(), [run.name for run in training_runs.list_runs()]
    if SOURCE.get() in runs and SOURCE.get() not in available:  # of an address that leaves the word "run" out
        SOURCE.set(_name(SOURCE.get()))
    waiting = [name for run in runs if (name := _name(run)) == SOURCE.get()]
    offered = list(dict.fromkeys([*available, *waiting]))  # the run that was looked at, though it has none yet
    if not offered:
        st.info("There is no film yet. Each run that is started here keeps one.", icon=":material/movie:")
        return
    asked = SOURCE.get()
    left, middle = st.columns([3, 1], vertical_alignment="bottom")
    source = left.selectbox("Film of", offered, key=SOURCE.widget(offered))
    seed = int(middle.number_input("Seed", 0, MAX_SEED, key=SEED.widget(), help="Another seed, another tune."))
    if asked and asked not in offered:
        MISSING.set((asked[:60], source))
    missing, instead = MISSING.get()
    if source == instead:
        st.warning(plain(f"There is no film of {missing} here. This is the film of {source}."))
    if source not in available:
        st.info("This run has no film yet: a film begins with its second stored epoch.", icon=":material/movie:")
        return
    try:
        checkpoint = load_checkpoint(available[source])
        epochs = list_epochs(checkpoint.path)
        st.fragment(_screen, run_every=FRAME if PLAYING.get() else None)(checkpoint, epochs, seed)
    except CharlstmError as error:
        st.error(plain(str(error)))


def _screen(checkpoint: Checkpoint, epochs: list[StoredEpoch], seed: int) -> None:
    """One frame, and the controls; while the film plays each call is the next frame."""
    epoch = _controls(epochs)
    if not PLAYING.get():  # each address is a step of the browser's Back
        write_address(ADDRESS, address())
    frame = str(epoch.path), epoch.path.stat().st_mtime_ns, str(checkpoint.path)
    last = str(epochs[-1].path), epochs[-1].path.stat().st_mtime_ns, str(checkpoint.path)
    text = _tune(*frame, seed, checkpoint.temperature)
    header_unit = _header_unit(*last, seed, checkpoint.temperature)
    layers, size = checkpoint.config.num_layers, checkpoint.config.hidden_size
    # Measurements of this frame's tune, beside the loss over all frames.
    check = validity(text)
    tiles, chart = st.columns([3, 2], vertical_alignment="center")
    with tiles, st.container(horizontal=True):
        st.metric("Validation loss", "–" if epoch.loss is None else f"{epoch.loss:.2f}", width=150)
        has_bars = check.bars > 0 and parse_meter(split_header(text).get("M") or "") is not None
        st.metric("Complete bars", f"{check.bars_filled:.0%}" if has_bars else "–", width=130)
        reasons = plain(" ".join(check.reasons)) or None
        st.metric("Valid tune", "yes" if check.valid else "no", width=130, help=reasons)
        units = range(layers * size)
        number = NEURON.of(checkpoint.name).widget(units, header_unit)
        index = int(st.number_input("Neuron", 0, units[-1], key=number, width=130))
    frames = [{"epoch": stored.epoch, "number": stored.number, "loss": stored.loss} for stored in epochs]
    show_figure(
        film_chart(frames, epoch.number), title=f"Loss over the stored epochs of {checkpoint.name}", key="film.losses",
        caption=f"Validation loss of {checkpoint.name}, in nats per character; marked: epoch {_epoch(epoch)}.",
        place=chart,
    )  # fmt: skip
    # The tune in the colours of one neuron.
    layer, place = divmod(index, size)
    of_layer = f" of layer {layer + 1}" if layers > 1 else ""
    best = " At the end it is the one that separates header and music most clearly." if index == header_unit else ""
    st.caption(
        plain(
            f"After epoch {_epoch(epoch)} of {checkpoint.name}, with seed {seed}. Colours: neuron {place}{of_layer}, "
            f"blue −1 to red +1.{best}"
        )
    )
    values = record(_engine(*frame), text).unit((layer, place)) if text else np.zeros(0)
    drawing = draw(text)
    show_tune(drawing, key=PLAYER, values=values.tolist(), label=f"Neuron {place}")
    if not PLAYING.get():
        sound_tune(drawing, key=PLAYER)


def _controls(epochs: list[StoredEpoch]) -> StoredEpoch:
    """Play, pause and the epoch that is shown; while the film plays, the next one."""
    numbers: list[int | None] = [stored.number for stored in epochs]
    started = STARTED.pop()
    if PLAYING.get() and not started:
        shown = EPOCH.get()
        place = numbers.index(shown) + 1 if shown in numbers else 0
        if place < len(numbers):
            EPOCH.set(numbers[place])
        else:
            PLAYING.set(False)
            st.rerun()
    button, slider = st.columns([1, 5], vertical_alignment="bottom")
    if PLAYING.get():
        if button.button("Pause", icon=":material/pause:", key="film.halt", width="stretch"):
            PLAYING.set(False)
            st.rerun()
    elif button.button("Play", icon=":material/movie:", key="film.run", width="stretch", type="primary"):
        PLAYING.set(True)
        STARTED.set(True)
        EPOCH.set(numbers[0])
        st.rerun()
    number = slider.select_slider(
        "Epoch", numbers, key=EPOCH.widget(numbers, numbers[0]),
        format_func=lambda number: _epoch(epochs[numbers.index(number)]),
    )  # fmt: skip
    return epochs[numbers.index(number)]


def _epoch(stored: StoredEpoch) -> str:
    return epoch_of({"epoch": stored.epoch})


@st.cache_resource(max_entries=24, show_spinner=False)
def _engine(path: str, stamp: int, folder: str) -> Engine:
    return epoch_engine(load_checkpoint(folder), int(Path(path).stem))


@st.cache_data(max_entries=256, show_spinner=False)
def _tune(path: str, stamp: int, folder: str, seed: int, temperature: float) -> str:
    """What the network of an epoch writes with a seed."""
    config = SampleConfig(temperature=min(temperature, 1.0), max_length=LENGTH)
    return sample(_engine(path, stamp, folder), config, seed=seed)[0].text


@st.cache_data(max_entries=64, show_spinner=False)
def _header_unit(path: str, stamp: int, folder: str, seed: int, temperature: float) -> int:
    """The neuron, counted over all layers, that in this frame differs most between the header and the music."""
    text = _tune(path, stamp, folder, seed, temperature)
    start = split_header(text).body_start
    if not 0 < start < len(text):  # it writes no header yet
        return 0
    values = record(_engine(path, stamp, folder), text).values  # (L, T, H)
    return int(np.abs(values[:, :start].mean(axis=1) - values[:, start:].mean(axis=1)).argmax())
