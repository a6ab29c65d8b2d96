"""What many tests need: six tunes of our own and networks of eight units, made in memory. No trained weights."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

# Before NumPy and torch are loaded: for networks this small, threads of theirs only wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pytest

from charlstm.lm.config import ModelConfig
from charlstm.lm.infer.engine import Engine
from charlstm.lm.store.tensors import tensor_shapes
from charlstm.lm.vocab import Vocab
from charlstm.tunes.corpus.model import Corpus
from tests.wheel import Installed, install

TUNES = (
    "T:The Cold Kettle\nR:reel\nM:4/4\nL:1/8\nK:D\n|:d2fd Adfd|e2ge cege|dfaf bafd|edce d4:|",
    "T:Maggie in the Barley\nR:jig\nM:6/8\nL:1/8\nK:G\n|:GAB ded|cBA BGE|GAB dBG|AGF G3:|",
    "T:Two Left Boots\nR:hornpipe\nM:4/4\nL:1/8\nK:A\n|:ed|cAAB cdec|BAGB Aced|cAAB cdef|gfed c2:|",
    "R:waltz\nM:3/4\nL:1/8\nK:Am\nA2c2e2|d4c2|B2c2d2|e6|g2e2c2|d3cB2|A2^G2E2|A6|]",
    "T:Sawdust\nR:polka\nM:2/4\nL:1/8\nK:Edor\n|:BA/B/ GE|FA d2|BA/B/ GE|FD E2:|",
    "M:9/8\nL:1/8\nK:D\n|:dcd fga agf|1gfe dcB A2c:|2gfe dcB A3||",
)
VOCAB = Vocab.of(TUNES)

MakeEngine = Callable[..., Engine]


def make_weights(config: ModelConfig, vocab: Vocab, *, seed: int = 1, scale: float = 0.5) -> dict[str, np.ndarray]:
    """Normal weights of a standard deviation, the same for the same seed."""
    rng = np.random.default_rng(seed)
    shapes = tensor_shapes(config, len(vocab))
    return {name: rng.normal(0, scale, shape).astype(np.float32) for name, shape in shapes.items()}


@pytest.fixture(scope="session")
def tiny_corpus() -> Corpus:
    """Six tunes: four to learn from, one to validate, one to test."""
    return Corpus("tiny", train=TUNES[:4], validation=TUNES[4:5], test=TUNES[5:])


@pytest.fixture(scope="session")
def make_engine() -> MakeEngine:
    """make_engine(seed=1, scale=0.5, vocab=VOCAB, **ModelConfig) -> an engine of random weights, H = 8."""

    def make(*, seed: int = 1, scale: float = 0.5, vocab: Vocab = VOCAB, **config: Any) -> Engine:
        shape = ModelConfig(**{"hidden_size": 8, "embedding_size": 5, "lookback_size": 3} | config)
        return Engine(shape, vocab, make_weights(shape, vocab, seed=seed, scale=scale))

    return make


@pytest.fixture(scope="session")
def tiny_engine(make_engine: MakeEngine) -> Engine:
    """An LSTM of eight units with fixed random weights, over the characters of the tiny corpus."""
    return make_engine()


@pytest.fixture(scope="session")
def uniform_engine(make_engine: MakeEngine) -> Engine:
    """All logits 0: every symbol is as likely as any other."""
    return make_engine(scale=0.0)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The wheel of this checkout, built and installed."""
    if os.name == "nt":
        pytest.skip("the environment is laid out otherwise on Windows")
    return install(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(autouse=True)
def only_the_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """A home folder of a test holds what the test puts there: the shipped models are not read beside it."""
    monkeypatch.setattr("charlstm.paths._with_shipped", lambda folder: [folder])
