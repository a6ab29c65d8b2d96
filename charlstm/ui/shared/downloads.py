"""A tune as files to download, in the formats of `charlstm.score.formats`, and its piano roll."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import streamlit as st

from charlstm.errors import NotationError
from charlstm.files import file_stem
from charlstm.score import jobs
from charlstm.score.formats import BY_LABEL, FORMATS
from charlstm.ui.cache import cached
from charlstm.ui.shared.drawing import Drawing
from charlstm.ui.shared.notices import plain
from charlstm.ui.shared.sound import INSTRUMENT, played_by
from charlstm.ui.state import Setting

PIANO_ROLL = Setting("tune.piano_roll", False)


def downloads(drawing: Drawing, title: str, *, page: str, note: str = "") -> None:
    """A button for the MIDI file, and the other files behind one more. `note` stands below the tune on paper."""
    stem, instrument = file_stem(title), INSTRUMENT.get()
    tablature = drawing.fingered.instrument if drawing.fingered else ""
    make: dict[str, bytes | Callable[[], bytes]] = {"abc": drawing.text.encode() + b"\n"}
    if drawing.musicxml:  # all others when they are clicked
        make |= {name: partial(_file, drawing, name, instrument, note, tablature) for name in BY_LABEL if name != "abc"}

    def button(name: str) -> None:
        form = FORMATS[name]
        st.download_button(
            form.label, make[name], f"{stem}.{form.ending}", form.media_type, key=f"{page}.download.{form.ending}",
            on_click="ignore", icon=":material/download:",
        )  # fmt: skip

    if "midi" in make:
        button("midi")
    with st.popover("Files", icon=":material/folder_open:"), st.container(horizontal=True, gap="small"):
        for name in BY_LABEL:
            if name != "midi" and name in make:
                button(name)


def _file(drawing: Drawing, name: str, instrument: str, note: str, tablature: str) -> bytes:
    """A drawn tune in a format of FORMATS. Raises NotationError, AudioUnavailable."""
    midi = played_by(drawing.midi, instrument)
    ready = {"midi": midi, "musicxml": drawing.musicxml.encode()}
    return ready.get(name) or tune_file(drawing.text, name, midi, note, tablature)


@cached(megabytes=32)
def tune_file(
    abc: str, name: str, midi: bytes, note: str = "", tablature: str = "", *, small_sound: bool = False
) -> bytes:
    """A tune in a format of FORMATS; its MIDI file is at hand. Raises NotationError, AudioUnavailable."""
    return jobs.tune_file(abc, name, midi, note, small_sound, tablature)


def piano_roll(drawing: Drawing) -> None:
    """A switch that shows the piano roll below it."""
    if drawing.musicxml and st.toggle("Piano roll", key=PIANO_ROLL.widget()):
        try:
            st.image(_piano_roll(drawing.text, drawing.qpm), width="stretch", alt="Piano roll")
        except NotationError as error:
            st.caption(plain(str(error)))


@cached(megabytes=8)
def _piano_roll(abc: str, qpm: float) -> bytes:
    """The piano roll of a tune as PNG. Raises NotationError where it has no sound."""
    return jobs.piano_roll(abc, qpm)
