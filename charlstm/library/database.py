"""The SQLite file in which visitors' tunes and votes lie: its tables, and transactions on it. Knows neither.

Each call opens the file, does one transaction and closes it, so that threads and processes share it without a lock of
ours: SQLite's write-ahead log lets them read while one writes, and writers wait for each other.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from charlstm.errors import LibraryError

PATIENCE = 30.0  # seconds to wait for another writer
_VERSION = 3  # of the tables; 1 had no votes, 2 kept a visitor's second vote on a pair
_SCHEMA = """
CREATE TABLE IF NOT EXISTS tunes (
  number INTEGER PRIMARY KEY AUTOINCREMENT, visitor TEXT NOT NULL, digest TEXT NOT NULL, text TEXT NOT NULL,
  name TEXT NOT NULL, how TEXT NOT NULL, settings TEXT NOT NULL, starred INTEGER NOT NULL, rating INTEGER NOT NULL,
  note TEXT NOT NULL, tags TEXT NOT NULL, words TEXT NOT NULL, added REAL NOT NULL, UNIQUE (visitor, digest)
);
CREATE TABLE IF NOT EXISTS drafts (visitor TEXT PRIMARY KEY, text TEXT NOT NULL, saved REAL NOT NULL);
CREATE TABLE IF NOT EXISTS votes (
  number INTEGER PRIMARY KEY AUTOINCREMENT, visitor TEXT NOT NULL, cast_at REAL NOT NULL, test TEXT NOT NULL,
  first TEXT NOT NULL, second TEXT NOT NULL, first_tune TEXT NOT NULL, second_tune TEXT NOT NULL,
  asked TEXT NOT NULL, answer TEXT NOT NULL, liked TEXT NOT NULL
);
DELETE FROM votes WHERE number NOT IN (
  SELECT min(number) FROM votes GROUP BY visitor, test, first, second, first_tune, second_tune
);
CREATE UNIQUE INDEX IF NOT EXISTS one_vote ON votes (visitor, test, first, second, first_tune, second_tune);
"""


@contextmanager
def connected(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection to the file, which is made if need be. Raises LibraryError, for what is done in the block too."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)) as connection:
            if connection.execute("PRAGMA user_version").fetchone()[0] < _VERSION:
                _create(connection)
            yield connection
    except (sqlite3.Error, OSError) as error:
        raise LibraryError(path, str(error)) from error


@contextmanager
def writing(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection in a transaction that is committed when the block ends well."""
    with connected(path) as connection:
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")


def forget(path: Path) -> None:
    """Empty the log beside the file, in which what was deleted would stay readable."""
    with connected(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _create(connection: sqlite3.Connection) -> None:
    """Make the tables that are missing, once, also where several begin at the same time."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")  # does not wait for others as all else does
            break
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
    connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version = {_VERSION}; COMMIT;")
