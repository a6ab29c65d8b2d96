"""Laws of practice in the address and from the browser: what is not plausible is as if nothing were said."""

from __future__ import annotations

from typing import Any

import pytest
import streamlit as st

from charlstm.ui.shared.practice import (
    LOOP,
    SILENT,
    SPEED,
    STEP_UP,
    StepUp,
    practice_json,
    practice_query,
    take_practice,
)


@pytest.fixture(autouse=True)
def _new_visit() -> None:
    st.session_state.clear()


@pytest.mark.parametrize(
    ("text", "value"),
    [("25", 25), ("200", 200), ("24", None), ("201", None), ("80 ", None), ("8e1", None), ("²5", None), ("-80", None)],
)
def test_a_speed_of_an_address(text: str, value: int | None) -> None:
    assert SPEED.parse(text) == value


@pytest.mark.parametrize(
    ("text", "value"), [("5-8", (5, 8)), ("0-0", (0, 0)), ("8-5", None), ("5", None), ("5-", None), ("-1-2", None)]
)
def test_bars_of_an_address(text: str, value: tuple[int, int] | None) -> None:
    assert LOOP.parse(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [("5,2,120", StepUp(5, 2, 120)), ("0,2,120", None), ("5,0,120", None), ("5,2,201", None), ("5,2", None)],
)
def test_a_step_up_of_an_address(text: str, value: StepUp | None) -> None:
    assert STEP_UP.parse(text) == value


def test_what_the_player_sent_is_in_the_address_and_comes_back() -> None:
    sent = {"speed": "80", "loop": "5-8", "stepup": "5,2,120", "silent": "2"}
    take_practice(sent)
    assert practice_query() == sent
    assert practice_json("") == {"speed": 80, "loop": (5, 8), "stepup": StepUp(5, 2, 120), "silent": True}
    for setting in (SPEED, LOOP, STEP_UP, SILENT):
        assert setting.parse(practice_query()[setting.query]) == setting.get()


@pytest.mark.parametrize(
    "sent", [None, 7, "x", {}, {"speed": 80, "loop": [5, 8]}, {"speed": "9" * 99, "stepup": "<b>"}]
)
def test_a_hostile_browser_says_nothing(sent: Any) -> None:
    take_practice(sent)
    assert practice_query() == {}


def test_bars_that_repeat_are_of_one_tune() -> None:
    take_practice({"loop": "1-2"})
    assert practice_json("one")["loop"] == (1, 2)
    assert practice_json("two")["loop"] is None
    assert practice_query() == {}
