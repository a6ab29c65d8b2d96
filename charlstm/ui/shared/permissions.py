"""Who may change what on this page: everybody everything, or on a shared server each visitor what is their own."""

from __future__ import annotations

import streamlit as st

from charlstm.errors import ProcessError
from charlstm.sharing import disk_problem, is_shared, is_teacher, limits, may_change
from charlstm.ui.shared.visitor import visitor_id
from charlstm.ui.state import Setting

CODE = Setting("visitor.code", "")  # the teacher's, as it was typed


def owner_id() -> str:
    """Whom what is started now belongs to; nobody on a server that is not shared."""
    return visitor_id() if is_shared() else ""


def is_allowed(owner: str) -> bool:
    """Whether this visitor may change what `owner` started."""
    return not is_shared() or may_change(owner, visitor_id(), teacher=is_teacher(CODE.get()))


def has_limits() -> bool:
    """Whether the limits of a shared server hold for this visitor: for all but the teacher."""
    return is_shared() and not is_teacher(CODE.get())


def require(owner: str) -> None:
    """Raise ProcessError unless this visitor may change what `owner` started. Actions ask, not their buttons alone."""
    if not is_allowed(owner):
        raise ProcessError("This was started by another visitor; only they or the teacher can change it.")


def check_disk() -> None:
    """Raise ProcessError where runs and models take more than they may; the teacher hears of it too."""
    if problem := disk_problem():
        raise ProcessError(problem)


def show_sharing() -> None:
    """On a shared server: what holds for everybody here, and where the teacher types the code."""
    if not is_shared():
        return
    most = limits()
    with st.expander("Shared server", icon=":material/group:"):
        st.caption(
            f"Everybody sees all runs and changes only their own. A training takes at most {most.minutes:g} minutes; "
            f"{most.trainings} at a time, the others wait in the order in which they were started."
        )
        st.text_input("Teacher’s code", type="password", key=CODE.widget(), max_chars=100)
        if CODE.get():
            st.caption("You can change everything." if is_teacher(CODE.get()) else "This is not the teacher’s code.")
