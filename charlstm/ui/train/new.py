"""A new run: tunes, a network, a length; an estimate of its time; start."""

from __future__ import annotations

import math
import shlex
from collections.abc import Callable
from typing import Any

import streamlit as st

from charlstm.errors import ProcessError
from charlstm.lm.cells import CELLS
from charlstm.lm.config import ENOUGH_UPDATES, LOOKBACK_BARS, ModelConfig, TrainConfig, enough_epochs, updates
from charlstm.lm.store.archive import clean_name
from charlstm.lm.store.tensors import count_weights
from charlstm.lm.train import training_runs
from charlstm.lm.train.training_runs import TrainingRun
from charlstm.lm.vocab import Vocab
from charlstm.sharing import is_shared, limits
from charlstm.tunes.corpus.model import Corpus
from charlstm.tunes.corpus.sources import ESSEN_TERMS
from charlstm.ui.shared.choices import choose
from charlstm.ui.shared.durations import counted, duration
from charlstm.ui.shared.models import STYLES
from charlstm.ui.shared.notices import plain
from charlstm.ui.shared.permissions import check_disk, has_limits, owner_id
from charlstm.ui.state import Setting
from charlstm.ui.train.corpora import choose_corpus
from charlstm.ui.train.estimates import baseline, is_measured, speed
from charlstm.ui.train.settings import attempt, see, show_messages

# Another tradition, as README trains it: what its button starts.
STYLE, STYLE_MINUTES = "essen", 20
STYLE_OPTIONS = (
    "--corpus", STYLE, "--hidden-size", "320", "--dropout", "0.25", "--weight-dropout", "0.3", "--clock", "--plan",
)  # fmt: skip
SIZES = (16, 32, 64, 100, 150, 200, 250, 350, 512)
PAIR_RATE = 3e-3  # of both networks of a pair, so that they differ in the cell alone (docs/lab-log.md, 2026-11-26)
RATES = (1e-4, 3e-4, 1e-3, 2e-3, 3e-3, 5e-3, 1e-2)
MINUTES, EPOCHS = "minutes", "epochs"
CELL, LAYERS, SIZE = Setting("train.cell", next(iter(CELLS))), Setting("train.layers", 1), Setting("train.size", 64)
DROPOUT, LOOKBACK = Setting("train.dropout", 0.1), Setting("train.lookback", False)
LENGTH = Setting("train.length", MINUTES)
AMOUNTS = {MINUTES: Setting("train.minutes", 5), EPOCHS: Setting("train.epochs", 20)}
RATE: Setting[float | None] = Setting("train.new_rate", None)  # of a cell each: another suits an RNN
SEED, NAME = Setting("train.seed", 0), Setting("train.name", "")
STARTED: Setting[tuple[object, tuple[str, ...]] | None] = Setting("train.started", None)  # what last, as which runs


def show(running: TrainingRun | None) -> None:
    """The view, top to bottom."""
    waits = running is not None and is_shared()  # in the queue
    if running is not None and not waits:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.info(plain(f"{running.name} is being trained on this machine now; it trains one network at a time."))
            st.button("Show it", on_click=see, args=(running.name,), key="train.see")
    show_messages()
    st.header("1. Tunes", anchor=False)
    corpus = choose_corpus()
    if corpus is None:
        return
    baseline(corpus.name)  # counted while the visitor chooses
    _pair(corpus, running)
    _style(running)
    st.header("2. Network", anchor=False)
    model = _network()
    st.header("3. Training", anchor=False)
    length, amount = _length()
    with st.expander("More settings"):
        rate, seed, name = _more(corpus, model)
    arguments = arguments_of(corpus.name, model, length, amount, rate, seed)
    _estimate(model, corpus, length, amount)

    def start() -> tuple[str, ...]:
        check_disk()
        if has_limits() and (length != MINUTES or amount > limits().minutes):
            raise ProcessError(f"A training may take {limits().minutes:g} minutes on this server; give it fewer.")
        return (training_runs.start(arguments, name=name, owner=owner_id()).name,)

    blocks = running if not waits else None
    _start_button("Start", lambda: _once((name, *arguments), start), blocks, key="train.start", primary=True)
    with st.expander("Command"):
        st.code(shlex.join(["charlstm", "train", "--out", f"runs/{name}", *arguments]), language=None, wrap_lines=True)


