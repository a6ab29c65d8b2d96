"""Attributes: what a tune is to be like beside its form. Its range, notes per bar, leaps, and a temperature by part.

A value, as text and as JSON; how a tune is held to it is in attribute_control.py, and what a tune has of it is counted
by `tunes/views/attributes.py`. Knows no network.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from charlstm.errors import ConfigError
from charlstm.lm.config import MAX_TEMPERATURE
from charlstm.tunes.views.attributes import Ambitus, parse_note_name

MOST_DENSITY = 32.0  # notes per bar
MOST_PARTS = 26  # as many as a form plan has
OPTIONS = {
    "range": "--range",
    "density": "--density",
    "leaps": "--leaps",
    "temperatures": "--part-temperature",
    "returns": "--return-temperature",
}  # name in the text -> option of the command


@dataclass(frozen=True, kw_only=True)
class Attributes:
    """What a tune is to be like. None, or no temperatures: as the model likes.

    Attributes
    ----------
    range : Ambitus or None
        The lowest and the highest note that may come, both counted in: staff positions, whatever the accidental.
    density : float or None
        Notes per bar, in (0, 32].
    leaps : float or None
        Share of the intervals that are larger than a third, in [0, 1].
    temperatures : tuple of float
        Of the parts, in their order; further parts have the last one's. In place of the tune's own temperature, which
        the header keeps.
    returns : float or None
        Temperature of bars that the form plan says are earlier bars again, or variants of them.

    Raises
    ------
    ConfigError
        If a number is out of its range.
    """

    range: Ambitus | None = None
    density: float | None = None
    leaps: float | None = None
    temperatures: tuple[float, ...] = ()
    returns: float | None = None

    def __post_init__(self) -> None:
        if self.density is not None and not 0 < self.density <= MOST_DENSITY:
            raise ConfigError("density", f"must be above 0 and at most {MOST_DENSITY:g} notes per bar.")
        if self.leaps is not None and not 0 <= self.leaps <= 1:
            raise ConfigError("leaps", "is a share, from 0 to 1.")
        if len(self.temperatures) > MOST_PARTS:
            raise ConfigError("part temperature", f"a tune has at most {MOST_PARTS} parts.")
        named = [*(("part temperature", t) for t in self.temperatures), ("return temperature", self.returns)]
        for name, temperature in named:
            if temperature is not None and not 0 <= temperature <= MAX_TEMPERATURE:
                raise ConfigError(name, f"must be from 0 to {MAX_TEMPERATURE:g}.")

    def __bool__(self) -> bool:
        return self != NO_ATTRIBUTES

    def words(self) -> dict[str, str]:
        """What is asked for, each as text: {"range": "D4-B5", "temperatures": "1.2,0.6"}."""
        words = {"range": "" if self.range is None else str(self.range)}
        words |= {name: "" if (v := getattr(self, name)) is None else f"{v:g}" for name in ("density", "leaps")}
        words["temperatures"] = ",".join(f"{t:g}" for t in self.temperatures)
        words["returns"] = "" if self.returns is None else f"{self.returns:g}"
        return {name: word for name, word in words.items() if word}

    def to_json(self) -> dict[str, str | float | list[float]]:
        """As JSON values, without what is not asked for."""
        values = {name: getattr(self, name) for name in self.words()}
        if self.range is not None:
            values["range"] = str(self.range)
        if self.temperatures:
            values["temperatures"] = list(self.temperatures)
        return values

    def options(self) -> list[str]:
        """The words of a command line that ask for the same."""
        return [word for name, value in self.words().items() for word in (OPTIONS[name], value)]


NO_ATTRIBUTES = Attributes()


def write_attributes(attributes: Attributes) -> str:
    """Attributes as a line of text: `range=D4-B5 density=6 temperatures=1.2,0.6`; "" for none."""
    return " ".join(f"{name}={word}" for name, word in attributes.words().items())


def parse_attributes(text: str) -> Attributes:
    """Read such a line. Raises ConfigError."""
    words: dict[str, str] = {}
    for part in text.split():
        name, _, value = part.partition("=")
        if name not in OPTIONS or not value:
            example = "range=D4-B5 density=6 leaps=0.2 temperatures=1.2,0.6 returns=0.4"
            raise ConfigError("attributes", f"cannot be read from {part[:40]!r}; write them like {example}.")
        words[name] = value
    return attributes_of_words(words)


def attributes_of_words(words: Mapping[str, str]) -> Attributes:
    """Attributes that are each given as text, as `words` has them. Raises ConfigError."""
    return Attributes(
        range=parse_range(words["range"]) if words.get("range") else None,
        density=_number("density", words["density"]) if words.get("density") else None,
        leaps=_number("leaps", words["leaps"]) if words.get("leaps") else None,
        temperatures=parse_temperatures(words.get("temperatures", "")),
        returns=_number("return temperature", words["returns"]) if words.get("returns") else None,
    )


def attributes_of_json(values: Mapping[str, Any]) -> Attributes:
    """The attributes of a file, as `to_json` has them. Raises ConfigError."""
    words = {}
    for name, value in values.items():
        if name not in OPTIONS:
            raise ConfigError("attributes", f"{name[:40]!r} must be one of {', '.join(OPTIONS)}.")
        is_list = isinstance(value, Sequence) and not isinstance(value, str)
        words[name] = ",".join(map(str, value)) if is_list else str(value)
    return attributes_of_words(words)


def parse_range(text: str) -> Ambitus:
    """Two notes in scientific pitch notation: D4-B5. Raises ConfigError."""
    match = re.fullmatch(r"\s*([A-Ga-g]\d)\s*[-\u2013]\s*([A-Ga-g]\d)\s*", text)
    if match is None:
        raise ConfigError("range", f"{text[:40]!r} is not two notes such as D4-B5, where C4 is middle C.")
    lowest, highest = (parse_note_name(name) for name in match.groups())
    if lowest > highest:
        raise ConfigError("range", f"{text.strip()} begins above its end; write the lower note first.")
    return Ambitus(lowest, highest)


def parse_temperatures(text: str) -> tuple[float, ...]:
    """Numbers with commas between them; none for "". Raises ConfigError."""
    return tuple(_number("part temperature", word) for word in text.split(",")) if text.strip() else ()


def _number(name: str, text: str) -> float:
    try:
        return float(text[:40])
    except ValueError:
        raise ConfigError(name, f"{text[:40]!r} is not a number.") from None
