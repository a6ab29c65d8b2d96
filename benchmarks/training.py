"""How fast we train, as ratios from one run: beside a bare nn.LSTM loop, and beside one character at a time.

    python benchmarks/training.py [--threads 2] [--shapes 1x250 2x512] [--rounds 5]

All loops learn from the same made-up tunes, as long as the fiddle corpus's. The bare loop is an embedding, nn.LSTM, a
linear layer and AdamW on batches that lie ready; ours adds cutting up, transposing, looking back, bucketing, locked
dropout, clipping and reporting. The report's way feeds one character a call in batches of one, and learns each 30.
Rounds of the loops take turns, and the best round of each counts, so that a busy moment of the machine falls out.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from charlstm.lm.config import ModelConfig, TrainConfig
from charlstm.lm.train.batches import IGNORED, Batch
from charlstm.lm.train.trainer import Trainer
from charlstm.tunes.corpus.model import Corpus

TUNES, BATCH, EMBEDDING = 256, 32, 128
SLICE = 30  # characters between two updates of the report's way


class BareLSTM(nn.Module):
    def __init__(self, vocab_size: int, hidden_size: int, num_layers: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, EMBEDDING)
        self.lstm = nn.LSTM(EMBEDDING, hidden_size, num_layers, batch_first=True)
        self.decoder = nn.Linear(hidden_size, vocab_size)

    def forward(self, ids: Tensor, state: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        x, state = self.lstm(self.embedding(ids), state)
        return self.decoder(x), state


def made_up_corpus() -> Corpus:
    """Tunes of random notes: median 220 characters, 1 in 20 over 340."""
    rng = np.random.default_rng(0)
    texts = []
    for k in range(TUNES):
        bars = max(8, int(rng.lognormal(2.9, 0.3)))
        body = " | ".join("".join(rng.choice(list("GABcdefg^c"), 8)).replace("^^", "^") for _ in range(bars))
        texts.append(
            f"T:Tune {k}\nR:reel\nM:4/4\nL:1/8\nK:{rng.choice(['G', 'D', 'A', 'C'])}\n{body.replace('^ ', ' ')}|]"
        )
    return Corpus("made-up", train=tuple(texts), validation=tuple(texts[:8]))


def our_round(corpus: Corpus, model: ModelConfig, train: TrainConfig) -> Callable[[], float]:
    """A whole epoch of the trainer, its batches prepared anew: characters a second."""
    trainer = Trainer(corpus, model, train, out=Path(tempfile.gettempdir()) / "no-run-is-written-here")

    def run() -> float:
        start, characters = time.perf_counter(), 0
        for batch in trainer.data.batches(trainer.progress.step):
            trainer.learner.update(batch, trainer.progress.step, trainer.learning_rate())
            trainer.progress.step += 1
            characters += batch.characters
        trainer.learner.sums.tolist()
        return characters / (time.perf_counter() - start)

    return run


def bare_round(batches: list[Batch], vocab_size: int, hidden_size: int, layers: int) -> Callable[[], float]:
    """The same number of characters through the bare loop."""
    network = BareLSTM(vocab_size, hidden_size, layers)
    optimizer = torch.optim.AdamW(network.parameters())

    def run() -> float:
        start = time.perf_counter()
        for batch in batches:
            logits, _ = network(torch.from_numpy(batch.inputs))
            targets = torch.from_numpy(batch.targets)
            loss = functional.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=IGNORED)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        return sum(batch.characters for batch in batches) / (time.perf_counter() - start)

    return run


def single_round(batches: list[Batch], vocab_size: int, hidden_size: int, layers: int) -> Callable[[], float]:
    """The report's way: one character a call, batch 1, an update each 30 characters."""
    network = BareLSTM(vocab_size, hidden_size, layers)
    optimizer = torch.optim.Adam(network.parameters())
    ids = torch.from_numpy(batches[0].inputs[0, : 4 * SLICE + 1])

    def run() -> float:
        start = time.perf_counter()
        for k in range(0, len(ids) - SLICE, SLICE):
            state, loss = None, torch.zeros(())
            for i in range(k, k + SLICE):
                logits, state = network(ids[i].view(1, 1), state)
                loss = loss + functional.cross_entropy(logits[0], ids[i + 1].view(1))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        return (len(ids) - 1) // SLICE * SLICE / (time.perf_counter() - start)

    return run


def main() -> None:
    """Measure each shape and print characters a second and ratios."""
    parser = argparse.ArgumentParser(description="How fast we train, beside a bare nn.LSTM loop.")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--shapes", nargs="+", default=["1x150", "1x250", "2x512"], help="layers x hidden units")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    corpus = made_up_corpus()
    print(f"{arguments.threads} threads, batches of {BATCH}, characters a second (ratio to the bare loop)")
    for shape in arguments.shapes:
        layers, hidden = map(int, shape.split("x"))
        plain = ModelConfig(hidden_size=hidden, num_layers=layers, dropout=0.3, embedding_dropout=0.1)
        back = ModelConfig(**{**plain.to_dict(), "lookback_bars": (1, 2, 4, 8)})
        probe = Trainer(corpus, plain, TrainConfig(batch_size=BATCH), out=Path(tempfile.gettempdir()) / "no-run")
        batches, size = list(probe._batches(0)), len(probe.vocab)
        rounds = {
            "bare nn.LSTM loop": bare_round(batches, size, hidden, layers),
            "ours": our_round(corpus, plain, TrainConfig(batch_size=BATCH)),
            "ours, bfloat16": our_round(corpus, plain, TrainConfig(batch_size=BATCH, bfloat16=True)),
            "ours, with lookback": our_round(corpus, back, TrainConfig(batch_size=BATCH)),
            "ours, with lookback, bfloat16": our_round(corpus, back, TrainConfig(batch_size=BATCH, bfloat16=True)),
            "one character at a time": single_round(batches, size, hidden, layers),
        }
        best = dict.fromkeys(rounds, 0.0)
        for _ in range(arguments.rounds):
            for name, run in rounds.items():
                best[name] = max(best[name], run())
        bare, single = best["bare nn.LSTM loop"], best["one character at a time"]
        print(f"\n{shape}: ours is {best['ours'] / single:.0f} times one character at a time")
        for name, speed in best.items():
            print(f"  {name:<30} {speed:>10,.0f}   {speed / bare:5.2f}")


if __name__ == "__main__":
    main()
