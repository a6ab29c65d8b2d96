"""The Train page's charts: plain rows to altair charts. Knows no Streamlit."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from charlstm.ui.chart_style import chart, colour, names_axis, tips
from charlstm.ui.palette import FAINT, TRAINING, VALIDATION

POINTS = 240  # of a line: more are not seen, and are sent each second
BARS = 12
_EPOCH = alt.X("epoch:Q", title="epoch", axis=alt.Axis(grid=False, tickCount=6))


def thinned(rows: Sequence[Mapping[str, Any]], most: int = POINTS) -> list[Mapping[str, Any]]:
    """At most so many of the rows, evenly, the last one among them."""
    step = max(1, math.ceil(len(rows) / most))
    return list(reversed(list(reversed(rows))[::step]))


def loss_chart(rows: Sequence[Mapping[str, Any]], baseline: float | None) -> Any:
    """Losses over epochs: training, validation, and the n-gram as a dashed line."""
    training, validation, ngram = names = ["training", "validation", "n-gram"]
    points = [{"epoch": row["epoch"], "loss": row["train_loss"], "set": training} for row in thinned(rows)]
    evaluated = [row for row in rows if row.get("val_loss") is not None]
    points += [{"epoch": row["epoch"], "loss": row["val_loss"], "set": validation} for row in thinned(evaluated)]
    losses = [float(point["loss"]) for point in points] + ([baseline] if baseline else [])
    low, high = min(losses, default=1.0), min(max(losses, default=4.5), 4.6)
    scale = alt.Scale(domain=[max(low - 0.1, 0), high + 0.1], clamp=True)
    y = alt.Y("loss:Q", title="loss, nats per character", scale=scale)
    x = alt.X("epoch:Q", title="epoch", axis=alt.Axis(grid=False, tickCount=8), scale=alt.Scale(domainMin=0))
    look = {"y": y, "color": colour("set:N", names, [TRAINING, VALIDATION, FAINT])}
    tooltip = tips(("set:N", "loss"), "epoch:Q", ("loss:Q", "", ".3f"))
    lines = chart(points).mark_line(strokeWidth=1.8, clip=True).encode(x=x, **look)
    dots = chart([point for point in points if point["set"] == validation]).mark_circle(size=34, opacity=1)
    curves = [lines, dots.encode(x=x, **look, tooltip=tooltip)]
    if not baseline:
        return alt.layer(*curves).properties(height=400)
    rule = chart([{"loss": baseline, "set": ngram}]).mark_rule(strokeDash=[6, 4], strokeWidth=1.6)
    rule = rule.encode(**look, tooltip=tips(("set:N", "loss of"), ("loss:Q", "", ".3f")))
    return alt.layer(rule, *curves).properties(height=400)


def overlay_chart(runs: Mapping[str, Sequence[Mapping[str, Any]]]) -> Any:
    """The losses of some runs over the minutes of training: a colour a run, training losses dashed."""
    points = [
        {"minutes": row["seconds"] / 60, "loss": row[field], "run": name, "set": kind}
        for name, rows in runs.items()
        for kind, field in (("training", "train_loss"), ("validation", "val_loss"))
        for row in thinned([row for row in rows if row.get(field) is not None])
    ]
    lines = chart(points).mark_line(strokeWidth=1.8, point=alt.OverlayMarkDef(size=18)).encode(
        x=alt.X("minutes:Q", title="minutes of training", axis=alt.Axis(grid=False, tickCount=8)),
        y=alt.Y("loss:Q", title="loss, nats per character", scale=alt.Scale(zero=False)),
        color=colour("run:N", list(runs), [TRAINING, VALIDATION], labelLimit=240),
        strokeDash=alt.StrokeDash("set:N", legend=None, scale=alt.Scale(
            domain=["validation", "training"], range=[[1, 0], [4, 4]])),
        tooltip=tips("run:N", "set:N", ("minutes:Q", "", ".2f"), ("loss:Q", "", ".3f")),
    )  # fmt: skip
    return lines.properties(height=440)


def line_chart(rows: Sequence[Mapping[str, Any]], field: str, title: str) -> Any:
    """One measure over epochs, small."""
    points = [{"epoch": row["epoch"], "value": row[field]} for row in thinned(rows)]
    x = alt.X("epoch:Q", title="epoch", axis=alt.Axis(grid=False, tickCount=5))
    y = alt.Y("value:Q", title=None, axis=alt.Axis(tickCount=4))
    line = chart(points).mark_line(strokeWidth=1.5, color=VALIDATION).encode(x=x, y=y)
    heading = alt.TitleParams(title, anchor="start", fontSize=13, fontWeight="normal")
    return line.properties(height=200, title=heading)


def bar_chart(counts: Mapping[str, int], title: str, *, most: int = BARS) -> Any:
    """The commonest values and how often they occur; the rest as one bar."""
    rows = [{"value": name, "count": count, "rest": False} for name, count in list(counts.items())[:most]]
    if rest := sum(list(counts.values())[most:]):
        rows.append({"value": "others", "count": rest, "rest": True})
    bars = chart(rows).mark_bar(cornerRadiusEnd=2).encode(
        y=alt.Y("value:N", sort=None, title=None, axis=names_axis(labelLimit=120)),
        x=alt.X("count:Q", title=title, axis=alt.Axis(tickCount=4, tickMinStep=1, format="~s")),
        color=alt.condition("datum.rest", alt.value(FAINT), alt.value(VALIDATION)),
        tooltip=tips("value:N", ("count:Q", "", ",")),
    )  # fmt: skip
    return bars.properties(height=17 * max(len(rows), 3) + 60)  # the axis and its title are within


def length_chart(lengths: Sequence[tuple[int, int, int]]) -> Any:
    """How many tunes have how many characters."""
    rows = [{"from": low, "to": high, "tunes": count} for low, high, count in lengths]
    bars = chart(rows).mark_bar(color=VALIDATION).encode(
        x=alt.X("from:Q", bin="binned", title="length in characters", axis=alt.Axis(grid=False, tickCount=6)),
        x2="to:Q",
        y=alt.Y("tunes:Q", title="tunes", axis=alt.Axis(tickCount=4, tickMinStep=1)),
        tooltip=tips("from:Q", "to:Q", ("tunes:Q", "", ",")),
    )  # fmt: skip
    return bars.properties(height=200)


def film_chart(frames: Sequence[Mapping[str, Any]], number: int) -> Any:
    """Loss over the stored epochs, with a dot on the one that is shown."""
    y = alt.Y("loss:Q", title=["loss, nats", "per character"], scale=alt.Scale(zero=False), axis=alt.Axis(tickCount=4))
    base = chart(frame for frame in frames if frame["loss"] is not None).encode(x=_EPOCH, y=y)
    tooltip = tips("epoch:Q", ("loss:Q", "", ".3f"))
    line = base.mark_line(color=FAINT, strokeWidth=1.5)
    dots = base.mark_circle(size=50, color=FAINT, opacity=1).encode(tooltip=tooltip)
    here = base.transform_filter(f"datum.number == {number}").mark_circle(size=170, color=TRAINING, opacity=1)
    return alt.layer(line, dots, here.encode(tooltip=tooltip)).properties(height=230)
