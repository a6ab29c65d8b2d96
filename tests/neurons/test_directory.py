from __future__ import annotations

import numpy as np

from charlstm.lm.engine import Engine
from charlstm.neurons.concepts import CONCEPTS
from charlstm.neurons.directory import directory
from charlstm.neurons.probe import auroc
from charlstm.neurons.record import record
from tests.conftest import TUNES


def test_scores_are_of_tunes_that_had_no_say(tiny_engine: Engine) -> None:
    entries = directory(tiny_engine, TUNES[:3], TUNES[3:5])
    assert {"in_header", "in_body", "bar_line"} <= {entry.concept for entry in entries}
    for entry in entries:
        for texts, score in ((TUNES[:3], entry.chosen), (TUNES[3:5], entry.held_out)):
            values = np.concatenate([record(tiny_engine, text).unit(entry.unit) for text in texts])
            labels = np.concatenate([CONCEPTS[entry.concept](text) for text in texts])
            assert auroc(values[None], labels[None])[0, 0] == score


def test_the_chosen_unit_is_the_best_of_all(tiny_engine: Engine) -> None:
    entry = next(e for e in directory(tiny_engine, TUNES[:3], TUNES[3:5]) if e.concept == "bar_line")
    values = np.concatenate([record(tiny_engine, text).values[0] for text in TUNES[:3]]).T
    labels = np.concatenate([CONCEPTS["bar_line"](text) for text in TUNES[:3]])
    assert entry.unit.index == np.abs(auroc(values, labels[None])[:, 0] - 0.5).argmax()


def test_concepts_that_hold_nowhere_are_left_out(tiny_engine: Engine) -> None:
    assert "in_title" not in {e.concept for e in directory(tiny_engine, TUNES[:3], TUNES[5:])}
