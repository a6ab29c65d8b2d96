"""Laws of what the pages say of the library's tunes."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path

import pytest

from charlstm.cli import main
from charlstm.library.tune import LibraryTune, numbered, title_of
from charlstm.ui.library.compare import differences
from charlstm.ui.library.tunes import command, facts
from tests.conftest import TUNES
from tests.memorizing_model import save_reciter


def test_two_tunes_differ_in_the_bars_that_differ() -> None:
    other = TUNES[0].replace("e2ge cege", "e4 e4")
    first, second = differences.__wrapped__(TUNES[0], other)
    assert [TUNES[0][a:b] for a, b in first] == ["e2ge cege"]
    assert [other[a:b] for a, b in second] == ["e4 e4"]
    assert differences.__wrapped__(TUNES[0], TUNES[1]) == ([], [])
    assert facts(TUNES[0])["Complete bars"] == "4 of 4"


@pytest.mark.parametrize("guard", [{}, {"guard": 1}])
def test_the_command_of_a_continued_tune_runs(
    guard: dict[str, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CHARLSTM_HOME", str(tmp_path))
    save_reciter(tmp_path / "checkpoints" / "reciter", (TUNES[0], TUNES[3], TUNES[5]))
    prime = TUNES[0][: TUNES[0].index("e2ge")]
    settings = {"model": "reciter", "temperature": 0.5, "seed": 4, "prime": prime, "max_length": 999} | guard
    kept = LibraryTune(1, numbered(TUNES[0]), "a", "continued", settings)
    assert ("--guard" in command(kept)) == bool(guard)
    assert main(shlex.split(command(kept))[1:]) in (0, None)
    assert (prime if guard else TUNES[0]) in capsys.readouterr().out


@pytest.mark.parametrize("name", ["Whisky Frolic", "50 % \\'e <b>", "a &amp; b", "A\\", "Gan Ainm"])
@pytest.mark.parametrize("text", [TUNES[0], "K:D\nA8|]"])
def test_a_tune_is_shown_and_exported_under_its_name(name: str, text: str) -> None:
    kept = LibraryTune(1, numbered(text), name, "own")
    assert title_of(kept.titled) == name
    assert replace(kept, name=title_of(text)).titled == kept.text
