"""A tune as it is heard: every note in playing order, with the characters and the note head it comes from.

One list drives MIDI, the player's cursor and the heatmap alike. Times are quarter notes from the beginning, whatever
the tempo; a `Clock` makes seconds of them. Repeats and endings are played out by `tunes/views/form.py`, bounded. Knows
no music21 and no pages.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from charlstm.score import ornaments as played
from charlstm.tunes.keys import Key
from charlstm.tunes.parse.events import Event, Head, Measure, Reading, Voice
from charlstm.tunes.parse.reader import read
from charlstm.tunes.views.bar_numbers import bar_numbers
from charlstm.tunes.views.form import play_order

if TYPE_CHECKING:
    from charlstm.score.swing import Swing

GRACE = Fraction(1, 32)  # whole notes; a group takes at most half of the note it stands before
MAX_QUARTERS = 4096.0  # of a tune played out; more is not a tune
USUAL_QPM = 120.0  # quarter notes per minute where nothing says it
SLOWEST, FASTEST = 4.0, 4000.0  # quarter notes per minute that a MIDI file can hold


@dataclass(frozen=True, slots=True)
class Sounding:
    """One note head, sounding: `goes_on` is a tie's second head, which lengthens a note and attacks none."""

    id: str  # of the note on the page: "e" and the offset of its first character
    start: int  # characters of the text
    end: int
    onset: float  # quarter notes
    duration: float
    pitch: int  # MIDI note number
    measure: int  # index of the written measure
    turn: int  # 1 the first time this measure is heard, 2 the second
    voice: int = 0
    grace: bool = False
    goes_on: bool = False
    velocity: float = 1.0  # as a multiple of the usual loudness
    gate: float = 1.0  # the part of its duration that it sounds: less in staccato


def timeline(tune: Reading | str, *, ornaments: bool = False) -> tuple[Sounding, ...]:
    """The tune played out, ordered by onset.

    Parameters
    ----------
    tune : Reading or str
        What `tunes.parse.reader.read` returned, or the ABC text itself.
    ornaments : bool
        Whether rolls, trills and the like are played as small notes, which keep the id and the characters of the note
        they decorate, and staccato and accents are heard. Without them each note is as it is written.

    Returns
    -------
    tuple of Sounding
        Rests have none. Grace notes are short and begin on the beat, shortening the note they stand before.

    Raises
    ------
    NotationError
        If a text has no music in it.
    """
    reading = read(tune) if isinstance(tune, str) else tune
    soundings: list[Sounding] = []
    for number, voice in enumerate(reading.voices):
        qpm = (reading.qpm or USUAL_QPM) if ornaments else None
        soundings += _voice(voice.measures, _order(reading, voice), number, qpm)
    return tuple(sorted(soundings, key=lambda s: (s.onset, s.voice, not s.grace, s.pitch)))


@dataclass(frozen=True, slots=True)
class Clock:
    """The tempos of a tune played out: from when each of them counts, and the seconds of any moment."""

    starts: tuple[float, ...]  # quarter notes as they are heard, rising; the first is 0
    qpms: tuple[float, ...]  # quarter notes per minute from there on
    at: tuple[float, ...]  # seconds of `starts`
    swing: Swing | None = None

    def heard(self, quarters: float) -> float:
        """When a moment of the timeline is heard, in quarter notes: where it is, but for the swing."""
        return quarters if self.swing is None else self.swing(quarters)

    def seconds(self, quarters: float) -> float:
        """When a moment of the timeline is heard, in seconds."""
        return self.elapsed(self.heard(quarters))

    def elapsed(self, quarters: float) -> float:
        """The seconds of a moment in quarter notes as they are heard, swing counted in."""
        index = max(0, bisect_right(self.starts, quarters) - 1)
        return self.at[index] + (quarters - self.starts[index]) * 60 / self.qpms[index]


