"""The export formats: every one makes a file of its kind, and what several need is made once."""

from __future__ import annotations

import io
import wave
import xml.etree.ElementTree as ET

import mido
import pypdf
import pytest
from PIL import Image

from charlstm.errors import NotationError
from charlstm.score.formats import BY_LABEL, FORMATS, Rendering
from charlstm.score.midi import to_midi
from charlstm.score.notation import read_score
from charlstm.tunes.parse.reader import read

TUNE = "X:1\nT:Test\nM:4/4\nL:1/8\nK:D\n|:defg a4:|\n"
# How other software opens a file of each kind; it raises for one of another kind.
OPENED = {
    "abc": lambda data: read(data.decode()),
    "svg": lambda data: ET.fromstring(data),
    "png": lambda data: Image.open(io.BytesIO(data)).load(),
    "pdf": lambda data: pypdf.PdfReader(io.BytesIO(data)).pages[0],
    "midi": lambda data: mido.MidiFile(file=io.BytesIO(data)),
    "musicxml": lambda data: ET.fromstring(data).find("part/measure/note"),
    "wav": lambda data: wave.Wave_read(io.BytesIO(data)),
}


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_makes_a_file_of_its_kind(name: str) -> None:
    data = Rendering(TUNE).file(name)
    assert data
    OPENED.get(name, len)(data)


def test_formats_are_told_apart_by_their_endings_and_names() -> None:
    assert len({form.ending for form in FORMATS.values()}) == len(FORMATS)
    assert len({form.label for form in FORMATS.values()}) == len(FORMATS)
    assert all(form.media_type.count("/") == 1 for form in FORMATS.values())
    assert sorted(BY_LABEL) == sorted(FORMATS)


def test_tempo_and_instrument_reach_the_midi_file() -> None:
    midi = Rendering(read(TUNE), qpm=90, instrument="fiddle").file("midi")
    assert midi == to_midi(read_score(TUNE), qpm=90, instrument=40)
    assert midi != Rendering(TUNE).file("midi")


def test_a_file_that_is_at_hand_is_not_made_again() -> None:
    loud, quiet = (Rendering(TUNE, instrument=name).file("midi") for name in ("fiddle", "piano"))
    assert Rendering(TUNE, ready={"midi": loud}).file("wav") == Rendering(TUNE, instrument="fiddle").file("wav")
    assert Rendering(TUNE, ready={"midi": loud}).file("wav") != Rendering(TUNE, ready={"midi": quiet}).file("wav")


def test_small_sound_is_small() -> None:
    assert len(Rendering(TUNE, small_sound=True).file("wav")) * 3 < len(Rendering(TUNE).file("wav"))


def test_a_text_without_music_is_still_an_abc_file() -> None:
    assert Rendering("T:Words\nK:D").file("abc") == b"T:Words\nK:D\n"
    for name in FORMATS.keys() - {"abc"}:
        with pytest.raises(NotationError):
            Rendering("T:Words\nK:D").file(name)
