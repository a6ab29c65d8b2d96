"""Verovio itself: MusicXML and options to SVG pages, in this process, which it holds. Knows no tune and no page."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from charlstm.errors import NotationError
from charlstm.score.glyphs import with_drawn_signs

_LOCK = threading.Lock()  # Verovio keeps fonts and its log in places shared by all toolkits
_SEEDED = threading.local()  # a thread's first page ignores the seed of its ids


def draw_pages(xml: str, options: Mapping[str, Any]) -> list[str]:
    """The SVG pages of a score, drawn by Verovio in this process, which it holds as long as it takes.

    Raises
    ------
    NotationError
        If Verovio cannot draw it.
    """
    with _LOCK:
        # The first page of a thread is drawn twice: its ids would be random.
        if not getattr(_SEEDED, "done", False):
            _pages(xml, options)
            _SEEDED.done = True
        return _pages(xml, options)


def _pages(xml: str, options: Mapping[str, Any]) -> list[str]:
    toolkit = _toolkit()
    toolkit.resetOptions()  # those of the page before stay otherwise
    toolkit.setOptions(dict(options))
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
