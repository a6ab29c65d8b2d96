"""The composed tune that a visit is about: from the address, or by chance; the same on every page."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any, NamedTuple

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from charlstm.lm.sample.sampling import Sample
from charlstm.lm.store.checkpoint import Checkpoint
from charlstm.ui.shared.backing import backed, swing
from charlstm.ui.shared.drawing import Drawing, draw
from charlstm.ui.shared.notices import plain
from charlstm.ui.shared.session_library import add_to_library
from charlstm.ui.shared.sound import BACKING, TRANSPOSE
from charlstm.ui.shared.tablature_setting import TABLATURE
from charlstm.ui.shared.url_state import TEMPERATURES, ComposeSettings, parse_settings
from charlstm.ui.shared.written_tunes import HEAD, can_guard, default_settings, first_settings, written
from charlstm.ui.state import Setting


class Composed(NamedTuple):
    """A tune, and the settings that brought it."""

    settings: ComposeSettings
    sample: Sample


TUNE: Setting[ComposeSettings | None] = Setting("tune.settings", None)
COMPOSED: Setting[Composed | None] = Setting("tune.sample", None)
ADDED: Setting[ComposeSettings | None] = Setting("tune.added", None)  # of the tune that came into the library last
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
    current = TUNE.get()
    if query and query != QUERY.get():
        default = default_settings(available)
        temperatures = {name: min(checkpoint.temperature, TEMPERATURES[1]) for name, checkpoint in available.items()}
        current, problems = parse_settings(query, models=available, default=default, temperatures=temperatures)
        current = replace(current, guard=current.guard and can_guard(available[current.model]))
        choose_tune(current)
        QUERY.set(query)  # now, not when the page has come to its end: a click before that must not read it again
        for problem in problems:
            st.warning(plain(problem))
    elif current is None or current.model not in available:
        current = first_settings(available)
        choose_tune(current)
    return current


def choose_tune(settings: ComposeSettings) -> None:
    """Make this the tune of the visit; the widgets of the page Compose show its settings."""
    if (before := TUNE.get()) is not None:
        STALE.set((*STALE.get(), (math.inf, before)))
    TUNE.set(settings)
    for name, widget in WIDGETS.items():
        widget.set(getattr(settings, name))


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
    return drawn_as_set(backing=backing)(HEAD + composed.sample.text).text


def drawn_as_set(*, backing: bool = True) -> Callable[[str], Drawing]:
    """How this visit has tunes drawn: in its key, with its tablature, its swing and, if it is on, its backing.

    The function knows no visit: any thread may call it.
    """
    settings = TRANSPOSE.get(), TABLATURE.get(), swing()
    accompany = backed if backing and BACKING.get() else str
    return lambda text: draw(accompany(text), *settings)


def write(settings: ComposeSettings, slot: DeltaGenerator, *, add: bool = True) -> Sample:
    """The tune of these settings: the one at hand, or a new one, seen in `slot` while it is written.

    It is added to the visitor's library, unless who asks does so (`add_composed`) when its score is on its way.
    """
    if (composed := COMPOSED.get()) and composed.settings == settings:
        return composed.sample
    sample = written(settings, slot)
    COMPOSED.set(Composed(settings, sample))
    if add:
        add_composed()
    return sample


def add_composed() -> None:
    """Add the composed tune to the library, once; a disk may take 70 ms for it."""
    composed = COMPOSED.get()
    if composed is not None and ADDED.get() != composed.settings:
        ADDED.set(composed.settings)
        add_to_library(HEAD + composed.sample.text, "composed", settings=composed.settings.query)
