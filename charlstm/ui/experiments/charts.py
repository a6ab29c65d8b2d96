"""The Experiments page's charts: rows of a study to altair charts. Knows no Streamlit and reads no files."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from textwrap import wrap
from typing import Any

import altair as alt

from charlstm.experiments.tables import Row, curves
from charlstm.ui.chart_style import chart, colour, intervals, names_axis, tips
from charlstm.ui.palette import FAINT, TRAINING, VALIDATION


def curve_chart(row: Row, way: str, domain: Sequence[float]) -> Any:
    """One figure of the report reproduced: a case's losses over epochs, a line a seed; the report's numbers dashed.

    Parameters
    ----------
    row : Row
    way : "slices" or "tunes"
    domain : two floats
        Of the losses, the same for all figures that stand together.
    """
    points = [point for point in curves([row]) if point["way"] == way]
    scale = alt.Scale(domain=list(domain), zero=False)
    sets = colour("set:N", ["training", "validation"], [TRAINING, VALIDATION], symbolSize=60)
    lines = chart(points).mark_line(strokeWidth=1.6, clip=True).encode(
        x=alt.X("epoch:Q", title="epoch", axis=alt.Axis(tickMinStep=1, grid=False, tickCount=5)),
        y=alt.Y("loss:Q", title="nats per character", scale=scale, axis=alt.Axis(tickCount=5)),
        color=sets,
        detail="seed:N",
        tooltip=tips("set:N", "seed:N", "epoch:Q", ("loss:Q", "", ".3f")),
    )  # fmt: skip
    reported = [{"set": {"train": "training"}.get(name, name), "loss": loss} for name, loss in row.case.report.items()]
    if way != "slices" or not reported:
        return lines.properties(height=330)
    rules = chart(reported).mark_rule(strokeDash=[5, 4], strokeWidth=1.2, opacity=0.8)
    rules = rules.encode(
        y=alt.Y("loss:Q", title="nats per character", scale=scale),
        color=sets,
        tooltip=tips(("set:N", "original"), "loss:Q"),
    )
    return alt.layer(lines, rules).properties(height=330)


def loss_domain(rows: Sequence[Row], way: str) -> tuple[float, float]:
    """The losses from the lowest to the highest of all epochs, the report's among them."""
    losses = [point["loss"] for point in curves(rows) if point["way"] == way]
    if not losses:
        return 1.0, 3.0
    if way == "slices":
        losses += [loss for row in rows for loss in row.case.report.values()]
    low, high = min(losses), max(losses)
    return math.floor(low * 10) / 10, math.ceil(high * 10) / 10


def _means(rows: Sequence[Row], column: str) -> list[tuple[Row, dict[str, Any]]]:
    """The rows that have the measure, each with its mean and interval over seeds."""
    measured = [(row, row.interval(column)) for row in rows]
    return [(row, {"mean": i.mean, "low": i.low, "high": i.high, "seeds": i.n}) for row, i in measured if i is not None]


def _mean_tips(form: str, title: str = "mean") -> tuple[Any, ...]:
    return ("mean:Q", title, form), ("low:Q", "from", form), ("high:Q", "to", form), ("seeds:Q", "seeds")


def comparison_chart(rows: Sequence[Row], column: str, title: str) -> Any:
    """All cases side by side: a point for the mean over seeds, a bar for the interval."""
    values = [{"case": row.case.label, **mean} for row, mean in _means(rows, column)]
    order = [row.case.label for row in rows]
    base = chart(values).encode(y=alt.Y("case:N", sort=order, title=None, axis=names_axis(labelLimit=320, grid=True)))
    scale = alt.Scale(zero=False, nice=True, padding=12)
    lines = wrap(title, 26)  # on a phone the names leave little room
    return intervals(
        base,
        "x",
        alt.X("mean:Q", title=lines, scale=scale),
        low=alt.X("low:Q", title=lines, scale=scale, axis=alt.Axis(tickCount=6)),
        tooltip=tips(("case:N", "case"), *_mean_tips(",.3f")),
        color=VALIDATION,
    ).properties(height=26 * len(values) + 80)


def temperature_chart(rows: Sequence[Row], column: str, title: str, names: Mapping[str, str], *, share: bool) -> Any:
    """A measure of the tunes over the temperature, a line a model, a bar for the interval over seeds."""
    values = []
    for row, mean in _means(rows, column):
        about = row.case.columns
        values.append({"model": names.get(about["model"], about["model"]), "T": f"{about['T']:g}", **mean})
    models = list(dict.fromkeys(value["model"] for value in values))
    order = sorted({value["T"] for value in values}, key=float)
    scale = alt.Scale(domain=[0, 1]) if share else alt.Scale(zero=True)
    axis = alt.Axis(format="%" if share else "", tickCount=5)
    base = chart(values).encode(
        x=alt.X("T:O", sort=order, title="temperature", axis=alt.Axis(labelAngle=0)),
        color=colour("model:N", models, [TRAINING, VALIDATION, FAINT], symbolSize=60, labelLimit=300),
    )
    line = base.mark_line(strokeWidth=1.6).encode(y=alt.Y("mean:Q", title=None, scale=scale, axis=axis))
    tooltip = tips(("model:N", "model"), ("T:O", "temperature"), *_mean_tips(".0%" if share else ",.2f", title))
    means = intervals(
        base, "y", alt.Y("mean:Q", scale=scale), low=alt.Y("low:Q", scale=scale), tooltip=tooltip, size=60
    )
    return alt.layer(line, means).properties(height=330)
