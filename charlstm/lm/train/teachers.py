"""Teachers: trained networks whose predictions another one learns from, beside the characters that came.

A character that came is one draw; the mean prediction of several networks says what else could have come. So a network
learns more from the same tunes than they alone tell it (Hinton, Vinyals and Dean 2015, "Distilling the Knowledge in a
Neural Network", at temperature 1). Knows no files and no schedule.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from charlstm.errors import ConfigError
from charlstm.lm.columns import side_columns
from charlstm.lm.config import ModelConfig
from charlstm.lm.store.checkpoint import Checkpoint
from charlstm.lm.train.batches import IGNORED
from charlstm.lm.train.network import CharRNN
from charlstm.lm.vocab import Vocab

PLAN_KIND = "plan_kind_embedding"  # the column that is 0 all along a tune without a form plan


class Teachers(nn.Module):
    """Some trained networks, which learn nothing here.

    A network that reads no form plans has nothing to say of a tune that is learned with its plan.

    Parameters
    ----------
    checkpoints : sequence of Checkpoint
    model : ModelConfig
        Of the network that learns. Each teacher must read the same side inputs or some of them, since all read the
        same batches.
    vocab : Vocab
        Of the network that learns.

    Raises
    ------
    ConfigError
        If one of them knows other characters or reads other side inputs, or if the network that learns reads form
        plans and none of them does.
    """

    def __init__(self, checkpoints: Sequence[Checkpoint], model: ModelConfig, vocab: Vocab) -> None:
        super().__init__()
        own = _inputs(model, vocab)
        self._plan_kind = own.index(PLAN_KIND) if model.plan else None
        self._columns: list[list[int]] = []  # of each teacher: which of the batches' columns it reads
        networks = []
        for checkpoint in checkpoints:
            if checkpoint.vocab != vocab:
                raise ConfigError("teachers", f"{checkpoint.name} knows other characters than the corpus has.")
            theirs = _inputs(checkpoint.config, vocab)
            if not set(theirs) <= set(own):
                message = f"{checkpoint.name} reads inputs that this network does not; see --lookback, --clock, --plan."
                raise ConfigError("teachers", message)
            self._columns.append([own.index(name) for name in theirs])
            networks.append(CharRNN(checkpoint.config, len(vocab)))
            networks[-1].load_weights(checkpoint.weights())
        if model.plan and not any(checkpoint.config.plan for checkpoint in checkpoints):
            raise ConfigError("teachers", "none of them reads form plans, as this network does; add one, or no --plan.")
        self.networks = nn.ModuleList(networks)
        self.eval().requires_grad_(False)

    @torch.no_grad()
    def forward(self, ids: Tensor, side: Tensor | None, *, bfloat16: bool = False) -> Tensor:
        """The mean of what they predict after each character.

        Parameters
        ----------
        ids : int tensor, shape (B, T)
        side : int tensor, shape (B, T, K), or None
            Of the network that learns.
        bfloat16 : bool
            Compute the recurrent layers in bfloat16.

        Returns
        -------
        float tensor, shape (B, T, V)
            Probabilities.
        """
        total, count = 0.0, torch.zeros(len(ids), 1, 1, device=ids.device)
        planned = torch.zeros_like(count, dtype=torch.bool)
        if side is not None and self._plan_kind is not None:
            planned = (side[:, :, self._plan_kind] != 0).any(dim=1)[:, None, None]
        for network, columns in zip(self.networks, self._columns, strict=True):
            logits, _ = network(ids, None if side is None or not columns else side[:, :, columns], bfloat16=bfloat16)
            says = torch.ones_like(count) if self._plan_kind in columns else (~planned).float()
            total, count = total + says * logits.softmax(dim=2), count + says
        return total / count


def loss_beside(predicted: Tensor, logits: Tensor, targets: Tensor) -> Tensor:
    """Cross-entropy of a network with what its teachers predict, summed over the characters that count.

    loss = -sum_i sum_v p(v) ln q(v) with their p and its q at character i.

    Parameters
    ----------
    predicted : float tensor, shape (B, T, V)
        Probabilities p.
    logits : float tensor, shape (B, T, V)
        Of q.
    targets : int tensor, shape (B, T)
        IGNORED in the padding.

    Returns
    -------
    float tensor, shape ()
        Nats.
    """
    losses = -(predicted * functional.log_softmax(logits, dim=2)).sum(dim=2)
    return losses.masked_fill(targets == IGNORED, 0.0).sum()


def _inputs(config: ModelConfig, vocab: Vocab) -> list[str]:
    """The side inputs of a network by their names, in the order of its columns."""
    names = [column.table for column in side_columns(config, len(vocab))]
    return [f"lookback {bars}" for bars in config.lookback_bars] + names[len(config.lookback_bars) :]
