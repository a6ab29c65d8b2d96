"""The charts of a neuron's page: measures to altair charts. Knows no Streamlit and measures nothing."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np
from numpy.typing import NDArray

from charlstm.neurons.ablation import Loss
from charlstm.neurons.gates import GateSums
from charlstm.neurons.unit_stats import Group

BLUE, RED, GREEN, AMBER, FAINT = "#4393c3", "#d6604d", "#2b8874", "#c9822b", "#8b8579"
HEIGHT = 230
_VALUE = alt.Scale(domain=[-1, 0, 1], range=[BLUE, "#b8b2a6", RED], interpolate="rgb")
_SPAN = alt.Scale(domain=[-1, 1])
_SIGNS = alt.Axis(labelFont="monospace", labelFontSize=13, labelOverlap=False, labelFlush=False, labelBound=False)
_VISIBLE = {" ": "␣", "\n": "↵", "<end>": "end", "<start>": "start"}


def _chart(rows: Sequence[Mapping[str, Any]]) -> Any:
    return alt.Chart(alt.InlineData(values=[dict(row) for row in rows]))


def visible(symbol: str) -> str:
    """A symbol as it can be seen: blanks and line breaks as marks."""
    return _VISIBLE.get(symbol, symbol)


def histogram_chart(edges: NDArray[np.float64], shares: NDArray[np.float64]) -> Any:
    """Share of characters by value."""
    rows = [
        {"from": float(a), "to": float(b), "middle": float(a + b) / 2, "share": float(share)}
        for a, b, share in zip(edges[:-1], edges[1:], shares, strict=True)
    ]
    return (
        _chart(rows)
        .mark_rect()
        .encode(
            x=alt.X("from:Q", scale=_SPAN, title="value", axis=alt.Axis(values=[-1, -0.5, 0, 0.5, 1], grid=False)),
            x2="to:Q",
            y=alt.Y("share:Q", title="share of characters", axis=alt.Axis(format="%", tickCount=4)),
            y2=alt.datum(0),
            color=alt.Color("middle:Q", scale=_VALUE, legend=None),
            tooltip=[
                alt.Tooltip("from:Q", format="+.2f"),
                alt.Tooltip("to:Q", format="+.2f"),
                alt.Tooltip("share:Q", format=".1%"),
            ],
        )
        .properties(height=HEIGHT)
    )


def _interval(rows: Sequence[Mapping[str, Any]], x: Any, y: Any, low: Any, color: Any, tooltip: list[Any]) -> Any:
    """A dot for a mean, a line for its interval."""
    base = _chart(rows)
    line = base.mark_rule(strokeWidth=1.5).encode(**low, color=color)
    dot = base.mark_circle(size=55, opacity=1).encode(x=x, y=y, color=color, tooltip=tooltip)
    return line + dot


_MEAN_TIP = [
    alt.Tooltip("name:N", title="after"),
    alt.Tooltip("mean:Q", format="+.2f"),
    alt.Tooltip("low:Q", format="+.2f", title="95 % from"),
    alt.Tooltip("high:Q", format="+.2f", title="to"),
    alt.Tooltip("count:Q", format=",", title="times"),
]


def _group_rows(groups: Sequence[Group], names: Sequence[str]) -> list[dict[str, Any]]:
    return [
        {"name": name, "place": k, "count": g.count, "mean": g.mean, "low": g.low, "high": g.high}
        for k, (name, g) in enumerate(zip(names, groups, strict=True))
    ]


def character_chart(groups: Sequence[Group], *, ends: int = 7) -> Any:
    """Means after the characters at both ends of the list."""
    shown = list(groups) if len(groups) <= 2 * ends else [*groups[:ends], *groups[-ends:]]
    rows = _group_rows(shown, [visible(group.name) for group in shown])
    y = alt.Y("name:N", sort=None, title=None, axis=_SIGNS)
    x = alt.X("mean:Q", scale=_SPAN, title="mean after this character", axis=alt.Axis(values=[-1, -0.5, 0, 0.5, 1]))
    color = alt.Color("mean:Q", scale=_VALUE, legend=None)
    low = {"x": alt.X("low:Q", scale=_SPAN, title=None), "x2": "high:Q", "y": y}
    return _interval(rows, x, y, low, color, _MEAN_TIP).properties(height=max(len(rows), 4) * 19 + 60)


def place_names(meter: str, count: int) -> list[str]:
    """Eighths of a bar as a player counts them: 1 & 2 & in 4/4, 1 2 3 in 6/8."""
    unit = int(meter.split("/")[1]) if meter.split("/")[-1].isdigit() else 4
    parts = {4: ["", "&"], 2: ["", "e", "&", "a"]}.get(unit, [""])
    return [f"{k // len(parts) + 1}{parts[k % len(parts)]}" for k in range(count)]


def place_chart(groups: Sequence[Group], meter: str) -> Any:
    """Means over the places of a bar, in order."""
    slots = max((int(group.name) for group in groups), default=0) + 1
    names = place_names(meter, slots)
    rows = _group_rows(groups, [names[int(group.name)] for group in groups])
    x = alt.X("name:N", sort=names, scale=alt.Scale(domain=names), title=f"place in a {meter} bar",
              axis=alt.Axis(labelAngle=0))  # fmt: skip
    y = alt.Y("mean:Q", scale=_SPAN, title="mean", axis=alt.Axis(values=[-1, -0.5, 0, 0.5, 1]))
    color = alt.Color("mean:Q", scale=_VALUE, legend=None)
    low = {"y": alt.Y("low:Q", scale=_SPAN, title=None), "y2": "high:Q", "x": x}
    return _interval(rows, x, y, low, color, _MEAN_TIP).properties(height=HEIGHT)


def votes_chart(votes: NDArray[np.float64], symbols: Sequence[str], *, ends: int = 7) -> Any:
    """The symbols that a unit promotes and suppresses most, by weight; START, which is never asked for, left out."""
    order = [int(k) for k in np.argsort(-votes) if symbols[int(k)] != "<start>"]
    chosen = order if len(order) <= 2 * ends else order[:ends] + order[-ends:]
    rows = [{"name": visible(symbols[k]), "vote": float(votes[k]), "odds": math.exp(votes[k])} for k in chosen]
    return (
        _chart(rows)
        .mark_bar(height=11)
        .encode(
            y=alt.Y("name:N", sort=None, title=None, axis=_SIGNS),
            x=alt.X("vote:Q", title="said to the next character when it is at +1 (log odds)"),
            color=alt.condition("datum.vote > 0", alt.value(RED), alt.value(BLUE)),
            tooltip=[
                alt.Tooltip("name:N", title="next"),
                alt.Tooltip("vote:Q", format="+.2f", title="log odds"),
                alt.Tooltip("odds:Q", format=".2f", title="odds times"),
            ],
        )
        .properties(height=max(len(rows), 4) * 19 + 60)
    )


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
    line = _chart(rows).mark_line(color=GREEN, strokeWidth=1.6, point=alt.OverlayMarkDef(color=GREEN, size=14)).encode(
        x=x,
        y=alt.Y("power:Q", title="share of its movement", axis=alt.Axis(format="%", tickCount=4)),
        tooltip=[alt.Tooltip("bars:Q", format=".2f", title="bars"), alt.Tooltip("power:Q", format=".1%")],
    )  # fmt: skip
    bar = _chart([{"cycles": 1.0}]).mark_rule(color=FAINT, strokeDash=[4, 4]).encode(x=x)
    return (bar + line).properties(height=HEIGHT)


def gates_chart(gates: Mapping[str, GateSums], layer: int, index: int) -> Any:
    """How often each gate of a unit is shut, between and open."""
    rows = []
    for letter, sums in gates.items():
        left, right = float(sums.left_share[layer, index]), float(sums.right_share[layer, index])
        parts = (("shut, below 0.1", left), ("between", 1 - left - right), ("open, above 0.9", right))
        rows += [{"gate": letter, "state": name, "share": share, "order": k} for k, (name, share) in enumerate(parts)]
    names = ["shut, below 0.1", "between", "open, above 0.9"]
    return (
        _chart(rows)
        .mark_bar(height=16)
        .encode(
            y=alt.Y("gate:N", sort=list(gates), title=None, axis=alt.Axis(labelFontSize=13)),
            x=alt.X("share:Q", title="share of characters", axis=alt.Axis(format="%"), scale=alt.Scale(domain=[0, 1])),
            color=alt.Color("state:N", scale=alt.Scale(domain=names, range=[BLUE, "#b8b2a6", AMBER]), sort=names,
                            legend=alt.Legend(orient="top", title=None)),
            order="order:Q",
            tooltip=["gate:N", "state:N", alt.Tooltip("share:Q", format=".0%")],
        )
        .properties(height=len(gates) * 32 + 140)
    )  # fmt: skip


def losses_chart(zero: Sequence[Loss], mean: Sequence[Loss], *, most: int = 12) -> Any:
    """What is lost without a unit, at 0 and at its mean: all characters, then the concepts that lose or gain most."""
    sizes = {loss.name: abs(loss.more) for loss in (*zero[1:], *mean[1:]) if loss.sure}
    shown = [zero[0].name, *sorted(sizes, key=lambda name: -sizes[name])[:most]]
    held = {"held at 0": zero, "held at its mean": mean}
    rows = [
        {"name": loss.name.replace("_", " "), "how": how, "more": loss.more, "low": loss.low, "high": loss.high,
         "count": loss.count, "before": loss.before}
        for how, losses in held.items() for loss in losses if loss.name in shown
    ]  # fmt: skip
    order = [name.replace("_", " ") for name in shown]
    y = alt.Y("name:N", sort=order, title=None, axis=alt.Axis(labelLimit=180))
    offset = alt.YOffset("how:N", sort=list(held))
    color = alt.Color("how:N", scale=alt.Scale(domain=list(held), range=[GREEN, AMBER]),
                      legend=alt.Legend(orient="top", title=None))  # fmt: skip
    base = _chart(rows)
    line = base.mark_rule(strokeWidth=1.5).encode(
        x=alt.X("low:Q", title="nats a character more"), x2="high:Q", y=y, yOffset=offset, color=color
    )
    dot = base.mark_circle(size=55, opacity=1).encode(
        x="more:Q", y=y, yOffset=offset, color=color,
        tooltip=[
            alt.Tooltip("name:N", title="foreseeing"),
            alt.Tooltip("how:N", title="the neuron"),
            alt.Tooltip("more:Q", format="+.4f", title="nats more"),
            alt.Tooltip("low:Q", format="+.4f", title="95 % from"),
            alt.Tooltip("high:Q", format="+.4f", title="to"),
            alt.Tooltip("before:Q", format=".3f", title="nats with it"),
            alt.Tooltip("count:Q", format=",", title="characters"),
        ],
    )  # fmt: skip
    zero_line = _chart([{"more": 0}]).mark_rule(color=FAINT, strokeDash=[4, 4]).encode(x="more:Q")
    return (zero_line + line + dot).properties(height=len(order) * 30 + 60)


def saturation_chart(gate: str, sums: GateSums, layer: int, chosen: int, label: str) -> Any:
    """Karpathy's figure: a dot a unit, how often its gate is open against how often it is shut; a click picks one."""
    rows = [
        {"neuron": j, "shut": float(left), "open": float(right), "mean": float(mean), "chosen": j == chosen}
        for j, (left, right, mean) in enumerate(
            zip(sums.left_share[layer], sums.right_share[layer], sums.mean[layer], strict=True)
        )
    ]
    pick = alt.selection_point(name="pick", fields=["neuron"], on="click", clear=False)
    unit = alt.Scale(domain=[0, 1])
    dots = (
        _chart(rows)
        .mark_circle(color=GREEN, cursor="pointer")
        .encode(
            x=alt.X("shut:Q", scale=unit, title="shut (below 0.1)", axis=alt.Axis(format="%", tickCount=4)),
            y=alt.Y("open:Q", scale=unit, title="open (above 0.9)", axis=alt.Axis(format="%", tickCount=4)),
            size=alt.condition("datum.chosen", alt.value(170), alt.value(45)),
            opacity=alt.condition("datum.chosen", alt.value(1), alt.value(0.55)),
            tooltip=[
                alt.Tooltip("neuron:Q"),
                alt.Tooltip("shut:Q", format=".0%"),
                alt.Tooltip("open:Q", format=".0%"),
                alt.Tooltip("mean:Q", format=".2f"),
            ],
        )
        .add_params(pick)
    )
    edge = (
        _chart([{"x": 0, "y": 1}, {"x": 1, "y": 0}]).mark_line(color=FAINT, strokeDash=[4, 4]).encode(x="x:Q", y="y:Q")
    )
    return (edge + dots).properties(height=300, title=label)
