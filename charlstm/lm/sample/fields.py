"""Header fields as a user gives them, in the spelling of the model's corpus; and which of them it has never seen.

A model knows the values of M:, K:, R: and L: by their characters alone: of `M:C` one that learned `M:4/4` makes bars of
any length. What the corpus had is recorded in the checkpoint; where it is not, every value passes as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from charlstm.errors import ConfigError
from charlstm.lm.infer.model import Model
from charlstm.tunes.abc import parse_meter, parse_unit, split_header
from charlstm.tunes.keys import parse_key

LISTED = 8  # values that a sentence names


def _meter(value: str) -> str | None:
    """A meter in one spelling: C and C| are 4/4, as the recipe of cleaned corpora has it."""
    plain = value.replace(" ", "")
    return "4/4" if plain.upper() in ("C", "C|") else plain if parse_meter(plain) else None


# What a value means, so that two spellings of it are equal; None: it cannot be read.
_MEANINGS: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "M": ("a meter such as 6/8", _meter),
    "K": ("a key such as D, Em or Ador", parse_key),
    "L": ("a note length such as 1/8", parse_unit),
    "R": ("a rhythm", lambda value: value.lower().removesuffix("s")),
}


def seen_values(model: Model, letter: str) -> Mapping[str, int]:
    """The values that a field had in the training tunes, most frequent first; empty where that is not known."""
    return model.checkpoint.corpus.headers.get(letter, {}) if model.checkpoint else {}


def adapted_value(model: Model, letter: str, value: str) -> str:
    """A value in the spelling that the model has seen: `C` as `4/4`, `D major` as `D`, `Jig` as `jig`.

    Raises
    ------
    ConfigError
        If the model has seen such fields, and this one cannot be read.
    """
    value, seen = value.strip(), seen_values(model, letter)
    if letter not in _MEANINGS or not seen or value in seen or not value:
        return value
    what, meaning_of = _MEANINGS[letter]
    meaning = meaning_of(value)
    if meaning is None:
        raise ConfigError(letter, f"{value!r} is not {what}; the model has seen {_listed(seen)}.")
    return next((known for known in seen if meaning_of(known) == meaning), value)


def adapted_fields(model: Model, fields: Mapping[str, str]) -> dict[str, str]:
    """Fields by letter in the spelling that the model has seen. Raises ConfigError as `adapted_value`."""
    return {letter: adapted_value(model, letter, value) for letter, value in fields.items()}


def adapted_lines(model: Model, text: str) -> str:
    """A text, or a part of one, with the finished M:, K:, R: and L: lines of its header in the model's spelling.

    A value that cannot be read stays. Raises ConfigError at a line that holds several fields.
    """
    for field in reversed(split_header(text).fields):
        if field.letter not in _MEANINGS:
            continue
        line = text[field.start : field.end]
        if re.search(r"\s[A-Z]:", line):
            example = re.sub(r"\s+(?=[A-Z]:)", r"\\n", line)
            raise ConfigError("prime", f"each header field needs a line of its own: {example}")
        if text[field.end : field.end + 1] != "\n":
            continue
        try:
            value = adapted_value(model, field.letter, field.value)
        except ConfigError:
            continue
        if value != field.value:
            text = f"{text[: field.start]}{field.letter}:{value}{text[field.end :]}"
    return text


def unseen_fields(model: Model, fields: Mapping[str, str]) -> list[str]:
    """A sentence for each field, in the model's spelling, whose value was in no training tune."""
    remarks = []
    for letter, value in adapted_fields(model, fields).items():
        seen = seen_values(model, letter)
        if letter in _MEANINGS and seen and value not in seen:
            remarks.append(f"{model.name} has never seen {letter}:{value}; it has seen {_listed(seen)}.")
    return remarks


def _listed(seen: Mapping[str, int]) -> str:
    values = list(seen)[:LISTED]
    return ", ".join(values) + (f" and {len(seen) - LISTED} more" if len(seen) > LISTED else "")
