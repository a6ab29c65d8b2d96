"""The tunes over which units are measured."""

from __future__ import annotations

from charlstm.lm.vocab import Vocab
from charlstm.neurons.unseen import unseen
from charlstm.tunes.corpus.model import Corpus


def test_tunes_are_drawn_from_all_over_the_collection() -> None:
    many = tuple(f"K:D\n{'ABC'[k % 3] * (k + 1)}|" for k in range(50))
    found = unseen(Corpus("a", train=(), validation=many), Vocab.of(many), 10)
    assert found == many[::5]
    few = unseen(Corpus("a", train=(), validation=many), Vocab.of(many[:1]), 10)
    assert few == tuple(text for text in found if "A" in text)
    assert unseen(Corpus("a", train=(), validation=many[:3]), Vocab.of(many), 10) == many[:3]
