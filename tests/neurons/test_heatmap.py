from __future__ import annotations

import html
import io
import re

import numpy as np
import pytest

from charlstm.errors import ConfigError
from charlstm.neurons.heatmap import NEWLINE_MARK, colour, heatmap, ink, to_html, to_png
from charlstm.neurons.recording import Activations, Unit

TEXT = "K:D\nA2 B2 c2|]"


def acts(text: str, kind: str = "hidden") -> Activations:
    values = np.linspace(-1, 1, len(text), dtype=np.float32)
    return Activations((text,), np.stack([values, -values], axis=1)[None], kind)


def test_rows_hold_the_text_and_its_values() -> None:
    drawn = heatmap(acts(TEXT), Unit(0, 1), columns=5)
    assert ["".join(c for c, _ in row) for row in drawn.rows] == ["K:D\n", "A2 B2", " c2|]"]
    np.testing.assert_allclose([v for row in drawn.rows for _, v in row], np.linspace(1, -1, len(TEXT)), atol=1e-6)


def test_the_reports_grid_goes_on_from_row_to_row_and_is_padded() -> None:
    drawn = heatmap(acts(TEXT), Unit(0, 0), columns=5, padded=True)
    assert ["".join(c for c, _ in row) for row in drawn.rows] == ["K:D\nA", "2 B2 ", "c2|]"]
    assert {len(row) for row in drawn.rows} == {5}
    assert drawn.rows[-1][-1] == ("", 0.0)
    assert heatmap(acts(TEXT), Unit(0, 0), columns=7, padded=True).rows[-1][-1][0] == "]"  # 14 characters: nothing over
    assert to_png(drawn).startswith(b"\x89PNG")


def test_values_are_written_into_wider_cells() -> None:
    image = pytest.importorskip("matplotlib.image")
    drawn = heatmap(acts(TEXT * 5), Unit(0, 0), columns=30, padded=True)
    plain, written = (
        image.imread(io.BytesIO(to_png(drawn, values=values)), format="png").shape for values in (False, True)
    )
    assert written[1] > 1.5 * plain[1]


def test_a_gate_goes_from_nothing_to_orange() -> None:
    assert (colour(0, gate=True), colour(1, gate=True)) == ("f7f7f7", "7f3b08")
    assert (colour(-1, gate=True), colour(2, gate=True)) == ("f7f7f7", "7f3b08")
    page = to_html(heatmap(acts(TEXT, "f"), Unit(0, 0)))
    assert "#7f3b08" in page
    assert "#053061" not in page
    image = pytest.importorskip("matplotlib.image")
    drawn = image.imread(io.BytesIO(to_png(heatmap(acts(TEXT, "f"), Unit(0, 0)))), format="png")
    colours = {tuple(np.round(pixel[:3] * 255).astype(int)) for pixel in drawn.reshape(-1, drawn.shape[-1])}
    assert (0x7F, 0x3B, 0x08) in colours
    assert (0x05, 0x30, 0x61) not in colours


def test_cell_states_are_shown_within_the_scale() -> None:
    wide = Activations("AB", np.array([[[9.0], [-0.5]]], dtype=np.float32), "cell")
    values = [v for row in heatmap(wide, Unit(0, 0)).rows for _, v in row]
    np.testing.assert_allclose(values, np.tanh([9, -0.5]), rtol=1e-6)


def test_the_scale_is_fixed_and_diverging() -> None:
    assert (colour(-1), colour(0), colour(1)) == ("053061", "f7f7f7", "67001f")
    assert (colour(-7), colour(7)) == (colour(-1), colour(1))
    halfway = [int(colour(0.1)[k : k + 2], 16) for k in (0, 2, 4)]
    assert halfway == [round((a + b) / 2) for a, b in ((0xF7, 0xFD), (0xF7, 0xDB), (0xF7, 0xC7))]
    assert (ink(0.0), ink(0.99), ink(-0.99)) == ("#000000", "#ffffff", "#ffffff")


@pytest.mark.parametrize("gate", [False, True])
def test_the_letters_stand_out(gate: bool) -> None:
    """A contrast of at least 4.5 to 1 (WCAG 2.1, 1.4.3) at every value."""

    def luminance(code: str) -> float:
        parts = [int(code[k : k + 2], 16) / 255 for k in (0, 2, 4)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    for value in np.linspace(-1, 1, 41):
        letter, ground = luminance(ink(value, gate=gate)[1:]), luminance(colour(value, gate=gate))
        dark, bright = sorted((letter, ground))
        assert (bright + 0.05) / (dark + 0.05) >= 4.5, value


def test_html_is_the_text_escaped_and_nothing_else() -> None:
    """Whatever a model or a user wrote, no mark of it becomes a mark of the page."""
    text = "T:<script>alert('&amp;')</script>\n\"onload=\"x\n"
    page = to_html(heatmap(acts(text), Unit(0, 0)))
    assert "<script" not in page
    inner = re.search(r"<pre[^>]*>(.*)</pre>", page, re.DOTALL)
    assert inner is not None
    shown = html.unescape(re.sub(r"<[^>]*>", "", inner[1]))
    assert shown.replace(f"{NEWLINE_MARK}\n", "\n").replace(NEWLINE_MARK, "\n") == text
    assert len(re.findall(r'title="[+-]\d\.\d\d"', page)) == len(text)


def test_png_is_a_picture_that_grows_with_the_text() -> None:
    image = pytest.importorskip("matplotlib.image")
    small, large = (
        image.imread(io.BytesIO(to_png(heatmap(acts(text), Unit(0, 0)))), format="png") for text in (TEXT, TEXT * 9)
    )
    assert large.shape[0] > small.shape[0]
    colours = {tuple(np.round(pixel[:3] * 255).astype(int)) for pixel in small.reshape(-1, small.shape[-1])}
    assert (0x05, 0x30, 0x61) in colours
    assert (0x67, 0x00, 0x1F) in colours


@pytest.mark.parametrize("text", ["$x_1$ \\frac{", "\x00\x07\ud800\t", "旋律 🎻", "\n\n"])
def test_png_draws_any_text(text: str) -> None:
    """No formula is read, no character is too strange, and no warning is let out."""
    assert to_png(heatmap(acts(text), Unit(0, 0))).startswith(b"\x89PNG")


def test_what_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(ConfigError, match="0:1"):
        heatmap(acts(TEXT), Unit(0, 2))
    with pytest.raises(ConfigError, match="columns"):
        heatmap(acts(TEXT), Unit(0, 0), columns=0)
    with pytest.raises(ConfigError, match="too many"):
        to_png(heatmap(acts("A" * 20_001), Unit(0, 0)))
