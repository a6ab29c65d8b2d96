"""A row of docs/reliability.md: how many inputs of a kind were tried, and what came of them."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from robustness import resident

from charlstm.errors import CharlstmError

HEADS = ("input", "tried", "answers", "sentences", "faults", "slowest, s", "memory, MB", "")


@dataclass
class Row:
    """What came of one kind of input."""

    kind: str
    outcomes: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    memory: tuple[int, int] = (0, 0)
    note: str = ""

    def cells(self) -> tuple[str, ...]:
        """The row as text, in the order of HEADS."""
        good, refused = self.outcomes["answer"], self.outcomes["sentence"]
        faults = sum(self.outcomes.values()) - good - refused
        memory = f"{self.memory[0] >> 20} to {self.memory[1] >> 20}" if self.memory[1] else ""
        slowest = f"{self.slowest:.2f}" if self.slowest else ""
        return (
            self.kind,
            *(f"{n:,}" for n in (good + refused + faults, good, refused, faults)),
            slowest,
            memory,
            self.note,
        )

    def fault(self, what: str) -> None:
        """Something went wrong that should not."""
        self.outcomes["fault"] += 1
        print(f"== {self.kind}: {what}", file=sys.stderr, flush=True)


def tried(kind: str, inputs: Iterator[object], work: Callable[[object], object]) -> Row:
    """Give each input to `work`, and count what happens."""
    row, before = Row(kind), 0
    slowest: object = None
    for number, value in enumerate(inputs):
        if number == 20:
            before = resident()  # modules are imported, fonts are loaded
        began = time.perf_counter()
        try:
            work(value)
            row.outcomes["answer"] += 1
        except CharlstmError:
            row.outcomes["sentence"] += 1
        except Exception as error:
            row.fault(f"{type(error).__name__}: {error}\n{value!r:.300}")
        if (took := time.perf_counter() - began) > row.slowest:
            row.slowest, slowest = took, value
    row.memory = before, resident()
    print(f"-- slowest of {kind}: {row.slowest:.2f} s, {slowest!r:.200}", file=sys.stderr, flush=True)
    return row
