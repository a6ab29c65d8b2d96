"""AUROC against its definition, against SciPy, and its interval against tunes that are drawn and joined."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import mannwhitneyu, rankdata

from charlstm.neurons.auroc import auroc, auroc_interval, auroc_of_ranks, centred_ranks, dense_ranks
from charlstm.neurons.baselines import other_tunes
from charlstm.neurons.bootstrap import RESAMPLES
from charlstm.neurons.concepts.concept import annotate
from charlstm.neurons.concepts.registry import CONCEPTS
from charlstm.neurons.recording import record_texts
from tests.conftest import TUNES, MakeEngine


def test_auroc_is_the_share_of_pairs_in_order() -> None:
    """The definition: over all pairs of a character with and one without, ties counted half."""
    rng = np.random.default_rng(1)
    values = rng.integers(0, 6, (4, 60)).astype(np.float32)  # many ties
    labels = rng.random((3, 60)) < 0.3
    slow = [[np.mean([(a > b) + (a == b) / 2 for a in row[on] for b in row[~on]]) for on in labels] for row in values]
    np.testing.assert_allclose(auroc(values, labels), slow)


def test_a_silent_unit_knows_nothing() -> None:
    assert auroc(np.zeros((1, 6)), np.array([[1, 0, 0, 1, 0, 0]], dtype=bool)) == 0.5


def test_it_is_the_mann_whitney_statistic_of_scipy_and_the_ranks_are_scipys() -> None:
    rng = np.random.default_rng(2)
    values = rng.integers(-3, 9, (5, 200)).astype(np.float32)
    label = rng.random(200) < 0.4
    u = mannwhitneyu(values[:, label], values[:, ~label], axis=1).statistic
    np.testing.assert_allclose(auroc(values, label)[:, 0], u / (label.sum() * (~label).sum()))
    dense = dense_ranks(values)
    assert (dense == rankdata(values, "dense", axis=1) - 1).all()
    among = np.flatnonzero(rng.random(200) < 0.5)
    assert (centred_ranks(dense, among) == rankdata(values[:, among], axis=1) - (len(among) + 1) / 2).all()


def test_a_labelling_of_all_or_none_has_no_auroc() -> None:
    assert np.isnan(auroc(np.random.default_rng(0).normal(size=(2, 9)), np.array([[True] * 9, [False] * 9]))).all()


def test_ranks_that_are_used_again_give_the_same(make_engine: MakeEngine) -> None:
    """One sort for all choices of characters, and labels of other tunes in float32."""
    notes = annotate(TUNES, [CONCEPTS["note_d"], CONCEPTS["high_note"]])
    among = notes.among["letters"]
    values = record_texts(make_engine(num_layers=2), TUNES).rows
    ranks, labels = centred_ranks(dense_ranks(values), among), notes.labels[:, among]
    np.testing.assert_allclose(
        auroc_of_ranks(ranks, labels.T.astype(float)), auroc(values[:, among], labels), atol=1e-9
    )
    order = other_tunes(notes.tune[among], np.random.default_rng(1))
    moved = auroc_of_ranks(ranks, labels.T.astype(np.float32).take(order, axis=0))
    np.testing.assert_allclose(moved, auroc(values[:, among], labels[:, order]), atol=1e-5)


def test_an_interval_is_that_of_tunes_drawn_again() -> None:
    """The slow way: join the drawn tunes and count."""
    rng = np.random.default_rng(4)
    tune = np.repeat(np.arange(12, dtype=np.int32), 40)
    shift = rng.normal(size=12)[tune]  # tunes differ
    labels = rng.random(480) < 0.4
    values = labels + shift + rng.normal(size=480)
    draws = np.random.default_rng(0).multinomial(12, np.full(12, 1 / 12), size=RESAMPLES)
    slow = []
    for draw in draws:
        characters = np.concatenate([np.tile(np.flatnonzero(tune == k), int(times)) for k, times in enumerate(draw)])
        slow.append(auroc(values[None, characters], labels[characters])[0, 0])
    low, high = auroc_interval(values, labels, tune, 12)
    assert (low, high) == pytest.approx(tuple(np.quantile(slow, [0.025, 0.975])), abs=0.01)
    assert low < auroc(values[None], labels)[0, 0] < high
