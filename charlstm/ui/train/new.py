"""A new run: tunes, a network, a time; how large and how long; start."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Any

import streamlit as st

from charlstm.errors import CharlstmError
from charlstm.lm.cells import CELLS
from charlstm.lm.config import LOOKBACK_BARS, ModelConfig
from charlstm.lm.store.archive import clean_name
from charlstm.lm.store.tensors import count_weights
from charlstm.lm.train import training_runs
from charlstm.lm.train.training_runs import TrainingRun
from charlstm.lm.vocab import Vocab
from charlstm.tunes.corpus.model import Corpus
from charlstm.ui.shared.notices import plain
from charlstm.ui.train import corpora
from charlstm.ui.train.estimates import baseline, is_measured, speed

SIZES = (16, 32, 64, 100, 150, 200, 250, 350, 512)
RATES = (1e-4, 3e-4, 1e-3, 2e-3, 3e-3, 5e-3, 1e-2)
MINUTES, EPOCHS = "minutes", "epochs"


def show(running: TrainingRun | None) -> None:
    """The view, top to bottom."""
    if running is not None:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.info(
                plain(f"{running.name} is being trained on this machine now. One at a time: pause or stop it first.")
            )
            st.button("See it", on_click=_see, args=(running.name,), key="train.see")
    if problem := st.session_state.pop("train.problem", ""):
        st.error(plain(problem))
    corpora.adopt()
    st.subheader("1. Tunes", anchor=False)
    corpus = corpora.choose()
    if corpus is None:
        return
    baseline(corpus.name)  # counted while the visitor chooses
    st.subheader("2. A network", anchor=False)
    model = _network()
    st.subheader("3. Learning", anchor=False)
    length, amount = _length()
    with st.expander("More"):
        rate, seed, name = _more(corpus, model)
    arguments = arguments_of(corpus.name, model, length, amount, rate, seed)
    _estimate(model, corpus, length, amount)
    st.button(
        "Start",
        type="primary",
        icon=":material/play_arrow:",
        disabled=running is not None,
        on_click=_start,
        args=(arguments, name),
        key="train.start",
    )
    with st.expander("The same from a terminal"):
        st.code(shlex.join(["charlstm", "train", "--out", f"runs/{name}", *arguments]), language=None, wrap_lines=True)


def _network() -> ModelConfig:
    left, right = st.columns(2, gap="large")
    with left:
        cell: Any = st.segmented_control(
            "Kind", list(CELLS), default=next(iter(CELLS)), key="train.cell", required=True,
            format_func=lambda name: CELLS[name].label,
        )  # fmt: skip
        st.caption(CELLS[cell].summary)
        layers = st.segmented_control("Layers", (1, 2, 3), default=1, key="train.layers", required=True)
    with right:
        size = st.select_slider("Neurons in a layer", SIZES, value=64, key="train.size")
        dropout = st.slider(
            "Dropout", 0.0, 0.5, 0.1, 0.05, key="train.dropout",
            help="The share of neurons that are silenced at random while it learns, so that none is relied on alone.",
        )  # fmt: skip
        lookback = st.toggle(
            "Looks back at earlier bars", key="train.lookback",
            help="It sees what stood one, two, four and eight bars ago. Its tunes then return to what they began with.",
        )  # fmt: skip
    return ModelConfig(
        cell=cell,
        hidden_size=size,
        num_layers=layers,
        dropout=dropout,
        embedding_dropout=0.1 if lookback else 0.0,
        lookback_bars=LOOKBACK_BARS if lookback else (),
    )


def _length() -> tuple[str, int]:
    left, right = st.columns(2, gap="large", vertical_alignment="bottom")
    length = left.segmented_control(
        "For how long", (MINUTES, EPOCHS), default=MINUTES, key="train.length", required=True,
        help="An epoch is once through all tunes.",
    )  # fmt: skip
    if length == MINUTES:
        return length, int(right.number_input("Minutes", 1, 600, 5, key="train.minutes"))
    return length, int(right.number_input("Epochs", 1, 10_000, 20, key="train.epochs"))


def _more(corpus: Corpus, model: ModelConfig) -> tuple[float, int, str]:
    usual = clean_name(f"{corpus.name}-{model.cell}-{model.hidden_size}")[:50]
    left, middle, right = st.columns(3)
    rate = left.select_slider(
        "Learning rate", RATES, value=model.cell_spec.learning_rate, key=f"train.rate.{model.cell}",
        help="How large a step each mistake causes. It can be changed while the network learns.",
    )  # fmt: skip
    seed = middle.number_input("Seed", 0, 2**31 - 1, 0, key="train.seed", help="The same seed gives the same network.")
    name = right.text_input("Name", key="train.name", placeholder=usual, max_chars=50)
    return float(rate), int(seed), clean_name(name)[:50] if name else usual


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
            st.caption(f"{weights:,} weights to learn.")
        elif rate is None:
            st.caption(f"{weights:,} weights to learn. Measuring how fast this machine learns …")
        else:
            characters = sum(len(text) + 1 for text in corpus.train)
            seconds = characters / rate
            epochs = amount * 60 / seconds if length == MINUTES else amount
            total = f"about {max(epochs, 1):,.0f} epochs" if length == MINUTES else f"about {span(epochs * seconds)}"
            st.caption(f"{weights:,} weights to learn, about {span(seconds)} an epoch on this machine: {total}.")
        if not measured and (rate is not None or is_measured(model)):
            st.rerun()  # nothing more to wait for

    st.fragment(words, run_every=None if measured else 1.0)()


def span(seconds: float) -> str:
    """A time in words: "40 seconds", "5 minutes", "1.5 hours"."""
    if seconds < 90:
        return f"{max(round(seconds), 1)} second{'s' if round(seconds) > 1 else ''}"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} minutes"
    return f"{seconds / 3600:.1f} hours"


def _see(name: str) -> None:
    st.session_state["train.view"], st.session_state["train.run"] = "runs", name


def _start(arguments: Sequence[str], name: str) -> None:
    try:
        run = training_runs.start(arguments, name=name)
    except (CharlstmError, OSError) as error:
        st.session_state["train.problem"] = str(error)
        return
    _see(run.name)
