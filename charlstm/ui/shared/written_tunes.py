"""The tunes that models write for the page: each once for all visitors, some before they are asked for.

The same settings give the same tune, so who opens another's link gets what is there. Ahead of time are written: a tune
for whoever comes without an address, and the one after the tune on a page. Knows no visit.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Generator, Mapping
from dataclasses import replace

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from charlstm.lm.config import SampleConfig
from charlstm.lm.sample.edited import stream_edited
from charlstm.lm.sample.form import Form
from charlstm.lm.sample.guard import NEEDED
from charlstm.lm.sample.sampling import Sample, stream
from charlstm.lm.store.checkpoint import Checkpoint
from charlstm.tunes.form_plan.notation import parse_plan
from charlstm.ui.ahead import Ahead
from charlstm.ui.background import serves
from charlstm.ui.cache import ByteCache
from charlstm.ui.shared.drawing import Drawing, draw
from charlstm.ui.shared.models import available_models, engine, stamp_of
from charlstm.ui.shared.url_state import MAX_SEED, TEMPERATURES, ComposeSettings
from charlstm.ui.shared.writing import TURNS, watch

HEAD = "X:1\n"  # what a composed tune is shown with
_BYTES = 4 << 20
_FIRST_SEEDS = (1, 9999)
_AHEAD = Ahead(lambda: TURNS.is_idle)
_first: deque[ComposeSettings] = deque(maxlen=2)  # of tunes for new visits, ready or on their way


def written(settings: ComposeSettings, slot: DeltaGenerator | None = None) -> Sample:
    """The tune of these settings; while it is written it is seen in `slot`."""
    key = (settings, stamp_of(settings.model))
    return _samples().get(key, lambda: watch(_writing(settings), slot))


@st.cache_resource(show_spinner=False)
def _samples() -> ByteCache:
    return ByteCache(_BYTES)


def _writing(settings: ComposeSettings) -> Generator[str, None, Sample]:
    """The tune of these settings, a character at a time."""
    model, config = engine(settings.model), sample_config(settings)
    base = stream(
        model, config, seed=settings.seed, fields=settings.header, form=form_of(settings), attributes=settings.wished
    )
    if (edit := settings.edit) is None or not model.config.plan:
        return base
    return stream_edited(model, "".join(base), edit, config, seed=settings.seed, attributes=settings.wished)


def sample_config(settings: ComposeSettings) -> SampleConfig:
    """How a tune of these settings is drawn."""
    return SampleConfig(
        temperature=settings.temperature,
        top_k=settings.top_k or None,
        top_p=settings.top_p if settings.top_p < 1 else None,
        max_length=settings.length,
        guard=settings.guard,
    )


def form_of(settings: ComposeSettings) -> Form:
    """The form that a tune of these settings is written by, before it was edited."""
    return parse_plan(settings.form) if settings.form and engine(settings.model).config.plan else "auto"


def can_guard(checkpoint: Checkpoint) -> bool:
    """Whether the model knows the characters without which no tune can be guarded."""
    return set(checkpoint.vocab.symbols) >= NEEDED


def next_seed(seed: int) -> int:
    """The seed after this one; after the last comes 0."""
    return (seed + 1) % (MAX_SEED + 1)


def default_settings(available: Mapping[str, Checkpoint]) -> ComposeSettings:
    """Of a first tune: the first model at its own temperature, the seed by chance."""
    name, checkpoint = next(iter(available.items()))
    temperature = min(checkpoint.temperature, TEMPERATURES[1])
    seed = random.randint(*_FIRST_SEEDS)
    return ComposeSettings(model=name, seed=seed, temperature=temperature, guard=can_guard(checkpoint))


# Ahead of time.


def prepare_next(settings: ComposeSettings, drawn: Callable[[str], Drawing]) -> None:
    """Write the tune that comes after this one, and draw it as `drawn` does."""
    if serves():
        following = settings.varied(seed=next_seed(settings.seed))
        _AHEAD.wish(following, lambda: drawn(HEAD + written(following).text))


def prepare_first() -> None:
    """Write and draw a tune for somebody who comes without an address; who comes before it is ready waits for it."""
    if available := available_models():
        settings = default_settings(available)
        _first.append(settings)
        _AHEAD.wish(settings, lambda: draw(HEAD + written(settings).text))


def first_settings(available: Mapping[str, Checkpoint]) -> ComposeSettings:
    """Of a first tune, one that was prepared if there is one."""
    default = default_settings(available)
    try:
        ready = _first.popleft()
    except IndexError:
        ready = default
    if serves():
        prepare_first()
    return ready if replace(ready, seed=default.seed) == default else default
