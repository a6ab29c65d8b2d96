"""The commands continue and rewrite: the same as the functions they call."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from charlstm.cli import main
from charlstm.tunes.views.bars import bars
from tests.conftest import TUNES
from tests.memorizing_model import save_weaver

REEL = "X:1\n" + TUNES[0]


@pytest.fixture
def model(tmp_path: Path) -> str:
    (tmp_path / "tune.abc").write_text(REEL + "\n", encoding="utf-8")
    return str(save_weaver(tmp_path / "weaver", TUNES))


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict:
    assert main([*arguments, "--json"]) == 0
    value: dict = json.loads(capsys.readouterr().out)
    return value


def test_rewrite_ranks_and_keeps_the_rest(model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "best.abc"
    line = ["rewrite", model, str(tmp_path / "tune.abc"), "--bars", "2-3", "--seed", "4", "-n", "3", "--out", str(out)]
    value = said(capsys, *line)
    assert value == said(capsys, *line)
    ranks = [c["rest_log_prob"] for c in value["candidates"]]
    assert len(ranks) == 3
    assert ranks == sorted(ranks, reverse=True)
    found = bars(REEL)
    for candidate in value["candidates"]:
        assert candidate["abc"].startswith(REEL[: found[1].start])
        assert candidate["abc"].endswith(REEL[found[2].end :])
    assert out.read_text(encoding="utf-8") == value["candidates"][0]["abc"] + "\n"


def test_continue_keeps_what_stands(model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    value = said(capsys, "continue", model, str(tmp_path / "tune.abc"), "--bars", "2", "--seed", "4")
    assert value["abc"][: value["start"]] == REEL[: bars(REEL)[1].end] + "|"
    assert len(bars(value["abc"])) > 4


def test_bars_that_are_not_there_are_one_sentence(
    model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["rewrite", model, str(tmp_path / "tune.abc"), "--bars", "9"]) == 1
    assert "bars 1 to 4" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["rewrite", model, str(tmp_path / "tune.abc"), "--bars", "x"])
