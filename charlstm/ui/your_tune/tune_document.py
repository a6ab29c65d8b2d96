"""The tune on the desk of the page Your tune: where it came from, what was done to it, and the way back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from charlstm.errors import CharlstmError, NotationError
from charlstm.tunes.abc import split_header, split_tunebook
from charlstm.tunes.corpus.sources import decode_text

MAX_LENGTH = 12_000  # characters of a tune
MAX_BOOK = 1_000_000  # bytes of a file
MAX_TUNES = 2000  # of a book
STEPS = 30  # that can be undone


@dataclass
class Desk:
    """What lies there. `version` is a new number where the text is not what the visitor typed."""

    text: str = ""
    version: int = 0
    how: str = "own"
    settings: dict[str, Any] = field(default_factory=dict)
    marks: Sequence[tuple[int, int]] = ()  # what the model wrote last
    book: list[str] = field(default_factory=list)
    midi: bytes = b""
    said: list[str] = field(default_factory=list)  # on the file that was opened
    past: list[tuple[str, str, dict[str, Any], Sequence[tuple[int, int]]]] = field(default_factory=list)

    def put(
        self,
        text: str,
        *,
        how: str = "own",
        settings: Mapping[str, Any] | None = None,
        marks: Sequence[tuple[int, int]] = (),
    ) -> None:
        """Another text in place of this one; `undo` brings this one back."""
        self._remember()
        self.text, self.how, self.settings, self.marks = text, how, dict(settings or {}), marks
        self.version += 1

    def typed(self, text: str) -> None:
        """The visitor has typed. A pasted book of several tunes is opened like a file."""
        if text == self.text:
            return
        tunes = split_tunebook(text)
        if len(tunes) > 1:
            self.open_book(tunes)
            return
        self._remember()
        self.text, self.how, self.settings, self.marks, self.said = text, "own", {}, (), []

    def undo(self) -> None:
        """The text before the last change."""
        if self.past:
            self.text, self.how, self.settings, self.marks = self.past.pop()
            self.version += 1

    def open_file(self, name: str, data: bytes) -> None:
        """A file that the visitor has chosen: MIDI, or anything else as ABC. Raises NotationError."""
        self.book, self.midi, self.said = [], b"", []
        if data[:4] == b"MThd" or name.lower().endswith((".mid", ".midi")):
            self.read_midi(data)
            return
        if len(data) > MAX_BOOK:
            raise NotationError(f"this file has {len(data):,} bytes; a tune book here has at most {MAX_BOOK:,}")
        self.open_book(split_tunebook(decode_text(data).replace("\x00", "")))

    def open_book(self, tunes: list[str]) -> None:
        """The first tune of a book; the others can be chosen. Raises NotationError where there is none."""
        if not tunes:
            raise NotationError("there is no tune in this file")
        self.book, self.midi, self.said = tunes[:MAX_TUNES], b"", []
        if len(tunes) > MAX_TUNES:
            self.said.append(f"The book has {len(tunes):,} tunes; these are the first {MAX_TUNES:,}.")
        self.choose(0)
        if len(self.book) == 1:
            self.book = []

    def choose(self, place: int) -> None:
        """A tune of the book."""
        self.put(cut(self.book[place]))

    def read_midi(self, data: bytes, **settings: Any) -> None:
        """The melody of a MIDI file, read with these settings. Raises NotationError."""
        from charlstm.score.midi_import.melody import from_midi

        made = from_midi(data, **settings)
        self.book, self.midi, self.said = [], data, list(made.remarks)
        self.put(made.text)

    def _remember(self) -> None:
        self.past = [*self.past[-STEPS + 1 :], (self.text, self.how, self.settings, self.marks)]


def cut(text: str) -> str:
    """The tune, if it has at most MAX_LENGTH characters. Raises NotationError."""
    if len(text) <= MAX_LENGTH:
        return text
    raise NotationError(f"this tune has {len(text):,} characters; here a tune has at most {MAX_LENGTH:,}")


def names(book: Sequence[str]) -> list[str]:
    """The tunes of a book by number and title."""
    return [f"{place}. {split_header(tune).get('T') or 'Untitled'}"[:80] for place, tune in enumerate(book, 1)]


def desk() -> Desk:
    """The desk of this visit."""
    state = st.session_state
    if "own.desk" not in state:
        state["own.desk"] = Desk()
    found: Desk = state["own.desk"]
    return found


def lay(text: str, *, how: str = "own", settings: Mapping[str, Any] | None = None) -> None:
    """Put a tune of another page on the desk."""
    there = desk()
    there.book, there.midi, there.said = [], b"", []
    there.put(text, how=how, settings=settings)


def attempt(action: Any, *arguments: Any, **settings: Any) -> None:
    """Do something to the desk in a widget's callback; what goes wrong is said by the page."""
    try:
        action(*arguments, **settings)
    except CharlstmError as error:
        desk().said = []
        st.session_state["own.problem"] = str(error)
