"""Header fields fixed by the user, each put in its place in the header as the model writes it.

Knows only how a header is laid out: lines of a letter, a colon and a value, K: last, then the body. It draws
nothing; the sampler asks it what may come next and what to put down instead of what it drew.

While a header is being written with fields fixed, the model still draws the letter that begins each line. If the
letter is that of a fixed field that is still to come, or stands after it in the order T R M L K, the fixed line is
put down instead, the first one of several. So the model says where a field goes, and what stands in the fields
left open. Other letters pass. No field is written twice, and the body begins after K:, not before.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from charlstm.errors import ConfigError, VocabularyError
from charlstm.lm.vocab import Vocab
from charlstm.tunes.abc import default_unit, parse_meter, parse_unit, split_header

ORDER = "TRMLK"
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def _rank(letter: str) -> float:
    """Place of a field in the header; those that ORDER does not know come before K:."""
    return ORDER.index(letter) if letter in ORDER else len(ORDER) - 1.5


def fixed_lines(fields: Mapping[str, str], vocab: Vocab) -> dict[str, str]:
    """The header lines of some fields, by letter, in the order of a header.

    Parameters
    ----------
    fields : mapping from str to str
        Letter and value: {"M": "6/8", "K": "D"}.
    vocab : Vocab
        What the model can read.

    Raises
    ------
    ConfigError
        If a letter is not a field that can be fixed, or a value is empty or more than one line.
    VocabularyError
        If the model does not know a character of a value; the message names the field.
    """
    lines = {}
    for letter in sorted(fields, key=_rank):
        value = fields[letter].strip()
        if letter == "X":
            raise ConfigError("X", "the reference number is put on when a tune is written out; leave it out.")
        if len(letter) != 1 or letter not in _LETTERS:
            raise ConfigError("fields", f"{letter!r} is not a header field; use one letter from A to Z, as M or K.")
        if not value:
            raise ConfigError(letter, "has no value; leave the field out, and the model writes it.")
        if len(value.splitlines()) > 1:
            raise ConfigError(letter, "must be one line; break it up, or put it in the prime.")
        try:
            vocab.encode(value)
        except VocabularyError as error:
            raise VocabularyError(error.character, error.position, len(vocab) - 2, field=letter) from None
        lines[letter] = f"{letter}:{value}\n"
    vocab.encode("K:\n")  # without these no header can be ended
    return lines


def with_unit(prime: str, units: Collection[str]) -> str:
    """A prime whose finished header leaves out L:, with the L: that the model was trained on before its K: line.

    A model of eighths writes eighths whatever it is told; without L: a meter below 3/4 would make sixteenths of them
    (ABC 2.1, 3.1.7), and every bar half full. Where the default says the same, or the model has met several units,
    the prime stays as it is.
    """
    header = split_header(prime)
    key = next((f for f in header.fields if f.letter == "K"), None)
    if key is None or key.end == len(prime) or header.get("L") is not None or len(units) != 1:
        return prime
    (unit,) = units
    if parse_unit(unit) == default_unit(parse_meter(header.get("M"))):
        return prime
    return f"{prime[: key.start]}L:{unit}\n{prime[key.start :]}"


class Header:
    """A header being written: what may come next, and what is put down whatever comes.

    Parameters
    ----------
    lines : mapping from letter to line
        From `fixed_lines`.
    vocab : Vocab
    prime : str
        Text that is there already.

    Attributes
    ----------
    given : str
        What follows the prime at once: the rest of a fixed field that the prime has begun.

    Raises
    ------
    ConfigError
        If the prime has a field with another value than the fixed one, or has ended the header too early.
    """

    def __init__(self, lines: Mapping[str, str], vocab: Vocab, prime: str = "") -> None:
        self._pending = dict(lines)
        self._line: str | None = ""  # what is there of the line being written; None in the body
        self._written: dict[str, str] = {}  # letter -> line
        self.given = ""
        self._vocab = vocab
        self._in_line = self._mask(vocab.symbols[2:])  # anything but START and END
        self._colon = self._mask(":")
        for char in prime:
            self.read(char)
        for letter, line in lines.items():
            if letter in self._written:
                written = self._written[letter]
                if not line.startswith(written):
                    message = f"is {line[2:-1]!r} here and {written[2:].strip()!r} in the prime; give one of them."
                    raise ConfigError(letter, message)
                self.given = line[len(written) :]
                del self._pending[letter]
            elif self._line is None:
                raise ConfigError(letter, f"the prime has ended its header; put {line[:-1]} into the prime, above K:.")

    def _mask(self, symbols: Iterable[str]) -> NDArray[np.bool_]:
        return np.isin(self._vocab.symbols, list(symbols))

    def allowed(self) -> NDArray[np.bool_] | None:
        """Which symbols may come next, (V,); None: no restriction."""
        if self._line is None:
            return None
        if not self._line:
            return self._mask([letter for letter in _LETTERS if letter not in self._written])
        return self._colon if len(self._line) == 1 else self._in_line

    def instead(self, char: str) -> str:
        """The line to put down instead of the character drawn; empty if the character stands."""
        if self._line != "":
            return ""
        for letter in self._pending:
            if letter == char or (char in ORDER and _rank(letter) < _rank(char)):
                return self._pending.pop(letter)
        return ""

    def read(self, char: str) -> None:
        """Take note of a character that was put down."""
        if self._line is None:
            return
        self._line += char
        letter = self._line[0]
        if letter in _LETTERS:
            self._written[letter] = self._line
        if char == "\n":
            self._line = None if self._line.startswith("K:") else ""
