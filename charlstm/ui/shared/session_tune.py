"""The composed tune that a visit is about: from the address, or by chance; the same on every page."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Generator, Mapping
from dataclasses import fields, replace
from typing import Any, NamedTuple

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from charlstm.lm.config import SampleConfig
from charlstm.lm.sample.edited import stream_edited
from charlstm.lm.sample.form import Form
from charlstm.lm.sample.guard import NEEDED
from charlstm.lm.sample.sampling import Sample, stream
from charlstm.lm.store.checkpoint import Checkpoint
from charlstm.tunes.form_plan.notation import parse_plan
from charlstm.ui.shared.backing import shown, swing
from charlstm.ui.shared.drawing import draw
from charlstm.ui.shared.models import engine
from charlstm.ui.shared.notices import plain
from charlstm.ui.shared.session_library import add_to_library
from charlstm.ui.shared.sound import TRANSPOSE
from charlstm.ui.shared.tablature_setting import TABLATURE
from charlstm.ui.shared.url_state import MAX_SEED, TEMPERATURES, ComposeSettings, parse_settings
from charlstm.ui.shared.writing import watch
from charlstm.ui.state import Setting


class Composed(NamedTuple):
    """A tune, and the settings that brought it."""

    settings: ComposeSettings
    sample: Sample


TUNE: Setting[ComposeSettings | None] = Setting("tune.settings", None)
COMPOSED: Setting[Composed | None] = Setting("tune.sample", None)
QUERY: Setting[dict[str, str] | None] = Setting("tune.query", None)  # what the address says of the tune, and is known
# The widgets of the page Compose, by field: they show the tune's settings until somebody moves them.
WIDGETS: Mapping[str, Setting[Any]] = {
    f.name: Setting(f"compose.{f.name}", "" if f.name == "model" else f.default) for f in fields(ComposeSettings)
}
# Earlier tunes whose settings those widgets may still have in the browser, and until when; inf: not known yet.
STALE: Setting[tuple[tuple[float, ComposeSettings], ...]] = Setting("compose.stale", ())
GRACE = 2.0  # seconds in which a browser shows what it was sent


def current_settings(available: Mapping[str, Checkpoint]) -> ComposeSettings:
    """Of the tune of this visit: a new address's, else the session's, else a first one, its seed by chance."""
    query = {name: value for name, value in st.query_params.items() if name in WIDGETS}
    first = next(iter(available))
    temperatures = {name: min(checkpoint.temperature, TEMPERATURES[1]) for name, checkpoint in available.items()}
    default = ComposeSettings(
        model=first, seed=random.randint(1, 9999), temperature=temperatures[first], guard=can_guard(available[first])
    )
    current = TUNE.get()
    if query and query != QUERY.get():
        current, problems = parse_settings(query, models=available, default=default, temperatures=temperatures)
        current = replace(current, guard=current.guard and can_guard(available[current.model]))
        choose_tune(current)
        QUERY.set(query)  # now, not when the page has come to its end: a click before that must not read it again
        for problem in problems:
            st.warning(plain(problem))
    elif current is None or current.model not in available:
        current = default
        choose_tune(current)
    return current


def choose_tune(settings: ComposeSettings) -> None:
    """Make this the tune of the visit; the widgets of the page Compose show its settings."""
    if (before := TUNE.get()) is not None:
        STALE.set((*STALE.get(), (math.inf, before)))
    TUNE.set(settings)
    for name, widget in WIDGETS.items():
        widget.set(getattr(settings, name))


def can_guard(checkpoint: Checkpoint) -> bool:
    """Whether the model knows the characters without which no tune can be guarded."""
    return set(checkpoint.vocab.symbols) >= NEEDED


def edited_settings(moved: str = "") -> ComposeSettings:
    """The tune's settings with what the visitor has changed in the widgets.

    A click may come before the browser has the values of the newest tune: what a widget was given for a tune before is
    no change either, unless it is the one that was just `moved`.
    """
    settings = TUNE.get() or ComposeSettings(model="")
    values = {name: widget.get() for name, widget in WIDGETS.items()}
    values |= {name: round(values[name], 2) for name in ("temperature", "top_p")}
    values["title"] = " ".join(values["title"].split())
    given = (settings, *(before for until, before in STALE.get() if time.monotonic() < until))
    changed = {
        name: value for name, value in values.items() if name == moved or value not in {getattr(g, name) for g in given}
    }
    return settings.varied(**changed) if changed else settings


def settings_shown() -> None:
    """The page Compose has come to its end: the browser's widgets get the values of the newest tune."""
    now = time.monotonic()
    STALE.set(tuple((min(until, now + GRACE), before) for until, before in STALE.get() if until > now))


def next_seed(seed: int) -> int:
    """The seed after this one; after the last comes 0."""
    return (seed + 1) % (MAX_SEED + 1)


def publish(settings: ComposeSettings, **more: str) -> None:
    """Put the tune, and what else the page shows, into the address bar."""
    QUERY.set(settings.query)
    address = settings.query | more
    if st.query_params.to_dict() != address:
        st.query_params.from_dict(address)


def composed_text(*, backing: bool = True) -> str:
    """The composed tune as ABC in the key that is shown, with its backing if it is on; "" where there is none."""
    composed = COMPOSED.get()
    if composed is None:
        return ""
    text = "X:1\n" + composed.sample.text
    return draw(shown(text).text if backing else text, TRANSPOSE.get(), TABLATURE.get(), swing()).text


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


def _writing(settings: ComposeSettings) -> Generator[str, None, Sample]:
    """The tune of these settings, a character at a time."""
    model, config = engine(settings.model), sample_config(settings)
    base = stream(model, config, seed=settings.seed, fields=settings.header, form=form_of(settings))
    if (edit := settings.edit) is None or not model.config.plan:
        return base
    return stream_edited(model, "".join(base), edit, config, seed=settings.seed)


def write(settings: ComposeSettings, slot: DeltaGenerator) -> Sample:
    """The tune of these settings: the one at hand, or a new one, seen in `slot` while it is written."""
    if (composed := COMPOSED.get()) and composed.settings == settings:
        return composed.sample
    writing = _writing(settings)
    sample = watch(writing, slot)
    COMPOSED.set(Composed(settings, sample))
    add_to_library("X:1\n" + sample.text, "composed", settings=settings.query)
    return sample
