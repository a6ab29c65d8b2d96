"""A corpus keeps relatives together, saves and loads itself, and says what it found when that is too little."""

from __future__ import annotations

import numpy as np
import pytest

from charlstm.errors import CorpusError
from charlstm.lm.augment import transpose
from charlstm.tunes.corpus import PARTS, Corpus, build_corpus, import_corpus, load_corpus, save_corpus
from charlstm.tunes.sources import SourceTune, file_tunes, music21_tunes
from charlstm.tunes.twins import grams, related

HEADER = "X:1\nT:A tune\nM:4/4\nL:1/8\nK:G\n"


def random_tune(seed, key="G"):
    rng = np.random.default_rng(seed)
    bars = ["".join(rng.choice(list("GABcdefg"), 8)) for _ in range(8)]
    return HEADER.replace("K:G", f"K:{key}") + "|".join(bars) + "|]"


def sources(texts):
    return [SourceTune(text, "book", "file.abc") for text in texts]
