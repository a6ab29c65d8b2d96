"""The floors of the house: which room may import which, and where a third-party package may live."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import charlstm

PACKAGE = Path(charlstm.__file__).parent
BASE = {"errors", "paths", "files", "progress"}
TUNES = BASE | {"tunes"}
ROOMS = {
    "errors": set(),
    "paths": set(),
    "files": set(),
    "progress": set(),
    "tunes": BASE,
    "lm": TUNES,
    "score": TUNES,
    "neurons": TUNES | {"lm"},
    "evaluate": TUNES | {"lm", "score"},
    "experiments": TUNES | {"lm", "evaluate", "neurons"},
    "jobs": BASE,
    "cli": TUNES | {"lm", "score", "neurons", "evaluate", "experiments", "jobs"},
    "ui": TUNES | {"lm", "score", "neurons", "evaluate", "experiments", "jobs"},
    "app": {"ui"},
}
# Where each package may be imported; what is named in no line may be imported anywhere.
HOMES = {
    "streamlit": ("ui", "app"),
    "altair": ("ui",),
    "torch": ("lm/train/network", "lm/train/trainer", "lm/train/resume", "lm/train/parallel"),
    "safetensors": ("lm",),
    "music21": ("score", "ui/shared/common"),  # ui/shared/common only loads them beforehand
    "verovio": ("score", "ui/shared/common"),
    "pretty_midi": ("score",),
    "midirenderer": ("score",),
    "typst": ("score/pages",),
    "matplotlib": ("neurons/heatmap", "score/piano_roll"),
    "tqdm": ("cli",),
    "ray": ("experiments",),
}


def imports(source: str) -> Iterator[str]:
    """Every module that a source imports, inside functions too."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def trespasses(place: str, source: str) -> list[str]:
    """What a file at `place` ("lm/engine", "app") imports and may not."""
    room = place.split("/")[0]
    found = []
    for module in imports(source):
        top, _, rest = module.partition(".")
        if top == "charlstm":
            neighbour = rest.split(".")[0]
            if neighbour in ROOMS and neighbour != room and neighbour not in ROOMS[room]:
                found.append(module)
        elif top in HOMES and not any(f"{place}/".startswith(f"{home}/") for home in HOMES[top]):
            found.append(module)
    return found


def sources() -> dict[str, Path]:
    files = {path.relative_to(PACKAGE).with_suffix("").as_posix(): path for path in PACKAGE.rglob("*.py")}
    app = PACKAGE.parent / "app.py"
    return {**files, **({"app": app} if app.exists() else {})}


@pytest.mark.parametrize("place", [p for p in sorted(sources()) if p not in ("__init__", "__main__")])
def test_a_room_stays_on_its_floor(place: str) -> None:
    assert place.split("/")[0] in ROOMS
    assert trespasses(place, sources()[place].read_text(encoding="utf-8")) == []


def test_a_trespass_is_seen() -> None:
    assert trespasses("lm/infer/engine", "import torch") == ["torch"]
    assert trespasses("lm/train/network", "import torch.nn") == []
    assert trespasses("lm/sample/sampling", "def f():\n    from charlstm.score.midi import to_midi") != []
    assert trespasses("score/midi", "from charlstm.lm import engine") != []
    assert trespasses("evaluate/panel", "import streamlit as st") == ["streamlit"]
    assert trespasses("neurons/recording", "from music21 import stream") == ["music21.stream"]


LIGHT = "charlstm", "charlstm.cli", "charlstm.lm.infer.engine", "charlstm.lm.sample.sampling", "charlstm.evaluate.panel"
HEAVY = "torch", "music21", "streamlit", "matplotlib", "verovio", "typst"


@pytest.mark.parametrize("module", [*LIGHT, "charlstm.neurons.heatmap", "charlstm.tunes.corpus.model"])
def test_playing_loads_nothing_heavy(module: str) -> None:
    """Torch learns, NumPy plays: importing what composes, probes or evaluates loads no heavy package."""
    code = f"import sys, {module}; print(*[m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=PACKAGE.parent, check=True)
    assert done.stdout.split() == []
