"""Heatmap: a text with one unit's value behind every character, as data, and drawn as HTML or PNG.

The scale is fixed: -1 dark blue, 0 white, 1 dark red (ColorBrewer's RdBu, safe for the colour-blind), and for gates 0
white, 1 dark orange (half of its PuOr), so that pictures of different units and texts can be compared. Texts are
untrusted: HTML is escaped, and the PNG's letters are never read as formulas.
"""

from __future__ import annotations

import html
import io
import unicodedata
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from charlstm.errors import ConfigError
from charlstm.neurons.recording import UNIT_SCALE, Activations, Kind, Unit, bounded

NEWLINE_MARK = "↵"
COLOURS = (
    *("053061", "2166ac", "4393c3", "92c5de", "d1e5f0", "f7f7f7"),  # -1 to 0
    *("fddbc7", "f4a582", "d6604d", "b2182b", "67001f"),  # to 1
)
GATE_COLOURS = ("f7f7f7", "fee0b6", "fdb863", "e08214", "b35806", "7f3b08")  # 0 to 1
LOW, HIGH = -1.0, 1.0
MAX_CHARACTERS = 20_000  # of a PNG, which takes half a millisecond a character
_CELL = (0.125, 0.25)  # inches, width and height
_VALUE_CELL = (0.24, 0.3)  # the same, with a number in it
_MARGINS = (0.1, 0.75, 0.35, 0.1)  # inches: left, right with the colour bar, top with the title, bottom
_BAR_HIGH = 2.5
_DPI = 160

Row = tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Heatmap:
    """Rows of (character, value), values in [-1, 1], of gates in [0, 1].

    A row ends with a newline or after `columns` characters; in a padded one all rows are of `columns` cells, the last
    of them filled up with ("", 0).
    """

    rows: tuple[Row, ...]
    unit: Unit
    kind: Kind
    columns: int

    @property
    def is_gate(self) -> bool:
        """Whether the scale goes from 0 to 1."""
        return self.kind in UNIT_SCALE


def heatmap(acts: Activations, unit: Unit | tuple[int, int], *, columns: int = 60, padded: bool = False) -> Heatmap:
    """Lay a text out in rows, with the values of one unit.

    Parameters
    ----------
    acts : Activations
        Cell states, which have no bounds, are shown as tanh(c): what the output gate lets through.
    unit : Unit
    columns : int
        Characters a row at most, 1 or more.
    padded : bool
        The report's grid (3.4.2): the text goes on from row to row whatever its lines, and is padded at its end.

    Raises
    ------
    ConfigError
        If there is no such unit, or no column.
    """
    if columns < 1:
        raise ConfigError("columns", "must be 1 or more.")
    values = bounded(acts.unit(unit), acts.kind)
    pairs = list(zip(acts.text, values.tolist(), strict=True))
    if padded:
        pairs += [("", 0.0)] * (-len(pairs) % columns)
        rows = tuple(tuple(pairs[k : k + columns]) for k in range(0, len(pairs), columns))
    else:
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


def colour(value: float, *, gate: bool = False) -> str:
    """The colour of a value in [-1, 1], of a gate in [0, 1]: six hexadecimal digits, mixed from its two neighbours."""
    colours, low = (GATE_COLOURS, 0.0) if gate else (COLOURS, LOW)
    place = (min(max(value, low), HIGH) - low) / (HIGH - low) * (len(colours) - 1)
    below = min(int(place), len(colours) - 2)
    share = place - below
    first, second = (bytes.fromhex(colours[k]) for k in (below, below + 1))
    return bytes(round(a + (b - a) * share) for a, b in zip(first, second, strict=True)).hex()


def ink(value: float, *, gate: bool = False) -> str:
    """Black or white, whichever stands out more on the value's colour (WCAG 2.1's relative luminance)."""
    parts = [part / 255 for part in bytes.fromhex(colour(value, gate=gate))]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return "#000000" if 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 else "#ffffff"


def printable(character: str) -> str:
    """What is drawn for a character: newlines as a mark, other controls and lone surrogates as the replacement sign."""
    if character == "\n":
        return NEWLINE_MARK
    return "\ufffd" if unicodedata.category(character) in ("Cc", "Cs", "Co", "Cn") else character


