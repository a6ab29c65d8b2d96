"""Tunes that a teacher writes, for another network to learn from beside the corpus's own.

A network knows its training tunes by heart and so never learns from them how often a bar returns in a tune that it has
not seen. Tunes that a teacher writes by form plans return as often as real ones do, and there is no end of them (as
translation models learn from what a teacher translates: Kim and Rush 2016, "Sequence-Level Knowledge Distillation").
What they are worth: docs/lab-log.md.
"""

from __future__ import annotations

from charlstm.lm.config import SampleConfig
from charlstm.lm.infer.engine import Engine
from charlstm.lm.sample.sampling import sample
from charlstm.lm.store.checkpoint import Checkpoint

OWN_DISTRIBUTION = SampleConfig(temperature=1.0)


def teacher_tunes(teacher: Checkpoint, count: int, *, seed: int) -> list[str]:
    """Tunes as a network writes them, at temperature 1 and without a guard.

    Each is written by a form plan, where the network reads plans. A tune that had not ended after the usual number of
    characters is left out.

    Parameters
    ----------
    teacher : Checkpoint
    count : int
        How many to write.
    seed : int
        Same seed, same tunes.
    """
    engine = Engine(teacher.config, teacher.vocab, teacher.weights(), checkpoint=teacher)
    return [tune.text for tune in sample(engine, OWN_DISTRIBUTION, n=count, seed=seed) if tune.stopped == "end"]
