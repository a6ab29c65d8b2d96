"""Many texts at once against one at a time."""

from __future__ import annotations

import numpy as np
import pytest

from charlstm.errors import VocabularyError
from charlstm.lm.config import SampleConfig
from charlstm.lm.infer.batch import read_texts
from charlstm.lm.sample.sampling import sample
from tests.conftest import TUNES, MakeEngine


@pytest.mark.parametrize("cell", ["lstm", "gru", "mingru", "rnn"])
@pytest.mark.parametrize("shape", [{}, {"num_layers": 2, "lookback_bars": (1, 2, 0)}])
def test_many_texts_at_once_are_each_text_alone(cell: str, shape: dict, make_engine: MakeEngine) -> None:
    engine = make_engine(cell=cell, **shape).ablate([(0, 2)], 0.3).steer({0: np.linspace(-1, 1, 8)})
    readings = {r.index: r for r in read_texts(engine, TUNES, inside=True, batch_size=4)}
    assert sorted(readings) == list(range(len(TUNES)))
    for index, text in enumerate(TUNES):
        ids = np.concatenate([[engine.vocab.start], engine.vocab.encode(text)])
        logits, trace = engine.run(ids)
        reading = readings[index]
        assert reading.ids[-1] == engine.vocab.end
        assert (reading.ids[:-1] == ids).all()
        np.testing.assert_allclose(reading.logits, logits, atol=1e-5)
        np.testing.assert_allclose(reading.trace.h, trace.h, atol=1e-5)
        assert sorted(reading.trace.gates) == sorted(trace.gates)
        for gate, values in trace.gates.items():
            np.testing.assert_allclose(reading.trace.gates[gate], values, atol=1e-5)
        assert (reading.trace.c is None) == (trace.c is None)
        if trace.c is not None:
            np.testing.assert_allclose(reading.trace.c, trace.c, atol=1e-5)


def test_the_surprises_are_those_of_the_loss(make_engine: MakeEngine) -> None:
    from charlstm.evaluate.loss import surprisals

    engine = make_engine(lookback_bars=(1, 0))
    expected = surprisals(engine, TUNES)
    for reading in read_texts(engine, TUNES):
        np.testing.assert_allclose(reading.surprisals, expected[reading.index], atol=1e-5)


def test_progress_ends_at_all_characters_and_an_unknown_one_is_named_first(make_engine: MakeEngine) -> None:
    engine, seen = make_engine(), []
    list(read_texts(engine, TUNES, batch_size=2, report=lambda now: seen.append((now.done, now.total))))
    total = sum(map(len, TUNES))
    assert [t for _, t in seen] == [total] * 3
    assert seen[-1][0] == total
    with pytest.raises(VocabularyError):
        next(read_texts(engine, [TUNES[0], "€"]))


@pytest.mark.parametrize("cell", ["lstm", "gru", "mingru", "rnn"])
def test_a_push_is_added_after_each_step_and_a_held_unit_stays_held(cell: str, make_engine: MakeEngine) -> None:
    """By hand: a step from the pushed state, then the push (weighed by 1 - z where z carries h on)."""
    plain = make_engine(cell=cell, num_layers=2)
    vector = np.linspace(-0.5, 0.7, 8)
    pushed = plain.steer({1: vector / 2}).steer({1: vector / 2})
    state = plain.initial_state()
    mine = pushed.initial_state()
    for symbol in plain.vocab.encode(TUNES[2]).tolist():
        _, mine = pushed.step([symbol], mine)
        _, after = plain.step([symbol], state)
        h = after.h.copy()
        if plain.config.cell_spec.carries_h:
            from charlstm.lm.infer.session import InferenceSession

            reader = InferenceSession(plain, state)
            reader.read([symbol])
            first = plain.config.cell_spec.recorded_gates.index("z") * 8
            h[1] += (1 - reader.gates[1][:, first : first + 8]) * vector
        else:
            h[1] += vector
        state = after._replace(h=h)
        np.testing.assert_allclose(mine.h, state.h, atol=1e-5)
    both = pushed.ablate([(1, 3)], 0.25)
    assert (both.run([0, 4, 5])[1].h[1, :, 3] == 0.25).all()


def test_no_push_is_no_change_and_the_shared_model_stays_as_it_was(make_engine: MakeEngine) -> None:
    engine = make_engine()
    config = SampleConfig(max_length=60)
    before = sample(engine, config, n=3, seed=5)
    pushed = engine.steer({0: np.full(8, 0.9)})
    assert [s.text for s in sample(pushed, config, n=3, seed=5)] != [s.text for s in before]
    for same in (engine, engine.steer({0: np.zeros(8)}), pushed.steer({0: np.full(8, -0.9)})):
        after = sample(same, config, n=3, seed=5)
        assert [s.text for s in after] == [s.text for s in before]
        assert all((a.log_probs == b.log_probs).all() for a, b in zip(after, before, strict=True))
