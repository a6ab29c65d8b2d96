"""The tunes of a visit: each with what it was made with, and which of them are kept. Knows no Streamlit."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from charlstm.tunes.abc import split_header, split_tunebook
from charlstm.tunes.views.bar_numbers import printed_bars
from charlstm.ui.shared.url_state import ComposeSettings

MAX_TUNES = 200
MAX_NAME = 80  # characters
HOW = {"composed": "Composed", "continued": "Continued", "rewritten": "Rewritten", "own": "Your own"}


@dataclass(frozen=True)
class LibraryTune:
    """A tune of the visit.

    Attributes
    ----------
    number : int
        Of the visit, from 1.
    text : str
        The tune as ABC, its X: line included.
    name : str
        What the visitor calls it; at first its title.
    how : str
        A name of HOW.
    settings : mapping
        What it was made with, as JSON values: model, temperature, seed, ...
    composed : ComposeSettings or None
        What brings it back, if it was composed.
    starred : bool
        Whether it is kept.
    """

    number: int
    text: str
    name: str
    how: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    composed: ComposeSettings | None = None
    starred: bool = False

    @property
    def made_with(self) -> dict[str, Any]:
        """Its settings by name, however it was made."""
        return dict(self.composed.query if self.composed is not None else self.settings)

    @property
    def command(self) -> str:
        """The command line that writes it, or what the model added to it; "" where there is none."""
        if self.composed is not None:
            return self.composed.command
        known = self.settings
        if self.how == "continued" and {"model", "prime", "temperature", "seed", "max_length"} <= set(known):
            words = ["charlstm", "sample", str(known["model"]), "--prime", str(known["prime"]).replace("\n", r"\n")]
            words += ["--temperature", f"{known['temperature']:g}", "--seed", str(known["seed"])]
            return shlex.join([*words, "--max-length", str(known["max_length"])])
        return ""

    def link(self, base: str) -> str:
        """The address that brings it back, under a page's; "" where there is none."""
        return f"{base}?{urlencode(self.composed.query)}" if self.composed is not None else ""


class Library:
    """The tunes of a visit, by number; the oldest that are not kept make room for new ones."""

    def __init__(self) -> None:
        self.tunes: dict[int, LibraryTune] = {}
        self._last = 0
        self._deleted: list[LibraryTune] = []

    def add(
        self, text: str, how: str, *, settings: Mapping[str, Any] | None = None, composed: ComposeSettings | None = None
    ) -> LibraryTune | None:
        """Add a tune; one that is there already stays as it is. None where all MAX_TUNES are kept ones."""
        text = numbered(text)
        if existing := self.find(text):
            return existing
        if len(self.tunes) >= MAX_TUNES:
            loose = next((number for number, tune in self.tunes.items() if not tune.starred), None)
            if loose is None:
                return None
            del self.tunes[loose]
        self._last += 1
        tune = LibraryTune(self._last, text, _title(text), how, dict(settings or {}), composed)
        self.tunes[tune.number] = tune
        return tune

    def find(self, text: str) -> LibraryTune | None:
        """The tune with this text."""
        text = numbered(text)
        return next((tune for tune in self.tunes.values() if tune.text == text), None)

    def change(self, number: int, *, name: str | None = None, starred: bool | None = None) -> None:
        """Rename a tune, or keep it or not. An empty name is its title again."""
        tune = self.tunes[number]
        if name is not None:
            tune = replace(tune, name=" ".join(name.split())[:MAX_NAME] or _title(tune.text))
        if starred is not None:
            tune = replace(tune, starred=starred)
        self.tunes[number] = tune

    def delete(self, number: int) -> None:
        """Remove a tune; `restore` puts it back."""
        self._deleted = [*self._deleted[-19:], self.tunes.pop(number)]

    @property
    def deleted(self) -> LibraryTune | None:
        """The tune that was deleted last."""
        return self._deleted[-1] if self._deleted else None

    def restore(self) -> None:
        """Put back, in its place, the tune that was deleted last."""
        if self._deleted and len(self.tunes) < MAX_TUNES:
            tune = self._deleted.pop()
            self.tunes = dict(sorted((self.tunes | {tune.number: tune}).items()))

    def newest(self, *, starred: bool = False) -> list[LibraryTune]:
        """The tunes, the newest first; or the kept ones alone."""
        return [tune for tune in reversed(self.tunes.values()) if tune.starred or not starred]


def numbered(text: str) -> str:
    """A tune with an X: line and without blank lines at its ends."""
    first = next(iter(split_tunebook(text)), "")
    return first if first.startswith("X:") else f"X:1\n{first}"


def summary(tune: LibraryTune) -> str:
    """How a tune was made, in a line."""
    known = tune.made_with
    parts = [HOW.get(tune.how, tune.how)]
    if model := known.get("model"):
        parts[0] += f" by {model}"
        parts.append(f"temperature {float(known.get('temperature', 0)):g}, seed {known.get('seed')}")
    if "first_bar" in known:
        parts.append(f"bars {known['first_bar']} to {known['last_bar']}")
    header = split_header(tune.text)
    parts += [value for letter in "RK" if (value := header.get(letter))]
    return ", ".join(parts)


def facts(text: str) -> dict[str, str]:
    """What two tunes can be compared by."""
    header = split_header(text)
    complete, count = printed_bars(text).complete()
    return {
        "Key": header.get("K") or "",
        "Meter": header.get("M") or "",
        "Rhythm": header.get("R") or "",
        "Bars": str(count),
        "Complete bars": f"{complete} of {count}" if count else "",
        "Characters": str(len(text)),
    }


def _title(text: str) -> str:
    return (split_header(text).get("T") or "Untitled")[:MAX_NAME]
