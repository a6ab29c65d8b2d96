"""Scores on paper: PNG of one page, PDF of a tune, and a tunebook of many with its contents. Typst sets them.

The text of a tune reaches Typst as data, never as part of a program; the programs name no file and no package, so
nothing is read and nothing is fetched.
"""

from __future__ import annotations

import html
import json
import math
import re
import textwrap
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from charlstm.errors import ConfigError, NotationError
from charlstm.score.engrave import check_cost, engrave
from charlstm.score.incipit import engrave_incipit
from charlstm.score.notation import to_score
from charlstm.score.signs import printable
from charlstm.score.texts import texts_of
from charlstm.tunes.abc import split_header
from charlstm.tunes.parse.events import Reading
from charlstm.tunes.parse.reader import read

if TYPE_CHECKING:
    from music21.stream import Score

MAX_TUNES = 500  # of a tunebook
MAX_PIXELS = 40_000_000  # of a PNG; a longer score is drawn smaller
WIDTH, HEIGHT = 900, 1150  # px of a page's music; on A4 as wide as the text, and a title above it fits
_WORDS = 95  # characters of a line of words below the music
_VIEW = re.compile(r'<svg viewBox="0 0 (\d+) (\d+)"')

_IMAGE = """
#let data = json(bytes(sys.inputs.data))
#set page(width: data.width * 1pt, height: data.height * 1pt, margin: 0pt, fill: white)
#image(bytes(data.svg), format: "svg", width: 100%)
"""

_BOOK = """
#let data = json(bytes(sys.inputs.data))
#set document(title: data.title, date: none)
#set page(paper: "a4", margin: (x: 16mm, top: 16mm, bottom: 18mm), numbering: if data.contents { "1" })
#set text(font: "Libertinus Serif", size: 10.5pt)
#show heading: it => block(above: 0pt, below: 0pt, sticky: true, text(14pt, weight: "bold", it.body))
#if data.contents {
  v(1fr)
  align(center, text(30pt, weight: "bold", data.title))
  if data.credits != "" { v(4mm); align(center, text(11pt, data.credits)) }
  v(2fr)
  pagebreak()
  text(18pt, weight: "bold", "Contents")
  v(2mm)
  // Title and page of each tune, and its first bars, by which players know it.
  context for (tune, head) in data.tunes.zip(query(heading)) {
    let at = head.location()
    block(breakable: false, above: 4.5mm, link(at, {
      tune.title
      h(2mm)
      box(width: 1fr, text(fill: luma(120), repeat[.#h(1mm)]))
      h(2mm)
      numbering("1", ..counter(page).at(at))
      if tune.incipit.svg != "" {
        v(1.2mm, weak: true)
        image(bytes(tune.incipit.svg), format: "svg", width: calc.min(tune.incipit.width * 0.62pt, 178mm))
      }
    }))
  }
  pagebreak()
}
#for tune in data.tunes {
  let head = {
    align(center, heading(tune.title))
    for line in tune.subtitles { v(1.5mm, weak: true); align(center, text(11pt, line)) }
    if tune.credits != "" { v(2mm, weak: true); align(center, text(9.5pt, style: "italic", tune.credits)) }
    v(3mm, weak: true)
  }
  let first = if tune.pages.len() > 0 { image(bytes(tune.pages.first()), format: "svg", width: 100%, alt: tune.title) }
  block(breakable: false, above: 9mm, head + first)
  for page in tune.pages.slice(calc.min(1, tune.pages.len())) {
    image(bytes(page), format: "svg", width: 100%, alt: tune.title)
  }
  if tune.reason != "" {
    block(text(9.5pt, style: "italic", tune.reason))
    raw(tune.abc, block: true)
  }
  for line in tune.words { block(above: 2.5mm, line) }
  if tune.note != "" { v(2.5mm, weak: true); block(text(8.5pt, fill: luma(90), tune.note)) }
}
"""


class Page(NamedTuple):
    """One tune of a tunebook: its ABC text, and a line below it that says where it comes from."""

    abc: str
    note: str = ""


