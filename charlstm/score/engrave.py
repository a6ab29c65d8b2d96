"""Scores as pages: MusicXML to SVG with Verovio. Every note keeps its id, so a page can be followed and coloured."""

from __future__ import annotations

import re
import threading
import zlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from charlstm.errors import NotationError
from charlstm.score.glyphs import with_drawn_signs
from charlstm.score.line_breaks import system_starts, with_system_starts
from charlstm.score.notation import to_musicxml

if TYPE_CHECKING:
    from music21.stream import Score

_LOCK = threading.Lock()  # Verovio keeps fonts and its log in places shared by all toolkits
_SEEDED = threading.local()  # a thread's first page ignores the seed of its ids
_DATE = re.compile("<encoding-date>.*?</encoding-date>")

MARGIN = 20
_OPTIONS: dict[str, Any] = {
    "pageHeight": 60000,  # the most there is; a tune is one page, cut to its height
    "adjustPageHeight": True,
    "footer": "none",
    "pageMarginLeft": MARGIN,
    "pageMarginRight": MARGIN,
    "pageMarginTop": MARGIN,
    "pageMarginBottom": MARGIN,
    "spacingSystem": 6,
    "svgFormatRaw": True,  # no indentation: three fifths of the bytes
    "svgViewBox": True,
    "smuflTextFont": "none",  # 57 kB a page for one sign: glyphs.py draws it
}


def engrave(
    score: Score,
    *,
    width: int = 900,
    scale: int = 40,
    title: bool = False,
    height: int | None = None,
    flow: bool = False,
    musicxml: str | None = None,
) -> list[str]:
    """Draw a score as SVG, one string a page; without a height a tune has one page, as high as it needs.

    Parameters
    ----------
    score : music21.stream.Score
        From `read_score`.
    width : int
        Of the page, in pixels, in [200, 5000].
    scale : int
        Size of the music in percent of Verovio's, in [10, 200]. 40 is that of a printed tune book on a screen.
    title : bool
        Whether the page shows the title; a page that has it as its heading does not need it twice.
    height : int, optional
        Of a page at most, in pixels, in [200, 5000]; more systems make more pages.
    flow : bool
        Whether lines break wherever the width is full, whatever the lines of the text.
    musicxml : str, optional
        What `to_musicxml` gave for this score, where it is at hand: writing it takes longest.

    Returns
    -------
    list of str
        SVG. Note heads are groups with the id `e{offset of the character}`. Lines break where the text breaks its
        own, as far as they fill a page of this width; else wherever the width is full.

    Raises
    ------
    NotationError
        If the score cannot be drawn.
    """
    width, scale = max(200, min(5000, width)), max(10, min(200, scale))
    xml = _DATE.sub("", to_musicxml(score) if musicxml is None else musicxml)
    page_width = width * 100 // scale
    reading = score.editorial.get("reading")
    starts = system_starts(reading, page_width - 2 * MARGIN) if reading and not flow else None
    if starts is not None:
        xml = with_system_starts(xml, starts)
    options = _OPTIONS | {
        "breaks": "auto" if starts is None else "line",  # as the text has them; pages break by themselves
        "pageWidth": page_width,
        "scale": scale,
        "xmlIdSeed": zlib.crc32(xml.encode()) % 2**31 or 1,  # the same score, the same ids
        "header": "auto" if title else "none",
    }
    if height is not None:
        options["pageHeight"] = max(200, min(5000, height)) * 100 // scale
    with _LOCK:
        # The first page of a thread is drawn twice: its ids would be random.
        if not getattr(_SEEDED, "done", False):
            _pages(xml, options)
            _SEEDED.done = True
        return _pages(xml, options)


def _pages(xml: str, options: dict[str, Any]) -> list[str]:
    toolkit = _toolkit()
    toolkit.setOptions(options)
    if not toolkit.loadData(xml):
        raise NotationError("this tune cannot be engraved; its text still plays")
    return [with_drawn_signs(toolkit.renderToSVG(page + 1)) for page in range(toolkit.getPageCount())]


@cache
def _toolkit() -> Any:
    """The one toolkit. Without a resource path Verovio finds no music font outside the main thread."""
    import verovio

    verovio.enableLog(verovio.LOG_OFF)
    toolkit = verovio.toolkit(False)
    toolkit.setResourcePath(str(Path(verovio.__file__).parent / "data"))
    return toolkit
