"""How a model is described: under which terms its tunes may be used, and which style it writes."""

from __future__ import annotations

from pathlib import Path

from charlstm.lm.config import ModelConfig
from charlstm.lm.store.card import model_card
from charlstm.lm.store.checkpoint import Checkpoint, load_checkpoint
from charlstm.lm.store.checkpoint import TrainingInfo as Info
from charlstm.lm.train.run_folder import RunFolder
from charlstm.lm.vocab import Vocab
from charlstm.tunes.corpus.model import Corpus
from charlstm.tunes.corpus.sources import ESSEN_TERMS
from charlstm.ui.shared.models import describe, model_label
from tests.conftest import TUNES, make_weights


def trained_on(folder: Path, corpus: Corpus) -> Checkpoint:
    config, vocab = ModelConfig(hidden_size=4, embedding_size=3), Vocab.of(corpus.texts)
    RunFolder(folder).write_checkpoint(
        make_weights(config, vocab), model=config, vocab=vocab, corpus=corpus, training=Info(), history=(), val_loss=1.0
    )
    return load_checkpoint(folder)


def test_the_terms_of_its_tunes_travel_with_a_model_and_stand_where_it_is_picked(tmp_path: Path) -> None:
    essen = trained_on(tmp_path / "songs", Corpus("essen", TUNES[:4], TUNES[4:], info={"terms": ESSEN_TERMS}))
    assert "non-commercial use" in describe(essen) and "non-commercial use" in model_card(essen)
    assert model_label(essen) == "songs (German and other folk songs)"
    fiddle = trained_on(tmp_path / "plain", Corpus("fiddle", TUNES[:4], TUNES[4:]))
    assert "Learned from" not in describe(fiddle) and model_label(fiddle) == "plain"
    assert "terms" not in fiddle.corpus.to_dict()  # as before there were any
