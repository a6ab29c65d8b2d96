"""Laws of the library's file: nothing committed is lost, what is deleted is gone, and no visitor sees another's."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from charlstm.errors import LibraryError
from charlstm.library.store import Library
from charlstm.library.tune import numbered
from tests.conftest import TUNES

WRITER = """
import sys
from pathlib import Path
from charlstm.library.store import Library
library = Library(Path(sys.argv[1]), "one")
for n in range(10_000):
    library.add(f"T:{sys.argv[2]} {n}\\nK:D\\nA|", "own", starred=True)
    print(n, flush=True)
"""


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "data" / "library.sqlite", "one")


def added(library: Library, text: str, how: str = "own", **more: object) -> int:
    tune = library.add(text, how, **more)
    assert tune is not None
    return tune.number


def test_a_tune_is_there_once_and_for_another_process_too(library: Library) -> None:
    number = added(library, TUNES[0], "composed", settings={"seed": 3})
    library.change(number, starred=True, name="  Mine \n", rating=9, note="slow", tags=["For  Class ", "for class"])
    assert added(library, "X:1\n" + TUNES[0] + "\n") == number
    tune = Library(library.path, "one").get(number)
    assert tune is not None
    assert (tune.name, tune.starred, tune.rating, tune.note, tune.tags) == ("Mine", True, 5, "slow", ("For Class",))
    assert (tune.how, tune.settings) == ("composed", {"seed": 3})
    library.change(number, name=" ")
    assert library.newest()[0].name == "The Cold Kettle"


def test_the_oldest_loose_tunes_make_room_and_kept_ones_never_do(tmp_path: Path) -> None:
    library = Library(tmp_path / "l.sqlite", "one", max_loose=3, max_kept=2)
    first = added(library, "T:0\nK:D\nA|")
    library.change(first, starred=True)
    for n in range(1, 6):
        added(library, f"T:{n}\nK:D\nA|")
    assert [tune.name for tune in library.newest()] == ["5", "4", "3", "0"]
    library.change(library.newest()[0].number, starred=True)
    with pytest.raises(LibraryError, match="delete one"):
        library.change(library.newest()[1].number, starred=True)
    assert library.add("T:9\nK:D\nA|", "own", starred=True) is None


def test_what_is_deleted_is_in_no_file_and_comes_back_to_its_place(library: Library) -> None:
    numbers = [added(library, f"T:{n} quince\nK:D\nA|") for n in range(3)]
    before = library.newest()
    library.delete(numbers[1])
    assert [tune.number for tune in library.newest()] == [numbers[2], numbers[0]]
    files = b"".join(path.read_bytes() for path in library.path.parent.iterdir())
    assert b"0 quince" in files
    assert b"1 quince" not in files
    library.restore()
    assert library.newest() == before
    assert library.deleted is None


def test_a_search_finds_all_its_words_anywhere(library: Library) -> None:
    added(library, TUNES[1], "composed", settings={"model": "lstm-512"})
    added(library, TUNES[2], tags=["wedding"], note="Play it slowly, 50% tempo_")
    assert [tune.name for tune in library.newest(search="MAGGIE lstm")] == ["Maggie in the Barley"]
    assert [tune.name for tune in library.newest(search="wedding 50%")] == ["Two Left Boots"]
    assert library.newest(search="maggie wedding") == []
    assert len(library.newest(search="  ")) == 2


def test_no_visitor_sees_anothers_tunes_or_draft(library: Library) -> None:
    other = Library(library.path, "two")
    number = added(library, TUNES[0])
    library.save_draft("K:D\nabc|")
    other.delete(number)
    other.change(number, name="x")
    assert (other.newest(), other.get(number), other.draft()) == ([], None, "")
    assert [tune.text for tune in library.newest()] == [numbered(TUNES[0])]
    assert library.draft() == "K:D\nabc|"
    library.save_draft("")
    assert library.draft() == ""


def test_two_processes_lose_no_row_when_both_are_killed(library: Library) -> None:
    """SIGKILL in the middle of writing: every row that was reported is there, and the file is whole."""
    folder = str(Path(__file__).parent.parent.parent)
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(library.path), name], stdout=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONPATH": folder},
        )
        for name in ("a", "b")
    ]  # fmt: skip
    reported = {}
    for name, writer in zip("ab", writers, strict=True):
        assert writer.stdout is not None
        for _ in range(20):
            reported[name] = int(writer.stdout.readline())
    for writer in writers:
        writer.send_signal(signal.SIGKILL)
        writer.communicate()
    names = {tune.name for tune in library.newest()}
    assert {f"{name} {n}" for name, last in reported.items() for n in range(last + 1)} <= names
    added(library, TUNES[0])


def test_a_file_that_cannot_be_used_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "l.sqlite").write_bytes(b"no database" * 100)
    with pytest.raises(LibraryError, match="cannot be used"):
        Library(tmp_path / "l.sqlite", "one").newest()
    (tmp_path / "file").write_text("")
    with pytest.raises(LibraryError):
        Library(tmp_path / "file" / "l.sqlite", "one").add(TUNES[0], "own")
