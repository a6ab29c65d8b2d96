"""A tune's link, to be copied or scanned."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

import segno
import streamlit as st

from charlstm.errors import NotationError
from charlstm.ui.shared.notices import plain
from charlstm.ui.shared.tune_link import QUERY, pack_tune


def home_address(url: str) -> str:
    """The address of the page Compose, from another page's; "" for none."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{parts.path.rpartition('/')[0]}/" if parts.netloc else ""


def share_button(text: str, query: Mapping[str, str] | None = None) -> None:
    """A button that shows a tune's link as text and as QR code.

    Parameters
    ----------
    text : str
        The tune as ABC.
    query : mapping, optional
        The address that brings a composed tune back; without it the text itself is in the link.
    """
    with st.popover("Share", icon=":material/share:"):
        base = home_address(st.context.url or "")
        try:
            link = f"{base}?{urlencode(query)}" if query else f"{base}your_tune?{QUERY}={pack_tune(text)}"
        except NotationError as error:
            st.caption(plain(f"There is no link: {error}."))
            return
        st.caption("Anyone with this link can open the tune." if query is None else "This link opens the tune.")
        st.code(link, language=None, wrap_lines=True)
        st.image(_qr_code(link), width=240, caption="QR code of the link")


@st.cache_data(max_entries=64, show_spinner=False)
def _qr_code(link: str) -> str:
    """A link as QR code, an SVG, black on white in either theme."""
    # Any mask can be read; the search for the best one of eight would take most of the time.
    return segno.make(link, error="l", micro=False, mask=4).svg_inline(scale=6, border=3, light="white")
