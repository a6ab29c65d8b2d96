"""Who is visiting: a random id that the browser keeps, so that a reload, another tab or a restart finds the library.

It is no account and says nothing of a person. The cookie tells it to a new session at once; where only the browser's
storage has it still, the component sends it. What the browser sends is somebody else's text, and checked.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable

import streamlit as st

from charlstm.ui.shared.component import component
from charlstm.ui.state import Setting, component_value

COOKIE = "charlstm_visitor"
_ID = re.compile(r"[A-Za-z0-9_-]{22,64}")
VISITOR = Setting("visitor.id", "")
_component = component("visitor", __file__, html='<section class="visitor"></section>')


def visitor_id() -> str:
    """The id of this visit's browser: its own, or a new one."""
    if not VISITOR.get():
        cookie: object = st.context.cookies.get(COOKIE)
        VISITOR.set(cookie if isinstance(cookie, str) and _ID.fullmatch(cookie) else secrets.token_urlsafe(16))
    return VISITOR.get()


def remember_visitor(changed: Callable[[str], None]) -> None:
    """Have the browser keep the id; `changed` is called with the one that it has kept already, if it is another."""

    def read() -> None:
        sent = getattr(component_value("visitor"), "id", None)
        if isinstance(sent, str) and _ID.fullmatch(sent) and sent != VISITOR.get():
            changed(sent)
            VISITOR.set(sent)

    _component(key="visitor", data={"id": visitor_id(), "cookie": COOKIE}, default={"id": None}, on_id_change=read)
