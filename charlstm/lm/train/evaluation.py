"""Losses of a network on tunes, in torch: of whole tunes, and of the report's random slices. Changes no weights."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from charlstm.lm.train.batches import IGNORED, Batch, encode_tune, fixed_batches, random_slices
from charlstm.lm.train.network import CharRNN, to_device
from charlstm.lm.vocab import Vocab
from charlstm.tunes.abc import split_header
from charlstm.tunes.form_plan.plan import FormPlan

EVALUATION_BATCH = 64


@dataclass(frozen=True)
class TuneLosses:
    """Nats per character of whole tunes; None where there is no character.

    Attributes
    ----------
    all : float or None
        Of all characters, END counted.
    header, body : float or None
        Of the characters up to the end of the K: line; of the others, END too.
    """

    all: float | None = None
    header: float | None = None
    body: float | None = None

    @classmethod
    def of(cls, sums: Tensor) -> TuneLosses:
        """Of what `loss_sums` gives."""
        everything, header, in_all, in_header = sums.tolist()

        def mean(total: float, count: float) -> float | None:
            return total / count if count else None

        return cls(mean(everything, in_all), mean(header, in_header), mean(everything - header, in_all - in_header))


NO_LOSSES = TuneLosses()


def whole_tune_loss(
    network: CharRNN, texts: Sequence[str], vocab: Vocab, plans: Sequence[FormPlan | None] | None = None
) -> TuneLosses:
    """Cross-entropy of whole tunes, each from a zero state at START, in a fixed order.

    loss = -(1/N) sum_i ln p(c_i | START c_1 ... c_(i-1)) over the N characters of all tunes, END counted.

    Parameters
    ----------
    network : CharRNN
    texts : sequence of str
        Model texts.
    vocab : Vocab
    plans : sequence of FormPlan or None, optional
        What each is read by; else all are read without a plan.
    """
    return TuneLosses.of(loss_sums(network, texts, vocab, plans))


@torch.no_grad()
def loss_sums(
    network: CharRNN, texts: Sequence[str], vocab: Vocab, plans: Sequence[FormPlan | None] | None = None
) -> Tensor:
    """Loss of all characters and of headers, in nats; their numbers: (4,) in float64. Those of several processes add.

    The parameters are those of `whole_tune_loss`.
    """
    device = network.decoder.bias.device
    given = [None] * len(texts) if plans is None else plans
    tunes = [encode_tune(text, vocab, network.config, plan) for text, plan in zip(texts, given, strict=True)]
    headers = np.array([split_header(text).body_start for text in texts], dtype=np.int64)
    sums = torch.tensor([0, 0, sum(map(len, tunes)), int(headers.sum())], dtype=torch.float64, device=device)
    with _evaluating(network):
        for batch in fixed_batches(tunes, EVALUATION_BATCH):
            losses, _ = _character_losses(network, batch)
            in_header = torch.arange(losses.shape[1]) < torch.from_numpy(headers[list(batch.tunes)])[:, None]
            sums[0] += losses.sum(dtype=torch.float64)
            sums[1] += (losses * in_header.to(device)).sum(dtype=torch.float64)
    return sums


@torch.no_grad()
def slice_loss(
    network: CharRNN, texts: Sequence[str], vocab: Vocab, *, sequence_length: int, seed: int = 0
) -> float | None:
    """Cross-entropy of one random slice of each tune from a zero state: what the report plots.

    loss = (1/N) sum_n (1/T_n) sum_t -ln p(c_t | c_s ... c_(t-1)), a slice of tune n being its characters from a
    random place s on, T_n of them. It asks of the network only what a slice can show, so it does not measure tunes:
    use `whole_tune_loss` to compare networks.

    Parameters
    ----------
    network : CharRNN
    texts : sequence of str
        Model texts, N of them.
    vocab : Vocab
    sequence_length : int
        Characters of a slice; a shorter tune is taken whole.
    seed : int
        Of where the slices lie: the same seed, the same slices.

    Returns
    -------
    float or None
        Nats per character; None without texts.
    """
    tunes = [encode_tune(text, vocab, network.config) for text in texts]
    total = torch.zeros((), dtype=torch.float64, device=network.decoder.bias.device)
    with _evaluating(network):
        for batch in random_slices(tunes, EVALUATION_BATCH, sequence_length, np.random.default_rng(seed)):
            losses, targets = _character_losses(network, batch)
            total += (losses.sum(dim=1, dtype=torch.float64) / (targets != IGNORED).sum(dim=1)).sum()
    return float(total) / len(tunes) if tunes else None


def _character_losses(network: CharRNN, batch: Batch) -> tuple[Tensor, Tensor]:
    """-ln p of each target, 0 in the padding, and the targets: (B, T) both."""
    inputs, targets, side = to_device(batch, network.decoder.bias.device)
    logits, _ = network(inputs, side)
    losses = functional.cross_entropy(
        logits.flatten(0, 1), targets.flatten(), ignore_index=IGNORED, reduction="none"
    ).view(targets.shape)
    return losses, targets


@contextmanager
def _evaluating(network: CharRNN) -> Iterator[None]:
    """Without dropout; as it was afterwards."""
    was_training = network.training
    network.eval()
    yield
    network.train(was_training)
