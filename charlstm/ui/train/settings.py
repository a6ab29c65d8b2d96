"""The settings of the page Train that several views share, and what is said once after a button was pressed."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from charlstm.errors import CharlstmError
from charlstm.ui.shared.notices import plain, sentence
from charlstm.ui.shared.written_address import WrittenAddress
from charlstm.ui.state import Setting

VIEW = Setting("train.view", "", query="view")  # "": runs while one is running, else new
RUN = Setting("train.run", "", query="run")
BESIDE = Setting("train.beside", "", query="with")  # the run that RUN is compared with; "" for none
ADDRESS: WrittenAddress = Setting("train.address", None)
MESSAGE, PROBLEM = Setting("train.message", ""), Setting("train.problem", "")


def see(run: str, beside: str = "") -> None:
    """Show a run, and one that it is compared with; for callbacks."""
    VIEW.set("runs")
    RUN.set(run)
    BESIDE.set(beside)


def attempt(action: Callable[[], object]) -> None:
    """Do something in a callback; an error is shown in the next run of the page."""
    try:
        action()
    except (CharlstmError, OSError) as error:
        PROBLEM.set(sentence(error))


def show_messages() -> None:
    """Say once what the last button brought about."""
    if problem := PROBLEM.pop():
        st.error(plain(problem))
    if message := MESSAGE.pop():
        st.success(plain(message))
