"""Attribution: why a network predicted this character here. Two answers, neither by a gradient.

`logit_attribution` is exact: the contributions of the last layer's units and the bias add up to a symbol's logit.
`occlusion` is an experiment: an earlier character is skipped, or replaced, and the network reads again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from charlstm.errors import ConfigError
from charlstm.lm.infer.batch import read_on
from charlstm.lm.infer.engine import Engine
from charlstm.lm.infer.logits import log_softmax
from charlstm.lm.vocab import END
from charlstm.progress import Progress, Report

How = Literal["skip", "replace"]
REACH = 200  # earlier characters that are occluded, by default
BATCH_SIZE = 64


@dataclass(frozen=True, eq=False)
class LogitAttribution:
    """Direct logit attribution: what each unit of the last layer adds to the logit of one symbol after a text.

    Attributes
    ----------
    symbol : str
        The symbol; "<end>" is the tune's end.
    units : float array, shape (H,)
        h_u W_u: they and `bias` add up to `logit`.
    bias, logit : float
    centred : float array, shape (H,)
        h_u (W_u - mean over symbols of W_u): they and `centred_bias` add up to the logit less the mean logit. What
        is added to all logits alike changes no probability, so only this part counts.
    centred_bias : float
    probability : float
        Of the symbol, at temperature 1.
    """

    symbol: str
    units: NDArray[np.float64]
    bias: float
    logit: float
    centred: NDArray[np.float64]
    centred_bias: float
    probability: float


def logit_attribution(engine: Engine, text: str, position: int) -> LogitAttribution:
    """What each unit of the last layer adds to the logit of the character at a position, given the text before it.

    logit_k = b_k + sum over u of h_u W_uk, with h the last layer's state after text[:position] and W the decoder.

    Parameters
    ----------
    engine : Engine
    text : str
        T characters.
    position : int
        0 to T; T asks for the tune's end.
    """
    symbol = _target(engine, text, position)
    exact = engine.exact
    ids = np.concatenate([[exact.vocab.start], exact.vocab.encode(text[:position])])
    logits, trace = exact.run(ids)
    decoder, bias = exact.fused.decoder, exact.fused.decoder_bias
    h, z = trace.h[-1, -1], logits[-1]
    shifted = np.exp(z - z.max())
    return LogitAttribution(
        symbol=END if symbol == exact.vocab.end else text[position],
        units=h * decoder[:, symbol],
        bias=float(bias[symbol]),
        logit=float(z[symbol]),
        centred=h * (decoder[:, symbol] - decoder.mean(axis=1)),
        centred_bias=float(bias[symbol] - bias.mean()),
        probability=float(shifted[symbol] / shifted.sum()),
    )


def occlusion(
    engine: Engine,
    text: str,
    position: int,
    *,
    how: How = "skip",
    reach: int = REACH,
    report: Report | None = None,
) -> NDArray[np.float64]:
    """How much each earlier character helped to predict one: log p with it less log p without it, in nats.

    effect_j = ln p(c | text[:position]) - ln p(c | the same with character j skipped, or replaced), c = text[position]

    Positive: the character helped. Skipping is the omission score of Kádár, Chrupała and Alishahi 2017; it moves all
    that follows one position nearer. Replacing keeps the positions: the likeliest other symbol there takes its place.

    Parameters
    ----------
    engine : Engine
    text : str
        T characters.
    position : int
        1 to T; T asks for the tune's end.
    how : "skip" or "replace"
    reach : int
        Only that many characters before the position are tried.
    report : callable, optional
        Told how many of the characters are tried; it may raise to stop.

    Returns
    -------
    float array, shape (position,)
        0 for characters out of reach.
    """
    target = _target(engine, text, position)
    if position < 1:
        raise ConfigError("position", "must be 1 or more: there is nothing before the first character.")
    vocab = engine.vocab
    ids = vocab.encode(text[:position])
    first = max(position - max(reach, 1), 0)
    logits, trace = engine.run(np.concatenate([[vocab.start], ids]))
    base = float(log_softmax(logits[-1])[target])
    effects = np.zeros(position)
    for start in range(first, position, BATCH_SIZE):
        tried = range(start, min(start + BATCH_SIZE, position))
        rows = []
        for j in tried:
            instead = []
            if how == "replace":
                likely = logits[j].copy()  # after text[:j]
                likely[[vocab.start, vocab.end, ids[j]]] = -np.inf
                instead = [int(likely.argmax())]
            rows.append(np.concatenate([ids[:j], instead, ids[j + 1 :]]).astype(np.int32))
        # Nothing differs before character j: each row goes on from the state after text[:j].
        states = [(trace.h[:, j], None if trace.c is None else trace.c[:, j]) for j in tried]
        ends = read_on(engine, rows, list(tried), states, logits[list(tried)])
        effects[tried.start : tried.stop] = base - log_softmax(ends)[:, target]
        if report:
            report(Progress("Leaving out each character", tried.stop - first, position - first))
    return effects


def _target(engine: Engine, text: str, position: int) -> int:
    if not 0 <= position <= len(text):
        raise ConfigError("position", f"{position} is not in a tune of {len(text)} characters.")
    return int(engine.vocab.encode(text[position])[0]) if position < len(text) else engine.vocab.end
