"""A text that is seen while it is written."""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import TypeVar

from streamlit.delta_generator import DeltaGenerator

from charlstm.ui.turns import Turns

T = TypeVar("T")
FRAME = 0.05  # seconds between two looks at a text that is written slowly
TURNS = Turns()  # of all visitors


def watch(writing: Generator[str, None, T], slot: DeltaGenerator | None = None) -> T:
    """What the generator returns at its end; its characters are shown in `slot` as they come, if they come slowly."""
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
            if slot is not None and time.monotonic() - shown > FRAME:
                slot.text(text)  # st.code would load a script of 1.5 MB, half a second of a browser's time
                shown = time.monotonic()
            began = TURNS.go_on(began)
    finally:
        TURNS.give()
