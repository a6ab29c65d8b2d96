"""The charts of the view Neuron index: what is stored of a model to altair charts. Knows no Streamlit."""

from __future__ import annotations

from collections import Counter
from typing import Any

import altair as alt

from charlstm.neurons.concepts.registry import CONCEPTS
from charlstm.neurons.directory.entries import ConceptEntry, Directory
from charlstm.neurons.probes import SIZES
from charlstm.ui.chart_style import chart, colour, plain_colour, tips
from charlstm.ui.palette import AMBER, FAINT, GREEN, PURPLE

BEST, CHARACTER, UNTRAINED, OTHERS = "best neuron", "character alone", "untrained", "other tunes"
SERIES = {BEST: GREEN, UNTRAINED: AMBER, CHARACTER: PURPLE, OTHERS: FAINT}
_SHAPES = ("circle", "triangle-down", "diamond", "square")
_ROW = 20  # px
_SCALE = alt.Scale(domain=[0.45, 1.0], nice=False)
_LEGEND = {"columns": 2, "labelLimit": 180}


def title_of(concept: str) -> str:
    """A concept as it is written on the page; one of an earlier version by its name."""
    return CONCEPTS[concept].title if concept in CONCEPTS else concept.replace("_", " ")


def in_direction(entry: ConceptEntry, place: int = 0) -> tuple[float, float, float]:
    """AUROC, low and high of one of a concept's best neurons, in the direction it was chosen in."""
    best = entry.best[place]
    if best.chosen >= 0.5:
        return best.held_out, best.low, best.high
    return 1 - best.held_out, 1 - best.high, 1 - best.low


def _list_axis(**options: Any) -> Any:
    return alt.Axis(labelLimit=190, labelFlush=False, ticks=False, domain=False, **options)


def concept_chart(entries: list[ConceptEntry]) -> Any:
    """A row a concept: its best neuron with its interval, and what the three baselines reach."""
    rows: list[dict[str, Any]] = []
    for entry in entries:
        score, low, high = in_direction(entry)
        concept = {"concept": title_of(entry.concept)}
        best = {"AUROC": score, "low": low, "high": high, "neuron": str(entry.best[0].unit)}
        rows.append({**concept, "what": BEST, **best})
        baselines = {UNTRAINED: entry.untrained, CHARACTER: entry.character, OTHERS: entry.shuffled_high}
        rows += [{**concept, "what": what, "AUROC": auroc} for what, auroc in baselines.items()]
    order = [title_of(entry.concept) for entry in entries]
    base = chart(rows).encode(y=alt.Y("concept:N", sort=order, title=None, axis=_list_axis(grid=True)))
    axis = alt.Axis(format=".1f", orient="top", tickCount=6)
    points = base.mark_point(size=60, filled=True, opacity=0.95).encode(
        x=alt.X("AUROC:Q", scale=_SCALE, title="AUROC on held-out tunes", axis=axis),
        color=colour("what:N", list(SERIES), list(SERIES.values()), **_LEGEND),
        shape=alt.Shape("what:N", scale=alt.Scale(domain=list(SERIES), range=list(_SHAPES)), legend=None),
        tooltip=tips("concept:N", "what:N", ("AUROC:Q", "", ".3f"), "neuron:N"),
    )
    bars = base.transform_filter(alt.datum.what == BEST).mark_rule(strokeWidth=2, color=SERIES[BEST])
    return (bars.encode(x=alt.X("low:Q", scale=_SCALE), x2="high:Q") + points).properties(height=alt.Step(_ROW))


def probe_chart(entry: ConceptEntry) -> Any:
    """How well 1, 2, 4, 8 and 16 neurons together tell a concept, beside an untrained network and other labels."""
    lines = {"this model": entry.probes, UNTRAINED: entry.probes_untrained, OTHERS: entry.probes_shuffled}
    rows = [
        {"what": what, "neurons": size, "AUROC": score}
        for what, scores in lines.items()
        for size, score in zip(SIZES, scores, strict=False)
    ]
    curves = chart(rows).mark_line(point=alt.OverlayMarkDef(size=50, filled=True), strokeWidth=2).encode(
        x=alt.X("neurons:O", title="neurons together", axis=alt.Axis(labelAngle=0)),
        y=alt.Y("AUROC:Q", scale=_SCALE, axis=alt.Axis(format=".1f", tickCount=6)),
        color=colour("what:N", list(lines), [GREEN, AMBER, FAINT], **_LEGEND),
        tooltip=tips("what:N", "neurons:O", ("AUROC:Q", "", ".3f")),
    )  # fmt: skip
    return curves.properties(height=330)


def names_chart(found: Directory) -> Any:
    """How many neurons are named after each musical idea, and how many have no name."""
    counts: Counter[str] = Counter()
    for neuron in found.neurons:
        concept = CONCEPTS.get(neuron.concept)
        counts[(concept.group if concept else neuron.concept) if neuron.named else "no name"] += 1
    order = sorted(counts, key=lambda group: (group == "no name", -counts[group], group))
    rows = [{"idea": group, "neurons": counts[group], "named": group != "no name"} for group in order]
    bars = chart(rows).mark_bar(cornerRadiusEnd=2).encode(
        y=alt.Y("idea:N", sort=order, title=None, axis=_list_axis()),
        x=alt.X("neurons:Q", title="neurons", axis=alt.Axis(tickMinStep=1)),
        color=plain_colour("named:N", [True, False], [GREEN, FAINT]),
        tooltip=tips("idea:N", "neurons:Q"),
    )  # fmt: skip
    return bars.properties(height=alt.Step(_ROW))
