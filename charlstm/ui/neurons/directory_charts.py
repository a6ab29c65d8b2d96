"""The Directory's charts: what is stored of a model to altair charts. Knows no Streamlit and measures nothing."""

from __future__ import annotations

from typing import Any

import altair as alt

from charlstm.neurons.concepts.notes import CONCEPTS
from charlstm.neurons.directory.naming import ConceptEntry, Directory
from charlstm.neurons.sparse import SIZES

BEST, CHARACTER, UNTRAINED, OTHERS = "best neuron", "the character alone", "untrained network", "labels of other tunes"
SERIES = (BEST, UNTRAINED, CHARACTER, OTHERS)
_COLOURS = ("#2b8874", "#c9822b", "#8073ac", "#8b8579")  # told apart by the colour-blind, on paper and on ink
_SHAPES = ("circle", "triangle-down", "diamond", "square")
_ROW = 20  # px
_SCALE = alt.Scale(domain=[0.45, 1.0], nice=False)


def title_of(concept: str) -> str:
    """A concept as it is written on the page; one of an earlier version by its name."""
    return CONCEPTS[concept].title if concept in CONCEPTS else concept.replace("_", " ")


def in_direction(entry: ConceptEntry, place: int = 0) -> tuple[float, float, float]:
    """AUROC, low and high of one of a concept's best neurons, in the direction it was chosen in."""
    best = entry.best[place]
    if best.chosen >= 0.5:
        return best.held_out, best.low, best.high
    return 1 - best.held_out, 1 - best.high, 1 - best.low


def concept_chart(entries: list[ConceptEntry]) -> alt.LayerChart:
    """A row a concept: its best neuron with its interval, and what the three nulls reach."""
    rows: list[dict[str, Any]] = []
    for entry in entries:
        score, low, high = in_direction(entry)
        named = {"concept": title_of(entry.concept)}
        rows.append(
            {**named, "what": BEST, "AUROC": score, "low": low, "high": high, "neuron": str(entry.best[0].unit)}
        )
        rows.append({**named, "what": UNTRAINED, "AUROC": entry.untrained})
        rows.append({**named, "what": CHARACTER, "AUROC": entry.character})
        rows.append({**named, "what": OTHERS, "AUROC": entry.shuffled_high})
    order = [title_of(entry.concept) for entry in entries]
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        y=alt.Y(
            "concept:N", sort=order, title=None, axis=alt.Axis(labelLimit=130, ticks=False, domain=False, grid=True)
        )
    )
    points = base.mark_point(size=60, filled=True, opacity=0.95).encode(
        x=alt.X(
            "AUROC:Q",
            scale=_SCALE,
            title="AUROC on tunes that had no say",
            axis=alt.Axis(format=".1f", orient="top", tickCount=6),
        ),
        color=alt.Color(
            "what:N",
            scale=alt.Scale(domain=list(SERIES), range=list(_COLOURS)),
            legend=alt.Legend(title=None, orient="top", columns=2, labelLimit=180),
        ),
        shape=alt.Shape("what:N", scale=alt.Scale(domain=list(SERIES), range=list(_SHAPES)), legend=None),
        tooltip=["concept:N", "what:N", alt.Tooltip("AUROC:Q", format=".3f"), "neuron:N"],
    )
    intervals = (
        base.transform_filter(alt.datum.what == BEST)
        .mark_rule(strokeWidth=2, color=_COLOURS[0])
        .encode(x=alt.X("low:Q", scale=_SCALE), x2="high:Q")
    )
    chart: alt.LayerChart = (intervals + points).properties(height=alt.Step(_ROW))
    return chart


def probe_chart(entry: ConceptEntry) -> alt.Chart:
    """How well 1, 2, 4, 8 and 16 neurons together tell a concept, beside an untrained network and other labels."""
    lines = {"this model": entry.probes, UNTRAINED: entry.probes_untrained, OTHERS: entry.probes_shuffled}
    rows = [
        {"what": what, "neurons": size, "AUROC": score}
        for what, scores in lines.items()
        for size, score in zip(SIZES, scores, strict=False)
    ]
    chart: alt.Chart = (
        alt.Chart(alt.InlineData(values=rows))
        .mark_line(point=alt.OverlayMarkDef(size=50, filled=True), strokeWidth=2)
        .encode(
            x=alt.X("neurons:O", title="neurons together", axis=alt.Axis(labelAngle=0)),
            y=alt.Y("AUROC:Q", scale=_SCALE, axis=alt.Axis(format=".1f", tickCount=6)),
            color=alt.Color(
                "what:N",
                scale=alt.Scale(domain=list(lines), range=[_COLOURS[0], _COLOURS[1], _COLOURS[3]]),
                legend=alt.Legend(title=None, orient="top", columns=2, labelLimit=180),
            ),
            tooltip=["what:N", "neurons:O", alt.Tooltip("AUROC:Q", format=".3f")],
        )
        .properties(height=280)
    )
    return chart


def names_chart(found: Directory) -> alt.Chart:
    """How many neurons are named after each musical idea, and how many have no name."""
    counts: dict[str, int] = {}
    for neuron in found.neurons:
        concept = CONCEPTS.get(neuron.concept)
        group = (concept.group if concept else neuron.concept) if neuron.named else "no name"
        counts[group] = counts.get(group, 0) + 1
    order = sorted(counts, key=lambda group: (group == "no name", -counts[group], group))
    rows = [{"idea": group, "neurons": counts[group], "named": group != "no name"} for group in order]
    chart: alt.Chart = (
        alt.Chart(alt.InlineData(values=rows))
        .mark_bar(cornerRadiusEnd=2)
        .encode(
            y=alt.Y("idea:N", sort=order, title=None, axis=alt.Axis(labelLimit=130, ticks=False, domain=False)),
            x=alt.X("neurons:Q", title="neurons", axis=alt.Axis(tickMinStep=1)),
            color=alt.Color(
                "named:N", scale=alt.Scale(domain=[True, False], range=[_COLOURS[0], _COLOURS[3]]), legend=None
            ),
            tooltip=["idea:N", "neurons:Q"],
        )
        .properties(height=alt.Step(_ROW))
    )
    return chart
