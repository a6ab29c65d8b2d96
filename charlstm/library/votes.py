"""Votes of the listening test in SQLite, beside the tunes: what a visitor heard, guessed and liked. Counts nothing.

Nobody's name is stored; visitors are told apart by the id that their browser keeps, and leave the file as a number.
"""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from charlstm.library.database import connected, forget, writing

FIRST, SECOND, NEITHER = "first", "second", ""
_COLUMNS = "visitor, cast_at, test, first, second, first_tune, second_tune, asked, answer, liked"


@dataclass(frozen=True)
class Vote:
    """One pair of tunes, and what a visitor said of it.

    Attributes
    ----------
    test : str
        Which test: "real", "temperature", "model".
    first, second : str
        Who the tunes are by: "real", or a model with its settings.
    first_tune, second_tune : str
        Which tunes they are: a seed, or a place in a corpus.
    asked : str
        The one of `first` and `second` that the visitor was to recognize.
    answer : str
        What they said it is: FIRST, SECOND, or NEITHER for no answer.
    liked : str
        Which they like better; NEITHER: both alike.
    visitor : str
        The id of their browser; in an export their number, counted from 1 in the order of their first votes.
    cast_at : float
        When, in seconds since 1970.
    """

    test: str
    first: str
    second: str
    first_tune: str
    second_tune: str
    asked: str
    answer: str
    liked: str
    visitor: str = ""
    cast_at: float = 0.0

    @property
    def is_right(self) -> bool | None:
        """Whether the answer is right; None for no answer."""
        if self.answer == NEITHER:
            return None
        return (self.first if self.answer == FIRST else self.second) == self.asked


class Votes:
    """The votes of all visitors, and one visitor's right to add and delete their own.

    Raises LibraryError from every method, if the file cannot be read or written.
    """

    def __init__(self, path: Path, visitor: str) -> None:
        self.path, self.visitor = path, visitor

    def add(self, vote: Vote) -> None:
        """Store a vote as this visitor's, cast now; of their votes on the same pair in a test the first one counts."""
        values = (self.visitor, time.time(), vote.test, vote.first, vote.second, vote.first_tune, vote.second_tune,
                  vote.asked, vote.answer, vote.liked)  # fmt: skip
        with writing(self.path) as connection:
            connection.execute(
                f"INSERT OR IGNORE INTO votes ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", values
            )

    def all(self) -> list[Vote]:
        """The votes of all visitors in the order in which they were cast; visitors are numbers."""
        return _numbered(self._rows())

    def own(self) -> list[Vote]:
        """This visitor's votes."""
        return [vote for vote in self._rows() if vote.visitor == self.visitor]

    def delete_own(self) -> None:
        """Remove this visitor's votes from the file."""
        with writing(self.path) as connection:
            connection.execute("DELETE FROM votes WHERE visitor = ?", (self.visitor,))
        forget(self.path)

    def _rows(self) -> list[Vote]:
        names = _COLUMNS.split(", ")
        with connected(self.path) as connection:
            rows = connection.execute(f"SELECT {_COLUMNS} FROM votes ORDER BY number").fetchall()
        return [Vote(**dict(zip(names, row, strict=True))) for row in rows]


def _numbered(votes: Sequence[Vote]) -> list[Vote]:
    numbers: dict[str, str] = {}
    for vote in votes:
        numbers.setdefault(vote.visitor, str(len(numbers) + 1))
    return [Vote(**{**asdict(vote), "visitor": numbers[vote.visitor]}) for vote in votes]


def to_csv(votes: Sequence[Vote]) -> str:
    """Votes as CSV with a line of names; `right` is 1, 0, or empty for no answer."""
    text = io.StringIO()
    writer = csv.DictWriter(text, [*(f.name for f in fields(Vote)), "right"], lineterminator="\n")
    writer.writeheader()
    for vote in votes:
        right = "" if vote.is_right is None else int(vote.is_right)
        writer.writerow({**asdict(vote), "right": right})
    return text.getvalue()
