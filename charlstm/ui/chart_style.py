"""What the charts of all pages share: rows to a chart, tooltips, legends, dots with intervals. Knows no Streamlit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import altair as alt

from charlstm.ui.palette import BLUE, MIDDLE, RED

UNIT_SPAN = alt.Scale(domain=[-1, 1])  # of an activation
VALUE_COLOURS = alt.Scale(domain=[-1, 0, 1], range=[BLUE, MIDDLE, RED], interpolate="rgb")
UNIT_AXIS = alt.Axis(values=[-1, -0.5, 0, 0.5, 1])
_VISIBLE = {" ": "␣", "\n": "↵", "<end>": "end", "<start>": "start"}


def chart(rows: Iterable[Mapping[str, Any]]) -> Any:
    """A chart of these rows, which travel inside its description."""
    return alt.Chart(alt.InlineData(values=[dict(row) for row in rows]))


def tips(*fields: str | tuple[str, str] | tuple[str, str, str]) -> list[Any]:
    """Lines of a tooltip, each a field ("loss:Q"), or a field with a title, or a field with a title and a format.

    An empty title is the field's own name.
    """
    lines = []
    for field in fields:
        name, title, form = (*((field,) if isinstance(field, str) else field), "", "")[:3]
        lines.append(alt.Tooltip(name, **{k: v for k, v in (("title", title), ("format", form)) if v}))
    return lines


def colour(field: str, names: Sequence[Any], colours: Sequence[str], **legend: Any) -> Any:
    """The colours of a field's values, with a legend above the chart (its options as keywords)."""
    scale = alt.Scale(domain=list(names), range=list(colours)[: len(names)])
    look = {"orient": "top", "title": None, "symbolOpacity": 1} | legend
    return alt.Color(field, title=None, scale=scale, legend=alt.Legend(**look))


def plain_colour(field: str, names: Sequence[Any], colours: Sequence[str]) -> Any:
    """The colours of a field's values, without a legend."""
    return alt.Color(field, scale=alt.Scale(domain=list(names), range=list(colours)), legend=None)


def names_axis(**options: Any) -> Any:
    """The axis of a list of names: none is left out."""
    return alt.Axis(**{"labelOverlap": False, "labelFlush": False, "labelLimit": 240} | options)


def intervals(base: Any, way: str, mean: Any, *, tooltip: Sequence[Any], low: Any = "low:Q", **look: Any) -> Any:
    """A dot for each row's mean and a bar from its "low" to its "high".

    Parameters
    ----------
    base : chart
        With the other channel and the colour already encoded.
    way : "x" or "y"
        The channel of the values.
    mean, low
        That channel, of the dot and of the bar's lower end.
    tooltip : sequence
        Of the dot.
    **look
        size and color of the dots; width and opacity of the bars.
    """
    paint = {"color": look["color"]} if "color" in look else {}
    bars = base.mark_rule(strokeWidth=look.get("width", 3), opacity=look.get("opacity", 0.45), **paint)
    dots = base.mark_circle(size=look.get("size", 70), opacity=1, **paint)
    return bars.encode(**{way: low, f"{way}2": "high:Q"}) + dots.encode(**{way: mean}, tooltip=list(tooltip))


def rule(row: Mapping[str, Any], color: str, **encodings: Any) -> Any:
    """A dashed line across the chart: chance, zero, one bar."""
    return chart([row]).mark_rule(color=color, strokeDash=[4, 4]).encode(**encodings)


def visible(symbol: str) -> str:
    """A symbol as it can be seen: blanks and line breaks as marks."""
    return _VISIBLE.get(symbol, symbol)
