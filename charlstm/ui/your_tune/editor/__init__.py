"""The tune editor: one component, a text with line numbers and remarks beside the lines they are about.

Remarks and text are untrusted: they become values and text nodes, nothing becomes HTML. What is typed is sent when the
typing pauses; a text from the page replaces what is there only when its version is a new one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from charlstm.tunes.parse.events import Remark
from charlstm.ui.shared.component import component
from charlstm.ui.state import component_value

_component = component("editor", __file__)


class Typed(NamedTuple):
    """What the visitor has typed, upon which version of the page's text."""

    text: str
    version: int


def edit(
    text: str,
    *,
    version: int,
    on_typed: Callable[[Typed], None],
    remarks: Sequence[Remark] = (),
    max_length: int,
    key: str,
    placeholder: str = "",
) -> None:
    """Show a text to be edited.

    Parameters
    ----------
    text : str
        The page's text.
    version : int
        A new one where the page has another text than the visitor typed.
    on_typed : callable
        Called before the page runs again, with what was typed.
    remarks : sequence of Remark
        Shown beside their lines; a click goes to the place.
    max_length : int
        Characters; more cannot be typed.
    key : str
        Streamlit key of this mount.
    placeholder : str
        What an empty editor shows.
    """

    def changed() -> None:
        value = component_value(key)
        if value is not None and (typed := _typed(value.get("typed"), max_length)) is not None:
            on_typed(typed)

    data = {
        "text": text,
        "version": version,
        "remarks": [[remark.line, remark.column, remark.message] for remark in remarks],
        "most": max_length,
        "placeholder": placeholder,
    }
    _component(key=key, data=data, default={"typed": None}, on_typed_change=changed)


def _typed(sent: Any, max_length: int) -> Typed | None:
    """What the browser sent, if it is what the editor sends."""
    if not isinstance(sent, Mapping):
        return None
    text, version = sent.get("text"), sent.get("version")
    if not isinstance(text, str) or not isinstance(version, int):
        return None
    return Typed(text[:max_length], version)
