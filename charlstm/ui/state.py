"""Settings of a visit: named once, typed, and there again when a page is left and shown again.

The only file that touches `st.session_state`. A page declares its settings at its top, or in its folder's settings.py:

    VIEW = Setting("neurons.view", "tune", query="view")      # ?view=gates in a first address
    UNIT = Setting("neurons.unit", (0, 0), query="neuron", parse=parse_unit)
    PROBLEM = Setting("train.problem", "")                    # no widget: a value of the visit

and says their names from then on:

    st.segmented_control("View", VIEWS, key=VIEW.widget(VIEWS))   # seeds the widget, checks its value, gives its key
    st.slider("Neuron", 0, 511, key=INDEX.widget(bounds=(0, 511)))  # value=, index= or default= are not needed
    VIEW.get()                                                    # anywhere, also in a callback: never a KeyError
    VIEW.set("gates")                                             # in a callback, or before its widget is drawn
    BAR.renew(3)                                                  # the same, where a click may be on its way already
    if problem := PROBLEM.pop(): st.error(problem)                # said once
    RATE.of(run.name).widget()                                    # one a run, a model, a row
    LIBRARY.setdefault(Library)                                   # an object of the visit, made when first asked for

Where a value comes from: the widget, else what the setting was when its widget was last on a page, else the address,
else the default. `settings_delivered` ends a run of the app. Knows none of the settings.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar, cast

import streamlit as st

T = TypeVar("T")
U = TypeVar("U")
_MEMORY = "settings"
_NOTHING = object()  # no value
LOADS = 3.0  # seconds in which a browser has loaded what it draws a widget with


@dataclass
class _Memory:
    """What a visit remembers: Streamlit itself forgets the value of a widget that a run does not draw."""

    values: dict[str, Any] = field(default_factory=dict)
    # Keys that the browser may not have, and when the first run that set them ended.
    undelivered: dict[str, float | None] = field(default_factory=dict)
    bounds: dict[str, tuple[Any, Any]] = field(default_factory=dict)  # of sliders and numbers, as they were drawn last
    renewed: dict[str, int] = field(default_factory=dict)  # how often a setting has got another widget


def _value(key: str) -> Any:
    """What the session's state has for a key, looked up once: a page asks hundreds of times."""
    try:
        return st.session_state[key]
    except KeyError:
        return _NOTHING


def _memory() -> _Memory:
    memory = _value(_MEMORY)
    if memory is _NOTHING:
        st.session_state[_MEMORY] = memory = _Memory()
    return cast("_Memory", memory)


def _as_text(text: str) -> Any:
    return text


