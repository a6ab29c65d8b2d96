"""Networks with weights made by hand, so that a page has real tunes without any training: one that recites tunes, and
one that weaves bars of eight eighths by chance."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from charlstm.lm.config import ModelConfig
from charlstm.lm.store.checkpoint import Checkpoint, CorpusInfo, save_checkpoint
from charlstm.lm.vocab import Vocab


def save_reciter(folder: Path, tunes: Sequence[str], *, temperature: float = 0.8) -> Path:
    """Save a plain RNN that writes one of some tunes, which one by the seed.

    The tunes begin with different letters. Unit k of a tune is on while its character k is the last one read: the
    recurrence is a shift register, begun by START and the first letter. H = 1 + the number of characters.
    """
    vocab = Vocab.of(tunes)
    assert len({tune[0] for tune in tunes}) == len(tunes)
    size, symbols = 1 + sum(map(len, tunes)), len(vocab)
    w_x, w_h = np.zeros((size, symbols)), np.zeros((size, size))
    bias, decoder, decoder_bias = np.full(size, -5.0), np.zeros((symbols, size)), np.zeros(symbols)
    w_x[0, vocab.start], bias[0] = 20.0, -10.0  # unit 0: START was read
    first = 1
    for tune in tunes:
        ids = [*vocab.encode(tune), vocab.end]
        w_h[first, 0], w_x[first, ids[0]], bias[first] = 10.0, 10.0, -15.0  # both START before and this letter now
        for unit in range(first + 1, first + len(tune)):
            w_h[unit, unit - 1] = 10.0
        for unit, following in zip([0, *range(first, first + len(tune))], ids, strict=True):
            decoder[following, unit] += 20.0
            decoder_bias[following] += 20.0
        first += len(tune)
    weights = w_x, w_h, bias, decoder, decoder_bias
    return _save(
        folder,
        vocab,
        weights,
        corpus={"name": "tiny", "headers": {"K": {"D": 2, "G": 1}, "M": {"4/4": 2, "6/8": 1}, "R": {"reel": 1}}},
        val_loss=0.0,
        temperature=temperature,
    )


def save_weaver(folder: Path, tunes: Sequence[str], *, notes: str = "ABcdefg") -> Path:
    """Save a plain RNN that writes eight notes by chance, a bar line, eight notes, ...: every bar fills 4/4, none ends.

    It knows the characters of some tunes. Unit k is on when k notes of the bar are there; START, `|`, `:` and a line's
    end turn on unit 0. It reads any text, and begins to count at the next of them.
    """
    vocab = Vocab.of([*tunes, notes, "|:\n"])
    size, symbols = 9, len(vocab)
    w_x, w_h = np.zeros((size, symbols)), np.zeros((size, size))
    bias, decoder, decoder_bias = np.full(size, -5.0), np.zeros((symbols, size)), np.zeros(symbols)
    for symbol in (vocab.start, *map(vocab.ids.__getitem__, "|:\n")):
        w_x[0, symbol] = 10.0
        w_x[1:, symbol] = -20.0
    for unit in range(1, size):
        w_h[unit, unit - 1] = 10.0
    for unit in range(size):
        for character in notes if unit < 8 else "|":
            decoder[vocab.ids[character], unit] += 20.0
            decoder_bias[vocab.ids[character]] += 20.0
    weights = w_x, w_h, bias, decoder, decoder_bias
    return _save(
        folder, vocab, weights, corpus={"name": "woven", "headers": {"L": {"1/8": 3}}}, val_loss=1.0, temperature=1.0
    )


def _save(
    folder: Path,
    vocab: Vocab,
    arrays: Sequence[np.ndarray],
    *,
    corpus: dict[str, object],
    val_loss: float,
    temperature: float,
) -> Path:
    """Save a plain RNN whose characters are embedded as themselves: w_x, w_h, bias, decoder, decoder_bias."""
    w_x, w_h, bias, decoder, decoder_bias = arrays
    size, symbols = w_x.shape
    weights = {
        "embedding.weight": np.eye(symbols),
        "rnn.weight_ih_l0": w_x,
        "rnn.weight_hh_l0": w_h,
        "rnn.bias_ih_l0": bias,
        "rnn.bias_hh_l0": np.zeros(size),
        "decoder.weight": decoder,
        "decoder.bias": decoder_bias,
    }
    checkpoint = Checkpoint(
        folder,
        ModelConfig(cell="rnn", hidden_size=size, embedding_size=symbols),
        vocab,
        corpus=CorpusInfo.from_dict(corpus),
        val_loss=val_loss,
        temperature=temperature,
    )
    save_checkpoint(checkpoint, {name: array.astype(np.float32) for name, array in weights.items()})
    return folder
