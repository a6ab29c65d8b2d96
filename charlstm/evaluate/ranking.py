"""Ranking: which of many tunes of one model is worth hearing first, and why. Knows no page, and no ear.

Four questions, each answered in [0, 1] with a sentence; the score is their mean. It is a guess: what real tunes are
like, as far as it can be counted, is all that it asks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from charlstm.evaluate.originality import Originality
from charlstm.lm.sample.sampling import Sample
from charlstm.tunes.abc import split_header
from charlstm.tunes.keys import parse_key
from charlstm.tunes.views.bar_numbers import printed_bars
from charlstm.tunes.views.bars import LEAST_BARS, bars
from charlstm.tunes.views.melody import melody_notes

Question = Literal["likely", "form", "ending", "new"]
# A bar that returns is no surprise, however plain or strange the tune: only bars that are new are measured. Those of
# the median real tune have USUAL nats per character more than the model's validation loss, those of nine tunes in ten
# at most BELOW fewer or ABOVE more than that: held-out tunes under six models (docs/lab-log.md, 2026-11-26).
USUAL, BELOW, ABOVE = 0.2, 0.28, 0.4
# The share of bars that occur again: the middle of the real tunes, from the 25th to the 90th in a hundred.
FEWEST_RETURNING, MOST_RETURNING = 0.24, 0.75


class Answer(NamedTuple):
    """What one question comes to: a value in [0, 1], and a sentence."""

    value: float
    words: str


@dataclass(frozen=True)
class TuneScore:
    """How a tune stands among others.

    Attributes
    ----------
    answers : sequence of (question, Answer)
        Only of what could be asked.
    """

    answers: Sequence[tuple[Question, Answer]]

    @property
    def total(self) -> float:
        """The mean of the answers, in [0, 1]."""
        return sum(answer.value for _, answer in self.answers) / len(self.answers)

    @property
    def words(self) -> list[str]:
        """The sentences, one an answer."""
        return [answer.words for _, answer in self.answers]

    def value(self, question: Question) -> float:
        """One answer; 0 where it could not be asked."""
        return next((answer.value for name, answer in self.answers if name == question), 0.0)


def score_tune(
    text: str,
    nats: float,
    *,
    ended: bool = True,
    validation_loss: float | None = None,
    originality: Originality | None = None,
    form_given: bool = False,
) -> TuneScore:
    """Score a tune.

    Parameters
    ----------
    text : str
        The tune as ABC.
    nats : float
        The mean surprisal per character of the bars that are new in it, under the model that wrote it.
    ended : bool
        Whether the model ended it.
    validation_loss : float, optional
        Of the model, in nats per character: what it makes of real tunes. Without it "likely" is not asked.
    originality : Originality, optional
        What it shares with the training tunes. Without it "new" is not asked.
    form_given : bool
        Whether its bars return where somebody wanted them to. Then "form" is not asked.
    """
    answers: list[tuple[Question, Answer]] = []
    if validation_loss is not None:
        answers.append(("likely", _likely(nats, validation_loss)))
    if not form_given:
        answers.append(("form", _form(text)))
    answers.append(("ending", _ending(text, ended)))
    if originality is not None:
        answers.append(("new", _new(originality)))
    return TuneScore(tuple(answers))


def score_sample(
    sample: Sample,
    *,
    validation_loss: float | None = None,
    originality: Originality | None = None,
    form_given: bool = False,
) -> TuneScore:
    """Score a tune that a model wrote, with what it says of itself; as `score_tune`."""
    return score_tune(
        sample.text,
        new_nats(sample),
        ended=sample.stopped == "end",
        validation_loss=validation_loss,
        originality=originality,
        form_given=form_given,
    )


def new_nats(sample: Sample) -> float:
    """The mean surprisal per character of the bars that occur for the first time; of a text without any, of all."""
    nats = -sample.log_probs
    if not len(nats):
        return 0.0
    drawn = nats[:-1] if sample.stopped == "end" else nats  # of the text's last characters
    new = np.zeros(len(sample.text), dtype=bool)
    seen: set[str] = set()
    for bar in bars(sample.text):
        music = "".join(sample.text[bar.start : bar.end].split())
        new[bar.start : bar.end] = music not in seen
        seen.add(music)
    of_new = drawn[new[len(new) - len(drawn) :]]
    return float(of_new.mean() if len(of_new) else nats.mean())


def ranked(scores: Sequence[TuneScore], by: Question | None = None) -> list[int]:
    """The places of the scores, the best first, by the total or one question; of equals the earlier one first."""

    def rank(place: int) -> tuple[float, float]:
        score = scores[place]
        return -(score.total if by is None else score.value(by)), -score.total

    return sorted(range(len(scores)), key=rank)


def _likely(nats: float, validation_loss: float) -> Answer:
    # 1 for the median real tune, 1/2 at the ends of the range of most, and nowhere level: two are hardly ever equal.
    beyond = nats - validation_loss - USUAL
    beyond /= BELOW if beyond < 0 else ABOVE
    value = 1 / (1 + beyond**2)
    if beyond < -1:
        return Answer(value, "Plainer than real tunes: the model was surer of it.")
    if beyond > 1:
        return Answer(value, "Stranger than real tunes: the model was less sure of it.")
    return Answer(value, "As surprising as real tunes.")


def _form(text: str) -> Answer:
    printed = printed_bars(text)
    by_number: dict[int, str] = {}  # as the score counts them: a bar in two halves is one, a pickup none
    for bar, number in zip(printed.bars, printed.numbers, strict=True):
        by_number[number] = by_number.get(number, "") + "".join(text[bar.start : bar.end].split())
    music = [notes for number, notes in by_number.items() if number]
    if not music:
        return Answer(0.0, "It has no bars.")
    returning = sum(count for count in Counter(music).values() if count > 1)
    share = returning / len(music)
    value = min(share / FEWEST_RETURNING, (1 - share) / (1 - MOST_RETURNING), 1.0)
    words = f"{returning} of {len(music)} bars return."
    if len(music) < LEAST_BARS:
        return Answer(value / 2, f"Short: {len(music)} {'bar' if len(music) == 1 else 'bars'}.")
    return Answer(value, words if returning else "No bar returns.")


def _ending(text: str, ended: bool) -> Answer:
    pitches = [note.pitch for note in melody_notes(text)]
    key = parse_key(split_header(text).get("K"))
    is_home = bool(pitches) and key is not None and pitches[-1] % 12 == key.semitone
    complete, count = printed_bars(text).complete()
    faults = [
        *([] if ended else ["It was cut off."]),
        *([] if complete == count else [f"{count - complete} of {count} bars do not fill."]),
        *([] if is_home else ["It does not end on the tonic."]),
    ]
    return Answer(1 - len(faults) / 3, " ".join(faults) or "It ends on the tonic.")


def _new(found: Originality) -> Answer:
    if not found.longest_run:
        return Answer(1.0, "It shares nothing with a training tune.")
    run = f"{found.longest_run} notes in a row"
    if found.is_unusual:
        value = max(2 - found.longest_run / found.usual_run, 0.0)
        return Answer(value, f"It shares {run} with “{found.title}”, more than real tunes do.")
    return Answer(1.0, f"At most {run} are in a training tune, as in real tunes.")
