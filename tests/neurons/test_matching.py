from __future__ import annotations

import numpy as np
import pytest

from charlstm.errors import ConfigError
from charlstm.lm.infer.engine import Engine
from charlstm.neurons.baselines import untrained
from charlstm.neurons.matching import compare
from charlstm.neurons.recording import Unit, record
from charlstm.progress import Progress
from tests.conftest import TUNES, MakeEngine


def renumbered(engine: Engine, order: list[int], signs: list[float]) -> Engine:
    """The same RNN with its units in another order, some of them turned round: tanh is odd, so it reads alike."""
    s = np.array(signs, dtype=np.float32)
    w = {name: array.copy() for name, array in engine.weights.items()}
    w["rnn.weight_ih_l0"] = w["rnn.weight_ih_l0"][order] * s[:, None]
    w["rnn.weight_hh_l0"] = w["rnn.weight_hh_l0"][np.ix_(order, order)] * s[:, None] * s
    for bias in ("rnn.bias_ih_l0", "rnn.bias_hh_l0"):
        w[bias] = w[bias][order] * s
    w["decoder.weight"] = w["decoder.weight"][:, order] * s
    return Engine(engine.config, engine.vocab, w)


def test_a_network_in_another_order_is_matched_unit_by_unit(make_engine: MakeEngine) -> None:
    engine = make_engine(cell="rnn")
    order, signs = [3, 1, 4, 0, 5, 7, 2, 6], [1, -1, 1, 1, -1, 1, -1, 1]
    found = compare(engine, renumbered(engine, order, signs), TUNES[:3], TUNES[3:])
    assert found.tried == 64
    for match in found.matches:
        place = order.index(match.unit.index)
        assert match.other == Unit(0, place)
        assert match.held_out == pytest.approx(signs[place], abs=1e-3)
        assert match.similarity == pytest.approx(1, abs=1e-3)
        assert match.low <= match.held_out + 1e-6 and match.high >= match.held_out - 1e-6
    assert found.clear_share == 1


def test_scores_are_of_tunes_that_had_no_say(make_engine: MakeEngine) -> None:
    engine, other = make_engine(seed=1), make_engine(seed=2, cell="gru")
    found = compare(engine, other, TUNES[:3], TUNES[3:])
    match = found.matches[4]
    for texts, score in ((TUNES[:3], match.chosen), (TUNES[3:], match.held_out)):
        a, b = (
            np.concatenate([record(e, text).unit(u) for text in texts])
            for e, u in ((engine, match.unit), (other, match.other))
        )
        assert score == pytest.approx(np.corrcoef(a, b)[0, 1], abs=1e-4)


def test_values_of_other_tunes_are_little_alike(make_engine: MakeEngine) -> None:
    engine = untrained(make_engine(hidden_size=16, embedding_size=64), seed=3)
    found = compare(engine, engine, TUNES[:3] * 4, TUNES[3:] * 4)
    assert found.chance < 0.8 < min(match.similarity for match in found.matches)


def test_both_parts_are_needed_and_it_may_be_stopped(make_engine: MakeEngine) -> None:
    engine = make_engine()
    with pytest.raises(ConfigError, match="tunes"):
        compare(engine, engine, TUNES, [])

    def stop(now: Progress) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        compare(engine, engine, TUNES[:1], TUNES[1:2], report=stop)
