"""The study of three neurons: one of them on a tune, as the report draws it, and the numbers of all networks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from charlstm.experiments.jobs import Neurons
from charlstm.experiments.tables import Row, neuron_rows
from charlstm.neurons.directory.entries import ROLES
from charlstm.neurons.heatmap import heatmap, to_png
from charlstm.neurons.recording import Activations
from charlstm.ui.shared.choices import choose
from charlstm.ui.shared.drawing import draw
from charlstm.ui.shared.notices import plain
from charlstm.ui.shared.player import show_tune, sound_tune
from charlstm.ui.state import Setting

PLAYER = "experiments.neuron"
PAD_FACTORS = 10, 80
PAD_FACTOR, SHOW_VALUES = Setting("experiments.pad_factor", 20), Setting("experiments.values", False)
ROLE, NETWORK = Setting("experiments.role", "header"), Setting("experiments.network", "")


@st.cache_data(max_entries=64, show_spinner=False)
def _heatmap_png(
    text: str, values: tuple[float, ...], unit: tuple[int, int], pad_factor: int, show_values: bool
) -> bytes:
    """The report's grid of one neuron; the values stand at the unit's own place, so that its name is right."""
    acts = np.zeros((unit[0] + 1, len(text), unit[1] + 1), dtype=np.float32)
    acts[unit[0], :, unit[1]] = values
    return to_png(heatmap(Activations((text,), acts), unit, columns=pad_factor, padded=True), values=show_values)


def _is_shipped(row: Row) -> bool:
    """Whether the network is a checkpoint, the same whatever the seed of a record; else each seed trains its own."""
    return isinstance(row.case.job, Neurons) and isinstance(row.case.job.network, str)


def show_heatmaps(rows: Sequence[Row]) -> None:
    """A neuron of a network on a tune, and the table."""
    networks = {
        row.case.label if _is_shipped(row) else f"{row.case.label}, seed {record.seed}": record.result
        for row in rows
        for record in row.records
    }
    left, right = st.columns(2)
    role = choose("Neuron", ROLES, ROLE, labels=ROLES, hidden=False, place=left)
    result = networks[right.selectbox("Network", list(networks), key=NETWORK.widget(networks))]
    neuron = result["neurons"][role]
    unit = (int(neuron["unit"][0]), int(neuron["unit"][1]))
    st.caption(
        plain(
            f"Neuron {unit[1]}. Over {result['characters']:,} characters of test tunes its mean is "
            f"{neuron['mean'][0]:+.2f} in headers and {neuron['mean'][1]:+.2f} in bodies. AUROC {neuron['auroc']:.2f}: "
            f"its value is higher at a character of a header than at one of a body in {neuron['auroc']:.0%} of pairs."
        )
    )
    number = "X:1\n"  # the player's tune has a number, which the network never read
    drawing = draw(number + result["text"])
    values = [*([0.0] * len(number)), *neuron["values"]]
    show_tune(drawing, key=PLAYER, values=values, label=f"Neuron {unit[1]}")
    with st.expander("Heat map as in the report"):
        left, right = st.columns([3, 2], vertical_alignment="bottom")
        pad_factor = left.slider(
            "Pad factor", *PAD_FACTORS, key=PAD_FACTOR.widget(bounds=PAD_FACTORS),
            help="Characters a row. The tune goes on from row to row whatever its lines; the last row is padded.",
        )  # fmt: skip
        show_values = right.toggle("Show values", key=SHOW_VALUES.widget())
        png = _heatmap_png(result["text"], tuple(neuron["values"]), unit, int(pad_factor), show_values)
        st.image(png, width="content", alt=f"Heat map of neuron {unit[1]}")
        st.download_button("PNG", png, f"neuron-{unit[1]}.png", "image/png", key="experiments.png", on_click="ignore")
    st.header("Table", anchor=False)
    st.dataframe(neuron_rows(rows), hide_index=True, width="stretch")
    sound_tune(drawing, key=PLAYER)
