"""Baselines: what a score is worth: labels of other tunes, an untrained network, and the last character alone.

A unit that is the best of hundreds looks good by chance; a network with random weights still keeps the last
characters; and some concepts can be read off the character itself. A score is shown beside these three.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from charlstm.lm.infer.engine import Engine
from charlstm.lm.store.tensors import tensor_shapes
from charlstm.neurons.auroc import auroc
from charlstm.neurons.concepts.concept import Labels


def other_tunes(tune: NDArray[np.int32], rng: np.random.Generator) -> NDArray[np.int64]:
    """An order of characters that gives each one the label of another tune: labels[:, order] say nothing of the text.

    The tunes' labels are joined in a random order and rotated by a random number of characters, all concepts alike.
    So the runs of a label, its share and its relation to the others stay, and only its position is wrong: shuffling
    single characters would make the null distribution too narrow, since neighbours are alike.

    Parameters
    ----------
    tune : int array, shape (N,)
        Which tune each character is of; never falls.
    rng : Generator
    """
    edges = np.flatnonzero(tune[1:] != tune[:-1]) + 1
    parts = np.split(np.arange(len(tune)), edges)
    order = np.concatenate([parts[k] for k in rng.permutation(len(parts))])
    return np.roll(order, int(rng.integers(max(len(order), 1))))


def untrained(engine: Engine, *, seed: int = 0) -> Engine:
    """A network of the same shape and symbols with the random weights that training begins from.

    Embeddings are normal, of deviation 1; the matrices of a layer of H units are uniform within 1 / sqrt(H), PyTorch's
    initialisation; an open gate (an LSTM's forget gate) has bias 1, the decoder none (lm/train/network.py).
    """
    rng = np.random.default_rng(seed)
    config, vocab = engine.config, engine.vocab
    bound = 1 / math.sqrt(config.hidden_size)
    opened = config.cell_spec.open_rows(config.hidden_size)
    weights = {}
    for name, shape in tensor_shapes(config, len(vocab)).items():
        if "embedding" in name:
            tied = config.tie_weights and name == "embedding.weight"
            array = rng.normal(0, config.width**-0.5 if tied else 1.0, shape)
        elif name == "decoder.bias":
            array = np.zeros(shape)
        else:
            array = rng.uniform(-bound, bound, shape)
        if opened is not None and "bias_" in name:
            array[opened] = 1.0 if "bias_ih" in name else 0.0
        weights[name] = array.astype(np.float32)
    return Engine(config, vocab, weights)


class Labelled(NamedTuple):
    """Some characters of joined texts, and what they are labelled."""

    text: str
    among: NDArray[np.int64]  # the N characters, by their number
    labels: Labels  # (C, N)


def by_character(fit: Labelled, score: Labelled) -> NDArray[np.float64]:
    """AUROC of the last character alone for each concept, (C,).

    A character's value is the share of its occurrences that have the concept, counted on `fit` and scored on `score`;
    one that did not occur there has the concept's share.
    """
    alphabet = {character: k for k, character in enumerate(sorted(set(fit.text) | set(score.text)))}
    known, asked = (np.array([alphabet[character] for character in part.text])[part.among] for part in (fit, score))
    counts = np.bincount(known, minlength=len(alphabet))
    scores = []
    for have, wanted in zip(fit.labels, score.labels, strict=True):
        hits = np.bincount(known[have], minlength=len(alphabet))
        shares = np.where(counts > 0, hits / np.maximum(counts, 1), have.mean())
        scores.append(auroc(shares[None, asked], wanted)[0, 0])
    return np.array(scores)
