"""A tune as files: what takes time is made when it is asked for, in the key and for the instrument of the visit."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import streamlit as st

from charlstm.errors import NotationError
from charlstm.ui.shared.common import Drawing, file_stem, plain, voiced, wav_of
from charlstm.ui.shared.sound import current_sound


class Kind(NamedTuple):
    """A kind of file: how it is called, its ending, its media type."""

    label: str
    ending: str
    mime: str


PAPER = (Kind("PDF", "pdf", "application/pdf"), Kind("PNG", "png", "image/png"), Kind("SVG", "svg", "image/svg+xml"))
TEXT = Kind("ABC", "abc", "text/vnd.abc")
SCORE = Kind("MusicXML", "musicxml", "application/vnd.recordare.musicxml+xml")
MIDI, WAV = Kind("MIDI", "mid", "audio/midi"), Kind("WAV", "wav", "audio/wav")


def downloads(drawing: Drawing, title: str, *, page: str, note: str = "") -> None:
    """A button for the MIDI file, and the other files behind one more. `note` stands below the tune on paper."""
    stem = file_stem(title)
    midi = voiced(drawing.midi, current_sound().instrument) if drawing.midi else b""

    def button(kind: Kind, data: str | bytes | Callable[[], bytes]) -> None:
        st.download_button(
            kind.label, data, f"{stem}.{kind.ending}", kind.mime, key=f"{page}.download.{kind.ending}",
            on_click="ignore", icon=":material/download:",
        )  # fmt: skip

    if midi:
        button(MIDI, midi)
    with st.popover("Files", icon=":material/folder_open:"), st.container(horizontal=True, gap="small"):
        button(TEXT, drawing.text + "\n")
        if midi:
            button(SCORE, drawing.musicxml)
            for kind in PAPER:
                button(kind, partial(on_paper, drawing.text, kind.ending, note))
            button(WAV, partial(wav_of, midi))


@st.cache_data(max_entries=16, show_spinner=False)
def on_paper(abc: str, ending: str, note: str = "") -> bytes:
    """A tune as "svg", "png" or "pdf". Raises NotationError where it cannot be drawn."""
    from charlstm.score.notation import to_score
    from charlstm.score.pages import to_pdf, to_png, to_svg
    from charlstm.tunes.parse.reader import read

    score = to_score(read(abc))
    if ending == "pdf":
        return to_pdf(score, note=note)
    svg = to_svg(score)
    return to_png(svg) if ending == "png" else svg.encode()


@st.cache_data(max_entries=16, show_spinner=False)
def roll(abc: str, qpm: float) -> bytes:
    """The piano roll of a tune as PNG. Raises NotationError where it cannot be sounded."""
    from charlstm.score.notation import to_score
    from charlstm.score.piano_roll import to_png
    from charlstm.tunes.parse.reader import read

    return to_png(to_score(read(abc)), qpm=qpm)


def piano_roll(drawing: Drawing, *, page: str) -> None:
    """A switch that shows the piano roll below it."""
    if drawing.midi and st.toggle("Piano roll", key=f"{page}.roll"):
        try:
            st.image(roll(drawing.text, drawing.qpm), width="stretch")
        except NotationError as error:
            st.caption(plain(str(error)))