def _once(asked: object, start: Callable[[], tuple[str, ...]]) -> None:
    """Start runs and show them; a second click, made before the page had changed, shows the same runs."""
    last, names = STARTED.get() or (None, ())
    if asked != last or not any(
        run.state in ("running", "queued") for run in training_runs.list_runs() if run.name in names
    ):
        names = start()
        STARTED.set((asked, names))
    see(*names)


def _pair(corpus: Corpus, running: TrainingRun | None) -> None:
    """A button that trains an LSTM and an RNN at once, for a minute, to be compared."""
    models = [ModelConfig(cell=cell, hidden_size=64) for cell in ("lstm", "rnn")]

    def start() -> tuple[str, ...]:
        check_disk()
        names: list[str] = []
        for model in models:
            arguments = arguments_of(corpus.name, model, MINUTES, 1, PAIR_RATE, 0)
            run = training_runs.start(
                arguments, name=clean_name(f"1-minute-{model.cell}"), beside="".join(names), owner=owner_id()
            )
            names.append(run.name)
        return tuple(names)

    _start_button(
        "Train an LSTM and an RNN for 1 minute", lambda: _once(("pair", corpus.name), start),
        None if is_shared() else running, key="train.pair",
        help="Both start now, on the same tunes, and are shown side by side: their losses and their tunes.",
    )  # fmt: skip


def _style(running: TrainingRun | None) -> None:
    """A button that trains a network on another tradition's tunes, with settings that suit them."""
    name = f"lstm-{STYLE}"
    minutes = min(STYLE_MINUTES, limits().minutes) if has_limits() else STYLE_MINUTES

    def start() -> tuple[str, ...]:
        check_disk()
        arguments = [*STYLE_OPTIONS, "--minutes", f"{minutes:g}", "--keep-epochs"]
        return (training_runs.start(arguments, name=name, owner=owner_id()).name,)

    _start_button(
        f"Train on {STYLES[STYLE]}: {minutes:g} minutes", lambda: _once(name, start),
        None if is_shared() else running, key="train.style",
        help=f"320 neurons that know forms. The tunes: {ESSEN_TERMS}. They come with music21. Keep the model under "
        "Runs when it is done.",
    )  # fmt: skip


