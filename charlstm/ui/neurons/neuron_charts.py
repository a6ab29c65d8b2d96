"""The charts of the views Neuron and Gates: measures to altair charts. Knows no Streamlit and measures nothing."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np
from numpy.typing import NDArray

from charlstm.neurons.ablation import LossIncrease
from charlstm.neurons.gates import GateSums
from charlstm.neurons.unit_stats import Group
from charlstm.ui.chart_style import (
    UNIT_AXIS,
    UNIT_SPAN,
    VALUE_COLOURS,
    chart,
    colour,
    intervals,
    names_axis,
    rule,
    tips,
    visible,
)
from charlstm.ui.neurons.directory_charts import title_of
from charlstm.ui.palette import AMBER, BLUE, FAINT, GREEN, MIDDLE, RED

HEIGHT = 230
TALL = 330  # px of the two charts in musical time: half of the page wide, with an axis of names
ROW = 19  # px of a symbol's row
_SYMBOLS = names_axis(labelFont="monospace", labelFontSize=13, labelFlush=False, labelBound=False)
_SHARE: dict[str, Any] = {"scale": alt.Scale(domain=[0, 1]), "axis": alt.Axis(format="%", tickCount=4)}


def histogram_chart(edges: NDArray[np.float64], shares: NDArray[np.float64], quantity: str, n: int) -> Any:
    """Share of the `n` characters by value of a quantity."""
    edges = edges.astype(np.float64).round(6)  # those of float32 values have digits too many in a file
    rows = [
        {
            "from": float(a),
            "to": float(b),
            "middle": float(a + b) / 2,
            "share": float(share),
            "quantity": quantity,
            "n": n,
        }
        for a, b, share in zip(edges[:-1], edges[1:], shares, strict=True)
    ]
    axis = alt.Axis(values=[-1, -0.5, 0, 0.5, 1], grid=False)
    bars = chart(rows).mark_rect().encode(
        x=alt.X("from:Q", scale=UNIT_SPAN, title="activation", axis=axis),
        x2="to:Q",
        y=alt.Y("share:Q", title="share of characters", axis=alt.Axis(format="%", tickCount=4)),
        y2=alt.datum(0),
        color=alt.Color("middle:Q", scale=VALUE_COLOURS, legend=None),
        tooltip=tips(("from:Q", "", "+.2f"), ("to:Q", "", "+.2f"), ("share:Q", "", ".1%")),
    )  # fmt: skip
    return bars.properties(height=HEIGHT)


# ---- means of groups of characters ----------------------------------------------------------------------------------


def _means(groups: Sequence[Group], names: Sequence[str], way: str, title: str, other: Mapping[str, Any]) -> Any:
    """A dot for the mean of each group and a line for its interval, coloured by the mean."""
    rows = [
        {"name": name, "count": group.count, "mean": group.mean, "low": group.low, "high": group.high}
        for name, group in zip(names, groups, strict=True)
    ]
    values = {"x": alt.X, "y": alt.Y}[way]
    tooltip = tips(
        ("name:N", "after"), ("mean:Q", "", "+.2f"), ("low:Q", "95% from", "+.2f"), ("high:Q", "to", "+.2f"),
        ("count:Q", "times", ","),
    )  # fmt: skip
    return intervals(
        chart(rows).encode(**other, color=alt.Color("mean:Q", scale=VALUE_COLOURS, legend=None)),
        way,
        values("mean:Q", scale=UNIT_SPAN, title=title, axis=UNIT_AXIS),
        low=values("low:Q", scale=UNIT_SPAN, title=title),
        tooltip=tooltip, width=1.5, opacity=1, size=55,
    )  # fmt: skip


def character_chart(groups: Sequence[Group], *, ends: int = 7) -> Any:
    """Means after the characters at both ends of the list."""
    shown = list(groups) if len(groups) <= 2 * ends else [*groups[:ends], *groups[-ends:]]
    names = [visible(group.name) for group in shown]
    rows = {"y": alt.Y("name:N", sort=None, title=None, axis=_SYMBOLS)}
    means = _means(shown, names, "x", "mean activation after this character", rows)
    return means.properties(height=max(len(shown), 4) * ROW + 60)


def place_names(meter: str, count: int) -> list[str]:
    """Eighths of a bar as a player counts them: 1 & 2 & in 4/4, 1 2 3 in 6/8."""
    unit = int(meter.split("/")[1]) if meter.split("/")[-1].isdigit() else 4
    parts = {4: ["", "&"], 2: ["", "e", "&", "a"]}.get(unit, [""])
    return [f"{k // len(parts) + 1}{parts[k % len(parts)]}" for k in range(count)]


def place_chart(groups: Sequence[Group], meter: str) -> Any:
    """Means over the places of a bar, in order."""
    slots = max((int(group.name) for group in groups), default=0) + 1
    names = place_names(meter, slots)
    places = alt.X("name:N", sort=names, scale=alt.Scale(domain=names), title=f"position in a {meter} bar",
                   axis=alt.Axis(labelAngle=0))  # fmt: skip
    return _means(
        groups, [names[int(group.name)] for group in groups], "y", "mean activation", {"x": places}
    ).properties(height=TALL)


# ---- the decoder's column, the spectrum -----------------------------------------------------------------------------


def votes_chart(votes: NDArray[np.float64], symbols: Sequence[str], *, ends: int = 7) -> Any:
    """The symbols that a unit promotes and suppresses most, by weight; START, which is never predicted, left out."""
    order = [int(k) for k in np.argsort(-votes) if symbols[int(k)] != "<start>"]
    chosen = order if len(order) <= 2 * ends else order[:ends] + order[-ends:]
    rows = [{"name": visible(symbols[k]), "vote": float(votes[k]), "odds": math.exp(votes[k])} for k in chosen]
    bars = chart(rows).mark_bar(height=11).encode(
        y=alt.Y("name:N", sort=None, title=None, axis=_SYMBOLS),
        x=alt.X("vote:Q", title="logit of the next character at +1 (log odds)"),
        color=alt.condition("datum.vote > 0", alt.value(RED), alt.value(BLUE)),
        tooltip=tips(("name:N", "next"), ("vote:Q", "log odds", "+.2f"), ("odds:Q", "odds times", ".2f")),
    )  # fmt: skip
    return bars.properties(height=max(len(rows), 4) * ROW + 60)


def spectrum_chart(cycles: NDArray[np.float64], power: NDArray[np.float64], meter: str) -> Any:
    """Power over periods, the bar marked."""
    rows = [{"cycles": float(c), "bars": 1 / float(c), "power": float(p)} for c, p in zip(cycles, power, strict=True)]
    label = "{0.125: '8 bars', 0.25: '4', 0.5: '2', 1: '1 bar', 2: '1/2', 4: '1/4', 8: '1/8'}[datum.value]"
    x = alt.X(
        "cycles:Q",
        scale=alt.Scale(type="log", domain=[0.125, 12]),
        axis=alt.Axis(values=[0.125, 0.25, 0.5, 1, 2, 4, 8], labelExpr=label, grid=False),
        title=f"period, in {meter}",
    )
    line = chart(rows).mark_line(color=GREEN, strokeWidth=1.6, point=alt.OverlayMarkDef(color=GREEN, size=14)).encode(
        x=x,
        y=alt.Y("power:Q", title="share of its variance", axis=alt.Axis(format="%", tickCount=4)),
        tooltip=tips(("bars:Q", "bars", ".2f"), ("power:Q", "", ".1%")),
    )  # fmt: skip
    return (rule({"cycles": 1.0}, FAINT, x=x) + line).properties(height=TALL)


# ---- gates ----------------------------------------------------------------------------------------------------------


def gates_chart(gates: Mapping[str, GateSums], layer: int, index: int) -> Any:
    """How often each gate of a unit is closed, between and open."""
    names = ["closed, below 0.1", "between", "open, above 0.9"]
    rows = []
    for letter, sums in gates.items():
        left, right = float(sums.left_share[layer, index]), float(sums.right_share[layer, index])
        shares = zip(names, (left, 1 - left - right, right), strict=True)
        rows += [{"gate": letter, "state": name, "share": share} for name, share in shares]
    order = f"indexof({names}, datum.state)"
    bars = chart(rows).transform_calculate(order=order).mark_bar(height=16).encode(
        y=alt.Y("gate:N", sort=list(gates), title=None, axis=alt.Axis(labelFontSize=13)),
        x=alt.X("share:Q", title="share of characters", axis=alt.Axis(format="%"), scale=alt.Scale(domain=[0, 1])),
        color=colour("state:N", names, [BLUE, MIDDLE, AMBER]).sort(names),
        order="order:Q",
        tooltip=tips("gate:N", "state:N", ("share:Q", "", ".0%")),
    )  # fmt: skip
    return bars.properties(height=len(gates) * 32 + 140)


def saturation_chart(gate: str, sums: GateSums, layer: int, chosen: int, label: str) -> Any:
    """Karpathy's figure: a dot a unit, how often its gate is open against how often it is closed; a click picks one."""
    rows = [
        {"neuron": j, "closed": float(left), "open": float(right), "mean": float(mean), "chosen": j == chosen}
        for j, (left, right, mean) in enumerate(
            zip(sums.left_share[layer], sums.right_share[layer], sums.mean[layer], strict=True)
        )
    ]
    dots = chart(rows).mark_circle(color=GREEN, cursor="pointer").encode(
        x=alt.X("closed:Q", title="closed (below 0.1)", **_SHARE),
        y=alt.Y("open:Q", title="open (above 0.9)", **_SHARE),
        size=alt.condition("datum.chosen", alt.value(170), alt.value(45)),
        opacity=alt.condition("datum.chosen", alt.value(1), alt.value(0.55)),
        tooltip=tips("neuron:Q", ("closed:Q", "", ".0%"), ("open:Q", "", ".0%"), ("mean:Q", "", ".2f")),
    ).add_params(alt.selection_point(name="pick", fields=["neuron"], on="click", clear=False))  # fmt: skip
    edge = chart([{"x": 0, "y": 1}, {"x": 1, "y": 0}]).mark_line(color=FAINT, strokeDash=[4, 4])
    return (edge.encode(x="x:Q", y="y:Q") + dots).properties(height=300, title=label)


