"""A text that is seen while it is written."""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import TypeVar

from streamlit.delta_generator import DeltaGenerator

from charlstm.ui.turns import Turns

T = TypeVar("T")
FRAME = 0.05  # seconds between two looks at a text that is written slowly
PAUSE = 0.025  # seconds after a line
TURNS = Turns()  # of all visitors


def watch(writing: Generator[str, None, T], slot: DeltaGenerator, *, pauses: float = 0.0) -> T:
    """Show characters in `slot` as they come; what the generator returns at its end.

    A fast model writes a tune unseen: `pauses` are the seconds that all pauses at the ends of lines may take. Nobody
    pauses while others wait to write.
    """
    text, shown = "", time.monotonic()
    began = TURNS.take()
    try:
        while True:
            try:
                character = next(writing)
            except StopIteration as end:
                result: T = end.value
                return result
            text += character
            line_ends = character == "\n" and pauses > 0 and not TURNS.is_crowded
            if line_ends or time.monotonic() - shown > FRAME:
                slot.code(text, language=None, wrap_lines=True)
                if line_ends:
                    time.sleep(PAUSE)
                    pauses -= PAUSE
                shown = time.monotonic()
            began = TURNS.go_on(began)
    finally:
        TURNS.give()
