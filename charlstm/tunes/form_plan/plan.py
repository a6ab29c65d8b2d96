"""FormPlan: for each bar of a tune whether it is new, an earlier bar again or like an earlier bar; parts and repeats.

A plan says nothing of notes, but for the degree that a part ends on. Bars are counted from 0 through the whole tune.
How a plan is written down is in notation.py. Knows no tune and no network.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from string import ascii_uppercase
from typing import Literal

from charlstm.errors import ConfigError

Kind = Literal["new", "return", "variant"]
KINDS: tuple[Kind, ...] = ("new", "return", "variant")
MOST_BARS, MOST_PARTS = 200, 26
REACH = 16  # bars within which a bar is looked for that another one is like
# Every bar line of a plan, as a cleaned tune is written: the line breaks and the sign of the next part belong to it.
LINES = ("|", "|\n", "|1 ", ":|2 ", ":|\n|:", ":|\n", ":|", "||\n|:", "||\n", "|]", "|:")


@dataclass(frozen=True)
class PlanBar:
    """What one bar is to be.

    Attributes
    ----------
    kind : "new", "return" or "variant"
        Its own music; the very characters of bar `of`; or much of them.
    of : int or None
        An earlier bar; None for a new one.
    length : Fraction or None
        In whole notes; None: as the meter has it.
    degree : int or None
        Degree of the scale, 1 to 7, that the last note of this bar has; said of bars that end a part.
    ending : int
        1 or 2 where a first or second ending begins with this bar, else 0.
    breaks : bool
        Whether the line of text ends after it, within a part.
    """

    kind: Kind = "new"
    of: int | None = None
    length: Fraction | None = None
    degree: int | None = None
    ending: int = 0
    breaks: bool = False


NEW = PlanBar()


@dataclass(frozen=True)
class PlanPart:
    """A part of a tune: its bars, and whether it is played twice."""

    bars: tuple[PlanBar, ...]
    repeated: bool = False

    @property
    def has_endings(self) -> bool:
        """Whether it has a first and a second ending."""
        return any(bar.ending for bar in self.bars)


@dataclass(frozen=True)
class FormPlan:
    """The form of a tune.

    Parameters
    ----------
    parts : tuple of PlanPart
    lead_in : bool
        Whether the tune's first bar stands before the sign that opens the first repeat, as in `D|:GABc ...`.

    Raises
    ------
    ConfigError
        If a bar does not come after the one that it returns to, or parts, lengths and endings do not make a tune.
    """

    parts: tuple[PlanPart, ...]
    lead_in: bool = False

    def __post_init__(self) -> None:
        _check(self)

    @cached_property
    def bars(self) -> tuple[PlanBar, ...]:
        """The bars of all parts, in their order."""
        return tuple(bar for part in self.parts for bar in part.bars)

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """The number of the bar that each part begins with."""
        starts, count = [], 0
        for part in self.parts:
            starts.append(count)
            count += len(part.bars)
        return tuple(starts)

    @cached_property
    def opening(self) -> str:
        """What stands before the first bar: `|:` or nothing."""
        return "|:" if self.parts[0].repeated and not self.lead_in else ""

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """The bar line after each bar, of LINES."""
        lines: list[str] = []
        for number, part in enumerate(self.parts):
            following = self.parts[number + 1] if number + 1 < len(self.parts) else None
            for bar, after in zip(part.bars, [*part.bars[1:], None], strict=True):
                if after is None:
                    lines.append(_end_of(part, following))
                elif after.ending:
                    lines.append("|1 " if after.ending == 1 else ":|2 ")
                else:
                    lines.append("|\n" if bar.breaks else "|")
        if self.lead_in:
            lines[0] = "|:"
        return tuple(lines)

    @cached_property
    def roots(self) -> tuple[int, ...]:
        """For each bar the first bar with the same music: itself, unless it returns."""
        roots: list[int] = []
        for number, bar in enumerate(self.bars):
            roots.append(roots[bar.of] if bar.kind == "return" and bar.of is not None else number)
        return tuple(roots)

    @cached_property
    def letters(self) -> str:
        """A letter for each part, A first: that of an earlier part which comes again, but not twice running."""
        letters, known = "", dict[tuple[tuple[int, int], ...], str]()
        for start, part in zip(self.starts, self.parts, strict=True):
            music = tuple((root, bar.ending) for root, bar in zip(self.roots[start:], part.bars, strict=False))
            letter = known.get(music, "")
            if not letter or letters.endswith(letter):
                letter = ascii_uppercase[len(set(letters))]
            known.setdefault(music, letter)
            letters += letter
        return letters

    def canonical(self) -> FormPlan:
        """The same form, each reference to the first bar with that music, and a break nowhere that says nothing."""
        bars = [
            replace(
                bar,
                of=None if bar.of is None else self.roots[bar.of],
                length=self.bars[self.roots[number]].length,
                breaks=bar.breaks and self.lines[number] == "|\n",
            )
            for number, bar in enumerate(self.bars)
        ]
        return with_bars(self, bars)


def with_bars(plan: FormPlan, bars: Sequence[PlanBar]) -> FormPlan:
    """A plan with as many other bars, in the same parts."""
    edges = [*plan.starts, len(bars)]
    parts = zip(plan.parts, edges[:-1], edges[1:], strict=True)
    return replace(plan, parts=tuple(replace(part, bars=tuple(bars[a:b])) for part, a, b in parts))


def without_degrees(plan: FormPlan) -> FormPlan:
    """The plan without the notes that its parts end on."""
    return with_bars(plan, [replace(bar, degree=None) for bar in plan.bars])


def _end_of(part: PlanPart, following: PlanPart | None) -> str:
    """The bar line that ends a part."""
    is_closed = part.repeated and not part.has_endings  # a second ending has no repeat sign behind it
    if following is None:
        return ":|" if is_closed else "|]"
    return (":|\n" if is_closed else "||\n") + ("|:" if following.repeated else "")


def _check(plan: FormPlan) -> None:
    """Raise ConfigError unless the plan can be that of a tune."""

    def require(ok: bool, message: str) -> None:
        if not ok:
            raise ConfigError("form", message)

    require(1 <= len(plan.parts) <= MOST_PARTS, f"has 1 to {MOST_PARTS} parts.")
    require(all(part.bars for part in plan.parts), "has a part without bars; give it one, or leave the part out.")
    count = sum(len(part.bars) for part in plan.parts)
    require(count <= MOST_BARS, f"has {count} bars; {MOST_BARS} are the most.")
    first = plan.parts[0]
    lead_in = not plan.lead_in or (first.repeated and len(first.bars) > 1 and not first.bars[1].ending)
    require(lead_in, "has a lead-in, which stands before a first part that is repeated.")
    for number, bar in enumerate(bar for part in plan.parts for bar in part.bars):
        name = f"bar {number + 1}"
        require(bar.kind in KINDS, f"{name} is {bar.kind!r}; it can be new, a return or a variant.")
        if bar.kind == "new":
            require(bar.of is None, f"{name} is new, so it is not like another one.")
        else:
            is_earlier = isinstance(bar.of, int) and 0 <= bar.of < number
            require(is_earlier, f"{name} can only take up an earlier bar, from 1 to {number}.")
        ok = bar.length is None or 0 < bar.length <= 4
        require(ok, f"{name} has a length outside 0 to 4 whole notes.")
        require(bar.degree is None or 1 <= bar.degree <= 7, f"{name} ends on a degree outside 1 to 7.")
        require(bar.ending in (0, 1, 2), f"{name} has an ending other than 1 or 2.")
    for part in plan.parts:
        endings = [bar.ending for bar in part.bars if bar.ending]
        ok = not endings or (part.repeated and endings == [1, 2] and not part.bars[0].ending)
        require(ok, "has endings that are not a first and then a second one in a part that is repeated.")