def clock(reading: Reading, qpm: float | None = None, swing: Swing | None = None) -> Clock:
    """The clock of a tune: its Q: fields, where they stand.

    Parameters
    ----------
    reading : Reading
        Its first voice says when a tempo changes. A measure that is played again has its own tempo again.
    qpm : float, optional
        Quarter notes per minute to begin with; later tempos change in proportion. Without it the tune's own, else 120.
    swing : Swing, optional
        Of `swing.swing_of`.
    """
    own = reading.qpm or USUAL_QPM
    factor = 1.0 if qpm is None else qpm / own
    tempos = [(Fraction(0), own), *((tempo.onset, tempo.qpm) for tempo in reading.tempos if tempo.onset)]
    onsets = [onset for onset, _ in tempos]
    starts, qpms, at = [0.0], [_playable(own * factor)], [0.0]
    for time, index in played_measures(reading) if len(tempos) > 1 else ():
        measure = reading.measures[index]
        # The tempo that counts where the measure begins, and those that stand in it.
        for onset, value in tempos[bisect_right(onsets, measure.onset) - 1 :]:
            if onset > measure.onset and onset >= measure.onset + measure.duration:
                break
            start = float(time + max(Fraction(0), onset - measure.onset)) * 4
            start = start if swing is None else swing(start)
            if (playable := _playable(value * factor)) != qpms[-1]:
                at.append(at[-1] + (start - starts[-1]) * 60 / qpms[-1])
                starts.append(start)
                qpms.append(playable)
    return Clock(tuple(starts), tuple(qpms), tuple(at), swing)


def played_measures(reading: Reading, voice: Voice | None = None) -> Iterator[tuple[Fraction, int]]:
    """When each measure of a voice, the first without one, is heard, in whole notes, and its index; up to
    MAX_QUARTERS."""
    time = Fraction(0)
    voice = voice or reading.voices[0]
    for index in _order(reading, voice):
        if time * 4 > MAX_QUARTERS:
            return
        yield time, index
        time += voice.measures[index].duration


class HeardBar(NamedTuple):
    """A bar as it is heard, in whole notes: a measure, or two short ones that complete each other over a repeat."""

    onset: Fraction
    length: Fraction
    measure: Measure  # its first

    @property
    def is_full(self) -> bool:
        """Whether it is as long as its meter says, or no meter says anything."""
        return self.measure.expected in (None, self.length)


def heard_bars(reading: Reading) -> list[HeardBar]:
    """The bars of the first voice, repeats played out; a pickup at the beginning is a short one of its own."""
    bars: list[HeardBar] = []
    for time, index in played_measures(reading):
        measure = reading.measures[index]
        expected = measure.expected
        if len(bars) > 1 and expected and not bars[-1].is_full and measure.duration < expected:
            length = bars[-1].length + measure.duration
            if length <= expected and bars[-1].measure.meter == measure.meter:
                bars[-1] = bars[-1]._replace(length=length)
                continue
        if measure.duration:
            bars.append(HeardBar(time, measure.duration, measure))
    return bars


def bar_starts(reading: Reading) -> list[tuple[float, int]]:
    """When each bar of the first voice begins, in quarter notes, as it is heard, and its number as it is printed.

    A pickup, and the second half of a bar that a repeat sign parts, have the number of the bar they belong to; 0 is a
    pickup at the beginning.
    """
    numbers = bar_numbers(reading.measures)
    return [(float(time) * 4, numbers[index]) for time, index in played_measures(reading)]


def _playable(qpm: float) -> float:
    return min(FASTEST, max(SLOWEST, qpm))


def attacks(soundings: Sequence[Sounding]) -> list[tuple[float, float, int, int]]:
    """The notes that are struck: (onset, duration, pitch, voice), ties joined, in quarter notes."""
    return [(note.onset, note.duration, note.pitch, note.voice) for note in joined(soundings)]


def joined(soundings: Sequence[Sounding]) -> list[Sounding]:
    """The notes that are struck: those that a tie goes on with are part of the one before them, and last as long."""
    struck: list[Sounding] = []
    open_notes: dict[tuple[int, int], int] = {}  # places in `struck`
    for sounding in soundings:
        place = open_notes.get((sounding.voice, sounding.pitch))
        if sounding.goes_on and place is not None:
            held = struck[place]
            if abs(held.onset + held.duration - sounding.onset) < 1e-6:
                struck[place] = replace(held, duration=sounding.onset + sounding.duration - held.onset)
                continue
        open_notes[sounding.voice, sounding.pitch] = len(struck)
        struck.append(sounding)
    return struck


