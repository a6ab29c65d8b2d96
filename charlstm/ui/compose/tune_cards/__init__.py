"""Several tunes side by side as small scores, each to hear and to choose: one component. Knows no model.

What it is given is untrusted: words become text nodes, SVG is cleaned in the browser, nothing becomes HTML.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import NamedTuple

import streamlit as st

from charlstm.ui.compose.sketch import Sketch
from charlstm.ui.shared.component import component
from charlstm.ui.state import component_value

_component = component("tune_cards", __file__, scripts=("../../shared/player/svg",))


class Card(NamedTuple):
    """One tune: what tells it from the others, its sketch, what is said of it, and whether it is on the page now."""

    id: str
    line: str
    sketch: Sketch
    words: Sequence[str] = ()
    is_current: bool = False


def show_cards(
    cards: Sequence[Card],
    *,
    key: str,
    actions: Mapping[str, str],
    on_action: Callable[[], None],
    kept: Collection[str] = (),
) -> None:
    """Draw the cards.

    Parameters
    ----------
    cards : sequence of Card
    key : str
        Streamlit key; `pressed(key)` says what was pressed.
    actions : mapping
        Name -> label of a button that each card has beside the one that plays it. The card on the page has none.
    on_action : callable
        Called before the next run when one of these was pressed.
    kept : collection of str
        The ids of the cards whose button "keep" says so and does nothing more.
    """
    st.caption("The scores show the opening bars; you hear the whole tune.")
    data = {
        "cards": [
            {
                "id": card.id,
                "line": card.line,
                "title": card.sketch.title or "Untitled",
                "svg": card.sketch.svg,
                "notes": [[round(onset, 3), round(lasts, 3), pitch] for onset, lasts, pitch in card.sketch.notes],
                "message": card.sketch.problem,
                "words": list(card.words),
                "current": card.is_current,
            }
            for card in cards
        ],
        "actions": [list(action) for action in actions.items()],
        "kept": list(kept),
    }
    _component(key=key, data=data, on_action_change=on_action)


def pressed(key: str) -> tuple[str, str]:
    """The action, and the id of the card, that were pressed last; ("", "") for what is none. For `on_action`."""
    sent = getattr(component_value(key), "action", None)
    if isinstance(sent, (list, tuple)) and len(sent) == 2 and all(isinstance(part, str) for part in sent):
        return sent[0], sent[1]
    return "", ""
