from __future__ import annotations

import numpy as np

from charlstm.lm.store.tensors import tensor_shapes
from charlstm.neurons.auroc import auroc
from charlstm.neurons.baselines import Labelled, by_character, other_tunes, untrained
from charlstm.neurons.concepts.concept import annotate
from charlstm.neurons.concepts.registry import CONCEPTS
from charlstm.neurons.recording import record
from tests.conftest import TUNES, MakeEngine


def test_labels_of_other_tunes_keep_their_runs_and_lose_their_place() -> None:
    rng = np.random.default_rng(0)
    tune = np.repeat(np.arange(60, dtype=np.int32), rng.integers(80, 200, 60))
    label = np.concatenate([np.arange((tune == k).sum()) < 40 for k in range(60)])  # a header, say
    value = label + 0.1 * rng.normal(size=len(label))
    scores, runs = [], []
    for _ in range(30):
        order = other_tunes(tune, rng)
        assert sorted(order) == list(range(len(tune)))
        moved = label[order]
        scores.append(auroc(value[None], moved)[0, 0])
        runs.append(np.count_nonzero(np.diff(moved.astype(int)) == 1))
    assert abs(np.mean(scores) - 0.5) < 0.03
    assert min(scores) > 0.35 and max(scores) < 0.65
    assert min(runs) >= 59  # the labels still stand in one run a tune


def test_an_untrained_network_has_the_same_shape_and_other_weights(make_engine: MakeEngine) -> None:
    for cell in ("lstm", "gru", "mingru", "rnn"):
        engine = make_engine(cell=cell, num_layers=2, lookback_bars=(1, 0))
        twin = untrained(engine)
        shapes = tensor_shapes(engine.config, len(engine.vocab))
        assert {name: array.shape for name, array in twin.weights.items()} == shapes
        assert record(twin, TUNES[0]).values.shape == record(engine, TUNES[0]).values.shape
        assert not np.array_equal(twin.weights["rnn.weight_ih_l1"], engine.weights["rnn.weight_ih_l1"])
        again = untrained(engine)
        assert all(np.array_equal(again.weights[name], array) for name, array in twin.weights.items())


def test_the_character_alone_tells_what_is_written_in_it_and_no_more() -> None:
    concepts = [CONCEPTS[name] for name in ("bar_line", "even_bar")]
    parts = []
    for texts in (TUNES[:3], TUNES[3:]):
        notes = annotate(texts, concepts)
        among = notes.among["body"]
        parts.append(Labelled("".join(texts), among, notes.labels[:, among]))
    bar_line, even_bar = by_character(parts[0], parts[1])
    assert bar_line > 0.95
    assert abs(even_bar - 0.5) < 0.2
