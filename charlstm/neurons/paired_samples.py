"""Paired samples: tunes written with and without an intervention, from the same random numbers, and what changed.

Tune A is the network's own; tune B is the changed network's, of the same seed: each symbol of both is sampled with the
same numbers in turn, so where the two networks agree on what comes next they write the same (common random numbers).
Once the texts differ, the numbers meet other symbols; the pairs stay comparable in the mean.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise
from types import MappingProxyType

import numpy as np

from charlstm.lm.config import SampleConfig
from charlstm.lm.infer.engine import Engine
from charlstm.lm.sample.sampling import Sample, resample
from charlstm.neurons.bootstrap import bootstrap
from charlstm.neurons.concepts.layout import layout
from charlstm.tunes.abc import body_tokens, split_header
from charlstm.tunes.views.bars import misfits

RESAMPLES = 2000
Spans = tuple[tuple[int, int], ...]

# name -> what it is, with its unit; in the order of the table
MEASURES: Mapping[str, str] = MappingProxyType(
    {
        "rests": "rests a tune",
        "tuplets": "tuplets a tune",
        "range": "semitones from the lowest note to the highest",
        "length": "characters a tune",
        "bars": "bars a tune",
        "bars filled": "share of bars that fill their meter",
        "ended": "share of tunes that end by themselves",
    }
)


def measures(text: str, *, ended: bool) -> dict[str, float]:
    """One number for each of MEASURES of a tune; what a tune without notes or bars cannot have is 0.

    rests, tuplets, bars   how many, in the body
    range                  highest less lowest note in semitones
    length                 characters, header included
    bars filled            share of bars whose duration is the meter's, pickups with what completes them
    """
    laid = layout(text)
    tokens, bars = laid.tokens, [numbered.bar for numbered in laid.bars]
    pitches = [note.pitch for note in laid.notes]
    return {
        "rests": float(sum(token.kind == "rest" for token in tokens)),
        "tuplets": float(sum(token.kind == "tuplet" for token in tokens)),
        "range": float(max(pitches) - min(pitches)) if pitches else 0.0,
        "length": float(len(text)),
        "bars": float(len(bars)),
        "bars filled": 1 - len(misfits(bars)) / len(bars) if bars else 0.0,
        "ended": float(ended),
    }


@dataclass(frozen=True)
class Change:
    """What a measure is without and with an intervention, over n pairs.

    `before` and `after` are means; `change` is the mean of the pairs' differences, after less before, and `low` and
    `high` its 95% interval.
    """

    name: str
    before: float
    after: float
    change: float
    low: float
    high: float

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves out zero."""
        return self.low > 0 or self.high < 0


def changes(before: Sequence[Sample], after: Sequence[Sample], *, seed: int = 0) -> list[Change]:
    """Compare pairs of tunes, measure by measure.

    change = mean over pairs i of (b_i - a_i); low and high are the 2.5 % and 97.5 % points of the same mean over
    RESAMPLES draws of n pairs with replacement (the paired bootstrap).

    Parameters
    ----------
    before, after : sequences of n Samples
        Of the same seeds, in the same order.
    seed : int
        Of the drawing.
    """
    if [s.seed for s in before] != [s.seed for s in after]:
        raise ValueError("pairs must be of the same seeds, in the same order")
    rows = [[list(measures(s.text, ended=s.stopped == "end").values()) for s in samples] for samples in (before, after)]
    a, b = (np.array(part, dtype=np.float64).reshape(len(before), len(MEASURES)) for part in rows)
    difference = b - a
    low, high = bootstrap(
        lambda drawn: drawn @ difference / len(difference), len(difference), resamples=RESAMPLES, seed=seed
    )
    return [
        Change(name, *map(float, (a[:, k].mean(), b[:, k].mean(), difference[:, k].mean(), low[k], high[k])))
        for k, name in enumerate(MEASURES)
    ]


def with_headers_of(
    own: Sequence[Sample], writer: Engine, config: SampleConfig, *, progress: Callable[[int], None] | None = None
) -> list[Sample]:
    """Tunes with the headers of these and music of the writer's own, from the same random numbers.

    One whose header fills the longest tune that `config` allows is written from its first character on.
    """
    heads = [split_header(tune.text).body_start for tune in own]
    keep = [head if head < min(len(tune.text), config.max_length) else 0 for head, tune in zip(heads, own, strict=True)]
    return resample(writer, own, keep, config, progress=progress)


def differences(a: str, b: str) -> tuple[Spans, Spans]:
    """The characters of two tunes that are not common to both: spans (start, end) of each, in order.

    The tunes are compared sign by sign (a note with its length is one sign, a header field another) by longest common
    runs (Ratcliff and Obershelp 1988, Python's difflib).
    """
    if a == b:
        return (), ()
    left, right = _signs(a), _signs(b)
    codes = SequenceMatcher(None, [a[s:e] for s, e in left], [b[s:e] for s, e in right], autojunk=False).get_opcodes()
    spans: tuple[list[tuple[int, int]], list[tuple[int, int]]] = ([], [])
    for code, i, j, k, m in codes:
        if code != "equal":
            for changed, signs, first, last in ((spans[0], left, i, j), (spans[1], right, k, m)):
                if last > first:
                    changed.append((signs[first][0], signs[last - 1][1]))
    return tuple(spans[0]), tuple(spans[1])


def _signs(text: str) -> list[tuple[int, int]]:
    """A text cut into signs that cover it: lines of the header, tokens of the body, and what is between them."""
    start = split_header(text).body_start
    cuts = {0, start, len(text)} | {match.end() for match in re.finditer(r"\n", text[:start])}
    for token in body_tokens(text):
        cuts |= {token.start, token.end}
    ordered = sorted(cuts)
    return list(pairwise(ordered))
