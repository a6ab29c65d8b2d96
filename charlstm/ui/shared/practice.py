"""How a visitor practises: speed, bars that repeat, step-up, silent rounds. Kept over pages, and in the address.

speed=80        percent of the usual tempo
loop=5-8        the printed numbers of the first and the last bar that repeat
stepup=5,2,120  each second round 5 % faster, up to 120 %
silent=2        every second round is silent
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from charlstm.ui.state import Setting

SPEEDS = (25, 200)  # percent
STEPS = (1, 50)  # percent
ROUNDS = (1, 16)


class StepUp(NamedTuple):
    """So many percent faster every so many rounds, up to a speed in percent."""

    step: int
    every: int
    target: int

    def __str__(self) -> str:
        return ",".join(map(str, self))


def _parse_speed(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[0-9]{2,3}", text) and SPEEDS[0] <= int(text) <= SPEEDS[1] else None


def _parse_loop(text: str) -> tuple[int, int] | None:
    match = re.fullmatch(r"([0-9]{1,4})-([0-9]{1,4})", text)
    return (int(match[1]), int(match[2])) if match and int(match[1]) <= int(match[2]) else None


def _parse_step_up(text: str) -> StepUp | None:
    if not re.fullmatch(r"[0-9]{1,2},[0-9]{1,2},[0-9]{2,3}", text):
        return None
    values = StepUp(*map(int, text.split(",")))
    bounds = (STEPS, ROUNDS, SPEEDS)
    return values if all(low <= v <= high for v, (low, high) in zip(values, bounds, strict=True)) else None


def _parse_silent(text: str) -> bool | None:
    return True if text == "2" else None


SPEED = Setting("practice.speed", 100, query="speed", parse=_parse_speed)
LOOP: Setting[tuple[int, int] | None] = Setting(
    "practice.loop", None, query="loop", parse=_parse_loop, write=lambda bars: f"{bars[0]}-{bars[1]}" if bars else ""
)
STEP_UP: Setting[StepUp | None] = Setting("practice.step_up", None, query="stepup", parse=_parse_step_up)
SILENT = Setting("practice.silent", False, query="silent", parse=_parse_silent, write=lambda on: "2" if on else "")
LOOP_OF = Setting("practice.loop_of", "")  # the tune whose bars they are (`Drawing.origin`); "": the next that is shown
_ALL: tuple[Setting[Any], ...] = (SPEED, LOOP, STEP_UP, SILENT)


def practice_query() -> dict[str, str]:
    """What the address says of it: nothing of what is at its default."""
    return {s.query: s.write(s.get()) for s in _ALL if s.get() != s.default}


def practice_json(origin: str) -> dict[str, Any]:
    """What the player of a tune begins with; bars that repeat are those of one tune only."""
    if LOOP.get() and LOOP_OF.get() not in ("", origin):
        LOOP.set(None)
    LOOP_OF.set(origin)
    return {s.query: s.get() for s in _ALL}


def take_practice(sent: Any) -> None:
    """Remember what the player sent: somebody else's values, as in an address."""
    if not isinstance(sent, Mapping):
        return
    for setting in _ALL:
        value = setting.default
        written = sent.get(setting.query)
        if isinstance(written, str) and (parsed := setting.parse(written[:20])) is not None:
            value = parsed
        setting.set(value)
