"""CharRNN: embedding -> recurrent layers -> dropout -> linear, in torch. Knows no text: ids in, logits out.

Axis letters: B batch, T characters, V vocabulary, H hidden units, L layers, E embedding, K side inputs.
Dropout is *locked*: one mask a sequence, the same at every character (Gal and Ghahramani 2016, "A Theoretically
Grounded Application of Dropout in Recurrent Neural Networks"), on the output of every layer, the last one too, where
nn.LSTM's own skips a single layer. That is why the layers here are L one-layer modules. Weight dropout silences single
weights from hidden state to hidden state for a whole update (Merity et al. 2017, "Regularizing and Optimizing LSTM
Language Models").
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from types import MappingProxyType

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.func import functional_call

from charlstm.lm.columns import side_columns, side_tables
from charlstm.lm.config import ModelConfig
from charlstm.lm.train.batches import Batch
from charlstm.lm.train.min_gru import MinGRU

OWN_LAYERS: Mapping[str, type[nn.Module]] = MappingProxyType({"MinGRU": MinGRU})  # those that torch.nn lacks
State = tuple[Tensor, ...]  # (h, c) where the cell has a cell state, else (h,); each (L, B, H)


class CharRNN(nn.Module):
    """A recurrent network over characters. State is an argument and a result, zeros when absent.

    Parameters
    ----------
    config : ModelConfig
        Its shape.
    vocab_size : int
        V, START and END included.
    """

    def __init__(self, config: ModelConfig, vocab_size: int) -> None:
        super().__init__()
        self.config, self.vocab_size = config, vocab_size
        width, hidden = config.width, config.hidden_size
        self._columns = side_columns(config, vocab_size)
        name = config.cell_spec.torch_class
        cell = OWN_LAYERS.get(name) or getattr(nn, name)
        inputs = [width + sum(column.width for column in self._columns)] + [hidden] * (config.num_layers - 1)
        self.embedding = nn.Embedding(vocab_size, width)
        for table, size in side_tables(config, vocab_size).items():
            self.add_module(table, nn.Embedding(*size))
        self.layers = nn.ModuleList(cell(size, hidden, batch_first=True) for size in inputs)
        tied = config.tie_weights
        self.projection = nn.Linear(hidden, width, bias=False) if tied and hidden != width else None
        self.decoder = nn.Linear(width if tied else hidden, vocab_size)
        self._initialise()
        if tied:
            self.decoder.weight = self.embedding.weight

    @torch.no_grad()
    def _initialise(self) -> None:
        """PyTorch's own draw, but for three things that matter here."""
        nn.init.zeros_(self.decoder.bias)
        if self.config.tie_weights:  # as a decoder, rows of length sqrt(E) would make the first losses huge
            nn.init.normal_(self.embedding.weight, std=self.config.width**-0.5)
        opened = self.config.cell_spec.open_rows(self.config.hidden_size)
        if opened is not None:
            for layer in self.layers:  # an open forget gate lets gradients through from the start
                layer.get_parameter("bias_ih_l0")[opened] = 1.0
                layer.get_parameter("bias_hh_l0")[opened] = 0.0

    def forward(
        self,
        ids: Tensor,
        side: Tensor | None = None,
        state: State | None = None,
        *,
        generator: torch.Generator | None = None,
        bfloat16: bool = False,
        rows: tuple[int, slice] | None = None,
    ) -> tuple[Tensor, State]:
        """Read characters and predict the next one after each.

        Parameters
        ----------
        ids : int tensor, shape (B, T)
            Characters read.
        side : int tensor, shape (B, T, K), optional
            The side inputs beside each of them; needed exactly where the configuration has any.
        state : tuple of float tensor, each (L, B, H), optional
            What a former call returned.
        generator : torch.Generator, optional
            Where dropout draws its masks while training, on the device of the network.
        bfloat16 : bool
            Compute the recurrent layers in bfloat16; embeddings, dropout and the decoder stay in float32.
        rows : (int, slice), optional
            These are some rows of a larger batch: how many it has, and which they are. Masks are drawn for all of
            them, so that processes with a part of the rows each draw what one process with all of them would.

        Returns
        -------
        logits : float tensor, shape (B, T, V)
        state : tuple of float tensor, each (L, B, H)
        """
        x = self.embedding(ids)  # (B, T, E)
        if self._columns:
            if side is None:
                raise ValueError("this network reads side inputs; give them")
            x = torch.cat((x, *self._embedded(side)), dim=2)
        x = self._drop(x, self.config.embedding_dropout, generator, rows)
        ends: list[State] = []
        has_c = self.config.cell_spec.has_cell_state
        for k, layer in enumerate(self.layers):
            before = None if state is None else tuple(part[k : k + 1].contiguous() for part in state)
            with torch.autocast(x.device.type, torch.bfloat16, enabled=bfloat16):
                weights = self._thinned(layer, generator)
                x, end = functional_call(layer, weights, (x, before if before is None or has_c else before[0]))
            x = x.float()
            ends.append(end if has_c else (end,))
            x = self._drop(x, self.config.dropout, generator, rows)  # (B, T, H)
        if self.projection is not None:
            x = self.projection(x)
        return self.decoder(x), tuple(torch.cat(part) for part in zip(*ends, strict=True))

    def _embedded(self, side: Tensor) -> Iterator[Tensor]:
        """The embeddings of side inputs, (B, T, width) each; columns that share one are looked up together."""
        first = 0
        for table, columns in groupby(column.table for column in self._columns):
            last = first + len(list(columns))
            yield self.get_submodule(table)(side[:, :, first:last]).flatten(2)
            first = last

    def _drop(
        self, x: Tensor, p: float, generator: torch.Generator | None, rows: tuple[int, slice] | None = None
    ) -> Tensor:
        """Locked dropout of (B, T, features): whole features of a sequence are silenced, the rest scaled up."""
        if not self.training or p == 0:
            return x
        drawn, mine = rows or (x.shape[0], slice(None))
        mask = torch.empty((drawn, 1, x.shape[2]), device=x.device, dtype=x.dtype)
        return x * mask.bernoulli_(1 - p, generator=generator).div_(1 - p)[mine]

    def _thinned(self, layer: nn.Module, generator: torch.Generator | None) -> dict[str, Tensor]:
        """The layer's recurrent matrix after weight dropout, by its name; nothing where there is none."""
        p = self.config.weight_dropout
        if not self.training or p == 0:
            return {}
        weight = layer.get_parameter("weight_hh_l0")
        mask = torch.empty_like(weight, requires_grad=False).bernoulli_(1 - p, generator=generator)
        return {"weight_hh_l0": weight * mask.div_(1 - p)}

    def weights(self) -> dict[str, NDArray[np.float32]]:
        """A copy of the parameters under the names of a checkpoint (charlstm.lm.store.checkpoint)."""
        return {name: p.detach().to("cpu", copy=True).numpy() for name, p in self.named_weights().items()}

    def load_weights(self, weights: Mapping[str, NDArray[np.float32]]) -> None:
        """Take the parameters from a checkpoint's weights; names and shapes must fit."""
        parameters = self.named_weights()
        with torch.no_grad():
            for name in parameters:
                parameters[name].copy_(torch.from_numpy(weights[name]))

    def named_weights(self) -> dict[str, nn.Parameter]:
        """The parameters themselves under a checkpoint's names: layers.1.weight_ih_l0 is rnn.weight_ih_l1."""
        named = {}
        for name, parameter in self.named_parameters():  # a tied decoder.weight is the embedding, and not repeated
            if name.startswith("layers."):
                _, layer, kind = name.split(".")
                name = f"rnn.{kind.removesuffix('0')}{layer}"
            named[name] = parameter
        return named


def to_device(batch: Batch, device: torch.device) -> tuple[Tensor, Tensor, Tensor | None]:
    """Inputs, targets and side inputs of a batch, as tensors on the device."""
    side = None if batch.side is None else torch.from_numpy(batch.side).to(device, non_blocking=True)
    inputs, targets = (torch.from_numpy(a).to(device, non_blocking=True) for a in (batch.inputs, batch.targets))
    return inputs, targets, side