def to_svg(score: Score, *, flow: bool = False, tablature: str = "") -> str:
    """A score as a picture that stands alone: titles and credits above it, words (W:) below it.

    `flow` and `tablature` as in `engrave`. Raises NotationError.
    """
    page = engrave(score, width=WIDTH, flow=flow, tablature=tablature)[0]
    view = _VIEW.match(page)
    if view is None:
        raise NotationError("this tune cannot be engraved; its text still plays")
    tune = _tune(score.editorial.reading, "")
    # Lines as (text, size, style): their baselines are one line's height apart.
    above = [(tune["title"], 26, ""), *((line, 18, "") for line in tune["subtitles"])]
    above += [(tune["credits"], 15, "italic")] if tune["credits"] else []
    below = [(piece, 15, "") for line in tune["words"] for piece in textwrap.wrap(line, _WORDS) or [""]]
    texts: list[str] = []
    height = 8.0
    for text, size, style in above:
        height += 1.3 * size
        texts.append(_line(text, WIDTH / 2, height, size, style, "middle"))
    music, height = height, height + int(view[2])
    for text, size, style in below:
        height += 1.4 * size
        texts.append(_line(text, 0.15 * WIDTH, height, size, style, "start"))
    inner = page.replace("<svg ", f'<svg y="{music:g}" width="{view[1]}" height="{view[2]}" ', 1)
    return (
        f'<svg viewBox="0 0 {view[1]} {math.ceil(height + 12 * bool(below))}" version="1.1" '
        f'xmlns="http://www.w3.org/2000/svg">{"".join(texts)}{inner}</svg>'
    )


def _line(text: str, x: float, y: float, size: int, style: str, anchor: str) -> str:
    """A line of text in an SVG page."""
    style = f' font-style="{style}"' if style else ""
    return (
        f'<text x="{x:g}" y="{y:g}" font-family="Times, serif" font-size="{size}px" text-anchor="{anchor}"{style}>'
        f"{html.escape(text)}</text>"
    )


def to_png(svg: str, *, scale: float = 2.0) -> bytes:
    """Paint an SVG page as a PNG picture, black on white.

    Parameters
    ----------
    svg : str
        A page of `engrave`.
    scale : float
        Pixels of the picture for one of the page, in [0.25, 8]. A picture of more than 40 million is made smaller.

    Raises
    ------
    ConfigError
        If the scale is out of its range.
    NotationError
        If it is not a page of `engrave`.
    """
    if not 0.25 <= scale <= 8:
        raise ConfigError("scale", f"{scale:g} is outside 0.25 to 8")
    view = _VIEW.match(svg.lstrip())
    if view is None:
        raise NotationError("this SVG is not a page of a score; engrave() makes them")
    width, height = int(view[1]), int(view[2])
    scale = min(scale, (MAX_PIXELS / (width * height)) ** 0.5)
    return _compile(_IMAGE, {"svg": svg, "width": width, "height": height}, "png", ppi=72 * scale)


def to_pdf(score: Score, *, note: str = "", flow: bool = False, tablature: str = "") -> bytes:
    """A tune on A4 paper, as many sheets as it needs, its title above it.

    Parameters
    ----------
    score : music21.stream.Score
        From `read_score`.
    note : str
        A line below the tune, such as where it comes from.
    flow : bool
        Whether lines break wherever the width is full, as in `engrave`.
    tablature : str
        The instrument whose tablature stands under the notes, as in `engrave`; "" for none.

    Raises
    ------
    NotationError
        If the score cannot be drawn.
    """
    reading: Reading = score.editorial.reading
    pages = engrave(score, width=WIDTH, height=HEIGHT, flow=flow, tablature=tablature)
    tune = _tune(reading, note) | {"pages": pages}
    return _compile(_BOOK, {"title": tune["title"], "credits": "", "contents": False, "tunes": [tune]}, "pdf")


