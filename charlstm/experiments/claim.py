"""A claim of the report beside what our records say, and the words for numbers of several rows."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from charlstm.experiments.tables import Row


@dataclass(frozen=True)
class Claim:
    """One claim of the report (none: an empty text) and what our records say of it."""

    says: str
    finds: str
    agrees: bool | None = None


def mean(row: Row, column: str) -> float:
    """The mean of a column over seeds."""
    return statistics.fmean(row.values(column))


def cases(rows: Sequence[Row], **wanted: Any) -> list[Row]:
    """Rows whose columns hold these values ("dropout acts" as dropout_acts)."""
    names = {name.replace("_", " "): value for name, value in wanted.items()}
    return [row for row in rows if all(row.case.columns.get(name) == value for name, value in names.items())]


def span(rows: Sequence[Row], column: str) -> str:
    """The lowest to the highest value over rows and seeds, as text."""
    values = [value for row in rows for value in row.values(column)]
    low, high = f"{min(values):.2f}", f"{max(values):.2f}"
    return low if low == high else f"{low} to {high}"
