"""Ranking: which of many tunes of one model is worth hearing first, and why. Knows no page, and no ear.

Four questions, each answered in [0, 1] with a sentence; the score is their mean. It is a guess: what real tunes are
like, as far as it can be counted, is all that it asks. Which real tunes, evaluate/usual_ranges.py says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from charlstm.evaluate.originality import Originality
from charlstm.evaluate.usual_ranges import UsualRanges, new_bar_nats, returning_bars
from charlstm.lm.sample.sampling import Sample
from charlstm.tunes.abc import split_header
from charlstm.tunes.keys import parse_key
from charlstm.tunes.views.bar_numbers import printed_bars
from charlstm.tunes.views.melody import melody_notes

Question = Literal["likely", "form", "ending", "new"]
ANY = UsualRanges()
LEAST_WIDTH = 0.01  # nats per character: of real tunes that are all alike


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
    usual: UsualRanges = ANY,
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
    usual : UsualRanges
        What real tunes are like. Where it knows no nats, "likely" is not asked.
    originality : Originality, optional
        What it shares with the training tunes. Without it "new" is not asked.
    form_given : bool
        Whether its bars return where somebody wanted them to. Then "form" is not asked.
    """
    answers: list[tuple[Question, Answer]] = []
    if usual.nats is not None:
        answers.append(("likely", _likely(nats, *usual.nats)))
    if not form_given:
        answers.append(("form", _form(text, usual)))
    answers.append(("ending", _ending(text, ended)))
    if originality is not None:
        answers.append(("new", _new(originality)))
    return TuneScore(tuple(answers))


def score_sample(
    sample: Sample,
    *,
    usual: UsualRanges = ANY,
    originality: Originality | None = None,
    form_given: bool = False,
) -> TuneScore:
    """Score a tune that a model wrote, with what it says of itself; as `score_tune`."""
    return score_tune(
        sample.text,
        new_nats(sample),
        ended=sample.stopped == "end",
        usual=usual,
        originality=originality,
        form_given=form_given,
    )


def new_nats(sample: Sample) -> float:
    """`new_bar_nats` of a tune that a model wrote."""
    nats = -sample.log_probs
    return new_bar_nats(sample.text, nats[:-1] if sample.stopped == "end" else nats)


def ranked(scores: Sequence[TuneScore], by: Question | None = None) -> list[int]:
    """The places of the scores, the best first, by the total or one question; of equals the earlier one first."""

    def rank(place: int) -> tuple[float, float]:
        score = scores[place]
        return -(score.total if by is None else score.value(by)), -score.total

    return sorted(range(len(scores)), key=rank)


def _likely(nats: float, low: float, middle: float, high: float) -> Answer:
    # 1 for the median real tune, 1/2 at the ends of the range of most, and nowhere level: two are hardly ever equal.
    beyond = nats - middle
    beyond /= max(middle - low if beyond < 0 else high - middle, LEAST_WIDTH)
    value = 1 / (1 + beyond**2)
    if beyond < -1:
        return Answer(value, "Plainer than real tunes: the model was surer of it.")
    if beyond > 1:
        return Answer(value, "Stranger than real tunes: the model was less sure of it.")
    return Answer(value, "As surprising as real tunes.")


def _form(text: str, usual: UsualRanges) -> Answer:
    returning, count = returning_bars(text)
    if not count:
        return Answer(0.0, "It has no bars.")
    share, (fewest, most) = returning / count, usual.returning
    value = min(share / fewest if fewest else 1.0, (1 - share) / (1 - most) if most < 1 else 1.0, 1.0)
    words = f"{returning} of {count} bars are repeated."
    if count < usual.least_bars:
        return Answer(value / 2, f"Short: {count} {'bar' if count == 1 else 'bars'}.")
    return Answer(value, words if returning else "No bar is repeated.")


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
