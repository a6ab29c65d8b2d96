"""The tunes over which units are measured by default: validation tunes, which a model did not learn from."""

from __future__ import annotations

from charlstm.lm.vocab import Vocab
from charlstm.tunes.corpus.model import Corpus

TUNES = 120  # at most


def unseen(corpus: Corpus, vocab: Vocab, count: int = TUNES) -> tuple[str, ...]:
    """Validation tunes that a model can read, evenly spread over all there are: they lie book by book."""
    known, total = vocab.ids.keys(), len(corpus.validation)
    spread = dict.fromkeys(k * total // count for k in range(count)) if total > count else range(total)
    texts = (str(corpus.validation[k]) for k in spread)
    return tuple(text for text in texts if text and known >= set(text))
