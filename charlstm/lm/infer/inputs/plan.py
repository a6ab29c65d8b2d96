"""The plan as a network reads it: of the bar that comes or is being written, what the form plan says.

A network sees the character that comes next in the music that a bar takes up: where the two are at the same moment of
the bar, that is the character behind the one that was written, else the first one at this moment. So a variant is
followed past what it changes.

In the header a plan is silent. A bar counts as begun once its first character is read, and as the one that comes once
the bar line before it stands there as the plan has it; so whatever a network writes, the plan goes on with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from charlstm.lm.columns import BARS_LEFT
from charlstm.lm.infer.inputs.clock import UNKNOWN, Clock, duration_id
from charlstm.lm.infer.inputs.lookback import BAR, GAP
from charlstm.tunes.form_plan.plan import KINDS, LINES, FormPlan
from charlstm.tunes.keys import LETTERS

_NO_PLAN, _AFTER, _BEFORE = 0, 4, 5  # kinds beside those of a bar
_KIND_IDS = {kind: number for number, kind in enumerate(KINDS, 1)}
_LINE_IDS = {line: number for number, line in enumerate(LINES, 1)}  # 0: none
_NO_LETTER = 7
_WITHIN_NOTE = frozenset("0123456789/,'><-")


class _Music(NamedTuple):
    """The music of a bar that was written, to be taken up again.

    `fills` are the ticks before each of its characters and at its end, and `places` where each tick is come to first:
    at a mark, not within the length of a note.
    """

    text: str
    fills: tuple[int, ...]
    places: Mapping[int, int]

    @classmethod
    def of(cls, text: str, fills: Sequence[int]) -> _Music:
        places: dict[int, int] = {}
        for place, char in enumerate(text):
            if place == 0 or char not in _WITHIN_NOTE:
                places.setdefault(fills[place], place)
        places.setdefault(fills[len(text)], len(text))
        return cls(text, tuple(fills[: len(text) + 1]), places)


class PlanCursor:
    """Where a text is in its plan; `read` moves it on.

    Parameters
    ----------
    plan : FormPlan or None
        None: the text has none, and every id says so.
    characters : mapping from character to int
        Ids of the model's characters; None stands for nothing.
    """

    __slots__ = (
        "_begun", "_characters", "_fills", "_gap", "_music", "_nothing", "_place", "_shown", "_written", "plan",
    )  # fmt: skip

    def __init__(self, plan: FormPlan | None, characters: Mapping[str | None, int]) -> None:
        self.plan = plan
        self._characters, self._nothing = characters, characters[None]
        self._begun = 0  # bars
        self._music = ""  # of the bar being written
        self._fills: tuple[int, ...] = (0,)  # ticks before each of its characters and the next one
        self._place = 0  # in the music that it takes up
        self._gap = ""  # the bar line being written
        self._written: tuple[_Music, ...] = ()  # the bars before
        self._shown: _Shown | None = None  # what the plan says of the bar

    def copied(self) -> PlanCursor:
        """One that changes for itself."""
        new = object.__new__(PlanCursor)
        for name in PlanCursor.__slots__:
            setattr(new, name, getattr(self, name))
        return new

    def read(self, char: str, before: int, clock: Clock) -> None:
        """Take one more character; `before` is the clock's mode before it, and the clock has read it."""
        if before < GAP or self.plan is None:
            return
        if clock.mode == BAR:
            if before == GAP:
                self._begun, self._music, self._fills, self._gap = self._begun + 1, "", (0,), ""
                self._place = 0
            self._music += char
            self._fills += (clock.fill,)
            self._follow(clock.fill)
        elif before == BAR:
            music = self._music.rstrip(":")
            self._gap = self._music[len(music) :] + char
            self._written = (*self._written, _Music.of(music, self._fills))
        else:
            self._gap += char

    def _follow(self, fill: int) -> None:
        """Go one character on in the music that is taken up; where that is at another moment, to this moment."""
        assert self.plan is not None
        of = self.plan.bars[self._begun - 1].of if self._begun <= len(self.plan.bars) else None
        if of is None or of >= len(self._written):
            return
        again, place = self._written[of], self._place + 1
        if place >= len(again.fills) or again.fills[place] != fill:
            place = again.places.get(fill, place)
        self._place = place

    def ids(self, clock: Clock) -> tuple[int, int, int, int, int, int]:
        """Ids of kind, character, bar line, what is missing in the bar, bars left, and the letter that it ends on."""
        plan, mode = self.plan, clock.mode
        if plan is None or mode < GAP:
            return _NO_PLAN, self._nothing, 0, UNKNOWN, BARS_LEFT, _NO_LETTER

        # Which bar it is, how much of its music and how much of the bar line after it stands there.
        in_bar = mode == BAR
        number, place, gap = self._begun - 1, self._place, self._gap
        if in_bar:
            gap = ":" if self._music[-1] == ":" else ""
        elif gap == self._line_after(plan, number):
            number, place, gap = number + 1, 0, ""
        if self._shown is None or self._shown.number != number:
            self._shown = _shown(plan, number, clock)
        bar = self._shown

        # The character at this place: of the music that comes back, then of the bar line.
        following = None
        if gap or number < 0:
            following = bar.line[len(gap)] if bar.line.startswith(gap) and len(gap) < len(bar.line) else None
        elif bar.of is not None and bar.of < len(self._written):
            again = self._written[bar.of].text
            following = again[place] if place < len(again) else bar.line[0] if place == len(again) else None

        missing = bar.length
        if missing is not None:
            missing = missing - clock.fill if number >= self._begun or in_bar else 0
        return bar.kind, self._characters[following], bar.line_id, duration_id(missing), bar.left, bar.letter

    @staticmethod
    def _line_after(plan: FormPlan, number: int) -> str:
        """The bar line after a bar; -1: what stands before the first one."""
        if number < 0:
            return plan.opening
        return plan.lines[number] if number < len(plan.lines) else ""


class _Shown(NamedTuple):
    """What the plan says of a bar from its beginning to its end: ids, and what they are made from."""

    number: int
    kind: int
    of: int | None
    line: str
    line_id: int
    length: int | None  # ticks
    left: int
    letter: int


def _shown(plan: FormPlan, number: int, clock: Clock) -> _Shown:
    if number >= len(plan.bars):
        return _Shown(number, _AFTER, None, "", 0, None, 0, _NO_LETTER)
    left = min(len(plan.bars) - 1 - number, BARS_LEFT - 1)
    if number < 0:
        return _Shown(number, _BEFORE, None, plan.opening, _LINE_IDS.get(plan.opening, 0), None, left, _NO_LETTER)
    bar, line, letter = plan.bars[number], plan.lines[number], _NO_LETTER
    if bar.degree is not None and clock.key is not None:
        letter = (LETTERS.index(clock.key.tonic) + bar.degree - 1) % 7
    length = clock.full if bar.length is None else int(bar.length * clock.whole)
    return _Shown(number, _KIND_IDS[bar.kind], bar.of, line, _LINE_IDS[line], length, left, letter)
