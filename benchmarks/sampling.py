"""How fast the engine writes, as ratios measured in one run: `OMP_NUM_THREADS=1 python benchmarks/sampling.py`.

A plain torch loop (nn.LSTM, softmax, multinomial, one character a call) and the bare matrix-vector products of a step
are measured beside ours, in turns, so that a busy moment of the machine falls on all alike; the best turn of each
counts. The tables at the top are on one thread: the script sets OMP_NUM_THREADS and OPENBLAS_NUM_THREADS to 1 for
itself unless they are set. The thousand tunes are written by two processes, one thread each.
"""

from __future__ import annotations

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):  # before NumPy and torch are imported
    os.environ.setdefault(variable, "1")

# ruff: noqa: E402
import argparse
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import torch

from charlstm.lm.config import ModelConfig, SampleConfig
from charlstm.lm.infer.engine import Engine
from charlstm.lm.infer.session import InferenceSession
from charlstm.lm.sample.sampling import sample, stream
from charlstm.lm.train.network import CharRNN
from charlstm.lm.vocab import Vocab

VOCAB = Vocab.of(["".join(map(chr, range(32, 126))) + "\n"])  # 97 symbols, as many as the fiddle corpus has
LENGTH = 220  # characters of a tune


def network_of(layers: int, size: int, lags: tuple[int, ...] = ()) -> CharRNN:
    """A network with PyTorch's own random weights that does not end a tune by itself."""
    torch.manual_seed(0)
    network = CharRNN(ModelConfig(num_layers=layers, hidden_size=size, lookback_bars=lags), len(VOCAB)).eval()
    with torch.no_grad():
        network.decoder.bias[VOCAB.end] = -30
    return network


def engine_of(network: CharRNN) -> Engine:
    return Engine(network.config, VOCAB, network.weights())


def torch_loop(network: CharRNN) -> Iterator[None]:
    """What a plain program does for a character."""
    config = network.config
    lstm = torch.nn.LSTM(config.width, config.hidden_size, config.num_layers, batch_first=True)
    state, ids = None, torch.tensor([[VOCAB.start]])
    while True:
        with torch.no_grad():
            output, state = lstm(network.embedding(ids), state)
            probabilities = torch.softmax(network.decoder(output[0, -1]), dim=-1)
            ids = torch.multinomial(probabilities, 1)[None]
        yield


def ours(engine: Engine) -> Iterator[None]:
    while True:
        for _ in stream(engine, SampleConfig(max_length=1000)):
            yield


def steps(engine: Engine) -> Iterator[None]:
    reader = InferenceSession(engine, engine.initial_state())
    while True:
        reader.read([50])
        yield


def floor(engine: Engine) -> Iterator[None]:
    """The matrix-vector products of a step: one a layer for the state, one for the layer below, the decoder."""
    folded = engine.fused
    matrices = [w for w, _ in (*folded.recurrent, *folded.inputs)] + [folded.decoder]
    h = np.ones((1, engine.config.hidden_size), dtype=np.float32)
    while True:
        for matrix in matrices:
            np.dot(h, matrix)
        yield


def microseconds(loops: list[tuple[Iterator[None], int]], turns: int) -> list[float]:
    """Time of one round of each loop, best of some turns of so many rounds, taken in rotation."""
    best = [float("inf")] * len(loops)
    for turn in range(turns + 1):  # the first one warms up
        for k, (loop, rounds) in enumerate(loops):
            for _ in range(rounds):  # fetches the weights, which the other loops have driven from the caches
                next(loop)
            begin = time.perf_counter()
            for _ in range(rounds):
                next(loop)
            if turn:
                best[k] = min(best[k], (time.perf_counter() - begin) / rounds * 1e6)
    return best


def write_tunes(n: int, seed: int) -> int:
    """Characters of n tunes of a 1 x 512 network with lookback."""
    engine = engine_of(network_of(1, 512, (1, 2, 4, 8)))
    return sum(len(tune.text) for tune in sample(engine, SampleConfig(max_length=LENGTH), n=n, seed=seed))


def main(write: Callable[[str], None] = print) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=200, help="turns a measurement (default 200)")
    parser.add_argument("--tunes", type=int, default=1000, help="tunes of the last line; 0 leaves it out")
    arguments = parser.parse_args()
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))

    write("one tune at a time                 us/character   ratio    wanted")
    for layers, size, rounds, wanted in ((1, 250, 64, 7), (2, 512, 8, 25)):
        network = network_of(layers, size)
        engine = engine_of(network)
        _ = engine.rounding  # measured once for a network, not once a tune
        loops = [(torch_loop(network), 2), (ours(engine), rounds), (steps(engine), rounds), (floor(engine), rounds)]
        plain, tune, step, bare = microseconds(loops, arguments.turns)
        name = f"{layers} x {size}"
        write(f"{name:10} plain torch loop        {plain:10.1f}")
        write(f"{name:10} stream                  {tune:10.1f}   {plain / tune:6.1f}x   >= {wanted}x")
        write(f"{name:10} step                    {step:10.1f}")
        write(f"{name:10} bare products           {bare:10.1f}   {step / bare:6.2f}    <= 1.6")
    if arguments.tunes:
        half = arguments.tunes // 2
        with ProcessPoolExecutor(2) as pool:
            begin = time.perf_counter()
            characters = sum(pool.map(write_tunes, (half, arguments.tunes - half), (0, half)))
            seconds = time.perf_counter() - begin
        what = f"{arguments.tunes} tunes, {characters} characters, two processes: {seconds:.1f} s"
        write(f"1 x 512 with lookback, {what}   wanted for 1000: < 30 s")


if __name__ == "__main__":
    main()
