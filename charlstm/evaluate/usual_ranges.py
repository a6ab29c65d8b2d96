"""Usual ranges: what real tunes of a corpus are like, so that a model's own can be laid beside them.

The ranges are those of the corpus that the model learned from, measured on tunes that
it did not learn from. Where that corpus is not at hand, fiddle tunes stand in.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from charlstm.evaluate.loss import surprisals
from charlstm.lm.infer.engine import Engine
from charlstm.tunes.corpus.model import DEFAULT_CORPUS, Corpus
from charlstm.tunes.form_plan.reading import read_plan
from charlstm.tunes.views.bar_numbers import printed_bars
from charlstm.tunes.views.bars import LEAST_BARS, bars

MEASURED = 200  # validation tunes at most: some seconds
LEAST_TUNES = 20  # of fewer, a percentile says nothing
# Held-out fiddle tunes under six models (docs/lab-log.md, 2026-11-26): the new bars of the median tune have USUAL nats
# per character more than the model's validation loss, those of nine tunes in ten at most BELOW fewer or ABOVE more.
USUAL, BELOW, ABOVE = 0.2, 0.28, 0.4
RETURNING = (0.24, 0.75)


@dataclass(frozen=True)
class UsualRanges:
    """What most real tunes are like.

    Attributes
    ----------
    nats : (float, float, float) or None
        Mean surprisal per character of a tune's new bars under the model: 5th, 50th and 95th tune in a hundred; None:
        not known.
    returning : (float, float)
        Share of the bars that occur again, from the 25th to the 90th tune in a hundred.
    least_bars : int
        All but the shortest twentieth have so many; at most 8, as in `tunes.views.bars`.
    remark : str
        Why these are not of the model's own corpus; "" where they are.
    """

    nats: tuple[float, float, float] | None = None
    returning: tuple[float, float] = RETURNING
    least_bars: int = LEAST_BARS
    remark: str = ""


def usual_ranges(engine: Engine, corpus: Corpus | None, *, by_plan: bool = False) -> UsualRanges:
    """What the real tunes are like that a model should be compared with.

    Parameters
    ----------
    engine : Engine
        The model.
    corpus : Corpus, optional
        A corpus that is at hand. Only the one that the model learned from is measured, by its validation tunes.
    by_plan : bool
        Whether it wrote by form plans; then it reads each real tune by the tune's own.
    """
    checkpoint = engine.checkpoint
    own = checkpoint.corpus if checkpoint else None
    if own and corpus and corpus.fingerprint == own.fingerprint and len(corpus.validation) >= LEAST_TUNES:
        return _measured(engine, corpus, by_plan)
    loss = checkpoint.val_loss if checkpoint else None
    remark = ""
    if own and own.name and own.name != DEFAULT_CORPUS:
        remark = (
            f"Real tunes are fiddle tunes here: {own.name}, which {engine.name} learned from, is not at hand, has "
            "changed, or has too few validation tunes."
        )
    if loss is None:
        return UsualRanges(remark=remark)
    middle = loss + USUAL
    return UsualRanges((middle - BELOW, middle, middle + ABOVE), remark=remark)


def _measured(engine: Engine, corpus: Corpus, by_plan: bool) -> UsualRanges:
    texts = corpus.validation
    if len(texts) > MEASURED:
        texts = tuple(texts[k * len(texts) // MEASURED] for k in range(MEASURED))
    plans = [read_plan(text) for text in texts] if by_plan and engine.config.plan else None
    read = zip(texts, surprisals(engine, texts, plans=plans), strict=True)
    nats = [new_bar_nats(text, values[:-1]) for text, values in read]
    counts = [returning_bars(text) for text in texts]
    low, middle, high = np.percentile(nats, (5, 50, 95)).tolist()
    fewest, most = np.percentile([again / count for again, count in counts if count], (25, 90)).tolist()
    shortest = int(np.percentile([count for _, count in counts], 5))
    return UsualRanges((low, middle, high), (fewest, most), min(LEAST_BARS, shortest))


def new_bar_nats(text: str, nats: NDArray[np.floating]) -> float:
    """The mean surprisal per character of the bars that occur for the first time; of a text without any, of all.

    A bar that returns is no surprise, however plain or strange the tune.

    Parameters
    ----------
    text : str
        The tune.
    nats : float array, shape (n,)
        The surprisal of its last n characters.
    """
    if not len(nats):
        return 0.0
    new = np.zeros(len(text), dtype=bool)
    seen: set[str] = set()
    for bar in bars(text):
        music = "".join(text[bar.start : bar.end].split())
        new[bar.start : bar.end] = music not in seen
        seen.add(music)
    of_new = nats[new[len(new) - len(nats) :]]
    return float(of_new.mean() if len(of_new) else nats.mean())


def returning_bars(text: str) -> tuple[int, int]:
    """How many bars of a tune occur again in it, and how many it has; a bar in two halves is one, a pickup none."""
    printed = printed_bars(text)
    by_number: dict[int, str] = {}
    for bar, number in zip(printed.bars, printed.numbers, strict=True):
        by_number[number] = by_number.get(number, "") + "".join(text[bar.start : bar.end].split())
    music = Counter(notes for number, notes in by_number.items() if number)
    return sum(count for count in music.values() if count > 1), music.total()
