"""Perplexity: the entropy of a choice is ln V where all symbols are alike, else what the formula says."""

from __future__ import annotations

import math

import numpy as np
import pytest

from charlstm.evaluate.perplexity import mean_entropy
from tests.conftest import TUNES


def test_alike_symbols_are_ln_v(uniform_engine):
    found = mean_entropy(uniform_engine, TUNES[:3], 1.0)
    assert found == pytest.approx(math.log(len(uniform_engine.vocab)), abs=1e-6)


def test_it_is_the_mean_entropy_of_the_tempered_distributions(tiny_engine):
    """The formula, written out for one text."""
    ids = np.concatenate([[tiny_engine.vocab.start], tiny_engine.vocab.encode(TUNES[0])])
    logits, _ = tiny_engine.run(ids)
    z = logits.astype(np.float64) / 0.7
    p = np.exp(z - z.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    expected = -(p * np.log(p)).sum(axis=1).mean()
    assert mean_entropy(tiny_engine, [TUNES[0]], 0.7)[0] == pytest.approx(expected, abs=1e-5)


def test_texts_of_any_length_side_by_side_are_as_alone(tiny_engine):
    texts = [TUNES[1], TUNES[0][:7], TUNES[4], "", TUNES[2]]
    together = mean_entropy(tiny_engine, texts, 1.0)
    assert together == pytest.approx([mean_entropy(tiny_engine, [text], 1.0)[0] for text in texts], abs=1e-6)


def test_it_rises_with_the_temperature(tiny_engine):
    found = [mean_entropy(tiny_engine, [TUNES[0]], t)[0] for t in (0.1, 0.5, 1.0, 2.0, 10.0)]
    assert found == sorted(found) and found[0] < found[-1]
