"""Laws of the tunes of a visit."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from charlstm.cli import main
from charlstm.ui.library.compare import differences
from charlstm.ui.library.tunes import MAX_TUNES, Library, LibraryTune, facts, numbered
from tests.conftest import TUNES
from tests.memorizing_model import save_reciter


def test_a_tune_is_in_the_library_once_and_keeps_its_star() -> None:
    library = Library()
    first = library.add(TUNES[0], "composed")
    assert first is not None
    library.change(first.number, starred=True, name="  Mine \n")
    again = library.add("X:1\n" + TUNES[0] + "\n", "own")
    assert again == library.tunes[first.number]
    assert (again.name, again.starred) == ("Mine", True)
    library.change(first.number, name=" ")
    assert library.tunes[first.number].name == "The Cold Kettle"


def test_the_oldest_loose_tunes_make_room_and_kept_ones_never_do() -> None:
    library = Library()
    for n in range(MAX_TUNES):
        library.add(f"T:{n}\nK:D\nA|", "own")
    library.change(1, starred=True)
    library.add("T:new\nK:D\nA|", "own")
    assert len(library.tunes) == MAX_TUNES
    assert 1 in library.tunes
    assert 2 not in library.tunes
    for number in list(library.tunes):
        library.change(number, starred=True)
    assert library.add("T:newer\nK:D\nA|", "own") is None


def test_what_was_deleted_comes_back_to_its_place() -> None:
    library = Library()
    for n in range(3):
        library.add(f"T:{n}\nK:D\nA|", "own")
    before = dict(library.tunes)
    library.delete(2)
    assert [kept.name for kept in library.newest()] == ["2", "0"]
    library.restore()
    assert library.tunes == before
    assert library.deleted is None


def test_two_tunes_differ_in_the_bars_that_differ() -> None:
    other = TUNES[0].replace("e2ge cege", "e4 e4")
    first, second = differences.__wrapped__(TUNES[0], other)
    assert [TUNES[0][a:b] for a, b in first] == ["e2ge cege"]
    assert [other[a:b] for a, b in second] == ["e4 e4"]
    assert differences.__wrapped__(TUNES[0], TUNES[1]) == ([], [])
    assert facts(TUNES[0])["Complete bars"] == "4 of 4"


def test_the_command_of_a_continued_tune_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CHARLSTM_HOME", str(tmp_path))
    save_reciter(tmp_path / "checkpoints" / "reciter", TUNES[:1])
    prime = TUNES[0][: TUNES[0].index("e2ge")]
    settings = {"model": "reciter", "temperature": 0.5, "seed": 4, "prime": prime, "max_length": 999}
    kept = LibraryTune(1, numbered(TUNES[0]), "a", "continued", settings)
    assert main(shlex.split(kept.command)[1:]) in (0, None)
    assert TUNES[0] in capsys.readouterr().out
