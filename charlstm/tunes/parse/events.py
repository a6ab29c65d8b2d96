"""What the reader makes of a tune: notes, chords and rests with their places in the text and in time.

Times are Fractions of a whole note, counted in the written order (repeats once); offsets count characters of the text
that was read. Records only: `reader.py` makes them, `form.py` plays them out, `charlstm.score` draws and sounds them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, NamedTuple

from charlstm.tunes.abc import HeaderField, parse_meter
from charlstm.tunes.keys import SEMITONES, Key

MAX_TEXT = 60  # characters of a text over a note that a page shows


class Head(NamedTuple):
    """One note head. `tie`: it sounds on into the next event's head of this pitch; `tied`: it goes on from the last."""

    start: int
    end: int
    step: str  # "A" to "G"
    octave: int  # 4: C to B from middle C
    alter: int  # semitones, signature and bar accidentals counted in
    accidental: str = ""  # as written: "", "^", "^^", "_", "__", "="
    tie: bool = False
    tied: bool = False

    @property
    def midi(self) -> int:
        """MIDI note number; middle C is 60."""
        return 12 * (self.octave + 1) + SEMITONES[self.step] + self.alter


@dataclass(frozen=True, slots=True)
class Event:
    """A note, a chord or a rest: `heads` has one head, several, or none."""

    kind: str  # "note", "chord" or "rest"
    start: int
    end: int
    onset: Fraction
    duration: Fraction  # as it sounds, tuplets and broken rhythm counted in
    heads: tuple[Head, ...] = ()
    tuplet: tuple[int, int] | None = None  # (p, q): p in the time of q
    tuplet_group: int = 0  # which tuplet of the tune
    graces: tuple[Head, ...] = ()
    decorations: tuple[str, ...] = ()  # ABC's names: "trill", "fermata", "."
    chord_symbols: tuple[str, ...] = ()
    annotations: tuple[str, ...] = ()  # with the sign of their place: "^slow"
    lyrics: tuple[str, ...] = ()  # one syllable a verse, "" for none; a hyphen at the end: the word goes on
    joined: bool = False  # no blank, bar line or line break between this event and the one before it
    visible: bool = True  # False for x and X
    transpose: int = 0  # semitones that it sounds higher than it is drawn

    @property
    def written(self) -> Fraction:
        """The duration as it is drawn: without the tuplet's ratio."""
        return self.duration if self.tuplet is None else self.duration * self.tuplet[0] / self.tuplet[1]


class BarLine(NamedTuple):
    """All bar lines between two measures taken together.

    `ends` is how many colons send back, `begins` how many open a repeat. Styles are music21's: "none" (no line),
    "regular", "double", "heavy-light", "final".
    """

    style: str = "none"
    ends: int = 0
    begins: int = 0

    @property
    def closes(self) -> bool:
        """Whether a variant ending stops here: `||`, `|]`, `[|` or a repeat sign (ABC 2.1, 4.9)."""
        return bool(self.ends or self.begins) or self.style in ("double", "heavy-light", "final")


@dataclass(frozen=True, slots=True)
class Measure:
    """The music between two bar lines, as written: too long, too short and empty of notes are all possible."""

    start: int
    end: int  # its closing bar line counted in
    onset: Fraction
    duration: Fraction
    events: tuple[Event, ...]
    overlays: tuple[tuple[Event, ...], ...]  # other voices of this measure alone (&)
    meter: str | None  # as written: "6/8", "C|"; None for none
    key: Key | None
    left: BarLine
    right: BarLine
    ending: tuple[int, ...] = ()  # passes that play it, where a variant ending begins here
    pickup: bool = False
    line_end: bool = False  # the text has a line break after it
    part: str | None = None  # P: label that begins here
    marks: tuple[str, ...] = ()  # "segno", "coda", "fine", "D.C." ... in it
    clef: str = "treble"

    @property
    def expected(self) -> Fraction | None:
        """What the meter asks for, in whole notes."""
        return parse_meter(self.meter)


@dataclass(frozen=True, slots=True)
class Voice:
    """One voice of the tune. `slurs` pair the offsets (`Event.start`) of their first and last event."""

    id: str
    name: str
    measures: tuple[Measure, ...]
    slurs: tuple[tuple[int, int], ...] = ()
    program: int | None = None  # General MIDI's, from 0; by %%MIDI program

    @property
    def events(self) -> tuple[Event, ...]:
        """The events in written order, overlays left out."""
        return tuple(event for measure in self.measures for event in measure.events)


class Remark(NamedTuple):
    """Something the reader skipped or changed: the place (line and column from 1, offset from 0) and a sentence."""

    line: int
    column: int
    start: int
    message: str

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}: {self.message}"


class Directive(NamedTuple):
    """A `%%` or I: line: its name ("text", "MIDI", "score"), what follows, and its offset.

    The value of a block, `%%begintext` to `%%endtext`, is its lines; its name is "begintext".
    """

    name: str
    value: str
    start: int


class Tempo(NamedTuple):
    """A Q: field: quarter notes per minute in [20, 400], as beats it is written in, and where it begins to count.

    `beat` is None where only words are written ("Allegro").
    """

    onset: Fraction
    qpm: float
    beat: Fraction | None  # whole notes
    words: str = ""


@dataclass(frozen=True)
class Reading:
    """A tune as it was read: its voices, and what was skipped or changed on the way."""

    text: str
    fields: tuple[HeaderField, ...]
    voices: tuple[Voice, ...]
    tempos: tuple[Tempo, ...] = ()
    remarks: tuple[Remark, ...] = ()
    words: tuple[str, ...] = field(default=())  # W: lines
    inner_fields: tuple[HeaderField, ...] = ()  # fields inside the body that stand on lines: T:, P:, Q:, ...
    directives: tuple[Directive, ...] = ()

    def __deepcopy__(self, memo: dict[int, Any]) -> Reading:
        return self  # nothing in it changes, and music21 copies what hangs on its scores

    def get(self, letter: str) -> str | None:
        """The value of the first header field of this letter, or None."""
        return next((f.value for f in self.fields if f.letter == letter), None)

    @property
    def title(self) -> str:
        return (self.get("T") or "").strip()

    def all(self, letter: str) -> tuple[str, ...]:
        """The values of all header fields of this letter: the titles, the composers."""
        return tuple(f.value for f in self.fields if f.letter == letter)

    @property
    def measures(self) -> tuple[Measure, ...]:
        """The first voice's measures."""
        return self.voices[0].measures

    @property
    def events(self) -> tuple[Event, ...]:
        """The first voice's events."""
        return self.voices[0].events

    @property
    def qpm(self) -> float | None:
        """Quarter notes per minute at the beginning, in [20, 400]; None where no Q: field says it."""
        return next((tempo.qpm for tempo in reversed(self.tempos) if not tempo.onset), None)
