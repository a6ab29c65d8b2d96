"""Learning from liked tunes: they become likelier, and the network's own tunes at most as unlikely as is allowed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from charlstm.cli import main
from charlstm.errors import CorpusError
from charlstm.evaluate.loss import loss
from charlstm.lm.config import ModelConfig
from charlstm.lm.infer.engine import Engine, load
from charlstm.lm.store.checkpoint import Checkpoint, CorpusInfo, load_checkpoint, save_checkpoint
from charlstm.lm.train.liked import learn_from_liked
from charlstm.lm.vocab import Vocab
from charlstm.tunes.corpus.io import save_corpus
from charlstm.tunes.corpus.model import Corpus
from tests.conftest import make_weights

LIKED = tuple(f"M:4/4\nL:1/8\nK:G\n{'GABc dedB|' * n}G8|]\n" for n in (3, 4, 5, 6, 7, 8))
OWN = tuple(f"M:6/8\nL:1/8\nK:D\n{'dfa agf|' * n}d6|]\n" for n in (3, 4, 5, 6, 7, 8))
CORPUS = Corpus("tiny", train=OWN[:4], validation=OWN[4:], info={"terms": "for practice"})
VOCAB = Vocab.of((*LIKED, *OWN))


@pytest.fixture
def checkpoint(tmp_path: Path) -> Checkpoint:
    config = ModelConfig(hidden_size=12, embedding_size=6)
    about = CorpusInfo(name="tiny", fingerprint=CORPUS.fingerprint, terms=CORPUS.terms)
    return save_checkpoint(Checkpoint(tmp_path / "mine", config, VOCAB, corpus=about), make_weights(config, VOCAB))


def liked_loss(checkpoint: Checkpoint, weights: dict[str, np.ndarray]) -> float:
    return loss(Engine(checkpoint.config, checkpoint.vocab, weights), LIKED).all.nats_per_character


def test_liked_tunes_become_likelier_within_the_bound(checkpoint: Checkpoint) -> None:
    learned = learn_from_liked(checkpoint, CORPUS, LIKED, bound=0.5, updates=30, learning_rate=0.01, batch_size=8)
    assert learned.liked == 6 and 0 < learned.updates <= 30 and learned.rise <= 0.5
    assert liked_loss(checkpoint, learned.weights) < liked_loss(checkpoint, checkpoint.weights()) - 0.1
    again = learn_from_liked(checkpoint, CORPUS, LIKED, bound=0.5, updates=30, learning_rate=0.01, batch_size=8)
    assert learned.losses == again.losses


def test_what_rises_above_the_bound_is_not_kept(checkpoint: Checkpoint) -> None:
    learned = learn_from_liked(checkpoint, CORPUS, LIKED, bound=-10.0, updates=40, learning_rate=0.01, batch_size=8)
    assert learned.updates == 0 and learned.rise == 0 and len(learned.losses) == 2  # it ended at the first look
    assert all(np.array_equal(learned.weights[name], w) for name, w in checkpoint.weights().items())


def test_too_few_or_unreadable_tunes_are_a_sentence(checkpoint: Checkpoint) -> None:
    with pytest.raises(CorpusError, match="give it at least 5"):
        learn_from_liked(checkpoint, CORPUS, [*LIKED[:4], *LIKED[:4], "M:4/4\nK:C\n€|]"])


def test_the_command_makes_a_model_that_keeps_its_parents_terms(
    checkpoint: Checkpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHARLSTM_HOME", str(tmp_path))
    save_corpus(CORPUS)
    liked, out = tmp_path / "liked.abc", tmp_path / "new"
    liked.write_text("\n".join(f"X:{n}\n{text}" for n, text in enumerate(LIKED, 1)))
    line = ["learn", str(checkpoint.path), "--liked", str(liked), "--out", str(out), "--updates", "10"]
    assert main([*line, "--bound", "1"]) == 0
    new = load_checkpoint(out)
    assert (new.corpus.name, new.corpus.terms) == ("tiny", "for practice")
    assert load(out).config == checkpoint.config
    assert main(line) == 1  # not a second time into one folder
    save_corpus(replace(CORPUS, train=OWN[:3]))
    assert main([*line[:4], "--out", str(tmp_path / "other")]) == 1  # no longer what it learned from
    assert not (tmp_path / "other").exists()
