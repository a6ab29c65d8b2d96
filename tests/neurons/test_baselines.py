from __future__ import annotations

import numpy as np
import pytest

from charlstm.lm.store.checkpoint import tensor_shapes
from charlstm.neurons.auroc import annotate, aurocs, aurocs_of_moved, centred_ranks, pairs_of, places_of, values_of
from charlstm.neurons.baselines import by_character, other_tunes, untrained
from charlstm.neurons.bootstrap import draws_of
from charlstm.neurons.concepts.notes import CONCEPTS
from charlstm.neurons.intervals import auroc_interval
from charlstm.neurons.probe import auroc
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
    for cell in ("lstm", "gru", "rnn"):
        engine = make_engine(cell=cell, num_layers=2, lookback_bars=(1, 0))
        twin = untrained(engine)
        shapes = tensor_shapes(engine.config, len(engine.vocab))
        assert {name: array.shape for name, array in twin.weights.items()} == shapes
        assert record(twin, TUNES[0]).values.shape == record(engine, TUNES[0]).values.shape
        assert not np.array_equal(twin.weights["rnn.weight_hh_l1"], engine.weights["rnn.weight_hh_l1"])
        again = untrained(engine)
        assert all(np.array_equal(again.weights[name], array) for name, array in twin.weights.items())


def test_the_character_alone_tells_what_is_written_in_it_and_no_more() -> None:
    concepts = [CONCEPTS[name] for name in ("bar_line", "even_bar")]
    parts = []
    for texts in (TUNES[:3], TUNES[3:]):
        notes = annotate(texts, concepts)
        among = notes.among["body"]
        parts.append(("".join(texts), among, notes.labels[:, among]))
    bar_line, even_bar = by_character(parts[0], parts[1])
    assert bar_line > 0.95
    assert abs(even_bar - 0.5) < 0.2


def test_many_units_at_once_are_scored_as_one_by_one(make_engine: MakeEngine) -> None:
    engine = make_engine(num_layers=2)
    notes = annotate(TUNES, [CONCEPTS["note_d"], CONCEPTS["high_note"]])
    among = notes.among["letters"]
    values = values_of(engine, TUNES)
    one_by_one = np.concatenate([record(engine, text).values.transpose(0, 2, 1).reshape(16, -1) for text in TUNES], 1)
    np.testing.assert_allclose(values, one_by_one, atol=1e-5)
    ranks, labels = centred_ranks(places_of(values), among), notes.labels[:, among]
    np.testing.assert_allclose(aurocs(ranks, labels), auroc(values[:, among], labels), atol=1e-9)
    order = other_tunes(notes.tune[among], np.random.default_rng(1))
    weights = np.ascontiguousarray(labels.T, dtype=np.float32)
    moved = aurocs_of_moved(ranks, weights, order, pairs_of(labels))
    np.testing.assert_allclose(moved, auroc(values[:, among], labels[:, order]), atol=1e-5)


def test_an_interval_is_that_of_tunes_drawn_again() -> None:
    """The slow way: join the drawn tunes and count."""
    rng = np.random.default_rng(4)
    tune = np.repeat(np.arange(12, dtype=np.int32), 40)
    shift = rng.normal(size=12)[tune]  # tunes differ
    labels = rng.random(480) < 0.4
    values = labels + shift + rng.normal(size=480)
    draws = draws_of(12, draws=60, seed=5)
    slow = []
    for draw in draws:
        places = np.concatenate([np.tile(np.flatnonzero(tune == k), int(times)) for k, times in enumerate(draw)])
        slow.append(auroc(values[None, places], labels[places])[0, 0])
    low, high = auroc_interval(values, labels, tune, draws)
    assert (low, high) == pytest.approx(tuple(np.quantile(slow, [0.025, 0.975])), abs=0.01)
    assert low < auroc(values[None], labels)[0, 0] < high
