"""Progress: how far a piece of work is. What works reports it; a page or a command line shows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """How far a piece of work is.

    Attributes
    ----------
    doing : str
        What is being done, as it is shown: "Reading 120 tunes".
    done, total : int
        Steps of the work (tunes, characters, runs); a total of 0 is one that is not known yet.
    """

    doing: str
    done: int
    total: int

    @property
    def share(self) -> float:
        """How much of it is done, in [0, 1]."""
        return min(self.done / self.total, 1.0) if self.total else 0.0


Report = Callable[[Progress], None]  # called now and then; it may raise, to stop the work
