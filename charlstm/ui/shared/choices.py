"""Widgets that several pages use: one of a few options, side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

import streamlit as st

from charlstm.ui.state import Setting

T = TypeVar("T")


def choose(
    label: str,
    options: Iterable[T],
    setting: Setting[T],
    *,
    labels: Mapping[Any, str] | None = None,
    hidden: bool = True,
    place: Any = st,
    help: str | None = None,
) -> T:
    """One of a few options, of which one is always chosen.

    Parameters
    ----------
    labels : mapping, optional
        How an option is written on the page.
    hidden : bool
        The label is for screen readers only.
    place : container
        Where it stands; here, if not said.
    """
    offered = list(options)
    chosen: T = place.segmented_control(
        label, offered, key=setting.widget(offered), required=True, help=help,
        label_visibility="collapsed" if hidden else "visible",
        format_func=lambda option: labels[option] if labels else str(option),
    )  # fmt: skip
    return chosen
