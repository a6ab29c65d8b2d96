"""The commands that do what the views Search, Intervene and Tune of the page do, on a network that recites tunes."""

from __future__ import annotations

import csv
import json
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from charlstm.cli import main
from charlstm.tunes.corpus.io import save_corpus
from charlstm.tunes.corpus.model import Corpus
from tests.conftest import TUNES
from tests.memorizing_model import save_reciter


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model that recites three tunes, their corpus, and one of them as a file."""
    monkeypatch.setenv("CHARLSTM_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    known = (TUNES[0], TUNES[3], TUNES[5])
    save_reciter(tmp_path / "checkpoints" / "toy", known)
    save_corpus(Corpus("tiny", train=known, validation=known, test=known), tmp_path / "data" / "corpus")
    (tmp_path / "tune.abc").write_text(f"X:1\n{TUNES[0]}\n", encoding="utf-8")
    return tmp_path


def says(capsys: pytest.CaptureFixture[str], line: str) -> Any:
    capsys.readouterr()
    assert main([*shlex.split(line), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def refusal(capsys: pytest.CaptureFixture[str], line: str) -> str:
    capsys.readouterr()
    assert main(shlex.split(line)) == 1
    return capsys.readouterr().err


def test_a_unit_is_found_where_it_is_on(capsys: pytest.CaptureFixture[str]) -> None:
    """Each unit of the reciter is on at one character of one tune, which stands in three parts of this corpus."""
    value = says(capsys, "neurons search toy --units 0:5 --corpus tiny")
    assert value["units"] == [{"unit": "0:5", "on": "high", "threshold": 0.3}]
    assert {(place["start"], place["end"]) for place in value["places"]} == {(4, 5)}  # unit k + 1: after k symbols
    assert value["share"] == pytest.approx(3 / value["characters"])


def test_the_best_units_of_a_concept_are_searched_for(capsys: pytest.CaptureFixture[str]) -> None:
    value = says(capsys, "neurons search toy --concept in_header --corpus tiny --count 2")
    assert len(value["units"]) == 2 and all(0.5 <= unit["auroc"] <= 1 for unit in value["units"])
    assert all(isinstance(place["has_concept"], bool) for place in value["places"])
    assert "must be one of" in refusal(capsys, "neurons search toy --concept nonsense --corpus tiny")
    assert main(shlex.split("neurons search toy --units 0:5- --corpus tiny")) == 0  # as text


def test_an_intervention_is_measured_over_pairs(capsys: pytest.CaptureFixture[str]) -> None:
    value = says(capsys, "neurons intervene toy --ablate 0:20 --pairs 4 --seed 1")
    assert (value["pairs"], value["seed"]) == (4, 1)
    assert {"measure", "before", "after", "change", "low", "high", "clear"} == set(value["changes"][0])
    again = says(capsys, "neurons intervene toy --ablate 0:20 --pairs 4 --seed 1")
    assert again == value


@pytest.mark.parametrize("how", ["--steer 0:3 --strength 0", "--concept in_header --strength 0 --same-header"])
def test_what_changes_nothing_leaves_all_pairs_identical(how: str, capsys: pytest.CaptureFixture[str]) -> None:
    value = says(capsys, f"neurons intervene toy {how} --pairs 3 --seed 2 --corpus tiny")
    assert value["identical"] == 3 and all(change["change"] == 0 for change in value["changes"])


def test_a_unit_is_exported_and_cited(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = "neurons export toy tune.abc --unit 0:5 --npz a.npz --csv a.csv --bibtex a.bib"
    value = says(capsys, line)
    arrays = np.load(home / "a.npz")
    assert (str(arrays["model"]), str(arrays["text"]), arrays["unit"].tolist()) == ("toy", TUNES[0], [0, 5])
    assert value["signals"]["hidden"] == pytest.approx(arrays["hidden"][0, :, 5].tolist(), abs=1e-4)
    with (home / "a.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert "".join(row["character"] for row in rows) == TUNES[0].replace("\n", "\\n")
    assert str(arrays["weights"])[:16] in value["citation"]
    assert (home / "a.bib").read_text(encoding="utf-8").startswith("@misc{charlstm-toy-0-5,")
    assert "0:" in refusal(capsys, "neurons export toy tune.abc --unit 0:9999")
