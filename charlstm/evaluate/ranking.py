"""Ranking: which of many tunes of one model is worth hearing first, and why. Knows no page, and no ear.

Four questions, each answered in [0, 1] with a sentence; the score is their mean. It is a guess: what real tunes are
like, as far as it can be counted, is all that it asks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from charlstm.evaluate.originality import Originality
from charlstm.lm.sample.sampling import Sample
from charlstm.tunes.abc import split_header
from charlstm.tunes.keys import parse_key
from charlstm.tunes.views.bar_numbers import printed_bars
from charlstm.tunes.views.bars import LEAST_BARS
from charlstm.tunes.views.melody import melody_notes

Question = Literal["likely", "form", "ending", "new"]
# Nine in ten held-out real tunes are as likely as the mean one, within these nats per character: measured on the five
# shipped models, whose means go from 0.94 to 1.39 (docs/lab-log.md, 2026-11-26).
BELOW, ABOVE = 0.27, 0.35
FADE = 0.5  # nats per character beyond that range at which nothing is left
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
    usual_nats: float | None = None,
    originality: Originality | None = None,
) -> TuneScore:
    """Score a tune.

    Parameters
    ----------
    text : str
        The tune as ABC.
    nats : float
        Its mean surprisal per character under the model that wrote it.
    ended : bool
        Whether the model ended it.
    usual_nats : float, optional
        The same of real tunes that the model has not seen: its validation loss. Without it "likely" is not asked.
    originality : Originality, optional
        What it shares with the training tunes. Without it "new" is not asked.
    """
    answers: list[tuple[Question, Answer]] = []
    if usual_nats is not None:
        answers.append(("likely", _likely(nats, usual_nats)))
    answers += [("form", _form(text)), ("ending", _ending(text, ended))]
    if originality is not None:
        answers.append(("new", _new(originality)))
    return TuneScore(tuple(answers))


def score_sample(
    sample: Sample, *, usual_nats: float | None = None, originality: Originality | None = None
) -> TuneScore:
    """Score a tune that a model wrote, with what it says of itself; as `score_tune`."""
    nats = -float(sample.log_probs.mean()) if len(sample.log_probs) else 0.0
    return score_tune(sample.text, nats, ended=sample.stopped == "end", usual_nats=usual_nats, originality=originality)


def ranked(scores: Sequence[TuneScore], by: Question | None = None) -> list[int]:
    """The places of the scores, the best first, by the total or one question; of equals the earlier one first."""

    def rank(place: int) -> tuple[float, float]:
        score = scores[place]
        return -(score.total if by is None else score.value(by)), -score.total

    return sorted(range(len(scores)), key=rank)


def _likely(nats: float, usual: float) -> Answer:
    low, high = usual - BELOW, usual + ABOVE
    beyond = max(low - nats, nats - high, 0.0)
    value = max(1 - beyond / FADE, 0.0)
    if nats < low:
        return Answer(value, "Plainer than real tunes: the model was surer of it.")
    if nats > high:
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
