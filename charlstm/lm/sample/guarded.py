"""A choice that a guard has a say in: the model's, and where the guard does not allow it, again among what it allows.

Knows no ABC: what is allowed the guard says, character by character.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from charlstm.lm.config import SampleConfig
from charlstm.lm.infer.engine import Engine
from charlstm.lm.infer.logits import Floats, log_softmax
from charlstm.lm.sample.attribute_control import NoteHeads
from charlstm.lm.sample.decoding import SymbolPicker
from charlstm.lm.sample.fields import seen_values
from charlstm.lm.sample.guard import Guard
from charlstm.lm.vocab import Vocab


class Limit(Protocol):
    """What may come next; "" is the end."""

    def allows(self, char: str) -> bool:
        """Whether this character may come next."""

    def agrees(self, char: str) -> bool:
        """Whether it, which may, is also as planned."""


class Overruled(NamedTuple):
    """A character that the guard put instead of the model's.

    Attributes
    ----------
    index : int
        Its place in the text; len(text) for END.
    nats : float
        What it cost: -ln of the probability of all that the guard allowed there, under the model's own distribution.
    """

    index: int  # type: ignore[assignment]  # hides tuple.index, which is not needed here
    nats: float


def pick_guarded(
    picker: SymbolPicker,
    logits: NDArray[np.floating],
    forbid: Callable[[Floats], None],
    vocab: Vocab,
    guard: Limit | None,
    config: SampleConfig | None = None,
) -> tuple[int, float | None]:
    """Choose the next symbol, and where the guard does not allow it, again among what it allows.

    Of that it must be what agrees with the form plan, if anything does. The second choice takes the next random number:
    a symbol comes with its probability among those allowed, and a tune that needs no guard is the one without it.

    Returns
    -------
    symbol : int
    nats : float or None
        What the guard cost, if it had to overrule the model.
    """
    symbol = picker.pick(logits, forbid, config)
    if guard is None or (guard.allows(vocab.written[symbol]) and guard.agrees(vocab.written[symbol])):
        return symbol, None
    allowed, agreed = np.zeros((2, len(vocab)), dtype=bool)
    for k, text in enumerate(vocab.written):
        allowed[k] = k != vocab.start and guard.allows(text)
        agreed[k] = allowed[k] and guard.agrees(text)
    if agreed.any():
        allowed = agreed
    elif allowed[symbol]:
        return symbol, None

    def forbid_more(z: Floats) -> None:
        forbid(z)
        z[~allowed] = -np.inf

    return picker.pick(logits, forbid_more, config), -float(np.log(np.exp(log_softmax(logits)[allowed]).sum()))


def guard_of(
    engine: Engine, config: SampleConfig, prime: str, lines: Mapping[str, str], heads: NoteHeads | None = None
) -> Guard:
    """The guard of a tune with this prime, these fixed lines and, of the notes, these alone.

    Raises ConfigError where it cannot follow them.
    """
    fixed = {letter: line[2:].strip() for letter, line in lines.items()}
    seen = {letter: seen_values(engine, letter) for letter in "RMLK"}
    return Guard(engine.vocab.symbols[2:], seen, fixed, prime, config.max_length, heads=heads)
