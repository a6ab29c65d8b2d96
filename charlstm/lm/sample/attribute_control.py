"""How a tune is held to its attributes while it is written: what may begin, what is made likelier, how bold a bar is.

Range is a limit: a note outside may not begin, octave marks counted in. Density and leaps are pulls: the logits of
what makes notes shorter, and of what leaps, are raised by an amount that grows with what the tune lacks so far
(integral control), so that over a tune the share comes out as asked. Temperature changes by bar. Knows no network.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from charlstm.errors import ConfigError
from charlstm.lm.config import SampleConfig
from charlstm.lm.infer.inputs.clock import Clock
from charlstm.lm.infer.inputs.lookback import BAR, GAP, SIGNS
from charlstm.lm.infer.logits import Floats
from charlstm.lm.sample.attributes import Attributes
from charlstm.lm.vocab import Vocab
from charlstm.tunes.form_plan.plan import FormPlan
from charlstm.tunes.keys import LETTERS, NOTE_LETTERS
from charlstm.tunes.views.attributes import THIRD, Ambitus

MOST_MARKS = 2  # octave marks of a note
DENSITY_GAIN, LEAP_GAIN = 2.0, 1.5  # nats for each note, or leap, that the tune is behind (docs/lab-log.md)
MOST_NATS = 8.0  # of a pull
USUAL_LEAPS = 0.14  # of the intervals of real tunes
_SECTION_LINE = re.compile(r":\||\|\||\|\]|\|:")
_LONGER, _SHORTER = "23468", "/"


class NoteHeads(NamedTuple):
    """The notes that may come: letters with their octave marks, and what those begin with."""

    whole: frozenset[str]
    begun: frozenset[str]

    def may_begin(self, head: str) -> bool:
        """Whether a note may begin like this."""
        return head in self.begun

    def may_stand(self, head: str) -> bool:
        """Whether it may be this one; one that was given and lies outside may, for nothing can mend it."""
        return head in self.whole or head not in self.begun


def note_heads(ambitus: Ambitus, symbols: Collection[str]) -> NoteHeads:
    """The notes of a range that some characters can write. Raises ConfigError if there are none."""
    whole = {
        head
        for letter in NOTE_LETTERS
        for marks in range(MOST_MARKS + 1)
        if ambitus.lowest <= position(head := letter + octave_mark(letter) * marks) <= ambitus.highest
        and set(head) <= set(symbols)
    }
    if not whole:
        raise ConfigError("range", f"has no notes that this model can write: {ambitus}; take a larger one.")
    return NoteHeads(frozenset(whole), frozenset(head[:k] for head in whole for k in range(1, len(head) + 1)))


def octave_mark(letter: str) -> str:
    """The mark that takes a letter an octave away from the other case: a comma down, an apostrophe up."""
    return "'" if letter.islower() else ","


def position(head: str) -> int:
    """The staff position above middle C of a letter with octave marks."""
    octave = (1 if head[0].islower() else 0) + head.count("'") - head.count(",")
    return LETTERS.index(head[0].upper()) + 7 * octave


class AttributeControl:
    """The attributes of one tune being written.

    Parameters
    ----------
    vocab : Vocab
        Of V symbols.
    attributes : Attributes
    config : SampleConfig
        Of the tune; its temperature holds where the attributes name none.
    """

    def __init__(self, vocab: Vocab, attributes: Attributes, config: SampleConfig) -> None:
        self._attributes, self._clock = attributes, Clock()
        self.heads = note_heads(attributes.range, vocab.symbols[2:]) if attributes.range is not None else None
        temperatures = (*attributes.temperatures, attributes.returns)
        self._configs = {t: replace(config, temperature=t) for t in temperatures if t is not None}
        self._own = config
        self._plan: FormPlan | None = None
        # What each symbol does: makes the note before it longer or shorter; begins a note, of which positions.
        ids = vocab.ids
        self._letters = [(ids[c], c) for c in NOTE_LETTERS if c in ids]
        self._marks = [(ids[c], c) for c in ",'" if c in ids]
        self._not_marks = np.array([c not in ",'" for c in vocab.symbols])
        self._longer: NDArray[np.intp] = np.array([ids[c] for c in _LONGER if c in ids], dtype=np.intp)
        self._shorter: NDArray[np.intp] = np.array([ids[c] for c in _SHORTER if c in ids], dtype=np.intp)
        # Where the text is.
        self._bar, self._part, self._gap = -1, 0, ""  # -1: no bar has begun
        self._head = ""  # of the note being written, as long as it has no length
        self._last: int | None = None  # position of the note before it
        self._tied = False
        self._bars = 0.0  # durations of all bars that are over, in bars
        self._notes = self._intervals = self._leaps = 0

    def follow(self, plan: FormPlan | None) -> None:
        """Take note of the form plan, once the header is written."""
        self._plan = plan

    @property
    def config(self) -> SampleConfig:
        """How the next symbol is drawn: of the bar that is being written, or that begins next."""
        attributes, plan = self._attributes, self._plan
        if self._clock.mode < GAP or not (attributes.temperatures or attributes.returns is not None):
            return self._own
        number, part = self._bar, self._part
        if self._clock.mode == GAP:
            number, part = self._following()
        if plan is not None and number < len(plan.bars):
            part = max(k for k, start in enumerate(plan.starts) if start <= number)
            if attributes.returns is not None and plan.bars[number].kind != "new":
                return self._configs[attributes.returns]
        if not attributes.temperatures:
            return self._own
        return self._configs[attributes.temperatures[min(part, len(attributes.temperatures) - 1)]]

    def _following(self) -> tuple[int, int]:
        """The number of the bar behind this bar line, and of its part as bar lines tell."""
        is_lead_in = self._bar == 0 and self._gap == "|:"
        begins = self._bar >= 0 and _SECTION_LINE.search(self._gap) and "2" not in self._gap and not is_lead_in
        return self._bar + 1, self._part + bool(begins)

    def apply(self, z: Floats) -> None:
        """Forbid and pull, in the logits (V,) that the next symbol is drawn from."""
        if self._clock.mode < GAP:
            return
        if self.heads is not None:
            self._limit(z, self.heads)
        scale = max(self.config.temperature, 0.1)  # a pull is as strong at any temperature
        if self._attributes.density is not None and self._head:
            pull = scale * self._density_pull(self._attributes.density)
            z[self._longer] -= pull
            z[self._shorter] += pull
        if self._attributes.leaps is not None and self._last is not None:
            self._pull_leaps(z, scale * self._leap_pull(self._attributes.leaps))

    def _limit(self, z: Floats, heads: NoteHeads) -> None:
        """Forbid notes outside the range, and what would make one of them."""
        if self._tied and not self._is_inside(self._last):  # of a note that was given
            return
        if self._head:
            for symbol, mark in self._marks:
                if self._takes(mark) and heads.may_begin(self._head) and not heads.may_begin(self._head + mark):
                    z[symbol] = -np.inf
            if not heads.may_stand(self._head):
                z[self._not_marks] = -np.inf
        for symbol, letter in self._letters:
            if not heads.may_begin(letter):
                z[symbol] = -np.inf

    def _is_inside(self, place: int | None) -> bool:
        """Whether a position is within the range."""
        ambitus = self._attributes.range
        return place is None or ambitus is None or ambitus.lowest <= place <= ambitus.highest

    def _takes(self, char: str) -> bool:
        """Whether this is an octave mark of the note being written."""
        return bool(self._head) and char == octave_mark(self._head[0])

    def _density_pull(self, asked: float) -> float:
        """Nats towards shorter notes: the last one is in time and notes already."""
        clock = self._clock
        bars = self._bars + clock.fill / (clock.full or clock.whole)
        return _clipped(DENSITY_GAIN * (asked * bars - self._notes - 1))

    def _leap_pull(self, asked: float) -> float:
        """Nats towards leaps: the odds asked for against the usual ones, and what is lacking so far."""
        asked = min(max(asked, 0.01), 0.99)
        odds = math.log(asked / (1 - asked)) - math.log(USUAL_LEAPS / (1 - USUAL_LEAPS))
        return _clipped(odds + LEAP_GAIN * (asked * self._intervals - self._leaps))

    def _pull_leaps(self, z: Floats, pull: float) -> None:
        """Raise what leaps: letters that cannot be near the last note, and marks that lead away from the one before."""
        last = position(self._head) if self._head else self._last
        for symbol, letter in self._letters:
            marked = letter + octave_mark(letter)
            if last is not None and abs(position(letter) - last) > THIRD and abs(position(marked) - last) > THIRD:
                z[symbol] += pull
        if self._head and self._last is not None:
            for symbol, mark in self._marks:
                if self._takes(mark):
                    away = abs(position(self._head + mark) - self._last) > THIRD
                    near = abs(position(self._head) - self._last) > THIRD
                    z[symbol] += pull * (away - near)

    def read(self, char: str) -> None:
        """Take one more character."""
        clock, before = self._clock, self._clock.mode
        if before == BAR and char == "|":
            self._bars += clock.fill / (clock.full or clock.whole)
        clock.read(char)
        if before < GAP:
            return
        # Which bar of which part: a bar line may begin with a colon.
        if before == GAP and clock.mode == BAR:
            self._bar, self._part = self._following()
            self._gap = ""
        elif before == BAR:
            self._gap = self._gap + char if char == "|" else char if char == ":" else ""
        else:
            self._gap += char
        self._read_note(char)

    def _read_note(self, char: str) -> None:
        """Count notes, intervals and leaps."""
        if char in NOTE_LETTERS:
            self._end_head()
            self._head = char
        elif self._takes(char):
            self._head += char
        else:
            self._end_head()
            self._tied = char == "-" or (self._tied and char in SIGNS)

    def _end_head(self) -> None:
        """The note's pitch is complete."""
        if not self._head:
            return
        now, before = position(self._head), self._last
        self._head = ""
        if self._tied and now == before:
            self._tied = False
            return
        self._tied = False
        self._notes += 1
        if before is not None:
            self._intervals += 1
            self._leaps += abs(now - before) > THIRD
        self._last = now


def _clipped(nats: float) -> float:
    return min(max(nats, -MOST_NATS), MOST_NATS)
