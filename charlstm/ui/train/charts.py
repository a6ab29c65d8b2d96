"""The Train page's charts: plain rows to altair charts. Knows no Streamlit."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

TRAINING, VALIDATION, FAINT = "#c9822b", "#2b8874", "#8b8579"  # as on the Experiments page
POINTS = 240  # of a line: more are not seen, and are sent each second
BARS = 12


def _data(rows: Sequence[Mapping[str, Any]]) -> Any:
    return alt.InlineData(values=[dict(row) for row in rows])


def thinned(rows: Sequence[Mapping[str, Any]], most: int = POINTS) -> list[Mapping[str, Any]]:
    """At most so many of the rows, evenly, the last one among them."""
    step = max(1, math.ceil(len(rows) / most))
    return list(reversed(list(reversed(rows))[::step]))


def loss_chart(rows: Sequence[Mapping[str, Any]], baseline: float | None) -> Any:
    """Losses over epochs: training, validation, and the n-gram as a dashed line."""
    order = ["tunes it learns from", "unseen tunes", "n-gram"]
    points = [{"epoch": row["epoch"], "loss": row["train_loss"], "set": order[0]} for row in thinned(rows)]
    held = [row for row in rows if row.get("val_loss") is not None]
    points += [{"epoch": row["epoch"], "loss": row["val_loss"], "set": order[1]} for row in thinned(held)]
    scale = alt.Scale(domain=order, range=[TRAINING, VALIDATION, FAINT])
    colour = alt.Color("set:N", title=None, scale=scale, legend=alt.Legend(orient="top"))
    losses = [float(point["loss"]) for point in points] + ([baseline] if baseline else [])
    low = min(losses, default=1.0)
    high = min(max(losses, default=4.5), 4.6)
    y = alt.Y(
        "loss:Q", title="loss, nats a character", scale=alt.Scale(domain=[max(low - 0.1, 0), high + 0.1], clamp=True)
    )
    x = alt.X("epoch:Q", title="epoch", axis=alt.Axis(grid=False, tickCount=8), scale=alt.Scale(domainMin=0))
    tooltip = [alt.Tooltip("set:N", title="loss on"), "epoch:Q", alt.Tooltip("loss:Q", format=".3f")]
    lines = alt.Chart(_data(points)).mark_line(strokeWidth=1.8, clip=True).encode(x=x, y=y, color=colour)
    dots = (
        alt.Chart(_data([p for p in points if p["set"] != order[0]]))
        .mark_circle(size=34, opacity=1)
        .encode(x=x, y=y, color=colour, tooltip=tooltip)
    )
    line = [{"loss": baseline, "set": order[2]}] if baseline else []
    rule = (
        alt.Chart(_data(line))
        .mark_rule(strokeDash=[6, 4], strokeWidth=1.6)
        .encode(y=y, color=colour, tooltip=[alt.Tooltip("set:N", title="loss of"), alt.Tooltip("loss:Q", format=".3f")])
    )
    return alt.layer(rule, lines, dots).properties(height=300)


def line_chart(rows: Sequence[Mapping[str, Any]], field: str, title: str) -> Any:
    """One measure over epochs, small."""
    points = [{"epoch": row["epoch"], "value": row[field]} for row in thinned(rows)]
    return (
        alt.Chart(_data(points))
        .mark_line(strokeWidth=1.5, color=VALIDATION)
        .encode(
            x=alt.X("epoch:Q", title="epoch", axis=alt.Axis(grid=False, tickCount=5)),
            y=alt.Y("value:Q", title=None, axis=alt.Axis(tickCount=4)),
        )
        .properties(height=200, title=alt.TitleParams(title, anchor="start", fontSize=13, fontWeight="normal"))
    )


def bar_chart(counts: Mapping[str, int], title: str, *, most: int = BARS) -> Any:
    """The commonest values and how often they occur; the rest as one bar."""
    rows = [{"value": name, "count": count, "rest": False} for name, count in list(counts.items())[:most]]
    if rest := sum(list(counts.values())[most:]):
        rows.append({"value": "others", "count": rest, "rest": True})
    return (
        alt.Chart(_data(rows))
        .mark_bar(cornerRadiusEnd=2)
        .encode(
            y=alt.Y("value:N", sort=None, title=None, axis=alt.Axis(labelLimit=120, labelOverlap=False)),
            x=alt.X("count:Q", title=title, axis=alt.Axis(tickCount=4, tickMinStep=1, format="~s")),
            color=alt.condition("datum.rest", alt.value(FAINT), alt.value(VALIDATION)),
            tooltip=["value:N", alt.Tooltip("count:Q", format=",")],
        )
        .properties(height=17 * max(len(rows), 3) + 60)  # the axis and its title are within
    )


def length_chart(lengths: Sequence[tuple[int, int, int]]) -> Any:
    """How many tunes have how many characters."""
    rows = [{"from": low, "to": high, "tunes": count} for low, high, count in lengths]
    return (
        alt.Chart(_data(rows))
        .mark_bar(color=VALIDATION)
        .encode(
            x=alt.X("from:Q", bin="binned", title="characters of a tune", axis=alt.Axis(grid=False, tickCount=6)),
            x2="to:Q",
            y=alt.Y("tunes:Q", title="tunes", axis=alt.Axis(tickCount=4, tickMinStep=1)),
            tooltip=["from:Q", "to:Q", alt.Tooltip("tunes:Q", format=",")],
        )
        .properties(height=200)
    )


def film_chart(frames: Sequence[Mapping[str, Any]], number: int) -> Any:
    """Loss over the stored epochs, with a dot on the one that is shown."""
    x = alt.X("epoch:Q", title="epoch", axis=alt.Axis(grid=False, tickCount=6))
    y = alt.Y("loss:Q", title="loss", scale=alt.Scale(zero=False), axis=alt.Axis(tickCount=4))
    base = alt.Chart(_data([frame for frame in frames if frame["loss"] is not None]))
    tooltip = ["epoch:Q", alt.Tooltip("loss:Q", format=".3f")]
    line = base.mark_line(color=FAINT, strokeWidth=1.5).encode(x=x, y=y)
    dots = base.mark_circle(size=50, color=FAINT, opacity=1).encode(x=x, y=y, tooltip=tooltip)
    here = base.transform_filter(f"datum.number == {number}").mark_circle(size=170, color=TRAINING, opacity=1)
    return alt.layer(line, dots, here.encode(x=x, y=y, tooltip=tooltip)).properties(height=160)