@dataclass(frozen=True)
class Setting(Generic[T]):
    """A value of the visit, with or without a widget.

    Attributes
    ----------
    key : str
        "page.name": its key in the session's state and that of its widget.
    default : T
        Its value in a new visit.
    query : str
        Its name in the address; "" if no address speaks of it.
    parse : callable
        Reads the address's text, which anybody may have written; returns None, or raises ValueError, for a bad one.
    write : callable
        The text of a value in the address, which `parse` reads again.
    """

    key: str
    default: T
    query: str = ""
    parse: Callable[[str], T | None] = _as_text
    write: Callable[[T], str] = str

    @property
    def _state_key(self) -> str:
        """The key in the session's state and of the widget: another one after each `renew`."""
        times = _memory().renewed.get(self.key)
        return f"{self.key}#{times}" if times else self.key

    def of(self, name: object) -> Setting[T]:
        """The same setting of one of several things: `RATE.of(run.name)`."""
        return replace(self, key=f"{self.key}.{name}")

    def get(self) -> T:
        """The value now."""
        return self._known(self.default)

    def _known(self, default: T) -> T:
        """The widget's value, else the one remembered, else the address's, else this default."""
        values = _memory().values
        value = _value(self._state_key)
        # A select box whose labels have changed may send an old label in place of the option that it stood for.
        is_label = isinstance(value, str) and self.default is not None and not isinstance(self.default, str)
        if value is not _NOTHING and not is_label:
            return cast("T", value)
        if self.key not in values and (written := self._from_address()) is not None:
            values[self.key] = written  # an address speaks once
        return cast("T", values.get(self.key, default))

    def set(self, value: T) -> None:
        """Another value: in a widget's callback, or before the widget is drawn in this run."""
        memory = _memory()
        memory.values[self.key] = value
        if _value(key := self._state_key) != value:
            st.session_state[key] = value
            memory.undelivered[self.key] = None

    def renew(self, value: T) -> None:
        """Another value in another widget, for what the visitor may act upon before the browser shows it.

        A browser sends what all its widgets say with each click, also while the answer to the one before is on its way.
        What it still says of the old widget is nobody's wish, and is not taken for one. Give the new one its value= or
        index= as well: what a browser says of a widget that it has just drawn is where the widget itself begins.
        """
        if _value(self._state_key) not in (_NOTHING, value):
            renewed = _memory().renewed
            st.session_state.pop(self._state_key, None)
            renewed[self.key] = renewed.get(self.key, 0) + 1
        self.set(value)

    def reload(self) -> None:
        """The value of the address, or the default: the visitor went back, or followed a link."""
        value = self._from_address()
        self.set(self.default if value is None else value)

    def pop(self) -> T:
        """The value, and the default from now on."""
        value = self.get()
        _memory().values.pop(self.key, None)
        st.session_state.pop(self._state_key, None)
        return value

    def setdefault(self, make: Callable[[], U]) -> U:
        """An object of the visit: what `make` returned when it was first asked for."""
        if self.key not in st.session_state:
            st.session_state[self.key] = make()
        return cast("U", st.session_state[self.key])

    def widget(
        self, options: Iterable[T] | None = None, default: T | None = None, *, bounds: tuple[T, T] | None = None
    ) -> str:
        """Seed the widget that is drawn next, and return its key.

        A value from the state reaches the browser in one run only. If that run is cut short by a click, or followed by
        another one before the browser has loaded what it draws the widget with, it would show the widget's own default
        and send it back: hence the value is set again for a while, and in two runs at least that come to their end.

        Parameters
        ----------
        options : iterable, optional
            What the widget offers: a value that is not among them becomes the default, or else the first of them.
        default : optional
            In place of the setting's own, where it depends on what there is.
        bounds : (lowest, highest), optional
            Of a slider or a number: the value is brought between them. Streamlit takes a slider with other bounds for
            another one, and begins at its lowest value: hence the value is set again then.
        """
        memory = _memory()
        default = self.default if default is None else default
        value = self._known(default)
        if options is not None and value not in (offered := list(options)):
            value = default if default in offered or not offered else offered[0]
        if bounds is not None:
            low, high = cast("tuple[Any, Any]", bounds)
            value = cast("T", min(max(cast("Any", value), low), high))
            if memory.bounds.get(self.key) != bounds:
                memory.bounds[self.key] = bounds
                memory.undelivered[self.key] = None
        self.set(value)
        if self.key in memory.undelivered:
            st.session_state[self._state_key] = value
        return self._state_key

    def _from_address(self) -> T | None:
        text = st.query_params.get(self.query) if self.query else None
        try:
            return None if text is None else self.parse(text)
        except ValueError:
            return None


def settings_delivered() -> None:
    """The run has come to its end: the browser has the values that it set, or will have loaded what shows them soon.

    The run after it may be the answer to something else that a busy browser has loaded first: it sends them again.
    """
    memory, now = _memory(), time.monotonic()
    memory.undelivered = {
        key: now if since is None else since
        for key, since in memory.undelivered.items()
        if since is None or now - since < LOADS
    }


def component_value(key: str) -> Any:
    """What a component of ours last sent from the browser: somebody else's text, to be checked."""
    return st.session_state.get(key)
