"""Verovio itself: MusicXML and options to SVG pages, here or, as a program, for another process (`workers.py`).

    python -m charlstm.score.engraver

reads jobs from standard input, a line of JSON each (MusicXML, options, seconds of processor time), and answers each
with a line. Knows no tune and no page.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import sys
import threading
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from charlstm.errors import NotationError
from charlstm.score.glyphs import with_drawn_signs

MEMORY = 2 << 30  # bytes of address space of a worker
READY = "ready"  # a worker's first line
_LOCK = threading.Lock()  # Verovio keeps fonts and its log in places shared by all toolkits
_SEEDED = threading.local()  # a thread's first page ignores the seed of its ids
_FIRST = (
    '<score-partwise><part-list><score-part id="P1"/></part-list><part id="P1"><measure number="1"><attributes>'
    "<divisions>1</divisions></attributes><note><pitch><step>C</step><octave>4</octave></pitch><duration>4</duration>"
    "<type>whole</type></note></measure></part></score-partwise>"
)  # what a worker draws before its first job


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


def limit(name: str, most: int) -> None:
    """Let the system end this process when it takes more than so many bytes or seconds; Windows has no such limits."""
    with contextlib.suppress(ImportError):
        import resource

        kind = getattr(resource, name)
        resource.setrlimit(kind, (most, resource.getrlimit(kind)[1]))


def main() -> None:
    """Serve jobs until standard input ends, which it does when whoever asks has ended."""
    # Whatever a library prints must not come between the answers.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    limit("RLIMIT_AS", MEMORY)
    limit("RLIMIT_CORE", 0)
    draw_pages(_FIRST, {})  # loads the fonts
    print(json.dumps(READY), file=answers, flush=True)
    for line in sys.stdin.buffer:
        xml, options, seconds = json.loads(line)
        limit("RLIMIT_CPU", math.ceil(time.process_time() + seconds))
        try:
            answer: dict[str, Any] = {"pages": draw_pages(xml, options)}
        except NotationError as error:
            answer = {"problem": str(error)}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
