"""The score player: one component that draws, plays, follows and colours a tune. Knows no model and reads no ABC.

What it is given is untrusted: characters become text nodes, SVG is cleaned in the browser, nothing becomes HTML.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import streamlit as st

from charlstm.errors import AudioUnavailable
from charlstm.ui.shared.component import component
from charlstm.ui.shared.drawing import Drawing, Note
from charlstm.ui.shared.media import media_url
from charlstm.ui.shared.notices import plain
from charlstm.ui.shared.practice import practice_json, take_practice
from charlstm.ui.shared.sound import INSTRUMENT, INSTRUMENTS, octave_of, program_of
from charlstm.ui.state import component_value

# What the player consists of, each before those that use it; player.js is last and puts them together.
_SCRIPTS = (
    "svg", "preferences", "sheet", "abc_text", "curve", "written", "choice", "graph", "instruments", "metronome",
    "sound", "practice", "stand", "playback",
)  # fmt: skip
_component = component("player", __file__, scripts=_SCRIPTS)

PARTS = ("melody", "chord", "bass")  # as playback.js has them
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
    practice: bool = False,
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
    practice : bool
        Begin with the speed and the bars of the page's address, and remember what becomes of them (`practice_query`).

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
        "notes": notes_json(drawing.notes),
        "programs": _programs(drawing),
        "length": round(drawing.length, 4),
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
        "bars": [[round(time, 4), number] for time, number in drawing.bars],
        "origin": drawing.origin,
        "practice": practice_json(drawing.origin) if practice else None,
    }
    if not selectable and not practice:
        _component(key=key, data=data)
        return None
    # The choice is read where the page runs, so its callback has nothing to do.
    result = _component(
        key=key, data=data, default={"selection": None, "practice": None}, on_selection_change=lambda: None,
        on_practice_change=lambda: take_practice(getattr(component_value(key), "practice", None)),
    )  # fmt: skip
    return _selection(getattr(result, "selection", None), ident, len(drawing.text))


def sound_tune(drawing: Drawing, *, key: str) -> None:
    """Say to the browser where a tune's instruments are; the last thing on a page, because they may have to be made.

    The browser fetches each octave of an instrument once, whatever tune needs it, and lays the notes itself. Any script
    of the page has a note sounded at once by an event; what it leaves out is as here, the instrument as in the player:

        document.dispatchEvent(new CustomEvent("charlstm:note", {
          detail: { pitch: 60, duration: 0.5, velocity: 0.7, instrument: "fiddle", delay: 0 } }));
    """
    if drawing.notes:
        programs = _programs(drawing)
        needed = {(programs.get(note.part, programs["melody"]), note.pitch // 12) for note in drawing.notes}
        _send_octaves(sorted(needed), key=f"{key}.sound")


def sound_instrument(key: str, octaves: Collection[int] = (4, 5, 6, 7)) -> None:
    """Say where the visitor's instrument is, for a page that sounds single notes (`sound_tune`) and has no tune yet.

    Parameters
    ----------
    key : str
        Streamlit key.
    octaves : collection of int
        5 begins at middle C.
    """
    _send_octaves([(program_of(INSTRUMENT.get()), octave) for octave in octaves], key=f"{key}.sound")


def notes_json(notes: Sequence[Note]) -> list[list[float]]:
    """Notes for the browser: [onset, duration, pitch, velocity, index in PARTS], to a tenth of a millisecond."""
    return [
        [round(n.onset, 4), round(n.duration, 4), n.pitch, round(n.velocity, 3), PARTS.index(n.part)] for n in notes
    ]


def _send_octaves(needed: Sequence[tuple[int, int]], *, key: str) -> None:
    """Make octaves of instruments, (program, octave) each, and send their addresses."""
    octaves = []
    unavailable = False
    try:
        for program, octave in needed:
            samples = octave_of(program, octave)
            octaves.append({
                "program": program,
                "octave": octave,
                "url": media_url(samples.mp3, "audio/mpeg", f"{key}.{program}.{octave}"),
                "length": samples.length,
                "gain": samples.gain,
                "pitches": samples.pitches,
            })  # fmt: skip
    except AudioUnavailable as error:
        st.caption(plain(f"There is no sound: {error}"))
        unavailable = True
    programs = {name: program_of(name) for name in INSTRUMENTS}
    current = program_of(INSTRUMENT.get())
    _component(key=key, data={"octaves": octaves, "programs": programs, "current": current, "unavailable": unavailable})


def _programs(drawing: Drawing) -> dict[str, int]:
    """Part -> General MIDI program, the visitor's for the melody."""
    return {str(part): program for part, program in drawing.programs.items()} | {"melody": program_of(INSTRUMENT.get())}


def _selection(sent: Any, ident: str, length: int) -> Selection | None:
    """What the browser sent, if it is a part of this text."""
    if not isinstance(sent, Mapping) or sent.get("id") != ident:
        return None
    start, end = sent.get("start"), sent.get("end")
    if isinstance(start, int) and isinstance(end, int) and 0 <= start < end <= length:
        return Selection(start, end)
    return None
