"""The body of a guarded tune: where in a token, a bar, a section and the tune it is, and what may come next.

Notes, rests, ties, broken rhythm, triplets; bars that fill their meter, pickups and what completes them counted
together; repeats, two endings, a final bar line. Durations are whole numbers of quarters of the unit note length: those
that a cleaned tune is written in. Knows no header and no network.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from charlstm.lm.sample.attribute_control import NoteHeads, octave_mark
from charlstm.tunes.keys import NOTE_LETTERS
from charlstm.tunes.views.bars import LEAST_BARS

LENGTHS = {
    "": 4, "2": 8, "3": 12, "4": 16, "6": 24, "8": 32, "12": 48, "/": 2, "/2": 2, "3/2": 6, "/4": 1, "3/4": 3,
}  # fmt: skip
EVEN = ("", "2", "4", "/")  # lengths of the notes of a triplet, or around a > or <: others make odd note values
MOST_SIGNS = 38  # of a line, after which its bar is the last: a line of the text is one of the page, and must fit it
_LETTERS = frozenset(NOTE_LETTERS)
_ACCIDENTALS = frozenset("^_=")


def known_lengths(symbols: Collection[str]) -> dict[str, int]:
    """Of LENGTHS those that these characters can write."""
    known = frozenset(symbols)
    return {text: duration for text, duration in LENGTHS.items() if known.issuperset(text)}


def known_letters(symbols: Collection[str]) -> str:
    """The letters of notes among these characters."""
    return "".join(letter for letter in NOTE_LETTERS if letter in symbols)


class Ending(NamedTuple):
    """What the last note of a bar must be: its letter; and where in the bar that is asked for, beside its end."""

    letter: str  # A to G, of any octave
    fill: int | None = None  # quarters of the unit, of a bar that is to be shorter


@dataclass
class Body:
    """A body being written: where in a token, a bar, a section and the tune it is."""

    full: int | None  # of a bar; None: free
    lengths: Mapping[str, int]
    # Whether > and < may stand on a beat only: abc2midi dots the pairs of a hornpipe itself, and stumbles elsewhere.
    on_beat: bool = False
    letters: str = "Aa"  # of notes, as far as the model knows them
    heads: NoteHeads | None = None  # the notes that may come; None: any
    mode: str = "start"  # start, accidental, note, broken, tuplet, tie, space, line, ending, over
    fill: int = 0  # of this bar, notes that must still come for a triplet or after a > counted in
    # The note being written, or the last one.
    letter: str = ""
    octave: str = ""
    length: str = ""
    accidental: str = ""
    same: str = ""  # the length that it must have
    left: int = 0  # notes of a triplet that are still to come, this one included
    tied: str = ""  # the pitch that a tie asks for
    ties_over: bool = True  # whether a tie may lead over a bar line
    altered: str = ""  # letters with an accidental in this bar
    has_note: bool = False
    signs: int = 0  # of this line: notes, rests, accidentals, bar lines
    # The bar line being written, and what it may be.
    line: str = ""
    plain: bool = False
    ends_section: bool = False
    # The section.
    is_first_bar: bool = True
    is_ending_bar: bool = False  # the first bar of the second ending: full, unless a plan has a pickup after it
    pickup: int = 0
    tune_pickup: int = 0
    bars: int = 0
    least_bars: int = LEAST_BARS  # of the tune; it does not end before
    is_open: bool = False  # a repeat
    was_opened: bool = False  # or closed: a `:|` needs its `|:` from then on
    ending: int = 0  # 1 or 2 within an ending

    kept_pickup: int = 0  # of the section that the last section line ended

    endings: Mapping[int, Ending] = field(default_factory=dict)  # bar, counted from 0 -> what it ends on
    short_endings: Collection[int] = ()  # second endings that a pickup completes: bars, counted from 0
    heard: str = ""  # the letter of the bar's last note

    @property
    def can_end(self) -> bool:
        """Whether the tune may end here."""
        if self.mode == "over":
            return True
        is_over = self.mode in ("line", "start") and self.line in (":|", "||") and self.ending != 1
        return is_over and self.bars >= self.least_bars

    @property
    def least_fill(self) -> int:
        """Of this bar, once the note that is being written, or that must still come, is complete."""
        if self.mode == "note" and not self.same:
            lengths = [self.lengths[x] for x in self._allowed_lengths() if x.startswith(self.length)]
            return self.fill + (2 if self.left else 1) * min(lengths, default=0)
        return self.fill + (1 if self.mode in ("space", "accidental", "tuplet") and not self.same else 0)

    def note_of(self, letter: str) -> str:
        """The letter, A to G or a to g, of a short note that may come and has this letter, A to G; "": has any.

        "" where there is none.
        """
        notes = self.heads.whole if self.heads else self.letters
        return min((note for note in notes if letter in ("", note[0].upper())), key=_plainness, default="")[:1]

    def step(self, char: str) -> bool:
        """Take one more character; False, and the state is of no more use, if it may not come."""
        allowed: bool = getattr(self, f"_in_{self.mode}")(char)
        return allowed

    def copied(self) -> Body:
        """A state that changes for itself."""
        new = object.__new__(Body)
        new.__dict__.update(self.__dict__)
        return new

    def closing(self) -> str:
        """Characters that end the tune from here: the bar filled, what is open closed, a final bar line."""
        state, text = self, ""
        while not state.can_end:
            for char in state._towards_the_end():
                after = state.copied()
                if after.step(char):
                    state, text = after, text + char
                    break
            else:
                raise AssertionError(f"a dead end after {text!r}: {state}")
        return text

    def _towards_the_end(self) -> str:
        """What to try next in order to end, the best first."""
        ending = self.endings.get(self.bars)
        note = self.tied[:1] or self.note_of(ending.letter if ending else "")
        if self.mode == "note":
            if self.heads and not self.tied and not self.heads.may_stand(head := self.letter + self.octave):
                return min((x for x in self.heads.whole if x.startswith(head)), key=len)[len(head)]
            if self.tied and self.letter + self.octave != self.tied:
                return self.tied[1 + len(self.octave)]
            lengths = self._allowed_lengths()
            longest = max((x for x in lengths if x.startswith(self.length)), key=self.lengths.__getitem__)
            if self.length != longest:
                return longest[len(self.length)]
            return ":|" + note
        if self.mode == "line":
            return {":": "|", ":|": "2" + note + "\n", "|": "]" + note + ":\n"}.get(self.line, note + "\n")
        return {"tie": note + "|", "ending": " ", "tuplet": "3" + note}.get(self.mode, note)

    # ---- music

    def _music(self, char: str) -> bool:
        """What begins a note, a rest or a triplet."""
        self.line = ""
        if self.full is not None and self.fill >= self.full and not self.same:
            return False
        if self.tied:
            return char == self.tied[0] and self._begin(char)
        if char in _ACCIDENTALS:
            self.accidental, self.mode = char, "accidental"
            return True
        if char == "(" and not self.same and not self.left:
            self.mode, self.left = "tuplet", 0
            return bool(self._fitting(EVEN, 2))
        if char == "z" and (not self.has_note or self.same):
            return False
        self.accidental = ""
        return (char in _LETTERS or char == "z") and self._begin(char)

    def _begin(self, letter: str) -> bool:
        self.mode, self.letter, self.octave, self.length = "note", letter, "", ""
        self.has_note, self.signs = self.has_note or letter != "z", self.signs + 1
        self.heard = self.heard if letter == "z" else letter.upper()
        if self.heads and letter != "z" and not self.tied and not self.heads.may_begin(letter):
            return False
        if self.same and self.left < 2 and not self._ends_well and self._is_at_the_end(self.fill):
            return False  # the last of a triplet or of a broken rhythm
        return bool(self._allowed_lengths())

    @property
    def _ends_well(self) -> bool:
        """Whether the last note is one that the bar may end on."""
        ending = self.endings.get(self.bars)
        return ending is None or self.heard == ending.letter

    def _is_at_the_end(self, fill: int) -> bool:
        """Whether a bar of this fill may be over, or has no room for the note that it must end on."""
        ending = self.endings.get(self.bars)
        return self.full is not None and (fill >= self.full or (ending is not None and fill == ending.fill))

    def _in_accidental(self, char: str) -> bool:
        self.altered, self.signs = self.altered + char.upper(), self.signs + 1
        return char in _LETTERS and self._begin(char)

    def _fitting(self, lengths: Collection[str], times: int = 1) -> list[str]:
        """The lengths that the bar has room for, so many times."""
        room = None if self.full is None else self.full - self.fill
        return [x for x in lengths if x in self.lengths and (room is None or times * self.lengths[x] <= room)]

    def _allowed_lengths(self) -> list[str]:
        if self.same:
            return [self.same[1:]]
        if self.left:
            return self._fitting(EVEN, 2)
        lengths = self._fitting(self.lengths)
        return (
            lengths if self._ends_well else [x for x in lengths if not self._is_at_the_end(self.fill + self.lengths[x])]
        )

    def _in_note(self, char: str) -> bool:
        octave = self.octave + char
        if char == octave_mark(self.letter) and self.letter != "z" and not self.length and len(octave) <= 2:
            head, is_in_range = self.letter + octave, True
            if self.heads and not self.tied:
                is_in_range = self.heads.may_begin(head) or not self.heads.may_begin(self.letter + self.octave)
            self.octave = octave
            return is_in_range and (not self.tied or self.tied.startswith(head))
        is_limited = self.heads and self.letter != "z" and not self.tied
        if is_limited and self.heads and not self.heads.may_stand(self.letter + self.octave):
            return False
        if self.tied and self.letter + self.octave != self.tied:
            return False
        if any(x.startswith(self.length + char) for x in self._allowed_lengths()):
            self.length += char
            return True
        if self.length not in self._allowed_lengths():
            return False
        return self._after_note(char)

    def _after_note(self, char: str) -> bool:
        """The note is complete; what comes behind it."""
        duration = self.lengths[self.length]
        self.tied = ""
        if self.left:
            if not self.same:
                self.fill += 2 * duration
            self.left -= 1
            self.same = f"={self.length}" if self.left else ""
            if self.left:
                return self._music(char)
        elif self.same:
            self.same = ""
        else:
            self.fill += duration
            if char in "<>":
                self.fill += duration
                is_off_beat = self.on_beat and (self.fill - 2 * duration) % 8 > 0
                fits = (self.full is None or self.fill <= self.full) and not is_off_beat
                self.mode, self.line, self.same = "broken", char, f"={self.length}"
                return fits and self.letter != "z" and self.length in EVEN
        if char == "-":
            self.tied = self.letter + self.octave
            self.mode = "tie"
            plain = self.letter != "z" and not self.accidental and self.letter.upper() not in self.altered
            plain = plain and (self._ends_well or not self._has_room)
            return plain and (self._has_room or (self.ties_over and self._bar_line_may_be()[0]))
        if char == " ":
            self.mode = "space"
            return self._has_room
        if char in "|:":
            return self._begin_line(char)
        return self._music(char)

    @property
    def _has_room(self) -> bool:
        return self.full is None or self.fill < self.full

    def _in_broken(self, char: str) -> bool:
        if char == self.line and self.same in ("=", "=2"):
            self.line += char
            return True
        return char not in "z(" and self._music(char)

    def _in_tuplet(self, char: str) -> bool:
        if self.left:
            return char != "z" and self._music(char)
        self.left = 3
        return char == "3"

    def _in_tie(self, char: str) -> bool:
        if char == " ":
            self.mode = "space"
            return self._has_room
        if char == "|":
            return self.ties_over and self._bar_line_may_be()[0] and self._begin_line(char)
        return self._music(char)

    def _in_space(self, char: str) -> bool:
        return self._music(char)

    # ---- bar lines

    def _bar_line_may_be(self) -> tuple[bool, bool]:
        """Whether a plain bar line, and one that ends a section, may stand here."""
        if not self.fill:
            return False, False
        if self.full is None or self.fill == self.full:
            return True, self._ends_well
        missing = self.full - self.fill
        may_be_short = not self.is_ending_bar or self.bars in self.short_endings
        completes = missing in (self.pickup, self.tune_pickup) and may_be_short and self._ends_well
        return self.is_first_bar, completes and not self.is_first_bar

    @property
    def _may_close_repeat(self) -> bool:
        return self.is_open or (not self.was_opened and self.ending != 2)

    def _begin_line(self, char: str) -> bool:
        self.plain, self.ends_section = self._bar_line_may_be()
        self.ends_section = self.ends_section and not self.tied
        self.mode, self.line = "line", char
        if char == ":":
            return self.ends_section and self._may_close_repeat
        # A plain one, or `|]` or `||`, or `|:`, which may also stand behind the tune's pickup.
        return self.plain or (self.ends_section and self._is_free)

    @property
    def _is_free(self) -> bool:
        """Whether nothing is open that another section line would have to close."""
        return not self.is_open and self.ending != 1 and not self.tied

    def _in_line(self, char: str) -> bool:
        """Within or behind a bar line."""
        if self.line == "|":
            return self._after_stroke(char)
        if self.line == ":":
            self.end_bar(section=True)
            self.line, self.is_open, self.was_opened = ":|", False, True
            self.ending = self.ending if self.ending == 1 else 0
            return char == "|"
        if self.line == ":|" and self.ending == 1:
            self.mode, self.line, self.ending = "ending", "", 2
            self.is_first_bar, self.is_ending_bar, self.pickup = False, True, self.kept_pickup
            return char == "2"
        return self._after_line(char)

    def _after_stroke(self, char: str) -> bool:
        """Behind the first stroke of a bar line: it may go on, or be a plain one."""
        is_free, is_pickup = self._is_free, self.bars == 0 and self.plain
        may_repeat = self._may_close_repeat and not self.ending and not self.tied
        if self.fill == 0:  # it began a line: `|:` alone may be there
            self.line, self.is_open, self.was_opened = "|:", True, True
            return char == ":" and is_free
        if char in ":|]":
            self.end_bar(section=True)
            self.line, self.ending, self.mode = f"|{char}", 0, "over" if char == "]" else "line"
            if char == ":":
                self.is_open, self.was_opened = True, True
                return is_free and (self.ends_section or is_pickup)
            return is_free and self.ends_section and (char != "]" or self.bars >= self.least_bars)
        is_full = self.full is None or self.fill == self.full
        self.end_bar(section=False)
        if char == "1":
            self.mode, self.line, self.ending = "ending", "", 1
            return self.plain and is_full and may_repeat and self.signs <= MOST_SIGNS
        return self.plain and self._after_line(char)

    def end_bar(self, *, section: bool) -> None:
        """Close the bar, and with it the section if it is a section line that closes it."""
        if self.is_first_bar and self.full is not None and self.fill < self.full:
            self.pickup = self.fill
            if self.bars == 0:
                self.tune_pickup = self.fill
        self.kept_pickup = self.pickup
        self.pickup = 0 if section else self.pickup
        self.is_first_bar, self.is_ending_bar = section, False
        self.bars, self.signs, self.fill, self.altered = self.bars + 1, self.signs + 1, 0, ""
        self.heard = ""

    def _after_line(self, char: str) -> bool:
        if char == "\n":
            self.mode, self.signs = "start", 0
            return self.line != "|:"
        return (self.signs <= MOST_SIGNS or self.line == "|:") and self._music(char)

    def _in_start(self, char: str) -> bool:
        """At the beginning of the body or of a line."""
        if char == "|":
            begins_section = self.bars == 0 or self.line in (":|", "||")
            self.mode, self.line, self.plain = "line", "|", False
            return begins_section and self._is_free
        return self._music(char)

    def _in_ending(self, char: str) -> bool:
        self.mode = "space"
        return char == " "

    def _in_over(self, char: str) -> bool:
        return False


def _plainness(note: str) -> tuple[int, int, str]:
    """Notes that are written shortly come first, A before all."""
    return len(note), note != "A", note