# ---- what a change costs --------------------------------------------------------------------------------------------


def ablation_chart(zero: Sequence[LossIncrease], mean: Sequence[LossIncrease], *, most: int = 12) -> Any:
    """The cost of ablating a unit, at 0 and at its mean: all characters, then the concepts that change most."""
    sizes = {loss.name: abs(loss.increase) for loss in (*zero[1:], *mean[1:]) if loss.is_clear}
    shown = [zero[0].name, *sorted(sizes, key=lambda name: -sizes[name])[:most]]
    ways = {"held at 0": zero, "held at its mean": mean}
    rows = [
        {**loss_row(loss), "how": how} for how, losses in ways.items() for loss in losses if loss.name in shown
    ]  # fmt: skip
    order = [name.replace("_", " ") for name in shown]
    base = chart(rows).encode(
        y=alt.Y("what:N", sort=order, title=None, axis=alt.Axis(labelLimit=180)),
        yOffset=alt.YOffset("how:N", sort=list(ways)),
        color=colour("how:N", list(ways), [GREEN, AMBER]),
    )
    tooltip = tips(("what:N", "characters"), ("how:N", "the neuron"), *LOSS_TIPS)
    low = alt.X("low:Q", title="nats per character more")
    bars = intervals(base, "x", "more:Q", low=low, tooltip=tooltip, width=1.5, opacity=1, size=55)
    return (rule({"more": 0}, FAINT, x="more:Q") + bars).properties(height=len(order) * 30 + 60)


LOSS_TIPS = (
    ("more:Q", "nats more", "+.4f"), ("low:Q", "95% from", "+.4f"), ("high:Q", "to", "+.4f"),
    ("before:Q", "loss before", ".3f"), ("count:Q", "how many", ","),
)  # fmt: skip


def loss_row(loss: LossIncrease) -> dict[str, Any]:
    """What a change costs the characters of a concept, as a row of a chart."""
    return {
        "what": title_of(loss.name), "more": loss.increase, "low": loss.low, "high": loss.high,
        "count": loss.count, "before": loss.before,
    }  # fmt: skip
