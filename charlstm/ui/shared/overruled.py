"""What the page says where the guard overruled the model. Knows no Streamlit."""

from __future__ import annotations

from collections.abc import Sequence

from charlstm.lm.sample.guarded import Overruled

Mark = tuple[int, int, str]  # first character, behind the last, and what is said of them
SWITCH_OFF = "Or switch “Always playable” off."  # where it cannot follow a tune


def overruled_words(overruled: Sequence[Overruled]) -> str:
    """How often the guard overruled the model, and what it cost; "" for never."""
    if not overruled:
        return ""
    times = {1: "once", 2: "twice"}.get(len(overruled), f"{len(overruled)} times")
    cost = f"{sum(one.nats for one in overruled):.2g} nats"
    return f"“Always playable” overruled the model {times}, where characters are boxed (cost {cost})."


def overruled_mark(start: int, end: int, nats: float) -> Mark:
    """The mark of characters that the guard put, for a player."""
    return start, end, f"“Always playable” overruled the model here. Cost: {nats:.2g} nats."
