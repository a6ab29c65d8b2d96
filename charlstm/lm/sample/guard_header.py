"""The header of a guarded tune: T R M L K lines that the reader understands, rhythm and meter going together.

Knows no body and no network; what the model has seen is told.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

TITLE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ,.'()&!?-")
MOST_TITLE = 48  # characters
DEFAULTS = {
    "R": ("reel", "jig", "hornpipe", "slip jig", "polka", "waltz", "march", "air"),
    "M": ("4/4", "6/8", "2/4", "3/4", "9/8", "12/8"),
    "L": ("1/8",),
    "K": ("G", "D", "A", "C", "F", "Em", "Am", "Dm", "Bm", "Ador", "Edor", "Amix", "Dmix"),
}
# The meters of a rhythm; one that is not named here goes with any.
METERS = {
    "reel": ("4/4", "2/2", "2/4", "C", "C|"), "hornpipe": ("4/4", "2/4", "C"),
    "strathspey": ("4/4", "C"), "highland fling": ("4/4", "C"), "clog": ("4/4", "C", "C|"),
    "schottische": ("4/4", "C"), "polka": ("2/4",), "jig": ("6/8", "9/8", "12/8"), "slip jig": ("9/8",),
    "hop jig": ("9/8",), "slide": ("12/8", "6/8"), "waltz": ("3/4", "3/8"), "minuet": ("3/4", "3/8"),
    "march": ("4/4", "2/4", "6/8", "2/2", "C", "C|"),
}  # fmt: skip


def go_together(rhythm: str | None, meter: str | None) -> bool:
    """Whether a rhythm is written in a meter."""
    return rhythm is None or meter is None or rhythm not in METERS or meter in METERS[rhythm]


@dataclass
class HeaderLines:
    """A header being written."""

    values: Mapping[str, Collection[str]]  # letter -> what may stand there
    fixed: Mapping[str, str]  # letter -> a value that the user has fixed and that is still to come
    needed: frozenset[str]  # letters that must be there before K:
    written: dict[str, str] = field(default_factory=dict)
    line: str = ""

    def copied(self) -> HeaderLines:
        """A state that changes for itself."""
        return HeaderLines(self.values, self.fixed, self.needed, dict(self.written), self.line)

    def step(self, char: str, given: bool = False) -> bool:
        """Take one more character; False if it may not come. What is given is not asked."""
        line = self.line
        if char == "\n":
            if not given and (len(line) < 2 or not self._is_complete(line[0], line[2:])):
                return False
            if line:
                self.written[line[0]] = line[2:].strip()
            self.line = ""
            return True
        self.line = line + char
        if given:
            return True
        if not line:
            return self._may_begin(char)
        if len(line) == 1:
            return char == ":"
        value = self.line[2:]
        if line[0] == "T":
            return char in TITLE and len(value) <= MOST_TITLE and value[0] != " " and not value.endswith("  ")
        return any(known.startswith(value) for known in self._values(line[0]))

    def _may_begin(self, letter: str) -> bool:
        if letter == "K":
            return self.needed <= self.written.keys() and "K" not in self.written
        return letter in "TRML" and letter not in self.written and (letter == "T" or bool(self._values(letter)))

    def _values(self, letter: str) -> list[str]:
        """What may stand in a field beside what is there, or is fixed and still to come."""
        there = {**self.fixed, **self.written}
        known = self.values[letter]
        if letter == "R":
            return [value for value in known if go_together(value, there.get("M"))]
        if letter == "M":
            return [value for value in known if go_together(there.get("R"), value)]
        return list(known)

    def _is_complete(self, letter: str, value: str) -> bool:
        return bool(value.strip()) if letter == "T" else value in self._values(letter)

    @property
    def is_over(self) -> bool:
        """Whether its K: line is complete."""
        return "K" in self.written and not self.line
