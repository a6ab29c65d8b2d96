"""Laws of the votes: what is cast is there, visitors stay unknown, and their votes are theirs to delete."""

from __future__ import annotations

import csv
import io
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from charlstm.errors import LibraryError
from charlstm.library.store import Library
from charlstm.library.votes import FIRST, NEITHER, SECOND, Vote, Votes, to_csv

VOTE = Vote("real", "real tunes", "net, T = 1", "fiddle 3", "seed 5", "real tunes", FIRST, SECOND)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "library.sqlite"


def test_a_vote_is_there_for_all_and_nobody_is_named(path: Path) -> None:
    for visitor in ("secret-b", "secret-a", "secret-b"):
        Votes(path, visitor).add(VOTE)
    found = Votes(path, "secret-a").all()
    assert [vote.visitor for vote in found] == ["1", "2", "1"]
    assert all(replace(vote, visitor="", cast_at=0.0) == VOTE and vote.cast_at > 0 for vote in found)
    assert "secret" not in to_csv(found)
    assert len(Votes(path, "secret-a").own()) == 1


def test_right_is_what_was_asked_for() -> None:
    assert VOTE.is_right is True
    assert replace(VOTE, answer=SECOND).is_right is False
    assert replace(VOTE, asked="net, T = 1", answer=SECOND).is_right is True
    assert replace(VOTE, answer=NEITHER).is_right is None


def test_deleted_votes_are_in_no_file(path: Path) -> None:
    Votes(path, "one").add(replace(VOTE, second_tune="seed 987654321"))
    Votes(path, "two").add(VOTE)
    Votes(path, "one").delete_own()
    assert [vote.second_tune for vote in Votes(path, "two").all()] == ["seed 5"]
    assert not [file for file in path.parent.iterdir() if b"987654321" in file.read_bytes()]


def test_the_file_says_what_the_votes_say(path: Path) -> None:
    Votes(path, "one").add(replace(VOTE, first='=cmd, "x"\nnet'))
    Votes(path, "one").add(replace(VOTE, answer=NEITHER))
    rows = list(csv.DictReader(io.StringIO(to_csv(Votes(path, "one").all()))))
    assert [row["right"] for row in rows] == ["0", ""]
    assert rows[0]["first"] == '=cmd, "x"\nnet'
    assert {row["visitor"] for row in rows} == {"1"}


def test_a_library_of_an_older_version_gets_the_table(path: Path) -> None:
    """Its tunes stay."""
    library = Library(path, "one")
    library.add("T:Old\nK:D\nA|", "own", starred=True)
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TABLE votes")
        connection.execute("PRAGMA user_version = 1")
    connection.close()
    Votes(path, "one").add(VOTE)
    assert len(Votes(path, "one").all()) == 1
    assert [tune.name for tune in library.newest()] == ["Old"]


def test_a_file_that_cannot_be_used_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "library.sqlite").write_bytes(b"no database, and long enough to be taken for one" * 50)
    with pytest.raises(LibraryError):
        Votes(tmp_path / "library.sqlite", "one").all()
