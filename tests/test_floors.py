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
BASE = {"errors", "paths", "files", "progress", "processes", "sharing", "zip_files"}
TUNES = BASE | {"tunes"}
ROOMS = {
    "errors": set(),
    "paths": {"errors"},
    "files": set(),
    "zip_files": set(),
    "progress": set(),
    "processes": {"errors", "paths"},
    "sharing": {"errors", "paths"},
    "tunes": BASE,
    "lm": TUNES,
    "score": TUNES,
    "neurons": TUNES | {"lm"},
    "evaluate": TUNES | {"lm", "score"},
    "experiments": TUNES | {"lm", "evaluate", "neurons"},
    "library": TUNES,
    "cli": TUNES | {"lm", "score", "neurons", "evaluate", "experiments"},
    "ui": TUNES | {"lm", "score", "neurons", "evaluate", "experiments", "library"},
    "app": {"ui"},
}
# Where each package may be imported; what is named in no line may be imported anywhere.
HOMES = {
    "streamlit": ("ui", "app"),
    "altair": ("ui",),
    "segno": ("ui/shared/share",),
    "vl_convert": ("ui",),
    "torch": ("lm/train",),
    "safetensors": ("lm",),
    "music21": ("score",),
    "verovio": ("score",),
    "pretty_midi": ("score",),
    "midirenderer": ("score",),
    "typst": ("score/pages",),
    "matplotlib": ("neurons/heatmap", "score/piano_roll"),
    "tqdm": ("cli",),
    "platformdirs": ("paths",),
    "ray": ("experiments",),
}


TYPING_ONLY = "TYPE_CHECKING", "typing.TYPE_CHECKING"


def imports(source: str, *, type_checking: bool = True) -> Iterator[str]:
    """Every module that a source imports, inside functions too; those under `if TYPE_CHECKING:` if asked for."""
    nodes: list[ast.AST] = [ast.parse(source)]
    while nodes:
        node = nodes.pop()
        if not type_checking and isinstance(node, ast.If) and ast.unparse(node.test) in TYPING_ONLY:
            nodes += node.orelse
            continue
        nodes += ast.iter_child_nodes(node)
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


def test_a_room_stays_on_its_floor() -> None:
    texts = {p: path.read_text(encoding="utf-8") for p, path in sources().items() if p not in ("__init__", "__main__")}
    assert {place.split("/")[0] for place in texts} <= set(ROOMS)
    assert {place: found for place, text in texts.items() if (found := trespasses(place, text))} == {}


def test_a_trespass_is_seen() -> None:
    assert trespasses("lm/infer/engine", "import torch") == ["torch"]
    assert trespasses("lm/train/network", "import torch.nn") == []
    assert trespasses("lm/sample/sampling", "def f():\n    from charlstm.score.midi import to_midi") != []
    assert trespasses("score/midi", "from charlstm.lm import engine") != []
    assert trespasses("evaluate/panel", "import streamlit as st") == ["streamlit"]
    assert trespasses("neurons/recording", "from music21 import stream") == ["music21.stream"]


def circles(sources_of: dict[str, str]) -> set[frozenset[str]]:
    """The groups of modules that import one another, straight or through others; name -> source."""
    imported = {}
    for module, source in sources_of.items():
        imported[module] = set()
        for name in imports(source, type_checking=False):
            while (
                name and name not in sources_of
            ):  # `from charlstm.errors import CharlstmError` imports charlstm.errors
                name = name.rpartition(".")[0]
            imported[module] |= {name} - {"", module}
    reached = {}
    for module in imported:
        reached[module], waiting = set(), [module]
        while waiting:
            new = imported[waiting.pop()] - reached[module]
            reached[module] |= new
            waiting += new
    return {frozenset(b for b in reached[a] if a in reached[b]) for a in imported if a in reached[a]}


def test_no_modules_import_one_another() -> None:
    """An import inside a function counts too: it hides a circle, it does not break it."""
    package = {
        f"charlstm.{place.replace('/', '.')}".removesuffix(".__init__"): path.read_text(encoding="utf-8")
        for place, path in sources().items()
        if path.is_relative_to(PACKAGE)
    }
    assert circles(package) == set()


def test_a_circle_is_seen() -> None:
    deferred = "def f():\n    from charlstm.b import g"
    assert circles({"charlstm.a": "import charlstm.b", "charlstm.b": deferred.replace("b", "a")}) == {
        frozenset({"charlstm.a", "charlstm.b"})
    }
    chain = {"charlstm.a": deferred, "charlstm.b": "from charlstm import c", "charlstm.c": "from charlstm.a import x"}
    assert circles(chain) == {frozenset(chain)}
    typed = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from charlstm.a import A"
    assert circles({"charlstm.a": "from charlstm.b import B", "charlstm.b": typed}) == set()


LIGHT = "charlstm", "charlstm.cli", "charlstm.lm.infer.engine", "charlstm.lm.sample.sampling", "charlstm.evaluate.panel"
HEAVY = "torch", "music21", "streamlit", "matplotlib", "verovio", "typst"


@pytest.mark.parametrize("module", [*LIGHT, "charlstm.neurons.heatmap", "charlstm.tunes.corpus.model"])
def test_playing_loads_nothing_heavy(module: str) -> None:
    """Torch learns, NumPy plays: importing what composes, probes or evaluates loads no heavy package."""
    code = f"import sys, {module}; print(*[m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=PACKAGE.parent, check=True)
    assert done.stdout.split() == []