def to_html(heatmap: Heatmap) -> str:
    """The heatmap as one HTML element with a legend; a span a character, which shows its value under the pointer.

    All of the text is escaped; the markup around it is fixed.
    """
    lines, gate = [], heatmap.is_gate
    for row in heatmap.rows:
        spans = [
            f'<span style="background:#{colour(value, gate=gate)};color:{ink(value, gate=gate)}" title="{value:+.2f}">'
            f"{html.escape(printable(character))}</span>"
            for character, value in row
        ]
        lines.append("".join(spans))
    gradient = f"linear-gradient(to right, {', '.join(f'#{c}' for c in (GATE_COLOURS if gate else COLOURS))})"
    text = "\n".join(lines)
    return (
        '<div class="heatmap">'
        '<div style="display:flex;gap:.5em;align-items:center;font-family:sans-serif">'
        f"<span>{0 if gate else LOW:+.0f}</span>"
        f'<span style="display:inline-block;width:12em;height:1em;background:{gradient}"></span>'
        f"<span>{HIGH:+.0f}</span><span>unit {heatmap.unit}, {heatmap.kind}</span></div>"
        f'<pre style="font-family:monospace;line-height:1.5;overflow-x:auto">{text}</pre></div>'
    )


def to_png(
    heatmap: Heatmap, *, values: bool = False, title: str = "", colours: Sequence[tuple[int, int, int]] = ()
) -> bytes:
    """The heatmap as a PNG, the report's grid: a coloured cell a character, a colour bar beside it.

    Parameters
    ----------
    heatmap : Heatmap
    values : bool
        Each cell has its value below its character, with two digits.
    title : str
        Above it; "": the unit and the kind of signal.
    colours : sequence of (red, green, blue), optional
        Of the lowest value, of the highest, and of those between them, in place of the report's.

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
    gate = heatmap.is_gate
    low = 0.0 if gate else LOW
    own = [f"#{c}" for c in (GATE_COLOURS if gate else COLOURS)]
    shades = LinearSegmentedColormap.from_list("charlstm", [f"#{r:02x}{g:02x}{b:02x}" for r, g, b in colours] or own)

    def ink_on(value: float) -> str:
        """Black or white, whichever stands out; `ink` knows the report's colours only."""
        if not colours:
            return ink(value, gate=gate)
        red, green, blue, _ = shades((value - low) / (HIGH - low))
        return "black" if 0.2126 * red**2.2 + 0.7152 * green**2.2 + 0.0722 * blue**2.2 > 0.18 else "white"

    cell = _VALUE_CELL if values else _CELL
    wide, high = width * cell[0], len(grid) * cell[1]
    left, right, top, bottom = _MARGINS
    figure = Figure(figsize=(left + wide + right, bottom + high + top), dpi=_DPI)
    axes = figure.add_axes(_place(figure, left, bottom, wide, high))
    image = axes.imshow(grid, cmap=shades, vmin=low, vmax=HIGH, aspect="auto", interpolation="nearest")
    for y, row in enumerate(heatmap.rows):
        for x, (character, value) in enumerate(row):
            if character == "\n" or not (character.isspace() or not character):
                axes.text(x, y - 0.2 * values, printable(character), color=ink_on(value), family="monospace",
                          fontsize=9, ha="center", va="center", parse_math=False)  # fmt: skip
            if values and character:
                number = f"{round(value, 2) + 0.0:.2f}".replace("0.", ".", 1)
                axes.text(x, y + 0.25, number, color=ink_on(value), family="monospace", fontsize=5,
                          ha="center", va="center")  # fmt: skip
    axes.set_axis_off()
    axes.set_title(title or f"unit {heatmap.unit}, {heatmap.kind}", fontsize=9, loc="left", parse_math=False)
    bar_high = min(high, _BAR_HIGH)
    bar = figure.add_axes(_place(figure, left + wide + 0.15, bottom + high - bar_high, 0.12, bar_high))
    figure.colorbar(image, cax=bar, ticks=np.linspace(low, HIGH, 5)).ax.tick_params(labelsize=8)
    drawn = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")  # a font without it draws a box
        figure.savefig(drawn, format="png", metadata={"Software": None})
    return drawn.getvalue()


def _place(figure: Any, left: float, bottom: float, width: float, height: float) -> tuple[float, float, float, float]:
    """A rectangle in inches as fractions of the figure."""
    w, h = figure.get_size_inches()
    return left / w, bottom / h, width / w, height / h
