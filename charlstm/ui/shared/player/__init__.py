"""The score player: one component that draws, plays, follows and colours a tune. Knows no model and reads no ABC.

What it is given is untrusted: characters become text nodes, SVG is cleaned in the browser, nothing becomes HTML.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

import streamlit as st

from charlstm.errors import AudioUnavailable
from charlstm.ui.shared.component import component
from charlstm.ui.shared.drawing import Drawing
from charlstm.ui.shared.notices import plain
from charlstm.ui.shared.sound import INSTRUMENT, played_by, wav_of

# What the player consists of, each before those that use it; player.js is last and puts them together.
_SCRIPTS = ("svg", "preferences", "sheet", "abc_text", "curve", "written", "choice", "metronome", "playback")
_component = component("player", __file__, scripts=_SCRIPTS)

Scale = Literal["diverging", "unit"]


class Selection(NamedTuple):
    """The characters that a visitor has chosen: first, and behind the last."""

    start: int
    end: int


def show_tune(
    drawing: Drawing,
    *,
    key: str,
    values: Sequence[float] | None = None,
    label: str = "",
    scale: Scale = "diverging",
    trace: bool = False,
    marks: Sequence[tuple[int, int] | tuple[int, int, str]] = (),
    selectable: bool = False,
    play: str = "",
) -> Selection | None:
    """The tune with its player. Its sound comes later, with `sound_tune`: nobody waits for it to see a score.

    Only a new tune is drawn again: values, marks and the sound may change while it plays.

    Parameters
    ----------
    drawing : Drawing
        The tune, with a text of T characters.
    key : str
        Streamlit key of this player.
    values : sequence of T floats in [-1, 1], or in [0, 1] on the scale "unit", optional
        Colours of the characters and of their notes.
    label : str
        What the values are of: "Neuron 12".
    scale : "diverging" or "unit"
        Blue to red with nothing at 0, or nothing to amber. Both are told apart by colour-blind eyes.
    trace : bool
        Draw the values as a curve too, with the cursor on it; a click on it plays from there.
    marks : sequence of (int, int) or (int, int, str)
        Characters that are outlined with their notes: where two tunes differ, say; and words that the pointer shows.
    selectable : bool
        Characters and notes can be chosen, by dragging, by two clicks (the second with Shift), or with A-B.
    play : str
        A word that is new each time a button beside the player asks it to play; "" asks for nothing.

    Returns
    -------
    Selection or None
        What is chosen in this text; None: nothing. A choice runs the page again.
    """
    message = f"This tune cannot be drawn: {drawing.problem}" if drawing.problem else ""
    drawn = (drawing.text, sorted(drawing.pages.items()), drawing.events, message, drawing.bad)
    ident = hashlib.sha256(repr(drawn).encode()).hexdigest()[:32]
    data = {
        "id": ident,
        "text": drawing.text,
        "title": drawing.title,
        "pages": {str(width): list(svgs) for width, svgs in drawing.pages.items()},
        "events": [[e.start, e.end, e.id, round(e.onset, 4), round(e.duration, 4)] for e in drawing.events],
        "sound": _sound_id(drawing.midi, INSTRUMENT.get()) if drawing.midi else None,
        "message": message,
        "bad": drawing.bad,
        "values": None if values is None else [round(float(v), 3) for v in values],
        "label": label,
        "scale": scale,
        "trace": trace,
        "marks": [list(mark) for mark in marks],
        "selectable": selectable,
        "play": play,
        "beats": [[round(time, 4), place, of, round(lasts, 4)] for time, place, of, lasts in drawing.beats],
        "origin": drawing.origin,
    }
    if not selectable:
        _component(key=key, data=data)
        return None
    # The choice is read where the page runs, so its callback has nothing to do.
    result = _component(key=key, data=data, default={"selection": None}, on_selection_change=lambda: None)
    return _selection(getattr(result, "selection", None), ident, len(drawing.text))


def sound_tune(drawing: Drawing, *, key: str) -> None:
    """Make the sound of a tune and send it to the player; the last thing on a page, because it takes longest.

    It travels in a mount of its own, apart from the score: once, however often the score's colours change.
    """
    if not drawing.midi:
        return
    instrument = INSTRUMENT.get()
    try:
        wav = wav_of(played_by(drawing.midi, instrument))
    except AudioUnavailable as error:
        st.caption(plain(f"There is no sound: {error}"))
        return
    _component(key=f"{key}.sound", data=_sound_id(drawing.midi, instrument).encode() + wav)


def _selection(sent: Any, ident: str, length: int) -> Selection | None:
    """What the browser sent, if it is a part of this text."""
    if not isinstance(sent, Mapping) or sent.get("id") != ident:
        return None
    start, end = sent.get("start"), sent.get("end")
    if isinstance(start, int) and isinstance(end, int) and 0 <= start < end <= length:
        return Selection(start, end)
    return None


def _sound_id(midi: bytes, instrument: str) -> str:
    """The id of the sound that this MIDI file makes: 32 characters."""
    return hashlib.sha256(midi + instrument.encode()).hexdigest()[:32]
