"""The wheel: installed into an environment of its own and run from an empty folder, it does what a checkout does.

Nothing is downloaded: the new environment sees the packages of the one that runs the tests.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import sysconfig
import time
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ("charlstm", "checkpoints", "data/results", ".streamlit")
FILES = ("app.py", "pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "LICENSE", "THIRD_PARTY.md")
WAIT = 120.0  # seconds; a machine may be slow

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Installed:
    """A virtual environment with the wheel, and a user's home and working folder, both empty at first."""

    environment: Path
    home: Path
    work: Path

    @property
    def site_packages(self) -> Path:
        (folder,) = self.environment.glob("lib/python*/site-packages")
        return folder

    def variables(self) -> dict[str, str]:
        own = ("CHARLSTM_", "PYTHON", "STREAMLIT_", "XDG_", "VIRTUAL_ENV")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(own)}
        return {**kept, "HOME": str(self.home), "PYTHONDONTWRITEBYTECODE": "1"}

    def run(self, words: Sequence[str], *, program: str = "charlstm") -> str:
        line = [str(self.environment / "bin" / program), *words]
        done = subprocess.run(line, cwd=self.work, env=self.variables(), capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def written(self) -> set[str]:
        """Everything that lies where the package is installed, and when it was written."""
        files = [path for path in self.site_packages.rglob("*") if "__pycache__" not in path.parts]
        return {f"{path.relative_to(self.site_packages)} {path.stat().st_mtime_ns}" for path in files}


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The wheel of this checkout, built from a copy and installed."""
    if os.name == "nt":
        pytest.skip("the environment is laid out otherwise on Windows")
    root = tmp_path_factory.mktemp("wheel")
    copy = root / "copy"
    for name in SOURCES:
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", "_shipped", "job"))
    for name in FILES:
        shutil.copy(ROOT / name, copy / name)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    build = [*pip, "wheel", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", str(root), str(copy)]
    subprocess.run(build, check=True, cwd=root)
    (wheel,) = root.glob("charlstm-*.whl")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(root / "venv")], check=True)
    environment = Installed(root / "venv", root / "home", root / "work")
    environment.home.mkdir()
    environment.work.mkdir()
    (environment.site_packages / "running.pth").write_text(sysconfig.get_path("purelib") + "\n")
    install = ["--python", str(root / "venv" / "bin" / "python"), "install", "--no-deps", "--no-index", str(wheel)]
    subprocess.run([*pip, *install], check=True, cwd=root)
    return environment


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
    assert all(study["done"] == study["runs"] > 0 for study in studies)
    assert "| the report says | we find | |" in untouched.run(["experiment", "report"])
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


@pytest.fixture
def server(untouched: Installed) -> Iterator[str]:
    """The address of `charlstm app`."""
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        port = probe.getsockname()[1]
    line = [str(untouched.environment / "bin" / "charlstm"), "app", "--port", str(port)]
    variables = {**untouched.variables(), "STREAMLIT_SERVER_HEADLESS": "true"}
    with open(untouched.home / "server.log", "wb") as log:
        process = subprocess.Popen(
            line, cwd=untouched.work, env=variables, stdout=log, stderr=log, start_new_session=True
        )
    try:
        end = time.monotonic() + WAIT
        while True:
            try:
                urllib.request.urlopen(f"http://localhost:{port}/_stcore/health", timeout=1).close()
                break
            except OSError:
                assert time.monotonic() < end, (untouched.home / "server.log").read_text()
                time.sleep(0.1)
        yield f"http://localhost:{port}"
    finally:
        os.killpg(process.pid, 15)
        process.wait(20)


@pytest.mark.browser
def test_the_page_opens_with_a_tune_in_the_projects_colours(server: str, page: Any) -> None:
    page.goto(server)
    page.get_by_role("button", name="Play").first.wait_for()
    code = page.locator("[data-testid=stCode], code").first
    assert re.search(r"K:", page.content())
    assert code is not None
    background = page.locator("[data-testid=stApp]").evaluate("element => getComputedStyle(element).backgroundColor")
    assert background == "rgb(254, 253, 251)"  # of .streamlit/config.toml
