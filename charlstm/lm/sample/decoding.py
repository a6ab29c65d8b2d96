"""Decoding: logits to a distribution, a random number to a symbol. Temperature, top-k, top-p.

A choice takes one uniform number and picks the symbol in whose part of the cumulated distribution, in the order of the
ids, it falls. All arithmetic is in float64.

Same seed, same tune, alone or in a batch, on any machine. Sums in float32 come out differently in the last bits from
one BLAS or batch size to the next, and a tune would turn into another one where a random number falls on the boundary
of two symbols. So a choice is defined by float64 arithmetic, and float32 decides only where its answer is sure: where
no error of the logits up to `Engine.rounding` could change it. Otherwise (once in ten tunes or so) the text so far is
read again by the float64 twin of the network, and chosen from that.

Knows nothing of what a text may hold: who asks says what is forbidden.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from charlstm.lm.config import SampleConfig
from charlstm.lm.infer.engine import Engine
from charlstm.lm.infer.logits import Floats
from charlstm.lm.infer.session import InferenceSession
from charlstm.tunes.form_plan.plan import FormPlan


def distribution(logits: ArrayLike, config: SampleConfig, allowed: NDArray[np.bool_] | None = None) -> Floats:
    """Turn logits into the distribution that the next symbol is drawn from.

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
        Symbols that may come; each row has at least one True.

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
    rows /= rows.sum(axis=1, keepdims=True)
    return rows


def _weights(z: Floats, config: SampleConfig, error: float = 0.0) -> tuple[Floats, bool]:
    """Weights (V,) to choose by, from logits z that are overwritten; whether logits off by `error` give the same."""
    sure, best = True, z.argmax()
    z -= z.item(best)
    if config.temperature == 0:
        weights = np.zeros_like(z)
        weights[best] = 1
        return weights, not error or np.count_nonzero(z > -2 * error) == 1
    if config.top_k is not None and config.top_k < len(z):
        order = np.argsort(-z, kind="stable")
        last, cut = z[order[config.top_k - 1 : config.top_k + 1]].tolist()
        sure = cut == -math.inf or last - cut > 2 * error
        z[order[config.top_k :]] = -np.inf
    z /= max(config.temperature, 1e-100)  # below, z would overflow
    weights = np.exp(z, z)
    if config.top_p is not None and config.top_p < 1:
        order = np.argsort(-weights, kind="stable")
        mass = weights[order].cumsum()
        mass /= mass[-1]
        last = int(mass.searchsorted(config.top_p))
        slack = _slack(error, config)
        tied = last + 1 < len(mass) and weights[order[last]] <= weights[order[last + 1]] * (1 + slack)
        edges = mass[max(last - 1, 0) : last + 1]
        near = np.abs(edges - config.top_p) <= slack * edges * (1 - edges) + 1e-12
        sure = sure and not tied and not near.any()
        weights[order[last + 1 :]] = 0
    return weights, sure or not error


def _slack(error: float, config: SampleConfig) -> float:
    """exp(2 e / T) - 1: logits off by at most e put a sum F of probabilities off by at most F (1 - F) times this."""
    return math.expm1(min(2 * error / max(config.temperature, 1e-100), 700.0))


def choose(z: Floats, u: float, config: SampleConfig, error: float = 0.0) -> int | None:
    """The symbol that the number u in [0, 1) picks, or None if logits off by `error` might pick another."""
    weights, sure = _weights(z, config, error)
    if not sure:
        return None
    cumulated = np.add.accumulate(weights)
    total = cumulated.item(-1)
    symbol = int(cumulated.searchsorted(u * total, "right"))  # u * total < total, for u is at most 1 - 2**-53
    if error and config.temperature:
        slack = _slack(error, config)
        low = cumulated.item(symbol - 1) / total if symbol else 0.0
        high = cumulated.item(symbol) / total
        if u - low <= slack * low * (1 - low) + 1e-12 or high - u <= slack * high * (1 - high) + 1e-12:
            return None
    return symbol


Begin = Callable[[], tuple[InferenceSession, NDArray[np.floating]]]


class SymbolPicker:
    """The random choices of one text, the same ones on any machine.

    Parameters
    ----------
    engine : Engine
    config : SampleConfig
    seed : int
        Each choice takes one number of this generator.
    skip : int
        Numbers that are left out first.
    begin : callable, optional
        Returns a session of `engine.exact` that has read all that precedes, and the logits (V,) after it; START alone
        when absent. Called only when float32 is not sure.
    """

    def __init__(
        self,
        engine: Engine,
        config: SampleConfig,
        seed: int | Sequence[int],
        *,
        skip: int = 0,
        begin: Begin | None = None,
    ) -> None:
        self._engine, self._config = engine, config
        generator = np.random.default_rng(seed)
        generator.random(skip)
        self._random = generator.random
        self._begin = begin or self._after_start
        self._session: InferenceSession | None = None  # the float64 twin at work, once it is needed
        self._unread: list[int] = []  # symbols of the text that the twin has not read
        self._plan: FormPlan | None = None

    def set_plan(self, plan: FormPlan | None) -> None:
        """Take note of the form plan that the text is written by, before its body begins."""
        self._plan = plan
        if self._session is not None:
            self._session.set_plan(0, plan)

    def put(self, symbol: int) -> None:
        """Take note of a symbol that the text goes on with, chosen or given."""
        self._unread.append(symbol)

    def pick(
        self, logits: NDArray[np.floating], forbid: Callable[[Floats], None], config: SampleConfig | None = None
    ) -> int:
        """Choose the next symbol, with one random number.

        Parameters
        ----------
        logits : float array, shape (V,)
            After what was put.
        forbid : callable
            Sets to -inf, in the logits it is given, what may not come now; START never may. It may add to the others.
        config : SampleConfig, optional
            In place of the text's own, for this choice.
        """
        u, config = self._random(), config or self._config
        symbol = choose(self._allowed(logits, forbid), u, config, self._engine.rounding)
        if symbol is None:
            symbol = choose(self._allowed(self._exact_logits(), forbid), u, config)
            assert symbol is not None  # an exact choice is always sure
        return symbol

    def _allowed(self, logits: NDArray[np.floating], forbid: Callable[[Floats], None]) -> Floats:
        z = logits.astype(np.float64)
        z[self._engine.vocab.start] = -np.inf
        forbid(z)
        return z

    def _after_start(self) -> tuple[InferenceSession, NDArray[np.floating]]:
        session = InferenceSession(self._engine.exact, self._engine.exact.initial_state())
        return session, session.read([self._engine.vocab.start])[0]

    def _exact_logits(self) -> NDArray[np.floating]:
        """The twin's logits after all that was put."""
        if self._session is None:
            self._session, self._row = self._begin()
            if self._plan is not None:
                self._session.set_plan(0, self._plan)
        for symbol in self._unread:
            self._row = self._session.read([symbol])[0]
        self._unread = []
        return self._row
