"""A visitor's library in SQLite: what is committed is there after a crash, and for every server on the same file.

Each method is one transaction on the file (`database.py`).
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from charlstm.errors import LibraryError
from charlstm.library.database import connected, forget, writing
from charlstm.library.tune import MAX_NAME, MAX_NOTE, LibraryTune, clean_tags, numbered, title_of

MAX_LOOSE = 200  # tunes of a visitor that are not kept; the oldest make room for new ones
MAX_KEPT = 2000  # tunes of a visitor that are
MAX_UNDO = 20  # deletions
_COLUMNS = "number, text, name, how, settings, starred, rating, note, tags"


class Library:
    """The tunes of one visitor.

    Parameters
    ----------
    path : Path
        The SQLite file; made when it is not there, its folder too.
    visitor : str
        An id that only this visitor's browser knows.
    max_loose, max_kept : int
        How many tunes there may be.

    Raises
    ------
    LibraryError
        From every method, if the file cannot be read or written.
    """

    def __init__(self, path: Path, visitor: str, *, max_loose: int = MAX_LOOSE, max_kept: int = MAX_KEPT) -> None:
        self.path, self.visitor, self.max_loose, self.max_kept = path, visitor, max_loose, max_kept
        self._deleted: list[LibraryTune] = []

    def _rows(self, where: str, *values: Any) -> list[LibraryTune]:
        query = f"SELECT {_COLUMNS} FROM tunes WHERE visitor = ? AND {where} ORDER BY number DESC"
        with connected(self.path) as connection:
            return [_tune(row) for row in connection.execute(query, (self.visitor, *values))]

    def newest(self, *, starred: bool = False, search: str = "") -> list[LibraryTune]:
        """The tunes, the newest first; the kept ones alone, or those in which all the words of a search occur."""
        words = search.lower().split()
        where = " AND ".join(["starred >= ?", *(["instr(words, ?) > 0"] * len(words))])
        return self._rows(where, int(starred), *words)

    def get(self, number: int) -> LibraryTune | None:
        """The tune of this number."""
        return next(iter(self._rows("number = ?", number)), None)

    def find(self, text: str) -> LibraryTune | None:
        """The tune with this text."""
        return next(iter(self._rows("digest = ?", _digest(numbered(text)))), None)

    def add(self, text: str, how: str, *, settings: Mapping[str, Any] | None = None, **more: Any) -> LibraryTune | None:
        """Add a tune; one that is there already stays as it is.

        Parameters
        ----------
        text : str
            The tune as ABC.
        how : str
            A name of HOW.
        settings : mapping, optional
            What it was made with, as JSON values.
        **more
            name, starred, rating, note, tags: as a LibraryTune has them.

        Returns
        -------
        LibraryTune or None
            None where max_kept tunes are kept already.
        """
        tune = new_tune(text, how, settings=settings, **more)
        self.add_all([tune])
        return self.find(tune.text)

    def add_all(self, tunes: Sequence[LibraryTune]) -> None:
        """Add tunes of `new_tune`, in one transaction: nobody else can write meanwhile, so they come ready made."""
        with writing(self.path) as connection:
            for tune in tunes:
                self._insert(connection, tune)
            # The oldest loose ones make room; never the new ones.
            connection.execute(
                "DELETE FROM tunes WHERE visitor = ? AND starred = 0 AND number NOT IN "
                "(SELECT number FROM tunes WHERE visitor = ? AND starred = 0 ORDER BY number DESC LIMIT ?)",
                (self.visitor, self.visitor, self.max_loose),
            )

    def change(self, number: int, **more: Any) -> None:
        """Give a tune another name, starred, rating, note or tags; an empty name is its title again."""
        if (tune := self.get(number)) is None:
            return
        tune = _cleaned(tune, more)
        with writing(self.path) as connection:
            if tune.starred and self._count(connection, "starred = 1 AND number != ?", number) >= self.max_kept:
                raise LibraryError(self.path, f"{self.max_kept:,} tunes are kept already; delete one first")
            connection.execute(
                "UPDATE tunes SET name = ?, starred = ?, rating = ?, note = ?, tags = ?, words = ? "
                "WHERE visitor = ? AND number = ?",
                (*_said(tune), self.visitor, number),
            )

    def delete(self, number: int) -> None:
        """Remove a tune from the file; `restore` puts it back as long as this object lives."""
        if (tune := self.get(number)) is None:
            return
        with writing(self.path) as connection:
            connection.execute("DELETE FROM tunes WHERE visitor = ? AND number = ?", (self.visitor, number))
        forget(self.path)
        self._deleted = [*self._deleted[-MAX_UNDO + 1 :], tune]

    @property
    def deleted(self) -> LibraryTune | None:
        """The tune that was deleted last."""
        return self._deleted[-1] if self._deleted else None

    def restore(self) -> None:
        """Put back, in its place, the tune that was deleted last."""
        if self._deleted:
            tune = self._deleted.pop()
            with writing(self.path) as connection:
                self._insert(connection, tune)

    def draft(self) -> str:
        """The text that the visitor was editing last; "" for none."""
        with connected(self.path) as connection:
            row = connection.execute("SELECT text FROM drafts WHERE visitor = ?", (self.visitor,)).fetchone()
        return str(row[0]) if row else ""

    def save_draft(self, text: str) -> None:
        """Remember the text that is being edited; "" forgets it."""
        with writing(self.path) as connection:
            connection.execute("DELETE FROM drafts WHERE visitor = ?", (self.visitor,))
            if text.strip():
                connection.execute("INSERT INTO drafts VALUES (?, ?, ?)", (self.visitor, text, time.time()))

    def _count(self, connection: sqlite3.Connection, where: str, *values: Any) -> int:
        query = f"SELECT count(*) FROM tunes WHERE visitor = ? AND {where}"
        return int(connection.execute(query, (self.visitor, *values)).fetchone()[0])

    def _insert(self, connection: sqlite3.Connection, tune: LibraryTune) -> None:
        """Write a tune that is not there yet; one with a number comes back to its place."""
        if tune.starred and self._count(connection, "starred = 1") >= self.max_kept:
            return
        connection.execute(
            "INSERT OR IGNORE INTO tunes (number, visitor, digest, text, how, settings, added, "
            "name, starred, rating, note, tags, words) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                tune.number or None, self.visitor, _digest(tune.text), tune.text, tune.how,
                json.dumps(dict(tune.settings), ensure_ascii=False), time.time(), *_said(tune),
            ),
        )  # fmt: skip


def new_tune(text: str, how: str, *, settings: Mapping[str, Any] | None = None, **more: Any) -> LibraryTune:
    """A tune that is in no library yet; the arguments are those of `Library.add`."""
    text = numbered(text)
    return _cleaned(LibraryTune(0, text, title_of(text), how, dict(settings or {})), more)


def _said(tune: LibraryTune) -> tuple[Any, ...]:
    """What the visitor may change, in the order of the columns, and what a search looks at."""
    tags = json.dumps(list(tune.tags), ensure_ascii=False)
    return tune.name, int(tune.starred), tune.rating, tune.note, tags, tune.words


def _cleaned(tune: LibraryTune, more: Mapping[str, Any]) -> LibraryTune:
    """A tune with changes, each brought into its bounds."""
    values = dict(more)
    if "name" in values:
        values["name"] = " ".join(str(values["name"]).split())[:MAX_NAME] or title_of(tune.text)
    if "rating" in values:
        values["rating"] = min(max(int(values["rating"]), 0), 5)
    if "note" in values:
        values["note"] = str(values["note"])[:MAX_NOTE]
    if "tags" in values:
        values["tags"] = clean_tags(values["tags"])
    return replace(tune, **values)


def _tune(row: Sequence[Any]) -> LibraryTune:
    number, text, name, how, settings, starred, rating, note, tags = row
    return LibraryTune(
        number, text, name, how, json.loads(settings), bool(starred), rating, note, tuple(json.loads(tags))
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