def _order(reading: Reading, voice: Voice) -> tuple[int, ...]:
    """Which measures of a voice are heard; one without a repeat sign of its own repeats with the first voice."""
    plain = not any(m.left.begins or m.right.ends or m.ending or m.marks or m.part for m in voice.measures)
    leading = reading.measures if plain and len(reading.measures) == len(voice.measures) else voice.measures
    return play_order(leading, reading.get("P"))


def _voice(measures: Sequence[Measure], order: Sequence[int], number: int, qpm: float | None) -> Iterator[Sounding]:
    """The soundings of a voice whose measures are heard in this order; ornaments at this tempo, None: none."""
    time = Fraction(0)
    turns: Counter[int] = Counter()
    tied: frozenset[int] = frozenset()  # pitches that the last event ties to the next
    for index in order:
        measure = measures[index]
        if time and float(time + measure.duration) * 4 > MAX_QUARTERS:
            return
        turns[index] += 1
        for layer, events in enumerate((measure.events, *measure.overlays)):
            onset, held = time, tied if layer == 0 else frozenset()
            for event in events:
                soundings = _event(event, onset, held, index, turns[index], number)
                yield from soundings if qpm is None else _ornamented(event, soundings, measure.key, qpm)
                onset += event.duration
                held = frozenset(head.midi for head in event.heads if head.tie)
            if layer == 0:
                tied = held
        time += measure.duration


def _event(
    event: Event, onset: Fraction, held: frozenset[int], measure: int, turn: int, voice: int
) -> Iterator[Sounding]:
    """The graces and heads of an event; `held` are the pitches that are tied to it."""

    def sounding(head: Head, onset: Fraction, duration: Fraction, *, grace: bool, goes_on: bool) -> Sounding:
        start, length, name = float(onset * 4), float(duration * 4), f"e{head.start}"
        pitch = max(0, min(127, head.midi + event.transpose))
        return Sounding(name, head.start, head.end, start, length, pitch, measure, turn, voice, grace, goes_on)

    if not event.heads:
        return
    graces = min(GRACE, event.duration / 2 / len(event.graces)) if event.graces else Fraction(0)
    for head in event.graces:
        yield sounding(head, onset, graces, grace=True, goes_on=False)
        onset += graces
    duration = event.duration - graces * len(event.graces)
    for head in {head.midi: head for head in reversed(event.heads)}.values():  # a unison sounds once: its first head
        yield sounding(head, onset, duration, grace=False, goes_on=head.midi in held)


def _ornamented(event: Event, soundings: Iterator[Sounding], key: Key | None, qpm: float) -> Iterator[Sounding]:
    """The soundings of an event as its decorations say: of a chord the highest note has the ornament."""
    gate, velocity = played.gate(event.decorations), played.velocity(event.decorations)
    top = max(event.heads, key=lambda head: head.midi, default=None)
    for sounding in soundings:
        if sounding.grace or not event.decorations:
            yield sounding
            continue
        is_tied = sounding.goes_on or any(head.tie for head in event.heads if head.start == sounding.start)
        sounding = replace(sounding, velocity=velocity, gate=1.0 if is_tied else gate)
        has_ornament = top is not None and sounding.start == top.start and not sounding.goes_on
        if top is None or not has_ornament or not played.ORNAMENTS & set(event.decorations):
            yield sounding
            continue
        duration = Fraction(sounding.duration / 4).limit_denominator(40320)
        for piece in played.ornament(event.decorations, duration, qpm):
            yield replace(
                sounding, onset=sounding.onset + float(piece.onset * 4), duration=float(piece.duration * 4),
                pitch=max(0, min(127, played.moved(top, key, piece.steps) + event.transpose)),
            )  # fmt: skip
