"""Laws of the votes: what is cast is there, visitors stay unknown, and their votes are theirs to delete."""

from __future__ import annotations

import csv
import io
import sqlite3
from concurrent.futures import ThreadPoolExecutor
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
    cast = [VOTE, VOTE, replace(VOTE, second_tune="seed 6")]
    for visitor, vote in zip(("secret-b", "secret-a", "secret-b"), cast, strict=True):
        Votes(path, visitor).add(vote)
    found = Votes(path, "secret-a").all()
    assert [vote.visitor for vote in found] == ["1", "2", "1"]
    assert [replace(vote, visitor="", cast_at=0.0) for vote in found] == cast
    assert all(vote.cast_at > 0 for vote in found)
    assert "secret" not in to_csv(found)
    assert len(Votes(path, "secret-a").own()) == 1


def test_a_visitor_has_one_vote_on_a_pair(path: Path) -> None:
    """The first, however fast and from however many threads the others follow; another test's is its own."""
    votes = Votes(path, "one")
    with ThreadPoolExecutor(5) as pool:
        list(pool.map(votes.add, [VOTE] * 5))
    votes.add(replace(VOTE, answer=SECOND))
    votes.add(replace(VOTE, test="model"))
    assert [(vote.test, vote.answer) for vote in votes.all()] == [("real", FIRST), ("model", FIRST)]


def test_second_votes_of_an_older_version_go(path: Path) -> None:
    votes = Votes(path, "one")
    votes.add(VOTE)
    with sqlite3.connect(path) as connection:
        connection.execute("DROP INDEX one_vote")
        names = "visitor, cast_at, test, first, second, first_tune, second_tune, asked, liked"
        connection.execute(f"INSERT INTO votes ({names}, answer) SELECT {names}, 'second' FROM votes")
        connection.execute("PRAGMA user_version = 2")
    connection.close()
    assert [vote.answer for vote in votes.all()] == [FIRST]


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
    Votes(path, "one").add(replace(VOTE, second_tune="seed 6", answer=NEITHER))
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
