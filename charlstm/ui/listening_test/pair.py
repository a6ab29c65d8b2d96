"""Two tunes for the listening test, without names: drawn, made alike in length and meter, in an order by chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from charlstm.errors import CharlstmError, ConfigError
from charlstm.evaluate.blind_test import Shape, alike, anonymous, is_presentable, shape
from charlstm.library.votes import FIRST, SECOND
from charlstm.lm.config import SampleConfig
from charlstm.lm.infer.engine import Engine
from charlstm.lm.sample.sampling import Sample, sample
from charlstm.tunes.abc import split_header

DRAWN = 8  # tunes of a model, of which one is played
MAX_SEED = 10**6
REAL = "real tunes"


@dataclass(frozen=True)
class Writer:
    """A model with a temperature."""

    engine: Engine
    name: str
    temperature: float

    @property
    def label(self) -> str:
        """What votes call it."""
        return f"{self.name}, T = {self.temperature:g}"


@dataclass(frozen=True)
class RealTunes:
    """Tunes that no model learned from, and their shapes."""

    corpus: str
    texts: Sequence[str]
    shapes: Sequence[Shape]


@dataclass(frozen=True)
class Candidate:
    """A tune of a pair: its text without names, who it is by, which of theirs it is, and its title."""

    text: str
    by: str
    id: str
    title: str


@dataclass(frozen=True)
class Pair:
    """Two tunes in the order in which they are played.

    Attributes
    ----------
    key : tuple
        The settings that it was made for.
    asked : str
        Which of the two is to be recognized, by its `by`.
    question : str
    """

    key: tuple[object, ...]
    first: Candidate
    second: Candidate
    asked: str
    question: str

    def place(self, by: str) -> str:
        """FIRST or SECOND: where the tune by somebody stands."""
        return FIRST if self.first.by == by else SECOND


def make_pair(key: tuple[object, ...], writer: Writer, other: Writer | RealTunes, seed: int) -> Pair:
    """A pair of a model's tune and a real one, or one of another model or temperature.

    Of a few tunes of a model those are taken that are complete; the second tune has the first one's meter and about
    its length. Raises CharlstmError where a model cannot write.
    """
    rng = np.random.default_rng(seed)
    one = _written(writer, int(rng.integers(MAX_SEED)))[0]
    wanted = shape(one.text)
    if isinstance(other, RealTunes):
        place = alike(wanted, other.shapes, rng)
        text = other.texts[place]
        two = Candidate(anonymous(text), REAL, f"{other.corpus} {place}", split_header(text).get("T") or "")
        asked, question = REAL, "Which one is real?"
    else:
        others = _written(other, int(rng.integers(MAX_SEED)))
        two = others[alike(wanted, [shape(each.text) for each in others], rng)]
        if writer.name == other.name:
            asked = max(writer, other, key=lambda each: each.temperature).label
            question = "Which one was written at the higher temperature?"
        else:
            asked, question = writer.label, f"Which one is by {writer.name}?"
    first, second = (one, two) if rng.random() < 0.5 else (two, one)
    return Pair(key, first, second, asked, question)


def _written(writer: Writer, seed: int) -> list[Candidate]:
    """Complete tunes of a model, the first seeds first; where none is complete, all of them."""
    samples = _samples(writer, seed)
    good = [one for one in samples if one.stopped == "end" and is_presentable(one.text)] or samples
    candidates = []
    for one in good:
        title = split_header(one.text).get("T") or ""
        candidates.append(Candidate(anonymous(one.text), writer.label, f"seed {one.seed}", title))
    return candidates


def _samples(writer: Writer, seed: int) -> list[Sample]:
    """Some tunes of a model, guarded where it knows the characters for that."""
    for guard in (True, False):
        try:
            return sample(writer.engine, SampleConfig(temperature=writer.temperature, guard=guard), n=DRAWN, seed=seed)
        except ConfigError:
            if not guard:
                raise
    raise CharlstmError("this model cannot write a tune.")  # not reached
