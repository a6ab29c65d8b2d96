"""Charts of the panel: rows of its study to altair charts. Knows no Streamlit and reads no files."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from charlstm.experiments.tables import BESIDE, Row, reference_row
from charlstm.ui.chart_style import chart, colour, intervals, names_axis, tips
from charlstm.ui.palette import FAINT, SERIES, TRAINING, VALIDATION

APART = alt.Scale(paddingInner=0.75, paddingOuter=0.4)  # the models of a temperature, side by side
NEAR = 0.06  # of the chart's height: two lines with labels
RARE = 0.002  # share below which a value is not drawn
RHYTHMS = 12  # the commonest ones of real tunes
DASHES = {"real": [6, 3], "shuffled": [2, 3]}


def measure_chart(rows: Sequence[Row], column: str) -> Any:
    """A measure of all models over the temperature; dashed the real tunes, dotted those with shuffled bars."""
    values = []
    for row in rows:
        if (estimate := row.interval(column)) is not None:
            model, t = row.case.columns["model"], row.case.columns["T"]
            values.append({"model": model, "T": f"{t:g}", "mean": estimate.mean, "low": estimate.low,
                           "high": estimate.high, "tunes": estimate.n})  # fmt: skip
    models = list(dict.fromkeys(value["model"] for value in values))
    order = sorted({value["T"] for value in values}, key=float)
    base = chart(values).encode(
        x=alt.X("T:O", sort=order, title="temperature", axis=alt.Axis(labelAngle=0), scale=APART),
        xOffset=alt.XOffset("model:N", sort=models),
        color=colour("model:N", models, SERIES, symbolSize=60, labelLimit=300, columns=3),
    )
    # A line that lies on another one is dashed, so that both are seen.
    lines = {model: tuple(value["mean"] for value in values if value["model"] == model) for model in models}
    dashes = [
        [6, 6] if lines[model] in [lines[m] for m in models[:place]] else [1, 0] for place, model in enumerate(models)
    ]
    dash = alt.StrokeDash("model:N", scale=alt.Scale(domain=models, range=dashes), legend=None)
    y = alt.Y("mean:Q", title=None, scale=alt.Scale(zero=True), axis=alt.Axis(tickCount=5))
    tooltip = tips(("model:N", "model"), ("T:O", "temperature"), ("mean:Q", "value", ",.3f"), ("low:Q", "from", ",.3f"),
                   ("high:Q", "to", ",.3f"))  # fmt: skip
    layers = [
        base.mark_line(strokeWidth=1.8).encode(y=y, strokeDash=dash),
        intervals(base, "y", y, low=alt.Y("low:Q"), tooltip=tooltip, size=60),
    ]
    for value, part, label in _references(rows, column):
        line = chart([{"mean": value, "label": label}])
        place = {"y": alt.Y("mean:Q"), "tooltip": tips(("label:N", "line"), ("mean:Q", "value", ",.3f"))}
        layers.append(line.mark_rule(strokeDash=DASHES[part], color=FAINT, strokeWidth=1.5).encode(**place))
        text = line.mark_text(align="right", baseline="bottom", dx=-4, dy=-3, color=FAINT)
        layers.append(text.encode(y=alt.Y("mean:Q"), x=alt.value("width"), text="label:N"))
    return alt.layer(*layers).properties(height=400)


def _references(rows: Sequence[Row], column: str) -> list[tuple[float, str, str]]:
    """The lines across the chart, (value, part, label); one for both where they would lie on each other."""
    record = next((record for row in rows for record in row.records), None)
    known = None if record is None else reference_row(record, column)
    if known is None:
        return []
    (real, shuffled), (first, second) = known, BESIDE.items()
    highest = max([real, *(value for row in rows for value in row.values(column))])
    if abs(real - shuffled) < NEAR * highest:
        return [(real, first[0], f"{first[1]}, {second[1]}")]
    lines = [(real, *first), (shuffled, *second)]
    return [line for line in lines if not math.isnan(line[0])]


def distribution_chart(name: str, values: Mapping[str, Any], tunes: str) -> Any:
    """One distribution: a bar for the tunes of a model, beside it one for real tunes; rhythms lie on their side."""
    sets = {tunes: values["tunes"], "real tunes": values["real"]}
    rows = [
        {"value": value.replace("b", "♭").replace("#", "♯") if name == "pitch" else value, "set": label, "share": share}
        for label, part in sets.items()
        for value, share in zip(values["values"], part, strict=True)
    ]
    lies = name == "rhythm"  # its names are long
    order = list(dict.fromkeys(row["value"] for row in rows))
    if lies:
        order = [*order[:RHYTHMS], order[-1]]
    else:
        order = [value for value in order if any(row["share"] >= RARE for row in rows if row["value"] == value)]
    bars = chart([row for row in rows if row["value"] in order]).mark_bar()
    encodings: dict[str, Any] = {
        "color": colour("set:N", list(sets), [VALIDATION, TRAINING], symbolSize=60, labelLimit=300),
        "tooltip": tips(("value:N", "value"), ("set:N", "tunes"), ("share:Q", "share", ".1%")),
    }
    share = alt.Axis(format="%", tickCount=4)
    if lies:
        encodings["y"] = alt.Y("value:N", sort=order, title=None, axis=names_axis(labelLimit=190))
        encodings["yOffset"] = alt.YOffset("set:N", sort=list(sets))
        encodings["x"] = alt.X("share:Q", title=None, axis=share)
    else:
        angle = 0 if name == "pitch" else -60
        encodings["x"] = alt.X("value:N", sort=order, title=None, axis=alt.Axis(labelAngle=angle))
        encodings["xOffset"] = alt.XOffset("set:N", sort=list(sets))
        encodings["y"] = alt.Y("share:Q", title=None, axis=share)
    return bars.encode(**encodings).properties(height=380)
