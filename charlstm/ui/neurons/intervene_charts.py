"""The charts of the view Cause: votes and losses to altair charts. Knows no Streamlit and measures nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from charlstm.neurons.ablation import EVERYTHING, Loss
from charlstm.ui.neurons.charts import AMBER, BLUE, FAINT, RED

_ROW = 22  # px


def _rows(rows: Sequence[dict[str, Any]]) -> Any:
    return alt.Chart(alt.InlineData(values=list(rows)))


def votes_chart(votes: Sequence[tuple[str, float]]) -> Any:
    """Bars to the right for a character, to the left against it, in the order given."""
    rows = [{"who": who, "vote": value, "side": "for" if value >= 0 else "against"} for who, value in votes]
    return (
        _rows(rows)
        .mark_bar(cornerRadius=2)
        .encode(
            x=alt.X("vote:Q", title="against ← vote → for", axis=alt.Axis(format="+.1f", tickCount=6)),
            y=alt.Y("who:N", sort=None, title="neuron", axis=alt.Axis(labelLimit=240, labelOverlap=False)),
            color=alt.Color("side:N", scale=alt.Scale(domain=["for", "against"], range=[RED, BLUE]), legend=None),
            tooltip=[alt.Tooltip("who:N", title="neuron"), alt.Tooltip("vote:Q", format="+.3f")],
        )
        .properties(height=_ROW * len(rows))
    )


def losses_chart(losses: Sequence[Loss]) -> Any:
    """A dot for what each concept's characters lose, with its interval; grey where the interval holds 0."""
    rows = [
        {
            "what": loss.name.replace("_", " "),
            "more": loss.more,
            "low": loss.low,
            "high": loss.high,
            "count": loss.count,
            "before": loss.before,
            "sure": "all" if loss.name == EVERYTHING else "yes" if loss.sure else "no",
        }
        for loss in losses
    ]
    colour = alt.Color("sure:N", scale=alt.Scale(domain=["all", "yes", "no"], range=[RED, AMBER, FAINT]), legend=None)
    y = alt.Y("what:N", sort=None, title=None, axis=alt.Axis(labelLimit=220, labelOverlap=False))
    tooltip = [
        alt.Tooltip("what:N", title="characters"),
        alt.Tooltip("more:Q", format="+.3f", title="loses"),
        alt.Tooltip("low:Q", format="+.3f"),
        alt.Tooltip("high:Q", format="+.3f"),
        alt.Tooltip("before:Q", format=".3f", title="loss before"),
        alt.Tooltip("count:Q", format=","),
    ]
    base = _rows(rows)
    x = alt.X("more:Q", title="loses, nats a character", axis=alt.Axis(format="+.2f", tickCount=6))
    lines = base.mark_rule(strokeWidth=3, opacity=0.45).encode(
        x=alt.X("low:Q", title=None), x2="high:Q", y=y, color=colour, tooltip=tooltip
    )
    dots = base.mark_circle(size=70, opacity=1).encode(x=x, y=y, color=colour, tooltip=tooltip)
    return (lines + dots).properties(height=_ROW * len(rows))
