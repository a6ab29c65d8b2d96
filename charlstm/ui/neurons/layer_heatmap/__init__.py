"""All neurons of a layer at once, as a component: a row a neuron, a column a character; a click chooses a neuron.

Streamlit's charts cannot do it: Plotly's heatmaps do not report a click. Two mounts, as the player has: the values as
bytes, which travel when they change, and what describes them. Listens to `charlstm:at`, and sends it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charlstm.ui.shared.component import component
from charlstm.ui.state import component_value

_ID_LENGTH = 32
_component = component("layer_heatmap", __file__)


def as_bytes(values: NDArray[np.floating], scale: str) -> bytes:
    """Values as a byte each: 0 to 254 for -1 to 1, or for 0 to 1 on the scale "unit"; those beyond are cut."""
    low = 0.0 if scale == "unit" else -1.0
    shares = (np.asarray(values, dtype=np.float32) - low) / (1 - low)
    return bytes((np.clip(shares, 0, 1) * 254 + 0.5).astype(np.uint8).tobytes())


def show_layer(
    values: NDArray[np.floating],
    text: str,
    *,
    key: str,
    rows: Sequence[int],
    chosen: int,
    scale: str,
    ticks: Sequence[tuple[int, str]] = (),
    on_pick: Callable[[], None],
) -> None:
    """Draw the heat map.

    Parameters
    ----------
    values : float array, shape (U, T)
        In the order they are drawn in, the first on top.
    text : str
        T characters.
    key : str
        Streamlit key; `picked(key)` says which row was clicked.
    rows : sequence of int
        The number of the neuron of each row.
    chosen : int
        The neuron that is outlined.
    scale : "diverging" or "unit"
    ticks : sequence of (character, label)
        Marks above the columns.
    on_pick : callable
        Called before the next run when a neuron was clicked.
    """
    data = as_bytes(values, scale)
    ident = hashlib.sha256(data).hexdigest()[:_ID_LENGTH]
    _component(
        key=key,
        data={
            "id": ident,
            "text": text,
            "rows": list(rows),
            "chosen": chosen,
            "scale": scale,
            "ticks": [[at, label] for at, label in ticks],
        },
        on_pick_change=on_pick,
    )
    _component(key=f"{key}.bytes", data=ident.encode() + data)


def picked(key: str) -> int | None:
    """The number of the neuron that was clicked last; for `on_pick`."""
    number: Any = getattr(component_value(key), "pick", None)
    return number if isinstance(number, int) and not isinstance(number, bool) else None
