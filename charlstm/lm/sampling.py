"""Sampling: logits to characters. Temperature, top-k, top-p; many tunes in a batch, or one as a stream.

Knows no ABC, but for the header's layout (lm/header.py) and one line: an X: that begins a prime is dropped, unless
the model itself would begin with X, because cleaned corpora have no reference numbers.

Same seed, same tune, alone or in a batch, on any machine. A draw takes one uniform number from the tune's own
generator and picks the symbol in whose part of the cumulated distribution it falls. Sums in float32 come out
differently in the last bits from one BLAS or batch size to the next, and a tune would turn into another one where a
number falls on a boundary. So a draw is defined by float64 arithmetic, and float32 decides only where its answer is
sure: where no error of the logits up to `Engine.rounding` could change it. Otherwise (about once in ten tunes) the
tune so far is read again by the float64 twin of the network, and drawn from that.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from charlstm.errors import ConfigError
from charlstm.lm.config import SampleConfig
from charlstm.lm.engine import Engine, Reader
from charlstm.lm.header import Header, fixed_lines
from charlstm.lm.vocab import START

BATCH_SIZE = 128  # tunes written at once; from 64 to 256 the speed is the same
DEFAULT = SampleConfig()
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Sample:
    """A tune a model wrote.

    Attributes
    ----------
    text : str
        The model text, prime included: no START, END or X: line.
    prime : str
        What the text was made to begin with.
    seed : int
        Gives the same tune again, with the same model, settings, prime and fields.
    log_probs : float array, shape (N,)
        Nats of each symbol drawn, END included, under the model's own distribution (temperature 1, nothing cut
        off). Characters of the prime and of fixed fields are given, not drawn.
    stopped : "end" or "max_length"
        Whether the model ended the tune, or the length did.
    """

    text: str
    prime: str
    seed: int
    log_probs: Floats
    stopped: Literal["end", "max_length"]

    @property
    def log_probability(self) -> float:
        """Sum of log_probs, in nats."""
        return float(self.log_probs.sum())


def distribution(logits: ArrayLike, config: SampleConfig, allowed: NDArray[np.bool_] | None = None) -> Floats:
    """Turn logits into the distribution the next symbol is drawn from.

    p_i = exp(z_i / temperature) / sum_j exp(z_j / temperature), after symbols outside `allowed`, outside the top k
    and outside the nucleus (the fewest likeliest symbols that have top_p of the probability, at this temperature)
    are removed, in that order. Temperature 0 puts all mass on the largest logit. Ties go to the lower id.

    Parameters
    ----------
    logits : float array, shape (B, V)
        Unnormalised log probabilities.
    config : SampleConfig
        Temperature in [0, 100]; top_k in [1, V]; top_p in (0, 1].
    allowed : bool array, shape (B, V), optional
        Symbols that may be drawn; each row has at least one True.

    Returns
    -------
    float64 array, shape (B, V)
        Rows sum to 1.

    References
    ----------
    Nucleus: Holtzman et al. 2020, "The Curious Case of Neural Text Degeneration".
    """
    rows = np.array(logits, dtype=np.float64)
    if allowed is not None:
        rows[~allowed] = -np.inf
    for row in rows:
        row[:] = _weights(row, config)[0]
    return rows / rows.sum(axis=1, keepdims=True)


def _weights(z: Floats, config: SampleConfig, error: float = 0.0) -> tuple[Floats, bool]:
    """Weights (V,) to draw by, from logits z that are overwritten; and whether logits off by `error` keep the same."""
    sure = True
    z -= np.maximum.reduce(z)
    if config.temperature == 0:
        weights = np.zeros_like(z)
        weights[z.argmax()] = 1
        return weights, not error or np.count_nonzero(z > -2 * error) == 1
    if config.top_k is not None and config.top_k < len(z):
        order = np.argsort(-z, kind="stable")
        kept, cut = z[order[config.top_k - 1 : config.top_k + 1]].tolist()
        sure = cut == -math.inf or kept - cut > 2 * error
        z[order[config.top_k :]] = -np.inf
    z /= max(config.temperature, 1e-100)  # below, z would overflow
    weights = np.exp(z, z)
    if config.top_p is not None and config.top_p < 1:
        order = np.argsort(-weights, kind="stable")
        mass = weights[order].cumsum()
        mass /= mass[-1]
        last = int(mass.searchsorted(config.top_p))
        slack = math.expm1(min(2 * error / max(config.temperature, 1e-100), 700.0))
        tied = last + 1 < len(mass) and weights[order[last]] <= weights[order[last + 1]] * (1 + slack)
        near = np.abs(mass[max(last - 1, 0) : last + 1] - config.top_p) <= slack
        sure = sure and not tied and not near.any()
        weights[order[last + 1 :]] = 0
    return weights, sure or not error


def _draw(z: Floats, u: float, config: SampleConfig, error: float = 0.0) -> int | None:
    """The symbol that the number u in [0, 1) picks, or None if logits off by `error` might pick another."""
    weights, sure = _weights(z, config, error)
    if not sure:
        return None
    cumulated = weights.cumsum()
    total = cumulated.item(-1)
    symbol = int(cumulated.searchsorted(u * total, "right"))
    if symbol == len(weights):  # u * total was rounded up to the total
        symbol = int(cumulated.searchsorted(total))
    if error and config.temperature:
        # If every logit is off by at most e, a sum F of probabilities is off by at most F (1 - F) (exp(2 e / T) - 1).
        slack = math.expm1(min(2 * error / config.temperature, 700.0))
        low = cumulated.item(symbol - 1) / total if symbol else 0.0
        high = cumulated.item(symbol) / total
        if u - low <= slack * low * (1 - low) + 1e-12 or high - u <= slack * high * (1 - high) + 1e-12:
            return None
    return symbol


class _Tune:
    """One tune being written: what was put down, what must be, and its random numbers."""

    def __init__(self, engine: Engine, config: SampleConfig, prime: str, lines: Mapping[str, str], seed: int) -> None:
        self._engine, self._config, self._prime, self.seed = engine, config, prime, seed
        self._header = Header(lines, engine.vocab, prime) if lines else None
        self._given = prime + (self._header.given if self._header else "")  # put down before anything is drawn
        self.text = ""
        self.stopped: Literal["end", "max_length"] | None = None
        self._ids = [engine.vocab.start]
        self._random = np.random.default_rng(seed).random
        self._drawn: list[tuple[NDArray[np.floating], int]] = []
        self._log_probs: list[Floats] = []
        self._exact: Reader | None = None  # the float64 twin at work, once it is needed
        self._exactly_read = 0  # of _ids

    def next(self, logits: NDArray[np.floating]) -> int:
        """The id of the next symbol, given the logits (V,) after what is there; put down, if it is no END."""
        vocab = self._engine.vocab
        if not self._given:
            symbol = self._pick(logits)
            if self._header:
                self._given = self._header.instead(vocab.symbols[symbol])
        if self._given:
            symbol, self._given = vocab.ids[self._given[0]], self._given[1:]
        else:
            self._drawn.append((logits.copy(), symbol))
            if len(self._drawn) == 64:
                self._settle()
        if symbol == vocab.end:
            self.stopped = "end"
            return symbol
        self._ids.append(symbol)
        self.text += vocab.symbols[symbol]
        if self._header and len(self.text) > len(self._prime):
            self._header.read(vocab.symbols[symbol])
        if len(self.text) >= self._config.max_length:
            self.stopped = "max_length"
        return symbol

    def _pick(self, logits: NDArray[np.floating]) -> int:
        """Draw a symbol: by the logits that are there if that is sure, else by exact ones."""
        u = self._random()
        symbol = _draw(self._masked(logits), u, self._config, self._engine.rounding)
        if symbol is None:
            symbol = _draw(self._masked(self._exact_logits()), u, self._config)
            assert symbol is not None  # an exact draw is always sure
        return symbol

    def _masked(self, logits: NDArray[np.floating]) -> Floats:
        """The logits in float64, without what may not come now: START, END of nothing, what the header forbids."""
        z = logits.astype(np.float64)
        z[self._engine.vocab.start] = -np.inf
        if not self.text:
            z[self._engine.vocab.end] = -np.inf
        if self._header and (allowed := self._header.allowed()) is not None:
            z[~allowed] = -np.inf
        return z

    def _exact_logits(self) -> NDArray[np.floating]:
        if self._exact is None:
            self._exact = Reader(self._engine.exact, self._engine.exact.initial_state())
        unread, self._exactly_read = self._ids[self._exactly_read :], len(self._ids)
        return [self._exact.read([symbol]) for symbol in unread][-1][0]

    def _settle(self) -> None:
        """Turn the logits kept so far into log probabilities of what was drawn."""
        if self._drawn:
            rows = np.array([logits for logits, _ in self._drawn], dtype=np.float64)
            rows -= rows.max(axis=1, keepdims=True)
            drawn = rows[np.arange(len(rows)), [symbol for _, symbol in self._drawn]]
            self._log_probs.append(drawn - np.log(np.exp(rows).sum(axis=1)))
            self._drawn = []

    def sample(self) -> Sample:
        """The finished tune."""
        assert self.stopped is not None
        self._settle()
        log_probs = np.concatenate([np.zeros(0), *self._log_probs])
        return Sample(self.text, self._prime, self.seed, log_probs, self.stopped)


def _write(engine: Engine, tunes: list[_Tune]) -> Iterator[None]:
    """Write tunes side by side, a symbol of each at a time, until all have stopped."""
    reader = Reader(engine, engine.initial_state(len(tunes)))
    ids = [engine.vocab.start] * len(tunes)
    while tunes:
        ids = [tune.next(logits) for tune, logits in zip(tunes, reader.read(ids), strict=True)]
        yield
        going = [row for row, tune in enumerate(tunes) if not tune.stopped]
        if len(going) < len(tunes):
            tunes, ids = [tunes[row] for row in going], [ids[row] for row in going]
            reader = Reader(engine, reader.state.take(going))


def _begin(
    engine: Engine, config: SampleConfig, prime: str, fields: Mapping[str, str] | None, seeds: range
) -> Iterator[_Tune]:
    """Tunes not yet begun, one a seed. Everything the user gave is checked here, before the first is made."""
    prime = _model_text(engine, prime)
    engine.vocab.encode(prime)
    lines = fixed_lines(fields, engine.vocab) if fields else {}
    if len(prime) >= config.max_length:
        message = f"leaves no room after a prime of {len(prime)} characters; it counts them too, so make it larger."
        raise ConfigError("max_length", message)
    if seeds.start < 0:
        raise ConfigError("seed", "must be 0 or more.")
    if lines:
        Header(lines, engine.vocab, prime)
    return (_Tune(engine, config, prime, lines, seed) for seed in seeds)


def _model_text(engine: Engine, prime: str) -> str:
    """The prime as the model reads it: without a leading "<start>", and without X: unless the model writes it."""
    if prime.startswith(START):
        prime = prime.removeprefix(START).lstrip("\n")
    if prime.startswith("X:"):
        first = engine.step([engine.vocab.start], engine.initial_state())[0]
        if engine.vocab.symbols[int(first.argmax())] != "X":
            prime = prime.partition("\n")[2]
    return prime


def sample(
    engine: Engine,
    config: SampleConfig = DEFAULT,
    *,
    prime: str = "",
    fields: Mapping[str, str] | None = None,
    n: int = 1,
    seed: int = 0,
    progress: Callable[[int], None] | None = None,
) -> list[Sample]:
    """Write tunes.

    Parameters
    ----------
    engine : Engine
    config : SampleConfig
        Temperature, top_k, top_p, max_length.
    prime : str
        What every tune begins with: a header, a part of one, or some bars too.
    fields : mapping from str to str, optional
        Header fields to put in their place: {"M": "6/8", "K": "D"}. The model writes the others.
    n : int
        How many tunes.
    seed : int
        Tune i is the one tune of seed + i.
    progress : callable, optional
        Called with the number of finished tunes, now and then.

    Returns
    -------
    list of Sample, in the order of their seeds

    Raises
    ------
    VocabularyError
        If the prime or a field has a character that the model does not know.
    ConfigError
        If a setting is out of its range, a field cannot be fixed, or the prime and the fields or the length disagree.
    """
    waiting = _begin(engine, config, prime, fields, range(seed, seed + n))
    samples: list[Sample] = []
    while tunes := list(islice(waiting, BATCH_SIZE)):
        for _ in _write(engine, tunes):
            pass
        samples += [tune.sample() for tune in tunes]
        if progress:
            progress(len(samples))
    return samples


def stream(
    engine: Engine,
    config: SampleConfig = DEFAULT,
    *,
    prime: str = "",
    fields: Mapping[str, str] | None = None,
    seed: int = 0,
) -> Generator[str, None, Sample]:
    """Write one tune, a character at a time, the prime's first; joined they are `sample(...)[0].text`.

    Takes and raises what `sample` does; raises before the first character is asked for. The generator's value, when
    it ends, is the Sample.
    """
    (tune,) = _begin(engine, config, prime, fields, range(seed, seed + 1))

    def characters() -> Generator[str, None, Sample]:
        length = 0
        for _ in _write(engine, [tune]):
            if len(tune.text) > length:
                length = len(tune.text)
                yield tune.text[-1]
        return tune.sample()

    return characters()
