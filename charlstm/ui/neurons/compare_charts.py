"""The charts of the view Compare: records to altair charts. Knows no Streamlit and measures nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np
from numpy.typing import NDArray

from charlstm.lm.store.epochs import StoredEpoch
from charlstm.neurons.matching import Comparison
from charlstm.neurons.training_dynamics import ConceptLearning
from charlstm.ui.chart_style import UNIT_SPAN, chart, colour, rule, tips, visible
from charlstm.ui.neurons.directory_charts import title_of
from charlstm.ui.palette import ABOVE, AMBER, BELOW, FAINT, GREEN, SERIES

_BINS = 25


def strips_chart(epochs: Sequence[StoredEpoch], values: NDArray[np.float32], text: str, part: range) -> Any:
    """One neuron over a part of a tune: a row a kept epoch, a column a character."""
    rows = [
        {"epoch": epoch.number, "place": t, "character": visible(text[t]), "value": round(float(line[t]), 3)}
        for epoch, line in zip(epochs, values, strict=True)
        for t in part
    ]
    # As everywhere on the page: the stronger the further from 0, where the page itself is seen, light or dark.
    cells = chart(rows).transform_calculate(strength="abs(datum.value)").mark_rect().encode(
        x=alt.X("place:O", title=None, axis=None),
        y=alt.Y("epoch:O", title="after epoch", axis=alt.Axis(ticks=False, domain=False, labelOverlap=False)),
        color=alt.condition("datum.value < 0", alt.value(f"rgb{BELOW}"), alt.value(f"rgb{ABOVE}")),
        opacity=alt.Opacity("strength:Q", scale=alt.Scale(domain=[0, 1], range=[0, 1]), legend=None),
        tooltip=tips("epoch:O", "character:N", ("value:Q", "", "+.2f")),
    )  # fmt: skip
    return cells.properties(height=alt.Step(18))


def learnt_chart(found: ConceptLearning, chosen: Sequence[str]) -> Any:
    """AUROC of the best neuron of some concepts after each kept epoch."""
    places = {name: found.concepts.index(name) for name in chosen}
    rows = [
        {"concept": title_of(name), "epoch": epoch.number, "AUROC": float(found.scores[e, place]),
         "neuron": str(found.units[e][place])}
        for name, place in places.items()
        for e, epoch in enumerate(found.epochs)
    ]  # fmt: skip
    lines = chart(rows).mark_line(point=alt.OverlayMarkDef(size=45, filled=True), strokeWidth=2).encode(
        x=alt.X("epoch:Q", scale=alt.Scale(type="symlog"), title="epochs of training",
                axis=alt.Axis(values=[epoch.number for epoch in found.epochs], grid=False, format="d")),
        y=alt.Y("AUROC:Q", scale=alt.Scale(domain=[0.45, 1.0], nice=False),
                axis=alt.Axis(tickCount=6, format=".1f")),
        color=colour("concept:N", [title_of(name) for name in chosen], SERIES, columns=3, labelLimit=150),
        tooltip=tips("concept:N", "epoch:Q", ("AUROC:Q", "", ".3f"), "neuron:N"),
    )  # fmt: skip
    return lines.properties(height=360)


def likeness_chart(found: Comparison, other: str) -> Any:
    """How alike the neurons' matches are, beside an untrained network, and where chance ends."""
    edges = np.linspace(0, 1, _BINS + 1)
    series = {
        other: [max(match.similarity, 0.0) for match in found.matches],
        "an untrained network": [match.untrained for match in found.matches],
    }
    rows = [
        {"network": name, "likeness": float((low + high) / 2), "neurons": int(count)}
        for name, scores in series.items()
        for low, high, count in zip(edges[:-1], edges[1:], np.histogram(scores, edges)[0], strict=True)
    ]
    steps = chart(rows).mark_area(interpolate="step", opacity=0.45, line={"strokeWidth": 1.5}).encode(
        x=alt.X("likeness:Q", title="correlation with the most similar neuron", scale=alt.Scale(domain=[0, 1])),
        y=alt.Y("neurons:Q", stack=None, title="neurons"),
        color=colour("network:N", list(series), [GREEN, AMBER], labelLimit=180),
        tooltip=tips("network:N", ("likeness:Q", "correlation", ".2f"), "neurons:Q"),
    )  # fmt: skip
    row = {"at": found.chance, "what": "chance"}
    chance = rule(row, FAINT, x="at:Q", tooltip=tips("what:N", ("at:Q", "", ".3f")))
    return (steps + chance).properties(height=360)


def traces_chart(text: str, lines: dict[str, NDArray[np.float32]], part: range) -> Any:
    """Two neurons of two networks over a part of a tune, as curves one over the other."""
    rows = [
        {"neuron": name, "place": t - part.start, "character": visible(text[t]), "value": round(float(values[t]), 3)}
        for name, values in lines.items()
        for t in part
    ]
    curves = chart(rows).mark_line(strokeWidth=1.6).encode(
        x=alt.X("place:Q", title=None, axis=None, scale=alt.Scale(nice=False)),
        y=alt.Y("value:Q", title=None, scale=UNIT_SPAN, axis=alt.Axis(tickCount=4)),
        color=colour("neuron:N", list(lines), [GREEN, AMBER], labelLimit=220),
        tooltip=tips("neuron:N", "character:N", ("value:Q", "", "+.2f")),
    )  # fmt: skip
    return curves.properties(height=230)