def _start_button(
    label: str,
    start: Callable[[], None],
    blocks: TrainingRun | None,
    *,
    key: str,
    primary: bool = False,
    help: str | None = None,
) -> None:
    """A button that starts a training; beside a greyed one stands which run it has to wait for."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(
            label, type="primary" if primary else "secondary", disabled=blocks is not None, on_click=attempt,
            icon=":material/play_arrow:" if primary else ":material/compare_arrows:", args=(start,), key=key, help=help,
        )  # fmt: skip
        if blocks is not None:
            st.caption(plain(f"Pause or stop {blocks.name} first."), width="content")


def _network() -> ModelConfig:
    left, right = st.columns(2, gap="large")
    with left:
        cell: Any = choose(
            "Cell type", CELLS, CELL, labels={name: spec.label for name, spec in CELLS.items()}, hidden=False
        )
        st.caption(CELLS[cell].summary)
        layers = choose("Layers", (1, 2, 3), LAYERS, hidden=False)
    with right:
        sizes = [size for size in SIZES if not has_limits() or size <= limits().neurons] or SIZES[:1]
        size = st.select_slider("Neurons per layer", sizes, key=SIZE.widget(sizes))
        dropout = st.slider(
            "Dropout", 0.0, 0.5, step=0.05, key=DROPOUT.widget(),
            help="The share of neurons switched off at random while it learns, so that it relies on none alone.",
        )  # fmt: skip
        lookback = st.toggle(
            "Look back at earlier bars", key=LOOKBACK.widget(),
            help="It sees what was written one, two, four and eight bars ago, what followed the last notes when they "
            "came before, and how full the bar is: so its bars fit, and its tunes return to how they began.",
        )  # fmt: skip
    return ModelConfig(
        cell=cell,
        hidden_size=size,
        num_layers=layers,
        dropout=dropout,
        embedding_dropout=0.1 if lookback else 0.0,
        lookback_bars=LOOKBACK_BARS if lookback else (),
        clock=lookback,
        match=lookback,
    )


def _length() -> tuple[str, int]:
    left, right = st.columns(2, gap="large", vertical_alignment="bottom")
    lengths = (MINUTES,) if has_limits() else (MINUTES, EPOCHS)
    length = choose("Train for", lengths, LENGTH, hidden=False, place=left, help="An epoch is once through all tunes.")
    most = 10_000 if length == EPOCHS else int(max(limits().minutes, 1)) if has_limits() else 600
    return length, int(right.number_input(length.capitalize(), 1, most, key=AMOUNTS[length].widget()))


def _more(corpus: Corpus, model: ModelConfig) -> tuple[float, int, str]:
    default = clean_name(f"{corpus.name}-{model.cell}-{model.hidden_size}")[:50]
    left, middle, right = st.columns(3)
    rate = left.select_slider(
        "Learning rate", RATES, key=RATE.of(model.cell).widget(RATES, model.cell_spec.learning_rate),
        help="How large a step each mistake causes. It can be changed during training.",
    )  # fmt: skip
    seed = middle.number_input("Seed", 0, 2**31 - 1, key=SEED.widget(), help="The same seed gives the same network.")
    name = right.text_input("Name", key=NAME.widget(), placeholder=default, max_chars=50)
    return float(rate), int(seed), clean_name(name)[:50] if name else default


def arguments_of(corpus: str, model: ModelConfig, length: str, amount: int, rate: float, seed: int) -> list[str]:
    """The options of `charlstm train` for what was chosen."""
    lags = ",".join(map(str, model.lookback_bars)) or "none"
    return [
        *("--corpus", corpus, "--cell", model.cell, "--hidden-size", str(model.hidden_size)),
        *("--layers", str(model.num_layers), "--dropout", f"{model.dropout:g}"),
        *("--embedding-dropout", f"{model.embedding_dropout:g}", "--lookback", lags),
        *(f"--{length}", str(amount), "--learning-rate", f"{rate:g}", "--seed", str(seed), "--keep-epochs"),
    ]


def _estimate(model: ModelConfig, corpus: Corpus, length: str, amount: int) -> None:
    """How many weights at once; how long as soon as this machine's speed is known."""
    weights = count_weights(model, len(Vocab.of(corpus.texts)))
    measured = is_measured(model) or speed(model, corpus) is not None

    def words() -> None:
        rate = speed(model, corpus)
        if rate is None and is_measured(model):
            st.caption(f"{weights:,} weights.")
        elif rate is None:
            st.caption(f"{weights:,} weights. Measuring the speed of this machine …")
        else:
            characters = sum(len(text) + 1 for text in corpus.train)
            seconds = characters / rate
            epochs = amount * 60 / seconds if length == MINUTES else amount
            total = (
                f"about {max(epochs, 1):,.0f} epochs" if length == MINUTES else f"about {duration(epochs * seconds)}"
            )
            made = max(epochs, 1) * updates(TrainConfig(), len(corpus.train))
            st.caption(
                f"{weights:,} weights, about {duration(seconds)} per epoch on this machine: {total}, "
                f"{made:,.0f} updates."
            )
            if made < ENOUGH_UPDATES:
                st.caption(_enough(length, enough_epochs(TrainConfig(), len(corpus.train)), seconds))
        if not measured and (rate is not None or is_measured(model)):
            st.rerun()  # nothing more to wait for

    st.fragment(words, run_every=None if measured else 1.0)()


def _enough(length: str, epochs: int, seconds: float) -> str:
    """How long a network has to train; `seconds` is the time of an epoch."""
    minutes = math.ceil(epochs * seconds / 60)
    if has_limits() and minutes > limits().minutes:
        advice = "choose fewer neurons or layers"
    else:
        advice = f"train for {counted(minutes, 'minute') if length == MINUTES else counted(epochs, 'epoch')} or more"
    return f"A network needs about {ENOUGH_UPDATES:,} updates: {advice}."
