"""Music signs inside words, as the note of a metronome mark, drawn as paths: a page then needs no music font.

Verovio writes them as letters of a font that it embeds in every page (57 kB), and that SVG readers outside browsers do
not find. Its own data has the same signs as paths.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

_SIGNS = re.compile(
    r'<text x="(-?\d+)" y="(-?\d+)" font-size="0px">((?:<tspan [^>]*class="(?:rend|text)"[^>]*>)*)'
    r'<tspan font-family="Leipzig" font-size="(\d+)px">([^<]*)</tspan>'
)
_UNITS = 1000  # of the font, to its size


def with_drawn_signs(svg: str) -> str:
    """An SVG page with the signs that begin a text as paths, and the text moved behind them."""

    def draw(match: re.Match[str]) -> str:
        x, y, size = int(match[1]), int(match[2]), int(match[4])
        paths, width = [], 0.0
        for sign in match[5]:
            path, advance = _glyph(sign)
            if path:
                at = f"translate({x + width * size / _UNITS:g},{y}) scale({size / _UNITS:g})"
                paths.append(f'<g transform="{at}">{path}</g>')
            width += advance
        moved = round(x + width * size / _UNITS)
        return f'{"".join(paths)}<text x="{moved}" y="{y}" font-size="0px">{match[3]}'

    return _SIGNS.sub(draw, svg)


@lru_cache(maxsize=256)
def _glyph(sign: str) -> tuple[str, float]:
    """A sign's path, y downwards, and how far it moves on, in the font's units; nothing for a sign it lacks."""
    import verovio

    folder = Path(verovio.__file__).parent / "data"
    code = f"{ord(sign):04X}"
    advance = re.search(rf'<g c="{code}"[^>]* h-a-x="([\d.]+)"', _metrics(folder))
    file = folder / "Leipzig" / f"{code}.xml"
    path = re.search(r"<path[^>]*/>", file.read_text("utf-8")) if file.is_file() else None
    return (path[0] if path else ""), float(advance[1]) if advance else 0.0


@lru_cache(maxsize=1)
def _metrics(folder: Path) -> str:
    return (folder / "Leipzig.xml").read_text("utf-8")
