"""What the page says where the guard overruled the model. Knows no Streamlit."""

from __future__ import annotations

import math
from collections.abc import Sequence

from charlstm.lm.sample.guarded import Overruled

Mark = tuple[int, int, str]  # first character, behind the last, and what is said of them
SWITCH_OFF = "Or switch “Always playable” off."  # where it cannot follow a tune


def overruled_words(overruled: Sequence[Overruled]) -> str:
    """How often the guard overruled the model; "" for never. What each time cost is said by its mark."""
    if not overruled:
        return ""
    times = {1: "once", 2: "twice"}.get(len(overruled), f"{len(overruled)} times")
    return f"“Always playable” overruled the model {times}, where characters are boxed."


def overruled_mark(start: int, end: int, nats: float) -> Mark:
    """The mark of characters that the guard put, for a player, with what that cost."""
    share = math.exp(-nats)
    allowed = "hardly any" if share < 0.005 else f"{share:.0%}"
    return (
        start,
        end,
        (
            f"“Always playable” overruled the model here: it gave {allowed} of its probability to what may "
            f"stand here (cost: {nats:.2g} nats)."
        ),
    )
