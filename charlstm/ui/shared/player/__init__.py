"""The score player: one component that draws, plays, follows and tints a tune. Knows no model and reads no ABC.

What it is given is untrusted: characters become text nodes, SVG is cleaned in the browser, nothing becomes HTML.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

from charlstm.ui.shared.component import component

_component = component("player", __file__)

Scale = Literal["diverging", "unit"]


class Played(NamedTuple):
    """One event of the tune as it sounds, repeats played out; the same place in the text may come back."""

    start: int  # characters of the text, first
    end: int  # and behind the last
    id: str  # of the note in the SVG; "" if it is not drawn
    onset: float  # seconds of the WAV
    duration: float  # seconds


class Selection(NamedTuple):
    """The characters that a visitor has chosen: first, and behind the last."""

    start: int
    end: int


def show_score(
    text: str,
    *,
    key: str,
    pages: Mapping[int, Sequence[str]],
    events: Sequence[Played],
    sound: str | None,
    message: str = "",
    bad: tuple[int, int] | None = None,
    values: Sequence[float] | None = None,
    label: str = "",
    scale: Scale = "diverging",
    trace: bool = False,
    marks: Sequence[tuple[int, int]] = (),
    selectable: bool = False,
    play: str = "",
    beats: Sequence[tuple[float, int, int, float]] = (),
    origin: str = "",
) -> Selection | None:
    """Draw a tune with its player.

    Parameters
    ----------
    text : str
        The tune as ABC, T characters; offsets count them.
    key : str
        Streamlit key of this mount.
    pages : mapping from a width in px to SVG pages
        The widest drawing that fits is shown.
    events : sequence of Played
        By onset.
    sound : str or None
        Id of the WAV that `send_sound` sends; None: nothing to play. It may change without a new drawing.
    message : str
        A sentence above the score: what is missing, and why.
    bad : (int, int), optional
        Characters to underline.
    values : sequence of T floats in [-1, 1], or in [0, 1] on the scale "unit", optional
        Colours of the characters and of their notes; they may change without a new drawing.
    label : str
        What the values are of: "Neuron 12".
    scale : "diverging" or "unit"
        Blue to red with nothing at 0, or nothing to amber. Both are told apart by colour-blind eyes.
    trace : bool
        Draw the values as a curve too, with the cursor on it; a click on it plays from there.
    marks : sequence of (int, int)
        Characters that are outlined with their notes: where two tunes differ, say. They may change as the values do.
    selectable : bool
        Characters and notes can be chosen, by dragging, by two clicks (the second with Shift), or with A-B.
    play : str
        A word that is new each time a button beside the player asks it to play; "" asks for nothing.
    beats : sequence of (seconds, place, of, seconds)
        For the metronome, by time: when, which beat of its bar from 0, how many that bar has, how long it lasts.
    origin : str
        The same for a tune in whatever key: the sound goes on where it was when only the key has changed.

    Returns
    -------
    Selection or None
        What is chosen in this text; None: nothing. A choice runs the page again; nothing is drawn anew.
    """
    drawing = hashlib.sha256(repr((text, sorted(pages.items()), events, message, bad)).encode()).hexdigest()[:32]
    data = {
        "id": drawing,
        "text": text,
        "pages": {str(width): list(svgs) for width, svgs in pages.items()},
        "events": [[e.start, e.end, e.id, round(e.onset, 4), round(e.duration, 4)] for e in events],
        "sound": sound,
        "message": message,
        "bad": bad,
        "values": None if values is None else [round(float(v), 3) for v in values],
        "label": label,
        "scale": scale,
        "trace": trace,
        "marks": [[start, end] for start, end in marks],
        "selectable": selectable,
        "play": play,
        "beats": [[round(time, 4), place, of, round(lasts, 4)] for time, place, of, lasts in beats],
        "origin": origin,
    }
    if not selectable:
        _component(key=key, data=data)
        return None
    result = _component(key=key, data=data, default={"selection": None}, on_selection_change=_nothing)
    return _selection(getattr(result, "selection", None), drawing, len(text))


def _nothing() -> None:
    """A choice is read where the page runs; it needs no callback of its own."""


def _selection(sent: Any, drawing: str, length: int) -> Selection | None:
    """What the browser sent, if it is a part of this text."""
    if not isinstance(sent, Mapping) or sent.get("id") != drawing:
        return None
    start, end = sent.get("start"), sent.get("end")
    if isinstance(start, int) and isinstance(end, int) and 0 <= start < end <= length:
        return Selection(start, end)
    return None


def sound_id(midi: bytes) -> str:
    """The id of the sound that this MIDI file makes: 32 characters."""
    return hashlib.sha256(midi).hexdigest()[:32]


def send_sound(sound: str, wav: bytes, *, key: str) -> None:
    """Send a WAV to the page's player, apart from the score so that it travels once."""
    _component(key=key, data=sound.encode() + wav)