def tunebook_pdf(tunes: Sequence[Page | str], *, title: str = "Tunes", credits: str = "", tablature: str = "") -> bytes:
    """Many tunes as one book: a title page, contents with page numbers, and the tunes in their order.

    Parameters
    ----------
    tunes : sequence of Page or str
        ABC texts, at most 500. One that cannot be drawn is printed as text, with the reason.
    title : str
        Of the book.
    credits : str
        A line below the book's title.
    tablature : str
        The instrument whose tablature stands under the notes, as in `engrave`; "" for none.

    Returns
    -------
    bytes
        PDF, A4, its tunes in the outline too. The same tunes give the same bytes.

    Raises
    ------
    ConfigError
        If there is no tune, or there are too many.
    """
    check_count(len(tunes))
    pages = [Page(tune) if isinstance(tune, str) else tune for tune in tunes]
    return bind([book_page(page, tablature=tablature) for page in pages], title=title, credits=credits)


def check_count(tunes: int) -> None:
    """Raise ConfigError unless a book can have so many tunes."""
    if not 1 <= tunes <= MAX_TUNES:
        raise ConfigError("tunes", f"a tunebook has 1 to {MAX_TUNES} tunes, not {tunes}")


def bind(pages: Sequence[Mapping[str, Any]], *, title: str, credits: str = "") -> bytes:
    """A book of tunes that `book_page` has drawn, as PDF; title and credits as for `tunebook_pdf`."""
    data = {"title": printable(title) or "Tunes", "credits": printable(credits), "contents": True}
    return _compile(_BOOK, data | {"tunes": pages}, "pdf")


class Incipit(NamedTuple):
    """The first bars of a tune as SVG, and how many pixels it is wide; "" for none."""

    svg: str = ""
    width: int = 0


def _incipit(reading: Reading) -> dict[str, Any]:
    """The first bars of a tune, for the contents of a book; a tune whose bars are too long for a line has none."""
    try:
        svg = engrave_incipit(reading)
    except NotationError:
        return Incipit()._asdict()
    view = _VIEW.match(svg)
    return Incipit(svg, int(view[1]))._asdict() if view else Incipit()._asdict()


def book_page(page: Page, *, tablature: str = "", problem: str = "") -> dict[str, Any]:
    """What Typst prints of a tune, as JSON: the score, or, if it cannot be drawn, its text and the reason.

    `problem` is a reason that is known before.
    """
    try:
        if problem:
            raise NotationError(problem)
        reading = read(page.abc)
        check_cost(reading)
        drawn = engrave(to_score(reading), width=WIDTH, height=HEIGHT, tablature=tablature)
        return _tune(reading, page.note) | {"pages": drawn, "incipit": _incipit(reading)}
    except NotationError as error:
        return {
            "title": printable((split_header(page.abc).get("T") or "").strip()) or "Untitled",
            "subtitles": [],
            "credits": "",
            "words": [],
            "note": printable(page.note),
            "pages": [],
            "incipit": Incipit()._asdict(),
            "reason": printable(f"This tune cannot be drawn: {error}"),
            "abc": "\n".join(printable(line) for line in page.abc.splitlines()),
        }


def _tune(reading: Reading, note: str) -> dict[str, Any]:
    fields = (printable(f.value.strip()) for letter in "RCO" for f in reading.fields if f.letter == letter)
    return {
        "title": printable(reading.title) or "Untitled",
        "subtitles": list(filter(None, (printable(f.value.strip()) for f in reading.fields if f.letter == "T")))[1:],
        "credits": ", ".join(filter(None, fields)),
        "words": texts_of(reading).below,
        "note": printable(note),
        "reason": "",
        "abc": "",
    }


def _compile(program: str, data: dict[str, Any], form: str, **options: Any) -> bytes:
    """Run one of the programs above on data; `form` is "png" or "pdf"."""
    import typst

    compile_: Any = typst.compile  # none of its overloads takes options by name
    try:
        output = compile_(
            program.encode(), format=form, font_paths=_fonts(), sys_inputs={"data": json.dumps(data)}, **options
        )
    except typst.TypstError as error:
        raise NotationError(f"this page cannot be printed ({error})") from error
    return b"".join(output) if isinstance(output, list) else bytes(output)


@lru_cache(maxsize=1)
def _fonts() -> Any:
    """Typst's own fonts (Latin, Greek, Cyrillic); the machine's for any other letters."""
    import typst

    return typst.Fonts()
