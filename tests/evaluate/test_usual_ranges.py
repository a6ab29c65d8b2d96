"""Laws of what real tunes are like."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from charlstm.evaluate.loss import surprisals
from charlstm.evaluate.usual_ranges import LEAST_TUNES, UsualRanges, new_bar_nats, returning_bars, usual_ranges
from charlstm.lm.infer.engine import Engine, load
from charlstm.lm.store.checkpoint import CorpusInfo
from charlstm.tunes.corpus.model import Corpus
from tests.conftest import TUNES
from tests.memorizing_model import save_weaver

HEADER = "M:4/4\nL:1/8\nK:D\n"
SONGS = tuple(HEADER + "|".join(f"{note}8" for note in ("ABcd" * 3)[k % 4 :][:4]) + "|]" for k in range(LEAST_TUNES))
CORPUS = Corpus(name="songs", train=TUNES, validation=SONGS, test=())


def learned_from(folder: Path, corpus: Corpus, fingerprint: str) -> Engine:
    """A model that says that it learned from a corpus."""
    engine = load(save_weaver(folder / "weaver", (*TUNES, *SONGS)))
    assert engine.checkpoint is not None
    info = CorpusInfo(name=corpus.name, fingerprint=fingerprint)
    engine.checkpoint = replace(engine.checkpoint, corpus=info)
    return engine


def test_the_ranges_are_those_of_the_validation_tunes_of_its_own_corpus(tmp_path: Path) -> None:
    engine = learned_from(tmp_path, CORPUS, CORPUS.fingerprint)
    usual = usual_ranges(engine, CORPUS)
    assert usual.nats is not None and usual.remark == ""
    nats = [new_bar_nats(text, values[:-1]) for text, values in zip(SONGS, surprisals(engine, SONGS), strict=True)]
    assert min(nats) <= usual.nats[0] <= usual.nats[1] == np.median(nats) <= usual.nats[2] <= max(nats)
    assert usual.returning == (0, 0) and usual.least_bars == 4  # four bars each, none of them twice


@pytest.mark.parametrize("corpus", [None, replace(CORPUS, validation=SONGS[1:]), replace(CORPUS, train=TUNES[1:])])
def test_where_its_corpus_is_not_there_fiddle_tunes_stand_in_and_that_is_said(
    tmp_path: Path, corpus: Corpus | None
) -> None:
    engine = learned_from(tmp_path, CORPUS, corpus.fingerprint if corpus and corpus.train == TUNES else "another")
    usual = usual_ranges(engine, corpus)
    assert usual.returning == UsualRanges().returning and usual.nats is not None
    assert "songs" in usual.remark and "fiddle" in usual.remark
    own = learned_from(tmp_path / "own", replace(CORPUS, name="fiddle"), "another")
    assert usual_ranges(own, None).remark == ""  # they are its own


def test_bars_that_occur_again_are_counted_as_the_score_numbers_them() -> None:
    assert returning_bars(HEADER + "A2|d8|e8|d8|]") == (2, 3)
    assert returning_bars(HEADER + "|:d4 d4|d6:|d2|d4d4|]") == (2, 3)
    assert returning_bars(HEADER) == (0, 0)
