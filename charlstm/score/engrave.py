"""Scores as pages: MusicXML to SVG with Verovio. Every note keeps its id, so a page can be followed and coloured."""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING, Any

from charlstm.errors import NotationError
from charlstm.score.engraver import draw_pages
from charlstm.score.line_breaks import system_starts, with_system_starts
from charlstm.score.notation import to_musicxml
from charlstm.score.tablature.engraving import with_room, with_tablature
from charlstm.score.tablature.fingering import tablature as written_for
from charlstm.tunes.parse.events import Reading

if TYPE_CHECKING:
    from music21.stream import Score

_DATE = re.compile("<encoding-date>.*?</encoding-date>")

MARGIN = 20
# What a tune may cost. Verovio's time for a bar grows with the square of what is in it: 3,000 graces take a second.
MAX_IN_BAR = 2_000  # note heads, grace notes, decorations and words
MAX_SQUARES = 10_000_000  # over all bars of all voices
MAX_IN_TUNE = 30_000
OPTIONS: dict[str, Any] = {
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
    tablature: str = "",
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
    tablature : str
        The instrument whose tablature stands under the notes, a name of `tablature.instruments.INSTRUMENTS`; "" for
        none.

    Returns
    -------
    list of str
        SVG. Note heads are groups with the id `e{offset of the character}`. Lines break where the text breaks its
        own, as far as they fill a page of this width; else wherever the width is full.

    Raises
    ------
    NotationError
        If the score cannot be drawn, or would take too long.
    ConfigError
        If there is no such instrument.
    """
    reading = score.editorial.get("reading")
    if reading is not None:
        check_cost(reading)
    width, scale = max(200, min(5000, width)), max(10, min(200, scale))
    xml = _DATE.sub("", to_musicxml(score) if musicxml is None else musicxml)
    page_width = width * 100 // scale
    starts = system_starts(reading, page_width - 2 * MARGIN) if reading and not flow else None
    if starts is not None:
        xml = with_system_starts(xml, starts)
    fingered = written_for(reading, tablature) if reading and tablature else None
    if fingered is not None:
        xml = with_room(xml, fingered)
    options = OPTIONS | {
        "breaks": "auto" if starts is None else "line",  # as the text has them; pages break by themselves
        "pageWidth": page_width,
        "scale": scale,
        "xmlIdSeed": zlib.crc32(xml.encode()) % 2**31 or 1,  # the same score, the same ids
        "header": "auto" if title else "none",
    }
    if height is not None:
        options["pageHeight"] = max(200, min(5000, height)) * 100 // scale
    pages = draw_pages(xml, options)
    return pages if fingered is None else [with_tablature(page, fingered) for page in pages]


def check_cost(reading: Reading) -> None:
    """Refuse a tune that would take too long to engrave, before anything is built. Raises NotationError."""
    total = squares = 0
    for voice in reading.voices:
        for number, measure in enumerate(voice.measures, 1):
            events = [event for line in (measure.events, *measure.overlays) for event in line]
            count = sum(
                max(len(e.heads), 1)
                + sum(map(len, (e.graces, e.decorations, e.chord_symbols, e.annotations, e.lyrics)))
                for e in events
            )
            if count > MAX_IN_BAR:
                raise NotationError(
                    f"bar {number} has {count:,} notes and signs, too many to be engraved (up to {MAX_IN_BAR:,})",
                    line=reading.text.count("\n", 0, measure.start) + 1,
                )
            total += count
            squares += count * count
    if total > MAX_IN_TUNE or squares > MAX_SQUARES:
        raise NotationError(
            f"this tune has {total:,} notes and signs, too many to be engraved at once; split it into several tunes"
        )
