"""The Experiments page's charts: rows of a study to altair charts. Knows no Streamlit and reads no files."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from charlstm.experiments.tables import Row, curves

TRAINING, VALIDATION = "#c9822b", "#2b8874"  # amber and green, apart for colour-blind eyes, by day and by night
FAINT = "#8b8579"
_SETS = alt.Scale(domain=["training", "validation"], range=[TRAINING, VALIDATION])


def _data(values: Sequence[Mapping[str, Any]]) -> Any:
    return alt.InlineData(values=[dict(value) for value in values])


def curve_chart(row: Row, way: str, domain: Sequence[float]) -> Any:
    """One figure of the report again: a case's losses over epochs, a line a seed; the report's numbers dashed.

    Parameters
    ----------
    row : Row
    way : "slices" or "tunes"
    domain : two floats
        Of the losses, the same for all figures that stand together.
    """
    points = [point for point in curves([row]) if point["way"] == way]
    scale = alt.Scale(domain=list(domain), zero=False, clamp=True)
    lines = (
        alt.Chart(_data(points))
        .mark_line(strokeWidth=1.6, clip=True)
        .encode(
            x=alt.X("epoch:Q", title="epoch", axis=alt.Axis(tickMinStep=1, grid=False, tickCount=5)),
            y=alt.Y("loss:Q", title=None, scale=scale, axis=alt.Axis(tickCount=5)),
            color=alt.Color("set:N", title=None, scale=_SETS, legend=alt.Legend(orient="top", symbolSize=60)),
            detail="seed:N",
            tooltip=[
                alt.Tooltip("set:N", title="set"),
                alt.Tooltip("seed:N", title="seed"),
                alt.Tooltip("epoch:Q", title="epoch"),
                alt.Tooltip("loss:Q", title="loss", format=".3f"),
            ],
        )
    )
    said = [{"set": {"train": "training"}.get(name, name), "loss": loss} for name, loss in row.case.report.items()]
    rules = (
        alt.Chart(_data(said if way == "slices" else []))
        .mark_rule(strokeDash=[5, 4], strokeWidth=1.2, opacity=0.8)
        .encode(
            y=alt.Y("loss:Q", scale=scale),
            color=alt.Color("set:N", scale=_SETS),
            tooltip=[alt.Tooltip("set:N", title="the report's"), alt.Tooltip("loss:Q", title="loss")],
        )
    )
    return alt.layer(lines, rules).properties(height=250)


def loss_domain(rows: Sequence[Row], way: str) -> tuple[float, float]:
    """The losses from the lowest to what the worst case has after its first epochs: the first falls say little."""
    points = [point for point in curves(rows) if point["way"] == way]
    said = [loss for row in rows for loss in row.case.report.values()] if way == "slices" else []
    settled = [point["loss"] for point in points if point["epoch"] >= 2] or [point["loss"] for point in points]
    if not settled:
        return 1.0, 3.0
    low, high = min([*settled, *said]), max([*settled, *said])
    return math.floor(low * 10) / 10, math.ceil(high * 10) / 10


def comparison_chart(rows: Sequence[Row], column: str, title: str) -> Any:
    """All cases side by side: a point for the mean over seeds, a bar for the interval."""
    values: list[dict[str, Any]] = []
    for row in rows:
        found = row.interval(column)
        if found is not None:
            values.append(
                {"case": row.case.label, "mean": found.mean, "low": found.low, "high": found.high, "seeds": found.n}
            )
    order = [row.case.label for row in rows]
    base = alt.Chart(_data(values)).encode(
        y=alt.Y("case:N", sort=order, title=None, axis=alt.Axis(labelLimit=320, labelOverlap=False, grid=True))
    )
    tips = [
        alt.Tooltip("case:N", title="case"),
        alt.Tooltip("mean:Q", title="mean", format=",.3f"),
        alt.Tooltip("low:Q", title="from", format=",.3f"),
        alt.Tooltip("high:Q", title="to", format=",.3f"),
        alt.Tooltip("seeds:Q", title="seeds"),
    ]
    scale = alt.Scale(zero=False, nice=True, padding=12)
    bars = base.mark_rule(strokeWidth=3, color=VALIDATION, opacity=0.45).encode(
        x=alt.X("low:Q", title=title, scale=scale, axis=alt.Axis(tickCount=6)), x2="high:Q"
    )
    dots = base.mark_point(filled=True, size=70, color=VALIDATION, opacity=1).encode(
        x=alt.X("mean:Q", title=title, scale=scale), tooltip=tips
    )
    return alt.layer(bars, dots).properties(height=26 * len(values) + 80)


def temperature_chart(rows: Sequence[Row], column: str, title: str, names: Mapping[str, str], *, share: bool) -> Any:
    """A measure of the tunes over the temperature, a line a model, a bar for the interval over seeds."""
    values = []
    for row in rows:
        found = row.interval(column)
        if found is not None:
            about = row.case.columns
            entry = {"model": names.get(about["model"], about["model"]), "T": f"{about['T']:g}"}
            values.append({**entry, "mean": found.mean, "low": found.low, "high": found.high, "seeds": found.n})
    form = ".0%" if share else ",.2f"
    order = sorted({value["T"] for value in values}, key=float)
    models = list(dict.fromkeys(value["model"] for value in values))
    base = alt.Chart(_data(values)).encode(
        x=alt.X("T:O", sort=order, title="temperature", axis=alt.Axis(labelAngle=0)),
        color=alt.Color(
            "model:N",
            title=None,
            scale=alt.Scale(domain=models, range=[TRAINING, VALIDATION, FAINT][: len(models)]),
            legend=alt.Legend(orient="top", symbolSize=60, labelLimit=300),
        ),
    )
    scale = alt.Scale(domain=[0, 1]) if share else alt.Scale(zero=True)
    axis = alt.Axis(format="%" if share else "", tickCount=5)
    line = base.mark_line(strokeWidth=1.6).encode(y=alt.Y("mean:Q", title=None, scale=scale, axis=axis))
    bars = base.mark_rule(strokeWidth=3, opacity=0.45).encode(y=alt.Y("low:Q", scale=scale), y2="high:Q")
    dots = base.mark_point(filled=True, size=60, opacity=1).encode(
        y=alt.Y("mean:Q", scale=scale),
        tooltip=[
            alt.Tooltip("model:N", title="model"),
            alt.Tooltip("T:O", title="temperature"),
            alt.Tooltip("mean:Q", title=title, format=form),
            alt.Tooltip("low:Q", title="from", format=form),
            alt.Tooltip("high:Q", title="to", format=form),
            alt.Tooltip("seeds:Q", title="seeds"),
        ],
    )
    return alt.layer(line, bars, dots).properties(height=250)
