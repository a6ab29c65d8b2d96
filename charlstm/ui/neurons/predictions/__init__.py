"""What the model predicted, as a component: a line that follows the pointer and the sound, or rows under the text.

Listens to `charlstm:at`, which the player sends when the pointer or the cursor is on another character. What it is
given is untrusted: characters become text nodes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from charlstm.neurons.predictions import Predictions
from charlstm.ui.shared.component import component

_component = component("predictions", __file__, html='<section class="predictions"></section>')


def show_predictions(
    text: str,
    predictions: Predictions,
    symbols: Sequence[str],
    *,
    key: str,
    mode: Literal["line", "figure"],
    values: Sequence[float] | None = None,
    scale: str = "diverging",
) -> None:
    """Draw the five likeliest next characters.

    Parameters
    ----------
    text : str
        T characters.
    predictions : Predictions
        Of this text, T + 1 rows.
    symbols : sequence of str
        What a symbol's id stands for.
    key : str
        Streamlit key of this mount.
    mode : "line" or "figure"
        One line, of the character under the pointer or the cursor; or Karpathy's figure, five rows under the text.
    values : sequence of T floats, optional
        Colours of the figure's text.
    scale : "diverging" or "unit"
        Of the values: -1 to 1, or 0 to 1.
    """
    _component(
        key=key,
        data={
            "mode": mode,
            "text": text,
            "predictions": [[symbols[i] for i in row] for row in predictions.ids.tolist()],
            "chances": [[round(p, 3) for p in row] for row in predictions.probabilities.tolist()],
            "bits": [round(b, 2) for b in predictions.bits.tolist()],
            "values": None if values is None else [round(float(v), 3) for v in values],
            "scale": scale,
        },
    )
