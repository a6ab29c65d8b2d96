"""What is imported is declared: pyproject.toml has the ranges, requirements.txt the pins, and they fit together."""

from __future__ import annotations

import ast
import functools
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
# What is not needed by `import charlstm` and most commands, and the extra that brings it.
EXTRA_OF = {
    **dict.fromkeys(("torch", "tqdm"), "train"),
    **dict.fromkeys(("streamlit", "starlette", "altair", "segno", "soundfile", "vl_convert"), "app"),
    "ray": "sweep",
}


def declared(lines: list[str]) -> dict[str, Requirement]:
    """Requirements by their canonical name; those of charlstm's own extras are left to the extra."""
    requirements = [Requirement(line) for line in lines]
    return {canonicalize_name(each.name): each for each in requirements if each.name != "charlstm"}


def pins(name: str) -> dict[str, str]:
    """Version by canonical name, of a requirements file and those that it includes."""
    found: dict[str, str] = {}
    for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
        line = line.partition("#")[0].strip()
        if line.startswith("-r "):
            found |= pins(line[3:].strip())
        elif line:
            distribution, version = line.split("==")
            found[canonicalize_name(re.sub(r"\[.*\]", "", distribution))] = version
    return found


def imported(*folders: str) -> Iterator[tuple[str, Path]]:
    """The top-level packages that Python files import which neither the standard library nor the project has."""
    for path in (path for folder in folders for path in (ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in {name.split(".")[0] for name in names} - sys.stdlib_module_names:
                if not ((ROOT / name).exists() or any((ROOT / f / f"{name}.py").exists() for f in folders)):
                    yield name, path


installed = functools.cache(packages_distributions)  # it reads all that is installed, half a second


def distribution(package: str) -> str:
    return canonicalize_name(installed().get(package, [package])[0])


def test_every_package_that_is_imported_is_declared_where_it_belongs() -> None:
    base, extras = declared(PROJECT["dependencies"]), {name: declared(lines) for name, lines in EXTRAS.items()}
    used = set()
    for package, path in imported("charlstm"):
        place = extras[EXTRA_OF[package]] if package in EXTRA_OF else base
        assert distribution(package) in place, f"{path} imports {package}"
        used.add(distribution(package))
    assert set(base) == used - {distribution(package) for package in EXTRA_OF}, "what is declared is imported"


def test_every_package_that_the_tests_import_is_declared() -> None:
    everything = declared([*PROJECT["dependencies"], *(line for lines in EXTRAS.values() for line in lines)])
    for package, path in imported("tests", "benchmarks"):
        assert distribution(package) in {*everything, "packaging"}, f"{path} imports {package}"


@pytest.mark.parametrize(
    ("file", "extras"),
    [("requirements.txt", ("train", "app")), ("requirements-dev.txt", ("train", "app", "sweep", "dev"))],
)
def test_the_pins_are_all_there_and_within_the_ranges(file: str, extras: tuple[str, ...]) -> None:
    wanted = declared([*PROJECT["dependencies"], *(line for extra in extras for line in EXTRAS[extra])])
    pinned = pins(file)
    assert set(pinned) == set(wanted)
    for name, requirement in wanted.items():
        assert requirement.specifier.contains(pinned[name]), f"{name}=={pinned[name]} is not {requirement}"
