"""The piano roll: opened as an image, its boxes counted and measured."""

from __future__ import annotations

import io

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from numpy.typing import NDArray
from PIL import Image

from charlstm.errors import ConfigError
from charlstm.score.midi import to_midi
from charlstm.score.notation import read_score
from charlstm.score.piano_roll import COLOURS, notes_of, to_png
from charlstm.score.timeline import bar_starts
from charlstm.tunes.parse.reader import read

GAPPED = "X:1\nQ:1/4=60\nM:4/4\nL:1/4\nK:C\n|:CzEz|c2z2:|"


def boxes(png: bytes, colour: str) -> NDArray[np.bool_]:
    """Where a picture has a colour."""
    pixels = np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)
    return np.abs(pixels - np.array(to_rgb(colour)) * 255).max(axis=2) < 12


def runs(line: NDArray[np.bool_]) -> list[int]:
    """Lengths of the stretches that are True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], line.astype(int), [0]])))
    return [int(end - start) for start, end in zip(edges[::2], edges[1::2], strict=True)]


def test_every_note_is_a_box_as_long_as_it_sounds_and_repeats_are_played():
    across = runs(boxes(to_png(read_score(GAPPED)), COLOURS[0]).any(axis=0))
    assert len(across) == 6
    beat = across[0]
    assert across == pytest.approx([beat, beat, 2 * beat] * 2, abs=4)


def test_higher_notes_stand_higher():
    found = boxes(to_png(read_score("L:1/4\nK:C\nC|c|")), COLOURS[0])
    half = found.shape[1] // 2
    rows = [np.flatnonzero(part.any(axis=1)).mean() for part in (found[:, :half], found[:, half:])]
    assert rows[0] > rows[1] + 50


def test_voices_have_colours_of_their_own():
    png = to_png(read_score("M:4/4\nL:1/4\nK:C\nV:1\ncdef|\nV:2\nC4|\n"), width=600, height=300)
    assert Image.open(io.BytesIO(png)).size == (600, 300)
    assert len(runs(boxes(png, COLOURS[0]).any(axis=0))) == 4
    assert len(runs(boxes(png, COLOURS[1]).any(axis=0))) == 1


def test_it_shows_what_pretty_midi_reads():
    assert notes_of(to_midi(read_score(GAPPED), qpm=120)) == [
        [
            (pytest.approx(start), pitch, pytest.approx(end))
            for start, pitch, end in ((0, 60, 0.5), (1, 64, 1.5), (2, 72, 3), (4, 60, 4.5), (5, 64, 5.5), (6, 72, 7))
        ]
    ]


def test_bars_are_numbered_as_they_are_printed():
    halves = read("M:4/4\nL:1/4\nK:C\nC|:DEFG|ABc:|d|efga|]")
    assert bar_starts(halves) == [(0, 0), (1, 1), (5, 2), (8, 1), (12, 2), (15, 2), (16, 3)]


def test_the_same_tune_gives_the_same_picture_and_hostile_ones_too():
    assert to_png(read_score(GAPPED)) == to_png(read_score(GAPPED))
    for text in ("T:$x$ \x00\nK:C\nz4|", "K:C\nC,,,,c''''" + "|:A/64:|" * 50, "Q:1/4=20\nK:C\n" + "C8|" * 200):
        assert to_png(read_score(text)).startswith(b"\x89PNG")


@pytest.mark.parametrize("setting", [{"width": 10}, {"height": 9999}, {"qpm": 0}])
def test_settings_out_of_range_say_which(setting: dict[str, int]):
    with pytest.raises(ConfigError) as caught:
        to_png(read_score(GAPPED), **setting)
    assert caught.value.field == next(iter(setting))
