"""A place for one of several views: what another one drew goes at once, and does not linger while this one is drawn."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import streamlit as st


def view_slot(view: object, views: Iterable[object]) -> Any:
    """The container of a view; each view has its own place, and those of the others are emptied before it is drawn."""
    slots = {name: st.empty() for name in views}
    return slots[view].container()
