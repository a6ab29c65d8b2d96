"""Nulls: what a score would be without anything known: labels of other tunes, an untrained network, the character.

A unit that is the best of hundreds looks good by chance; a network with random weights still keeps the last
characters; and some concepts are written in the character itself. A score means something beside these three.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from charlstm.lm.infer.engine import Engine
from charlstm.lm.store.checkpoint import tensor_shapes
from charlstm.neurons.concepts.label import Labels
from charlstm.neurons.probe import auroc


def other_tunes(tune: NDArray[np.int32], rng: np.random.Generator) -> NDArray[np.int64]:
    """An order of characters that gives each one the labels of another tune: labels[:, order] know nothing of the text.

    The tunes' labels are joined in a random order and turned by a random number of characters, all concepts alike.
    So the runs of a label, its share and its relation to the others stay, and only its place is wrong: shuffling
    single characters would make the null too narrow, since neighbours are alike.

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
    own draw; an LSTM's forget gate has bias 1, the decoder none (lm/train/network.py).
    """
    rng = np.random.default_rng(seed)
    config, vocab = engine.config, engine.vocab
    bound = 1 / math.sqrt(config.hidden_size)
    weights = {}
    for name, shape in tensor_shapes(config, len(vocab)).items():
        if "embedding" in name:
            tied = config.tie_weights and name == "embedding.weight"
            array = rng.normal(0, config.width**-0.5 if tied else 1.0, shape)
        elif name == "decoder.bias":
            array = np.zeros(shape)
        else:
            array = rng.uniform(-bound, bound, shape)
        if config.cell == "lstm" and "bias_" in name:
            array[config.hidden_size : 2 * config.hidden_size] = 1.0 if "bias_ih" in name else 0.0
        weights[name] = array.astype(np.float32)
    return Engine(config, vocab, weights)


def by_character(
    fit: tuple[str, NDArray[np.int64], Labels], score: tuple[str, NDArray[np.int64], Labels]
) -> NDArray[np.float64]:
    """AUROC of what the last character alone says of each concept, (C,).

    A character's value is the share of its occurrences that have the concept, counted on some tunes and scored on
    others; one that did not occur there has the concept's share.

    Parameters
    ----------
    fit, score : (text, characters, labels)
        The joined texts, the N characters among which it is asked, by their number, and the labels (C, N) there.
    """
    (known, known_among, known_labels), (text, among, labels) = fit, score
    alphabet = {character: k for k, character in enumerate(sorted(set(known) | set(text)))}

    def ids(joined: str, chosen: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.array([alphabet[character] for character in joined])[chosen]

    seen = ids(known, known_among)
    counts = np.bincount(seen, minlength=len(alphabet))
    now = ids(text, among)
    found = []
    for have, wanted in zip(known_labels, labels, strict=True):
        hits = np.bincount(seen[have], minlength=len(alphabet))
        shares = np.where(counts > 0, hits / np.maximum(counts, 1), have.mean())
        found.append(auroc(shares[None, now], wanted[None])[0, 0])
    return np.array(found)
