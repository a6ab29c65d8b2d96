"""A row of docs/reliability.md: how many inputs of a kind were tried, and what came of them."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from load import family, processor_time, resident

from charlstm.errors import CharlstmError

HEADS = ("input", "tried", "answers", "sentences", "faults", "slowest, s", "memory, MB", "")
WARM = 20  # inputs after which modules are imported and fonts loaded


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


def busy() -> float:
    """Seconds of processor time that this process and those that it started have taken, living and ended."""
    return sum(processor_time(pid) for pid in family(os.getpid()))


def tried(kind: str, inputs: Iterator[object], work: Callable[[object], object]) -> Row:
    """Give each input to `work`, and count what happens; times are of the processor, memory is of all processes."""
    row, me = Row(kind), os.getpid()
    slowest: object = None
    before = most = 0
    for number, value in enumerate(inputs):
        if number == WARM:
            before = resident(me)
        began = busy()
        try:
            work(value)
            row.outcomes["answer"] += 1
        except CharlstmError:
            row.outcomes["sentence"] += 1
        except Exception as error:
            row.fault(f"{type(error).__name__}: {error}\n{value!r:.300}")
        if number >= WARM and (took := busy() - began) > row.slowest:
            row.slowest, slowest = took, value
        most = max(most, resident(me))
        if (number + 1) % 1000 == 0:
            cells = " | ".join(row.cells()[1:6])
            print(f"-- {kind}: {cells}; {resident(me) >> 20} MB", file=sys.stderr, flush=True)
    row.memory = before, most
    print(f"-- slowest of {kind}: {row.slowest:.2f} s, {slowest!r:.2000}", file=sys.stderr, flush=True)
    return row
