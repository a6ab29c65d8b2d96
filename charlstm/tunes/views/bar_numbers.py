"""The numbers of bars as scores print them: a pickup has none of its own, and halves of a bar are one bar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from charlstm.errors import NotationError
from charlstm.tunes.parse.events import Measure
from charlstm.tunes.parse.reader import read
from charlstm.tunes.views.bars import Bar, bars, misfits


def bar_numbers(measures: Sequence[Measure]) -> list[int]:
    """The number of each measure of a voice, from 1; a pickup has that of the measure before it, 0 at the beginning."""
    numbers: list[int] = []
    number = 0
    for previous, measure in zip([None, *measures], measures, strict=False):
        number += not (measure.pickup or (previous is not None and _goes_on(previous, measure)))
        numbers.append(number)
    return numbers


@dataclass(frozen=True)
class PrintedBars:
    """The bars of a tune as `views.bars.bars` gives them, and the number of each in the score."""

    bars: tuple[Bar, ...]
    numbers: tuple[int, ...]

    @property
    def lowest(self) -> int:
        """The first number: 0 where the tune begins with a pickup."""
        return min(self.numbers, default=0)

    @property
    def highest(self) -> int:
        """The last number; 0 where there is no bar."""
        return max(self.numbers, default=0)

    def up_to(self, number: int) -> int:
        """How many bars there are up to the one of this number, that one counted in."""
        if number >= self.highest:
            return len(self.bars)
        return next(index for index, other in enumerate(self.numbers) if other > number)

    def between(self, first: int, last: int) -> tuple[int, int]:
        """The indices of the first and the last of the bars from one number to another, in the first voice."""
        start = next(index for index, number in enumerate(self.numbers) if number >= first)
        end = start
        while end + 1 < len(self.numbers) and self.numbers[end] <= self.numbers[end + 1] <= last:
            end += 1
        return start, end

    def touched(self, start: int, end: int) -> tuple[int, int] | None:
        """The lowest and the highest number of the bars that some characters of the text touch; None: of none."""
        pairs = zip(self.bars, self.numbers, strict=True)
        numbers = [number for bar, number in pairs if bar.start < end and start < bar.end]
        return (min(numbers), max(numbers)) if numbers else None

    def complete(self) -> tuple[int, int]:
        """How many of the numbered bars fill their meter, and how many there are; a pickup is not counted."""
        wrong = {self.numbers[index] for index in misfits(self.bars)}
        numbers = set(self.numbers) - ({0} - wrong)
        return len(numbers - wrong), len(numbers)


def printed_bars(text: str) -> PrintedBars:
    """The bars of a tune with their numbers in the score; of a text that is not music, counted from 1."""
    tune_bars = bars(text)
    try:
        voices = read(text).voices
    except NotationError:
        voices = ()
    spans = [
        (measure.start, measure.end, number)
        for voice in voices
        for measure, number in zip(voice.measures, bar_numbers(voice.measures), strict=True)
    ]
    numbers: list[int] = []
    for bar in tune_bars:
        following = numbers[-1] + 1 if numbers else 1
        numbers.append(next((number for start, end, number in spans if start <= bar.start < end), following))
    return PrintedBars(tuple(tune_bars), tuple(numbers))


def _goes_on(previous: Measure, measure: Measure) -> bool:
    """Whether a short measure behind a repeat sign or a double bar is a pickup, or the other half of the one before.

    A variant ending is neither.
    """
    expected = measure.expected
    if expected is None or not previous.right.closes or previous.pickup or measure.ending:
        return False
    leads_on = not measure.right.closes or (measure.right.begins > 0 and not measure.right.ends)
    is_pickup = leads_on and 0 < measure.duration < expected
    return is_pickup or 0 < previous.duration <= expected - measure.duration
