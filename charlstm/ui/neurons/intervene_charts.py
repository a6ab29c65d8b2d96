"""The charts of the view Intervene: votes and losses to altair charts. Knows no Streamlit and measures nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from charlstm.neurons.ablation import EVERYTHING, LossIncrease
from charlstm.ui.chart_style import chart, colour, intervals, names_axis, plain_colour, tips
from charlstm.ui.neurons.neuron_charts import LOSS_TIPS, loss_row
from charlstm.ui.palette import AMBER, BLUE, FAINT, RED

_ROW = 22  # px
_LEGEND_AND_AXIS = 80  # px
CLEAR, UNCLEAR = "a concept, interval without 0", "a concept, interval with 0"


def attribution_chart(votes: Sequence[tuple[str, float]]) -> Any:
    """Bars to the right for a character, to the left against it, in the order given."""
    rows = [{"who": who, "vote": value, "side": "for" if value >= 0 else "against"} for who, value in votes]
    bars = chart(rows).mark_bar(cornerRadius=2).encode(
        x=alt.X("vote:Q", title="against ← logit → for", axis=alt.Axis(format="+~g", tickCount=6)),
        y=alt.Y("who:N", sort=None, title="neuron", axis=names_axis()),
        color=plain_colour("side:N", ["for", "against"], [RED, BLUE]),
        tooltip=tips(("who:N", "neuron"), ("vote:Q", "logit", "+.3f")),
    )  # fmt: skip
    return bars.properties(height=_ROW * len(rows))


def cost_chart(losses: Sequence[LossIncrease]) -> Any:
    """A dot for what each concept's characters lose, with its interval; grey where the interval holds 0."""
    rows = [
        {**loss_row(loss), "sure": EVERYTHING if loss.name == EVERYTHING else CLEAR if loss.is_clear else UNCLEAR}
        for loss in losses
    ]
    base = chart(rows).encode(
        y=alt.Y("what:N", sort=None, title=None, axis=names_axis(labelLimit=220)),
        color=colour("sure:N", [EVERYTHING, CLEAR, UNCLEAR], [RED, AMBER, FAINT]),
    )
    title = "loss added, nats per character"
    more = alt.X("more:Q", title=title, axis=alt.Axis(format="+~g", tickCount=6), scale=alt.Scale(padding=8))
    low = alt.X("low:Q", title=title)
    dots = intervals(base, "x", more, low=low, tooltip=tips(("what:N", "characters"), *LOSS_TIPS))
    return dots.properties(height=_ROW * len(rows) + _LEGEND_AND_AXIS)
