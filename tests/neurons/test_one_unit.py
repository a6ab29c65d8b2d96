"""Networks of one unit: everything that is measured of units has an answer."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from charlstm.neurons.ablation import ablation
from charlstm.neurons.attribution import logit_attribution, occlusion
from charlstm.neurons.clustering import similarity_order
from charlstm.neurons.concepts.registry import CONCEPTS
from charlstm.neurons.directory.naming import directory
from charlstm.neurons.matching import compare
from charlstm.neurons.probes import rank_units
from charlstm.neurons.recording import record, record_texts
from charlstm.neurons.search import match, nearest, select
from charlstm.neurons.steering import direction
from charlstm.neurons.unit_stats import output_weights, similar_units
from tests.conftest import TUNES, MakeEngine


@pytest.mark.parametrize("shape", [{}, {"cell": "gru"}, {"cell": "rnn"}, {"num_layers": 2}, {"scale": 0.0}])
def test_a_network_of_one_unit_can_be_measured(shape: dict, make_engine: MakeEngine) -> None:
    engine = make_engine(**{"hidden_size": 1, **shape})
    units = engine.config.num_layers
    recording = record_texts(engine, TUNES, dtype=np.float16, details=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        index = directory(engine, TUNES[:3], TUNES[3:])
        assert len(index.neurons) == units and all(len(entry.best) <= units for entry in index.concepts)
        assert len(compare(engine, make_engine(), TUNES[:3], TUNES[3:]).matches) == units
        assert len(rank_units(record(engine, TUNES[0]), CONCEPTS["in_header"])) == units
        assert sorted(similarity_order(recording.rows)) == list(range(units))
        assert len(similar_units(recording, (0, 0))) < units + 1
        assert np.isfinite([loss.increase for loss in ablation(engine, recording, (0, 0), CONCEPTS)]).all()
        probes = [found.probe for found in select(record(engine, TUNES[0]), 30, 34, threshold=0.01)]
        if probes:
            assert match(recording, probes).best
        assert nearest(recording, recording.values[:, 5]).best[0][2] == pytest.approx(0, abs=1e-2)
        assert len(logit_attribution(engine, TUNES[0], 20).units) == 1
        assert len(occlusion(engine, TUNES[0], 20)) == 20
        assert output_weights(engine, (units - 1, 0)) is not None
        states = recording.rows.T.astype(np.float32)
        if states.std() > 1e-3:
            assert direction(states, CONCEPTS["in_header"]("".join(recording.texts)), way="probe").deviation >= 0
