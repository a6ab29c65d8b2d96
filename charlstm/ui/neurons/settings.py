"""The settings of the page Neurons that several views share: which view, which model reads, which neuron."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

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
UNIT: Setting[Unit | None] = Setting("neurons.unit", None, query="neuron", parse=_parse_unit)
VISITS = Setting("neurons.visits", 0)  # how often a button led to another view or neuron


def one_of(options: Collection[Any]) -> Any:
    """A setting's `parse` that reads one of these, as it is written in an address."""
    return lambda text: next((option for option in options if str(option) == text), None)


def number(low: float, high: float) -> Any:
    """A setting's `parse` that reads a number in [low, high]; an int where both are."""

    def parse(text: str) -> float | int | None:
        value = type(low)(text[:20])
        return value if low <= value <= high else None

    return parse


def _parse_units(text: str) -> list[Unit] | None:
    """Some neurons of an address, with commas between them."""
    units = [_parse_unit(part) for part in text.split(",")[:16]]
    return [unit for unit in units if unit] or None


def units_setting(key: str) -> Setting[list[Unit] | None]:
    """A setting of some neurons, "neurons" in the address."""
    return Setting(key, None, query="neurons", parse=_parse_units, write=lambda units: ",".join(map(str, units or ())))


def unit_name(unit: tuple[int, int], layers: int) -> str:
    """A neuron in words: its number, and its layer where there are several."""
    return f"{unit[1]}" if layers == 1 else f"{unit[1]} in layer {unit[0] + 1}"


def go(view: str, unit: tuple[int, int] | None = None) -> None:
    """Show another view, and a neuron in it; for callbacks of widgets."""
    VIEW.set(view)
    VISITS.set(VISITS.get() + 1)
    if unit is not None:
        UNIT.set(Unit(*unit))
