"""The first bars of a tune as a small picture in the colour of the page's text."""

from __future__ import annotations

import streamlit as st

from charlstm.errors import NotationError
from charlstm.score import jobs
from charlstm.ui.cache import cached

INK = {"light": "#2b2b28", "dark": "#e8e4dc"}


def show_incipit(text: str, name: str) -> None:
    """The first two bars of a tune; nothing for one that has no score."""
    if svg := _incipit(text):
        ink = INK["dark" if st.context.theme.type == "dark" else "light"]
        st.image(svg.replace('color="black"', f'color="{ink}" fill="{ink}"', 1), alt=f"The first two bars of {name}")


@cached(megabytes=8)
def _incipit(text: str) -> str:
    try:
        return jobs.incipit(text)
    except NotationError:
        return ""
