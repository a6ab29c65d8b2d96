"""Heatmap: a text with one unit's value behind every character, as data; drawn apart, as HTML or PNG.

The scale is fixed: -1 dark blue, 0 white, 1 dark red (ColorBrewer's RdBu, told apart by the colour-blind), so that
pictures of different units and texts can be compared. Texts are untrusted: HTML is escaped, and the PNG's letters
are never read as formulas.
"""

from __future__ import annotations

import html
import io
import unicodedata
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from charlstm.errors import ConfigError
from charlstm.neurons.record import Activations, Kind, Unit

NEWLINE_MARK = "↵"
COLOURS = (
    *("053061", "2166ac", "4393c3", "92c5de", "d1e5f0", "f7f7f7"),  # -1 to 0
    *("fddbc7", "f4a582", "d6604d", "b2182b", "67001f"),  # to 1
)
LOW, HIGH = -1.0, 1.0
MAX_CHARACTERS = 20_000  # of a PNG, which takes half a millisecond a character
_CELL = (0.125, 0.25)  # inches, width and height
_DPI = 160

Row = tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Heatmap:
    """Rows of (character, value), values in [-1, 1]; a row ends with a newline or after `columns` characters."""

    rows: tuple[Row, ...]
    unit: Unit
    kind: Kind
    columns: int


def heatmap(acts: Activations, unit: Unit | tuple[int, int], *, columns: int = 60) -> Heatmap:
    """Lay a text out in rows, with the values of one unit.

    Parameters
    ----------
    acts : Activations
        Cell states, which have no bounds, are shown as tanh(c): what the output gate lets through.
    unit : Unit
    columns : int
        Characters a row at most, 1 or more.

    Raises
    ------
    ConfigError
        If there is no such unit, or no column.
    """
    if columns < 1:
        raise ConfigError("columns", "must be 1 or more.")
    values = acts.unit(unit)
    if acts.kind == "cell":
        values = np.tanh(values)
    pairs = list(zip(acts.text, values.tolist(), strict=True))
    rows = tuple(tuple(row) for row in _rows(pairs, columns))
    return Heatmap(rows, Unit(*unit), acts.kind, columns)


def _rows(pairs: list[tuple[str, float]], columns: int) -> Iterator[list[tuple[str, float]]]:
    row: list[tuple[str, float]] = []
    for pair in pairs:
        row.append(pair)
        if pair[0] == "\n" or len(row) == columns:
            yield row
            row = []
    if row:
        yield row


def colour(value: float) -> str:
    """The colour of a value in [-1, 1], as six hexadecimal digits, mixed from its two neighbours in COLOURS."""
    place = (min(max(value, LOW), HIGH) - LOW) / (HIGH - LOW) * (len(COLOURS) - 1)
    below = min(int(place), len(COLOURS) - 2)
    share = place - below
    first, second = (bytes.fromhex(COLOURS[k]) for k in (below, below + 1))
    return bytes(round(a + (b - a) * share) for a, b in zip(first, second, strict=True)).hex()


def ink(value: float) -> str:
    """Black or white, whichever stands out on the value's colour."""
    return "#ffffff" if abs(value) > 0.65 else "#000000"


def printable(character: str) -> str:
    """What is drawn for a character: newlines as a mark, other controls and lone surrogates as the replacement sign."""
    if character == "\n":
        return NEWLINE_MARK
    return "\ufffd" if unicodedata.category(character) in ("Cc", "Cs", "Co", "Cn") else character


def to_html(heatmap: Heatmap) -> str:
    """The heatmap as one HTML element with a legend; a span a character, which shows its value under the pointer.

    Everything of the text is escaped; what stands around it is fixed.
    """
    lines = []
    for row in heatmap.rows:
        spans = [
            f'<span style="background:#{colour(value)};color:{ink(value)}" title="{value:+.2f}">'
            f"{html.escape(printable(character))}</span>"
            for character, value in row
        ]
        lines.append("".join(spans))
    gradient = f"linear-gradient(to right, {', '.join(f'#{c}' for c in COLOURS)})"
    text = "\n".join(lines)
    return (
        '<div class="heatmap">'
        '<div style="display:flex;gap:.5em;align-items:center;font-family:sans-serif">'
        f"<span>{LOW:+.0f}</span>"
        f'<span style="display:inline-block;width:12em;height:1em;background:{gradient}"></span>'
        f"<span>{HIGH:+.0f}</span><span>unit {heatmap.unit}, {heatmap.kind}</span></div>"
        f'<pre style="font-family:monospace;line-height:1.5;overflow-x:auto">{text}</pre></div>'
    )


def to_png(heatmap: Heatmap) -> bytes:
    """The heatmap as a PNG, the report's grid: a coloured cell a character, a colour bar beside it.

    Raises
    ------
    ConfigError
        If the text is longer than 20,000 characters.
    """
    count = sum(map(len, heatmap.rows))
    if count > MAX_CHARACTERS:
        raise ConfigError("text", f"{count:,} characters are too many for a picture; take up to {MAX_CHARACTERS:,}.")
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.figure import Figure

    width = max(max((len(row) for row in heatmap.rows), default=1), 20)
    grid = np.full((max(len(heatmap.rows), 1), width), np.nan)
    for y, row in enumerate(heatmap.rows):
        grid[y, : len(row)] = [value for _, value in row]
    colours = LinearSegmentedColormap.from_list("charlstm", [f"#{c}" for c in COLOURS])
    figure = Figure(figsize=(width * _CELL[0] + 1.2, len(grid) * _CELL[1] + 0.6), dpi=_DPI, layout="constrained")
    axes = figure.add_subplot()
    image = axes.imshow(grid, cmap=colours, vmin=LOW, vmax=HIGH, aspect="auto", interpolation="nearest")
    for y, row in enumerate(heatmap.rows):
        for x, (character, value) in enumerate(row):
            if not character.isspace() or character == "\n":
                axes.text(x, y, printable(character), color=ink(value), family="monospace", fontsize=9,
                          ha="center", va="center", parse_math=False)  # fmt: skip
    axes.set_axis_off()
    axes.set_title(f"unit {heatmap.unit}, {heatmap.kind}", fontsize=9, loc="left")
    figure.colorbar(image, ax=axes, fraction=0.02, pad=0.01).ax.tick_params(labelsize=8)
    drawn = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")  # a font without it draws a box
        figure.savefig(drawn, format="png", metadata={"Software": None})
    return drawn.getvalue()
