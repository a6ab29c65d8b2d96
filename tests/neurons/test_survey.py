from __future__ import annotations

import numpy as np
import pytest

from charlstm.errors import ConfigError
from charlstm.neurons.recording import KINDS, record, replay
from charlstm.neurons.survey import survey
from tests.conftest import TUNES, MakeEngine


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_a_survey_is_each_text_alone(cell: str, make_engine: MakeEngine) -> None:
    engine = make_engine(cell=cell, num_layers=2, lookback_bars=(1,))
    seen: list[tuple[int, int]] = []
    found = survey(engine, TUNES, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (found.characters, found.characters)
    assert found.values.shape == (16, sum(map(len, TUNES)))
    for index, text in enumerate(TUNES):
        alone = record(engine, text).values
        start, end = found.starts[index : index + 2]
        assert (found.tunes[start:end] == index).all()
        np.testing.assert_allclose(found.values[:, start:end], alone.transpose(0, 2, 1).reshape(16, -1), atol=1e-3)
        np.testing.assert_allclose(found.surprise[index], replay(engine, text).guesses.surprise, atol=1e-4)
    np.testing.assert_allclose(found.unit((1, 3)), found.values[11])
    np.testing.assert_allclose(found.means[1, 3], found.unit((1, 3)).mean(), atol=1e-4)
    assert [len(part) for part in found.split(found.unit((0, 0)))] == [len(text) for text in TUNES]
    assert set(found.gates) == {"lstm": set("ifo"), "gru": set("rz"), "rnn": set()}[cell]


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_every_signal_of_a_replay_is_the_recorded_one(cell: str, make_engine: MakeEngine) -> None:
    engine = make_engine(cell=cell)
    found = replay(engine, TUNES[0])
    assert found.kinds == KINDS[cell]
    for kind in found.kinds:
        assert np.array_equal(found.acts(kind).values, record(engine, TUNES[0], kind=kind).values)
        assert found.acts(kind).kind == kind


def test_nothing_to_read_is_refused(make_engine: MakeEngine) -> None:
    for texts in ([], [TUNES[0], ""]):
        with pytest.raises(ConfigError):
            survey(make_engine(), texts)
