"""Adapter: anybody's tune as a model would have it written (its header, unit note length, characters), and back again.

A model knows one spelling, that of its corpus. What it is given to read is brought into that spelling, piece by piece
so that the pieces join; what it writes is brought back into the tune's own.
"""

from __future__ import annotations

from fractions import Fraction

from charlstm.lm.infer.engine import Engine
from charlstm.lm.sample.fields import adapted_lines, seen_values
from charlstm.lm.sample.header import with_unit
from charlstm.lm.sample.spelling import unknown_characters, without_unknown
from charlstm.lm.vocab import START
from charlstm.tunes.abc import body_tokens, lex, split_header
from charlstm.tunes.edit.normalize import plain_body, plain_header, plain_scale, scaled_body


class TuneAdapter:
    """How one model reads one tune.

    Parameters
    ----------
    engine : Engine
        A model whose corpus has a single unit note length learned the plain spelling of `tunes/edit/clean.py`; any
        other reads the tune as it stands.
    text : str
        The tune; offsets count its characters.
    nearest : bool
        Whether an unknown character becomes its nearest known spelling, or is left out.
    """

    def __init__(self, engine: Engine, text: str, *, nearest: bool = True) -> None:
        self._vocab, self._nearest, self._text = engine.vocab, nearest, text
        self.plain = set(seen_values(engine, "L")) == {"1/8"}
        self.scale = plain_scale(text) if self.plain else Fraction(1)
        self._start = split_header(text).body_start
        header = plain_header(text) if self.plain else text[: self._start]
        header = _without_number(engine, header)
        self.header = self._known(header)
        body = text[self._start :]
        if self.plain:
            body = plain_body(body_tokens(text), self.scale)
        self.unknown = unknown_characters(header + body, self._vocab)  # that it would read

    def read(self, start: int, end: int) -> str:
        """These characters of the body as the model reads them; the span begins and ends between marks."""
        start = max(start, self._start)
        if not self.plain:
            return self._known(self._text[start:end])
        tokens = [token for token in body_tokens(self._text) if start <= token.start < end]
        return self._known(plain_body(tokens, self.scale))

    def before(self, end: int) -> str:
        """The tune up to an offset as the model reads it, header first: a prime."""
        return self.header + self.read(self._start, end)

    def write(self, body: str) -> str:
        """What the model wrote, as it stands in this tune: with the lengths in the tune's own unit."""
        return scaled_body(body, 1 / self.scale)

    def _known(self, text: str) -> str:
        return without_unknown(text, self._vocab, nearest=self._nearest)


def written_places(before: str, after: str) -> list[int]:
    """Where each character that a model wrote stands in what `TuneAdapter.write` made of it: lengths may differ."""
    old, new = list(lex(before)), list(lex(after))
    if before == after or len(old) != len(new):
        return [min(place, max(len(after) - 1, 0)) for place in range(len(before))]
    return [
        b.start + min(place, max(len(b.text) - 1, 0))
        for a, b in zip(old, new, strict=True)
        for place in range(len(a.text))
    ]


def adapted_prime(engine: Engine, prime: str) -> str:
    """A prime as the model reads it.

    Without "<start>"; without the X: line it begins with, unless the model itself would begin with X, because cleaned
    corpora have no reference numbers; with finished M:, K:, R: and L: lines as the corpus spells them; and with the L:
    that the model writes by, where a finished header leaves it out and that would mean another one. Raises ConfigError
    if a line holds several fields.
    """
    if prime.startswith(START):
        prime = prime.removeprefix(START).lstrip("\n")
    return with_unit(adapted_lines(engine, _without_number(engine, prime)), seen_values(engine, "L"))


def _without_number(engine: Engine, text: str) -> str:
    """A text without the X: line it begins with, unless the model most likely begins with X, too."""
    if not text.startswith("X:"):
        return text
    first = engine.step([engine.vocab.start], engine.initial_state())[0]
    return text if engine.vocab.symbols[int(first.argmax())] == "X" else text.partition("\n")[2]
