"""The models on the page: found, loaded once for all visitors, described. A shared model is never changed."""

from __future__ import annotations

import logging
import sys
import threading
import time

import streamlit as st

from charlstm.errors import CharlstmError
from charlstm.lm.infer.engine import Engine, load
from charlstm.lm.store.checkpoint import JSON_FILE, Checkpoint, find_checkpoint, list_checkpoints, model_folders
from charlstm.paths import corpus_path
from charlstm.processes import spare_memory
from charlstm.tunes.corpus.building import start_building
from charlstm.tunes.corpus.model import DEFAULT_CORPUS
from charlstm.tunes.corpus.sources import ESSEN_TERMS
from charlstm.ui.background import serves

FIRST_CHOICE = "lstm-form"
TERMS = {"essen": ESSEN_TERMS}  # of models that were trained before a model said them
STYLES = {"essen": "German and other folk songs"}  # by collection; of the others a model's name says enough
# Seconds for which a thread may keep Python's lock from others, Python's own 0.005. The engine lets go of it at every
# character: beside three busy threads it then wrote at 17 ms a character, now at 7.
SWITCH = 0.0005
BREATH = 5.0  # seconds after which the first visitor has a tune


def models() -> dict[str, Checkpoint]:
    """The models in checkpoints/, the first choice first; the page stops with a sentence where there are none."""
    available = available_models()
    if not available:
        st.info(
            "There are no models yet. Train one with `charlstm train --corpus fiddle --out checkpoints/mine`, "
            "then reload this page.",
            icon=":material/model_training:",
        )
        st.stop()
    return available


def available_models() -> dict[str, Checkpoint]:
    """The models in checkpoints/, the first choice first."""
    return _models(tuple((str(path), (path / JSON_FILE).stat().st_mtime_ns) for path in model_folders()))


@st.cache_resource(max_entries=4, show_spinner=False)
def _models(stamp: tuple[tuple[str, int], ...]) -> dict[str, Checkpoint]:
    available = {checkpoint.name: checkpoint for checkpoint in list_checkpoints()}
    order = sorted(available, key=lambda name: (name != FIRST_CHOICE, available[name].val_loss or 99.0, name))
    return {name: available[name] for name in order}


def engine(name: str) -> Engine:
    """The engine of a model, loaded once for all visitors, and again when its files change."""
    return _engine(name, stamp_of(name))


def stamp_of(name: str) -> int:
    """When the files of a model changed last; raises CheckpointError where there are none."""
    return (find_checkpoint(name) / JSON_FILE).stat().st_mtime_ns


@st.cache_resource(max_entries=8, show_spinner=False)
def _engine(name: str, stamp: int) -> Engine:
    return load(name)


def model_label(checkpoint: Checkpoint) -> str:
    """A model's name in a list, with the style of its tunes where that is not the usual one."""
    style = STYLES.get(checkpoint.corpus.name or "")
    return f"{checkpoint.name} ({style})" if style else checkpoint.name


def describe(checkpoint: Checkpoint) -> str:
    """A model in short sentences: its size, what it remembers, and the terms of the tunes that it learned from."""
    config = checkpoint.config
    memory = config.cell_spec.character
    if config.lookback_bars:
        memory = "Looks back at earlier bars as it writes, so its tunes return to how they began."
    if config.plan:
        memory = "Writes by a form: it knows which bars return or are varied, and fills in the notes."
    layers = f" in {config.num_layers} layers" if config.num_layers > 1 else ""
    terms = checkpoint.corpus.terms or TERMS.get(checkpoint.corpus.name or "")
    terms = f" Learned from: {terms[:200]}." if terms else ""
    return f"{config.hidden_size} neurons{layers}. {memory}{terms}"


@st.cache_resource(show_spinner=False)
def warm_up() -> threading.Thread:
    """Start the processes that draw, import what the first tune needs, and build the collection; once a server."""
    from charlstm.score.workers import start_workers

    start_workers()  # now: a tune that comes before would be drawn in this process
    sys.setswitchinterval(SWITCH)
    spare_memory()

    begins = serves()

    def imports() -> None:
        import charlstm.score.beats
        import charlstm.score.jobs
        import charlstm.score.midi  # noqa: F401

        if begins:
            time.sleep(BREATH)
            _build_first_collection()

    thread = threading.Thread(target=imports, name="charlstm-warm-up", daemon=True)
    thread.start()
    return thread


def _build_first_collection() -> None:
    """Build the default collection where there is none at all; a page that needs it shows how far it is."""
    if any(corpus_path().glob("*.json")):
        return
    try:
        start_building(DEFAULT_CORPUS)
    except CharlstmError as error:
        logging.getLogger("charlstm").warning("the collection was not built: %s", error)
