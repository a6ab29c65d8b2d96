"""A melody cut into the steps at which its chords may change: half bars, whole ones in triple time. Knows no chords."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from charlstm.tunes.abc import is_compound
from charlstm.tunes.keys import Key
from charlstm.tunes.parse.events import Event, Measure, Reading

ON_STEP, ON_BEAT, OFF_BEAT = 1.6, 1.2, 0.8  # how much more a note says of its chord where it begins
PHRASE = 4  # bars


@dataclass
class Step:
    """A part of a bar in which one chord sounds.

    Attributes
    ----------
    event : Event or None
        The note or rest that begins with it; None where one is held into it, and no chord can change.
    key : Key or None
        Of its measure.
    onset : Fraction
        When it begins, in whole notes, in the written order.
    weights : dict of int to float
        Pitch class -> how much its notes say: their eighths, times how strong the beats are that they begin on.
    begins_bar, begins_section, ends_section, ends_phrase : bool
        Its place. A section begins and ends at repeat signs, double bars, variant endings and parts.
    begins_line : bool
        Whether it is the first of a line of text.
    """

    event: Event | None
    key: Key | None
    onset: Fraction  # whole notes, in written order
    weights: dict[int, float] = field(default_factory=dict)
    begins_bar: bool = False
    begins_section: bool = False
    ends_section: bool = False
    ends_phrase: bool = False
    begins_line: bool = False


def step_length(meter: str | None, bar: Fraction) -> Fraction:
    """How long a chord lasts at least, in whole notes: half a bar, a beat in 9/8, a bar in 3/4, 5/4 and the like."""
    count = sum(int(number) for number in re.findall(r"\d+", (meter or "").rpartition("/")[0]))
    if (meter or "").strip() in ("C", "C|"):
        return bar / 2
    if is_compound(meter):
        return bar / 2 if count % 6 == 0 else bar * 3 / count
    return bar / 2 if count and count % 2 == 0 else bar


def steps_of(reading: Reading) -> list[Step]:
    """The steps of the first voice, in written order. A pickup at the beginning, or of a section, has none."""
    steps: list[Step] = []
    measures = reading.measures
    passed = Fraction(0)  # of the bar that the measure before left incomplete
    bars = 0  # of the section
    starts_section = starts_line = True
    for index, measure in enumerate(measures):
        bar = measure.expected or measure.duration
        at = passed if passed and passed + measure.duration <= bar else Fraction(0)
        passed = at + measure.duration if at + measure.duration < bar else Fraction(0)
        starts_section = starts_section or _begins_section(measure)
        starts_line = starts_line or (index > 0 and measures[index - 1].line_end)
        length = step_length(measure.meter, bar)
        is_pickup = measure.pickup or (
            measure.duration < bar and (at > 0 or starts_section) and measure.duration < length
        )
        made = [] if is_pickup or not bar else _steps_in(measure, at, length, bar)
        if made:
            made[0].begins_section, made[0].begins_line = starts_section, starts_line
            bars = 1 if starts_section else bars + made[0].begins_bar
            made[-1].ends_phrase = bars % PHRASE == 0
            starts_section = starts_line = False
            steps += made
        following = measures[index + 1] if index + 1 < len(measures) else None
        if steps and (following is None or measure.right.closes or _begins_section(following)):
            steps[-1].ends_section = True
            starts_section = True
    return steps


def _begins_section(measure: Measure) -> bool:
    return bool(measure.left.closes or measure.ending or measure.part)


def _steps_in(measure: Measure, at: Fraction, length: Fraction, bar: Fraction) -> list[Step]:
    """The steps that begin in a measure, of which so much of a bar is over where it begins."""
    steps: list[Step] = []
    count = -(-(at + measure.duration) // length)
    for number in range(at // length, count):
        start, end = number * length - at, (number + 1) * length - at
        first = next((e for e in measure.events if e.onset - measure.onset == max(start, Fraction(0))), None)
        step = Step(first, measure.key, measure.onset + max(start, Fraction(0)), begins_bar=number * length % bar == 0)
        for event in measure.events:
            _weigh(event, event.onset - measure.onset, start, end, length, step.weights)
        steps.append(step)
    return steps


def _weigh(
    event: Event, onset: Fraction, start: Fraction, end: Fraction, length: Fraction, weights: dict[int, float]
) -> None:
    """Add what an event that begins then says of the chord between two moments."""
    overlap = min(end, onset + event.duration) - max(start, onset)
    if overlap <= 0 or not event.heads:
        return
    beat = length / 2 if length.numerator % 3 else length / 3
    place = onset - start
    strength = ON_STEP if place <= 0 else ON_BEAT if place % beat == 0 else OFF_BEAT
    for head in event.heads:
        pitch = (head.midi + event.transpose) % 12
        weights[pitch] = weights.get(pitch, 0.0) + float(overlap * 8) * strength / len(event.heads)


def total(steps: Sequence[Step]) -> dict[int, float]:
    """Pitch class -> weight in all steps."""
    weights: dict[int, float] = {}
    for step in steps:
        for pitch, weight in step.weights.items():
            weights[pitch] = weights.get(pitch, 0.0) + weight
    return weights
