"""Guard: what a tune may go on with, character by character, so that it is always one that can be engraved and played.

A constraint on the next character, never a repair, and without dead ends: whatever is allowed can be ended within the
length. The language is that of cleaned corpora (lm/sample/guard_header.py and guard_body.py); chords, graces, words and
fields in the body are outside it. Knows no network and draws nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from fractions import Fraction

from charlstm.errors import ConfigError
from charlstm.lm.sample.attribute_control import NoteHeads
from charlstm.lm.sample.guard_body import Body, Ending, known_lengths, known_letters
from charlstm.lm.sample.guard_form import FormGuard
from charlstm.lm.sample.guard_header import DEFAULTS, HeaderLines
from charlstm.lm.sample.guard_resume import resume
from charlstm.tunes.abc import default_unit, parse_meter, parse_unit
from charlstm.tunes.form_plan.plan import FormPlan
from charlstm.tunes.keys import LETTERS, parse_key

NEEDED = frozenset("MK:\n|]A")  # characters without which no tune can be guarded
HEADER_ROOM = 120  # characters that the longest header takes
BODY_ROOM = 80  # characters within which a body can be ended from anywhere


class Guard:
    """What one tune may go on with.

    Parameters
    ----------
    symbols : collection of str
        The characters that the model knows.
    seen : mapping from letter to a collection of str
        Values of R:, M:, L: and K: that the model has seen; usual ones stand in for a letter without any.
    fixed : mapping from letter to str
        Values that the user has fixed; they come as they are.
    prime : str
        What the tune begins with.
    max_length : int
        Characters within which it ends, the prime's included.
    heads : NoteHeads, optional
        The notes that may come; those that are given come in any case.

    Raises
    ------
    ConfigError
        If the model lacks characters that every tune needs, the prime is outside the guard's language, or there is
        too little room.
    """

    def __init__(
        self,
        symbols: Collection[str],
        seen: Mapping[str, Collection[str]],
        fixed: Mapping[str, str],
        prime: str,
        max_length: int,
        *,
        heads: NoteHeads | None = None,
    ) -> None:
        if missing := sorted(NEEDED - set(symbols)):
            raise ConfigError(
                "guard", f"needs characters that this model does not know: {' '.join(map(repr, missing))}."
            )
        self._symbols, self._max_length, self._length, self._heads = symbols, max_length, 0, heads
        known = frozenset(symbols)
        self._lengths = known_lengths(symbols)
        values = {
            letter: [v for v in seen.get(letter) or usual if known.issuperset(v)] for letter, usual in DEFAULTS.items()
        }
        values["L"] = [v for v in values["L"] if self._bar("4/4", v)]
        values["M"] = [v for v in values["M"] if any(self._bar(v, unit) for unit in values["L"])]
        needed = {"M"} | ({"L"} if seen.get("L") else set())
        self._head = HeaderLines(values, dict(fixed), frozenset(needed))
        self._body: Body | None = None
        self._form: FormGuard | None = None
        self._fills: list[int | None] = []  # of the plan's bars, in quarters of the unit
        self._beat = 0  # quarters of the unit
        self._tried: tuple[str, Body | None] = ("", None)  # what `allows` was asked last, and the body after it
        room = BODY_ROOM + (0 if "\nK:" in f"\n{prime}" else HEADER_ROOM + sum(map(len, fixed.values())))
        if max_length < len(prime) + room:
            raise ConfigError("max_length", f"leaves the guard too little room; make it {len(prime) + room} or more.")
        self._begin(prime)

    def _begin(self, prime: str) -> None:
        """Read what the tune begins with; bars that are over may hold what the guard itself would not write."""
        rest = prime
        for char in prime:
            if not self.read(char, given=True):
                self._new_body()
                assert self._body is not None  # in a header all that is given is taken
                unit = parse_unit(self._head.written.get("L")) or default_unit(parse_meter(self._head.written.get("M")))
                rest, self._length = resume(self._body, prime, unit), len(prime)
                break
        else:
            return
        for place, char in enumerate(rest, len(prime) - len(rest) + 1):
            if not self.read(char, given=True):
                raise ConfigError("prime", f"has {char!r} at character {place}, which the guard cannot follow.")
        self._length = len(prime)

    def _bar(self, meter: str | None, unit: str | None) -> int | None:
        """A bar in quarters of the unit; None if it is free or cannot be written in the lengths that there are."""
        whole = parse_meter(meter)
        if whole is None:
            return None
        quarters = 4 * whole / (parse_unit(unit) or default_unit(whole))
        is_written = quarters.denominator == 1 and quarters.numerator % min(self._lengths.values()) == 0
        return quarters.numerator if is_written else None

    def follow(self, plan: FormPlan) -> None:
        """Hold bar lines, returns and the last note of each part to a form plan, once the header is written."""
        self._form = FormGuard(plan)
        key = parse_key(self._head.written.get("K"))
        if self._body is None or key is None:
            return
        meter = parse_meter(self._head.written.get("M"))
        unit = parse_unit(self._head.written.get("L")) or default_unit(meter)
        is_compound = meter is not None and meter > Fraction(3, 8) and (8 * meter) % 3 == 0
        self._beat = int(4 * Fraction(3 if is_compound else 2, 8) / unit)
        endings = {}
        fills: list[int | None] = []
        # A bar that comes back at the end of a part ends as that part does from the first time on.
        degrees = {bar.of: bar.degree for bar in plan.bars if bar.kind == "return" and bar.degree}
        for number, bar in enumerate(plan.bars):
            degree = bar.degree or degrees.get(number)
            letter = LETTERS[(LETTERS.index(key.tonic) + degree - 1) % 7] if degree else ""
            quarters = None if bar.length is None else 4 * bar.length / unit
            fill = int(quarters) if quarters is not None and quarters.denominator == 1 else None
            fills.append(self._body.full if bar.length is None else fill)
            if letter and self._body.note_of(letter):
                endings[number] = Ending(letter, fill)
        self._body.endings, self._tried, self._fills = endings, ("", self._body), fills
        seconds = (number for number, bar in enumerate(plan.bars[:-1]) if bar.ending == 2)
        self._body.short_endings = {number for number in seconds if plan.bars[number].length is not None}
        self._body.least_bars = min(self._body.least_bars, len(plan.bars))

    def agrees(self, char: str) -> bool:
        """Whether a character that `allows` has just allowed is as the form plan has it: bar lines, lengths, returns.

        Where none is, any that is allowed goes.
        """
        if self._form is None or self._body is None:
            return True
        if not self._form.agrees(char):
            return False
        number = self._form.bar
        if number is None or number >= len(self._fills) or (fill := self._fills[number]) is None:
            return True
        after = self._tried[1] if self._tried[0] == char else None
        if after is None:
            return True
        if char in "|:":
            return after.fill == fill
        return after.least_fill <= fill and not self._misses_the_end(char, after, number, fill)

    def _misses_the_end(self, char: str, after: Body, number: int, fill: int) -> bool:
        """Whether a note begins within the last beat of a part that is another than the one to end on.

        Without this the first note that would fill the bar is cut short instead, and what fills the rest is strange.
        """
        ending = after.endings.get(number)
        if ending is None or after.mode not in ("note", "accidental", "tuplet") or fill - after.fill > self._beat:
            return False
        return after.heard != ending.letter or char in "^_=("

    def allows(self, char: str) -> bool:
        """Whether this character may come next; "" asks for the end of the tune."""
        if char == "":
            return self._body is not None and self._body.can_end
        if self._body is None:
            return self._head.copied().step(char)
        after = self._body.copied()
        if not after.step(char):
            return False
        self._tried = (char, after)
        left = self._max_length - self._length - 1
        return left >= BODY_ROOM or len(after.closing()) <= left

    def read(self, char: str, *, given: bool = False) -> bool:
        """Take one more character; False if it may not come. In a header all that is given is taken."""
        self._length += 1
        if self._form is not None:
            self._form.read(char)
        if self._body is not None:
            if self._tried[0] == char:
                self._body, self._tried = self._tried[1], ("", self._body)
                return True
            if not given:
                return self._body.step(char)
            self._body.heads = None
            is_allowed = self._body.step(char)
            self._body.heads = self._heads
            return is_allowed
        if not self._head.step(char, given):
            return False
        if self._head.is_over:
            self._new_body()
        return True

    def _new_body(self) -> None:
        """A body of this header, before its first character."""
        meter = self._head.written.get("M")
        full = self._bar(meter, self._head.written.get("L"))
        if full is None and parse_meter(meter) is not None:
            raise ConfigError("guard", f"cannot fill bars of M:{meter} in this unit note length.")
        on_beat = "hornpipe" in self._head.written.get("R", "").lower()
        self._body = Body(full, self._lengths, on_beat, known_letters(self._symbols), self._heads)
        self._tried = ("", None)
