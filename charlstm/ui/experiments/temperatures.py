"""The study of temperatures: measures of the tunes at each temperature, and one tune of each to see and hear."""

from __future__ import annotations

import math
from collections.abc import Sequence

import streamlit as st

from charlstm.experiments.jobs import Study
from charlstm.experiments.tables import WINDOWS, Row, interval_note
from charlstm.ui.experiments.charts import curve_chart, loss_domain, temperature_chart
from charlstm.ui.experiments.losses import REPORTED, show_table
from charlstm.ui.shared.choices import choose
from charlstm.ui.shared.drawing import draw
from charlstm.ui.shared.figures import show_figure
from charlstm.ui.shared.notices import plain
from charlstm.ui.shared.player import show_tune, sound_tune
from charlstm.ui.state import Setting

SHARES = {"in_meter": "Complete bars", "valid": "Valid tunes", "ended": "Tunes that end"}
NAMES = {"baseline": "the baseline", "lstm-512": "lstm-512"}
PLAYER = "experiments.player"
MODEL, TEMPERATURE = Setting("experiments.model", ""), Setting("experiments.temperature", 1.0)
SEED: Setting[int | None] = Setting("experiments.seed", None)


def show_temperatures(study: Study, rows: Sequence[Row], baseline: Sequence[Row]) -> None:
    """The charts, a tune, the table.

    Parameters
    ----------
    study : Study
    rows, baseline : sequence of Row
        Of this study, and of the one that trains the network that is sampled.
    """
    for place, (name, title) in zip(st.columns(len(SHARES)), SHARES.items(), strict=True):
        place.caption(title)
        chart = temperature_chart(rows, name, title, NAMES, share=True)
        caption = f"{title} at each temperature; {interval_note(rows)}.".replace("in brackets:", "the bar is")
        show_figure(chart, title=title, caption=caption, key=f"experiments.{name}", place=place)
    st.header("One tune of each", anchor=False)
    # Which record: of a model, at a temperature, with a seed.
    present = [row for row in rows if row.records]
    models = list(dict.fromkeys(row.case.columns["model"] for row in present))
    left, middle, right = st.columns([2, 2, 1])
    model = choose(
        "Model", models, MODEL, labels={name: NAMES.get(name, name) for name in models}, hidden=False, place=left
    )
    by_temperature = {row.case.columns["T"]: row for row in present if row.case.columns["model"] == model}
    labels = {t: f"{t:g}" for t in by_temperature}
    row = by_temperature[choose("Temperature", by_temperature, TEMPERATURE, labels=labels, hidden=False, place=middle)]
    records = {record.seed: record for record in row.records}
    seed = next(iter(records))
    if len(records) > 1:
        seed = right.selectbox("Seed", list(records), key=SEED.widget(records))
    result = records[seed].result
    st.caption(
        plain(
            f"The first of {result['tunes']} tunes, not the best. Perplexity {math.exp(result['hesitation']):.1f} over "
            f"all of them; the model ended {result['measures']['ended']['value']:.0%} of the tunes."
        )
    )
    drawing = draw("X:1\n" + result["example"])
    show_tune(drawing, key=PLAYER)
    with st.expander("Model output"):
        st.code(result["example"], language=None, wrap_lines=True)
    _show_loss_plots(baseline)
    show_table(study, rows)
    sound_tune(drawing, key=PLAYER)


def _show_loss_plots(baseline: Sequence[Row]) -> None:
    """Figures 4, 7 and 10: loss plots at three temperatures, which are plots of one training."""
    trained = [row for row in baseline if any(record.curves for record in row.records)]
    if not trained:
        return
    st.header("Loss plots (figures 4, 7, 10)", anchor=False)
    row = trained[0]
    st.caption(
        plain(
            "The report plots the loss at T = 1, 0.5 and 2. The temperature has no part in training, so all three are "
            f"this one: {row.case.label}, a line per seed{REPORTED if row.case.report else ''}."
        )
    )
    title = "Loss at T = 0.5, 1 and 2"
    caption = f"Loss on {WINDOWS}, the same at every temperature; a line per seed."
    domain = loss_domain(trained, "slices")
    with st.container(width=480):
        show_figure(curve_chart(row, "slices", domain), title=title, caption=caption, key="experiments.loss_plots")
