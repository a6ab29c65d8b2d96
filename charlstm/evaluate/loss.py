"""Loss: how surprised a model is by tunes, in nats and bits per character. Knows nothing of how it was trained.

Convention. A model reads START, then a tune's T characters, from a zero state; it is asked for those T characters
and END, so a tune has T + 1 targets. The surprisal of a target c after the text x before it is -ln p(c | x) nats.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from charlstm.errors import CorpusError
from charlstm.lm.infer.batch import BATCH_SIZE, measure_texts
from charlstm.lm.infer.engine import Engine
from charlstm.lm.infer.logits import surprisal
from charlstm.tunes.abc import split_header
from charlstm.tunes.form_plan.plan import FormPlan


@dataclass(frozen=True)
class Part:
    """The surprisal of a set of targets: `nats` is their sum, `characters` their number, END counted as one."""

    nats: float
    characters: int

    def plus(self, nats: NDArray[np.float64]) -> Part:
        """The part with some more targets."""
        return Part(self.nats + float(nats.sum(dtype=np.float64)), self.characters + len(nats))

    @property
    def nats_per_character(self) -> float:
        """nats / characters; not a number where there are none."""
        return self.nats / self.characters if self.characters else math.nan

    @property
    def bits_per_character(self) -> float:
        """Nats divided by ln 2."""
        return self.nats_per_character / math.log(2)

    def to_dict(self) -> dict[str, Any]:
        """The part as plain JSON values; None where it has no characters."""
        some = self.characters > 0
        return {
            "nats_per_character": self.nats_per_character if some else None,
            "bits_per_character": self.bits_per_character if some else None,
            "characters": self.characters,
        }


@dataclass(frozen=True)
class Loss:
    """A model's loss on a set of tunes.

    Attributes
    ----------
    all, header, body : Part
        All targets; those of the header, up to and with the newline that ends its K: line; the rest and END.
    tunes : int
        Tunes measured.
    skipped : int
        Tunes left out because they hold a character that the model has never seen.
    """

    all: Part
    header: Part
    body: Part
    tunes: int
    skipped: int = 0

    def to_dict(self) -> dict[str, Any]:
        """The loss as plain JSON values."""
        parts = {name: getattr(self, name).to_dict() for name in ("all", "header", "body")}
        return {**parts, "tunes": self.tunes, "skipped_tunes": self.skipped}


def loss(
    engine: Engine,
    texts: Sequence[str],
    *,
    unknown: Literal["error", "skip"] = "error",
    plans: Sequence[FormPlan | None] | None = None,
) -> Loss:
    """Measure a model on whole tunes: sum over all targets of -ln p(c_t | c_1 ... c_{t-1}), divided by their number.

    The sum runs over tunes and characters before it is divided, so a long tune weighs more than a short one.

    Parameters
    ----------
    engine : Engine
        The model.
    texts : sequence of str
        Model texts: no X: line, no START or END marks. Their order does not matter.
    unknown : "error" or "skip"
        A character outside the vocabulary has no probability. "error" raises; "skip" leaves its whole tune out
        and counts it in `Loss.skipped`.
    plans : sequence of FormPlan or None, optional
        What each text is read by; else all are read without a form plan.

    Raises
    ------
    VocabularyError
        At the first unknown character, or if skipping leaves no tune.
    CorpusError
        If there are no texts.
    """
    if not texts:
        raise CorpusError("there are no tunes to measure; name a part of the corpus or a file that has some.")
    places = [k for k, text in enumerate(texts) if unknown == "error" or engine.vocab.ids.keys() >= set(text)]
    known = [texts[k] for k in places]
    given = None if plans is None else [plans[k] for k in places]
    if not known:
        engine.vocab.encode(texts[0])  # raises, and names the character
    header = body = Part(0.0, 0)
    for text, nats in zip(known, surprisals(engine, known, plans=given), strict=True):
        start = split_header(text).body_start
        header, body = header.plus(nats[:start]), body.plus(nats[start:])
    everything = Part(header.nats + body.nats, header.characters + body.characters)
    return Loss(everything, header, body, tunes=len(known), skipped=len(texts) - len(known))


def surprisals(
    engine: Engine,
    texts: Sequence[str],
    *,
    batch_size: int = BATCH_SIZE,
    plans: Sequence[FormPlan | None] | None = None,
) -> list[NDArray[np.float64]]:
    """The surprisal of every target, -ln p, for each text of T characters an array of shape (T + 1,), END last.

    The result does not depend on how the texts are grouped beyond float32's rounding. Raises VocabularyError at an
    unknown character.
    """
    return measure_texts(engine, texts, surprisal, batch_size=batch_size, plans=plans)
