"""The tune on the page Your tune: where it came from, what was done to it, and how to undo it."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from charlstm.errors import CharlstmError, LibraryError, NotationError
from charlstm.files import KINDS, decode_text, file_kind
from charlstm.lm.sample.guarded import Overruled
from charlstm.tunes.abc import split_header, split_tunebook
from charlstm.tunes.corpus.formats import tunes_of
from charlstm.ui.shared.session_library import session_library
from charlstm.ui.state import Setting

if TYPE_CHECKING:
    from charlstm.score.midi_import.melody import ImportedTune

MAX_LENGTH = 12_000  # characters of a tune
MAX_BOOK = 1_000_000  # bytes of a file
MAX_TUNES = 2000  # of a book
MAX_UNDO = 30  # steps


@dataclass(frozen=True)
class Revision:
    """A text, how it came about, with which settings, what the model wrote last in it, and where it was overruled."""

    text: str = ""
    how: str = "own"
    settings: Mapping[str, Any] = field(default_factory=dict)
    marks: Sequence[tuple[int, int]] = ()
    overruled: Sequence[Overruled] = ()


@dataclass
class TuneDocument:
    """The tune that is edited.

    Attributes
    ----------
    now : Revision
        The tune as it is.
    version : int
        A new number where the text is not what the visitor typed.
    book : list of str
        The tunes of a book that was opened.
    file, kind : bytes, str
        The MIDI or MusicXML file that was opened, and which of them it is: "midi", "musicxml"; "" for none.
    remarks : list of str
        On the file that was opened.
    past : list of Revision
        What `undo` goes back to, the newest last.
    future : list of Revision
        What `redo` brings back, the next one last; empty once the tune has changed otherwise.
    opened : str
        The text as it was opened: what still is that text is nobody's draft.
    """

    now: Revision = field(default_factory=Revision)
    version: int = 0
    book: list[str] = field(default_factory=list)
    file: bytes = b""
    kind: str = ""
    remarks: list[str] = field(default_factory=list)
    past: list[Revision] = field(default_factory=list)
    future: list[Revision] = field(default_factory=list)
    opened: str = ""

    @property
    def text(self) -> str:
        """The tune as ABC."""
        return self.now.text

    def put(self, text: str, **more: Any) -> None:
        """Replace the tune by another Revision of this text; `undo` brings this one back."""
        self._revise(Revision(text, **more))
        self.version += 1

    def typed(self, text: str) -> None:
        """The visitor has typed. A pasted book of several tunes is opened like a file."""
        if text == self.text:
            return
        tunes = split_tunebook(text)
        if len(tunes) > 1:
            self.open_book(tunes)
            return
        self._revise(Revision(text))
        self.remarks = []

    def undo(self) -> None:
        """Go back to the text before the last change."""
        if self.past:
            self.future.append(self.now)
            self.now = self.past.pop()
            self.version += 1

    def redo(self) -> None:
        """Bring back what `undo` took away last."""
        if self.future:
            self.past.append(self.now)
            self.now = self.future.pop()
            self.version += 1

    def close_file(self) -> None:
        """Forget the book or the file that the tune came from."""
        self.book, self.file, self.kind, self.remarks = [], b"", "", []

    def open_file(self, name: str, data: bytes) -> None:
        """Open a file that the visitor has chosen; what it is, its content says. Raises NotationError, CorpusError."""
        kind = file_kind(data)
        if kind in ("midi", "musicxml"):
            self.read_file(data, kind)
            return
        if kind not in ("text", "json", "csv", "empty"):
            raise NotationError(f"this is {KINDS[kind]}. Open a tune as ABC, MIDI or MusicXML")
        if len(data) > MAX_BOOK:
            raise NotationError(f"this file has {len(data):,} bytes; a tunebook can have at most {MAX_BOOK:,}")
        self.open_book(tunes_of(decode_text(data).replace("\x00", ""), name))

    def open_book(self, tunes: list[str]) -> None:
        """Open the first tune of a book; the others can be chosen. Raises NotationError where there is none."""
        if not tunes:
            raise NotationError("there is no tune in this file")
        self.close_file()
        self.book = tunes[:MAX_TUNES]
        if len(tunes) > MAX_TUNES:
            self.remarks.append(f"The book has {len(tunes):,} tunes; these are the first {MAX_TUNES:,}.")
        self.choose(0)
        if len(self.book) == 1:
            self.book = []

    def choose(self, place: int) -> None:
        """Open a tune of the book. Raises NotationError where it is too long."""
        text = self.book[place]
        if len(text) > MAX_LENGTH:
            raise NotationError(f"this tune has {len(text):,} characters; a tune can have at most {MAX_LENGTH:,}")
        self.put(text)
        self.opened = text

    def read_file(self, data: bytes, kind: str, **settings: Any) -> None:
        """Open the melody of a MIDI or MusicXML file, read with these settings. Raises NotationError."""
        melody = melody_of(data, kind, **settings)
        self.close_file()
        self.file, self.kind, self.remarks = data, kind, list(melody.remarks)
        self.put(melody.text)
        self.opened = melody.text

    def _revise(self, revision: Revision) -> None:
        if revision == self.now:  # a button clicked twice
            return
        self.future = []
        self.past = [*self.past[-MAX_UNDO + 1 :], self.now]
        self.now = revision


def melody_of(data: bytes, kind: str, **settings: Any) -> ImportedTune:
    """The melody of a "midi" or "musicxml" file as ABC. Raises NotationError."""
    if kind == "midi":
        from charlstm.score.midi_import.melody import read_midi

        return read_midi(data, **settings)
    from charlstm.score.jobs import read_musicxml

    return read_musicxml(data, **settings)


def titles(book: Sequence[str]) -> list[str]:
    """The tunes of a book by number and title."""
    return [f"{place}. {split_header(tune).get('T') or 'Untitled'}"[:80] for place, tune in enumerate(book, 1)]


DOCUMENT: Setting[TuneDocument | None] = Setting("your_tune.document", None)
SAVED = Setting("your_tune.saved", "")
PROBLEM = Setting("your_tune.problem", "")  # what went wrong in a callback, to be said once


def current_document() -> TuneDocument:
    """The tune that this visit edits."""
    return DOCUMENT.setdefault(_draft)


def _draft() -> TuneDocument:
    """The text that this visitor was editing last."""
    try:
        return TuneDocument(Revision(session_library().draft()))
    except LibraryError:
        return TuneDocument()


def save_draft(document: TuneDocument) -> None:
    """Remember the text for a reload; where it cannot be written, the visit goes on without."""
    if document.text != SAVED.get():
        with contextlib.suppress(LibraryError):
            session_library().save_draft(document.text)
        SAVED.set(document.text)


def open_document(text: str, **more: Any) -> None:
    """Put a tune of another page on the page Your tune; the keywords are a Revision's."""
    document = current_document()
    document.close_file()
    document.put(text, **more)
    document.opened = text


def attempt(action: Any, *arguments: Any, **settings: Any) -> None:
    """Do something to the document in a widget's callback; the page says what goes wrong."""
    try:
        action(*arguments, **settings)
    except CharlstmError as error:
        current_document().remarks = []
        PROBLEM.set(f"This did not work: {str(error).removesuffix('.')}.")
