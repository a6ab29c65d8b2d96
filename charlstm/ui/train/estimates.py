"""What a training is compared with and how long it will take: the n-gram line, and this machine's speed."""

from __future__ import annotations

import contextlib
import json
import platform

from charlstm import processes
from charlstm.errors import CharlstmError, ProcessError
from charlstm.evaluate.ngram import NGram
from charlstm.files import parse_json, write_atomic
from charlstm.lm.config import ModelConfig
from charlstm.lm.store.tensors import count_weights
from charlstm.lm.vocab import Vocab
from charlstm.paths import cache_path
from charlstm.tunes.corpus.model import Corpus
from charlstm.ui.background import in_background, is_done
from charlstm.ui.shared.corpora import corpus_of, corpus_stamp

ORDER = 6  # characters that the n-gram looks at together
_REFERENCE = 150  # units of the network that is measured
_LIMIT = 180.0  # seconds


def baseline(name: str) -> float | None:
    """The n-gram's loss on a collection's validation tunes; None while it is counted, or where there are none."""
    stamp = corpus_stamp(name)
    if stamp is None:
        return None
    return in_background("n-gram", (name, stamp), lambda: _ngram_loss(name, stamp), cached=64)


def _ngram_loss(name: str, stamp: int) -> float | None:
    with contextlib.suppress(CharlstmError):
        corpus = corpus_of(name, stamp)
        if corpus.validation:
            return NGram.fit(corpus.train, Vocab.of(corpus.texts), ORDER).loss(corpus.validation)
    return None


def speed(model: ModelConfig, corpus: Corpus) -> float | None:
    """About how many characters a second this machine learns, from one short measurement for each cell type.

    Time a character grows as the weights do; None while the measurement runs. `is_measured` tells how it ended.
    """
    work = in_background("speed", model.cell, lambda: _measured(model.cell, corpus.name))
    return work / count_weights(model, len(Vocab.of(corpus.texts))) if work else None


def is_measured(model: ModelConfig) -> bool:
    """Whether there is nothing more to wait for."""
    return is_done("speed", model.cell)


def _measured(cell: str, corpus: str) -> float | None:
    """Weights times characters a second, of a training in its own process; stored for the next server."""
    path, key = cache_path() / "speed.json", f"{platform.node()}/{cell}"
    known: dict[str, float] = {}
    with contextlib.suppress(OSError, ValueError):
        known = parse_json(path.read_bytes())
    size = ["--cell", cell, "--hidden-size", str(_REFERENCE), "--lookback", "none"]
    words = ["train", "--estimate", "--corpus", corpus, *size, "--threads", "1", "--json"]
    try:
        if key not in known:
            estimate = parse_json(processes.output(words, timeout=_LIMIT))
            known[key] = float(estimate["characters_per_second"]) * float(estimate["weights"])
            write_atomic(path, json.dumps(known))
        return float(known[key])
    except (ProcessError, OSError, ValueError, KeyError, TypeError):
        return None
