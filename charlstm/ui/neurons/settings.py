"""The settings of the page Neurons that several views share: which view, which model reads, which neuron."""

from __future__ import annotations

from charlstm.neurons.recording import Unit
from charlstm.ui.state import Setting


def _parse_unit(text: str) -> Unit | None:
    """A neuron of an address, "layer:index" from 0."""
    parts = text.split(":")
    if len(parts) == 2 and all(part.isascii() and part.isdigit() and len(part) < 6 for part in parts):
        return Unit(int(parts[0]), int(parts[1]))
    return None


VIEW = Setting("neurons.view", "tune", query="view")
MODEL = Setting("neurons.model", "", query="reader")
COMPOSER = Setting("neurons.composer", "")  # the model that wrote the tune when MODEL was set
UNIT: Setting[Unit] = Setting("neurons.unit", Unit(0, 0), query="neuron", parse=_parse_unit)


def go(view: str, unit: tuple[int, int] | None = None) -> None:
    """Show another view, and a neuron in it; for callbacks of widgets."""
    VIEW.set(view)
    if unit is not None:
        UNIT.set(Unit(*unit))
