"""The wheel: installed into an environment of its own and run from an empty folder, it does what a checkout does."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.wheel import ROOT, Installed

pytestmark = pytest.mark.slow


@pytest.fixture
def untouched(installed: Installed) -> Iterator[Installed]:
    """Nothing is written beside the package, whatever is done."""
    before = installed.written()
    yield installed
    assert installed.written() == before


def user_data(installed: Installed) -> Path:
    """The folder that platformdirs names for this user."""
    code = "import platformdirs; print(platformdirs.user_data_path('charlstm', appauthor=False))"
    return Path(installed.run(["-c", code], program="python").strip())


def test_it_is_the_installed_package_that_runs(untouched: Installed) -> None:
    code = "import charlstm, charlstm.paths as paths; print(charlstm.__file__, paths.checkout(), paths.home())"
    file, checkout, home = untouched.run(["-c", code], program="python").split()
    assert file.startswith(str(untouched.site_packages))
    assert checkout == "None"
    assert home.startswith(str(untouched.home))
    assert (untouched.site_packages / "charlstm" / "py.typed").exists()


def test_what_is_shipped_is_all_of_it(untouched: Installed) -> None:
    shipped = untouched.site_packages / "charlstm" / "_shipped"
    tracked = subprocess.run(
        ["git", "ls-files", "checkpoints", "data/results"], cwd=ROOT, capture_output=True, text=True
    )
    for name in tracked.stdout.split():
        assert (shipped / name).read_bytes() == (ROOT / name).read_bytes()
    models = json.loads(untouched.run(["models", "--json"]))
    assert {model["name"] for model in models} == {path.parent.name for path in ROOT.glob("checkpoints/*/model.json")}


def test_a_tune_is_written_drawn_and_looked_into(untouched: Installed) -> None:
    """The same tune as in the checkout; what it is written to lies where the user is."""
    words = ["sample", "lstm-512", "--meter", "6/8", "--key", "D", "--seed", "7", "--out", "tune.abc"]
    untouched.run(words)
    tune = (untouched.work / "tune.abc").read_text()
    line = [sys.executable, "-m", "charlstm", "sample", "lstm-512", "--meter", "6/8", "--key", "D", "--seed", "7"]
    here = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=True)
    assert here.stdout.strip() == tune.strip()
    untouched.run(["render", "tune.abc", "--svg", "a.svg", "--pdf", "a.pdf", "--midi", "a.mid", "--wav", "a.wav"])
    untouched.run(["neurons", "heatmap", "lstm-512", "tune.abc", "--unit", "0:17", "--png", "unit.png"])
    assert {path.name for path in untouched.work.iterdir()} >= {"a.svg", "a.pdf", "a.mid", "a.wav", "unit.png"}


def test_a_reading_command_builds_nothing(untouched: Installed) -> None:
    """Tables and lists of studies come from the records alone."""
    before = sorted(untouched.home.rglob("*"))
    assert "| 11 | LSTM | 200 |" in untouched.run(["experiment", "table", "cells"])
    studies = json.loads(untouched.run(["experiment", "list", "--json"]))
    assert all(study["done"] == study["runs"] for study in studies)
    assert "| original report | this reproduction | |" in untouched.run(["experiment", "report"])
    untouched.run(["models"])
    assert sorted(untouched.home.rglob("*")) == before


def test_a_model_that_is_kept_goes_to_the_users_folder(untouched: Installed) -> None:
    """The shipped models and the user's are listed together; a directory measured here lies in the user's folder."""
    untouched.run(["models", "export", "lstm-150", "--out", "mine.zip"])
    untouched.run(["models", "import", "mine.zip", "--name", "mine"])
    home = user_data(untouched)
    assert (home / "checkpoints" / "mine" / "model.json").exists()
    names = [model["name"] for model in json.loads(untouched.run(["models", "--json"]))]
    assert names == sorted(names)
    assert {"mine", "lstm-150", "lstm-512"} <= set(names)
    code = """
from charlstm.lm.infer.engine import load
from charlstm.neurons.directory.file import load_directory, save_directory
path = load("rnn-250").checkpoint.path
print(save_directory(load_directory(path), path))
"""
    written = untouched.run(["-c", code], program="python").strip()
    assert written == str(home / "checkpoints" / "rnn-250" / "directory.json")
