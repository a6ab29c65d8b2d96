"""A component without a look: when its word changes, the page is scrolled to its top."""

from __future__ import annotations

from charlstm.ui.shared.component import component

_component = component("scroll_top", __file__, html="<section></section>")


def scroll_to_top(word: str) -> None:
    """Begin at the top of the page when this word is another one than in the run before."""
    _component(key="scroll_top", data=word, height=1)
