"""What must not change does not: the quick part of benchmarks/unchanged.py against its record."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent
RECORD = ROOT / "tests" / "data" / "unchanged.json"


@pytest.fixture(scope="module")
def unchanged() -> ModuleType:
    """The script as a module."""
    spec = importlib.util.spec_from_file_location("unchanged", ROOT / "benchmarks" / "unchanged.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where its records' types look their module up
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_what_must_stay_is_as_it_was(unchanged: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tunes, scores, texts, activations and commands are those of the record, fractions to 1e-6."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    verdicts = unchanged.compare(unchanged.load_record(RECORD), quick=True)
    assert len(verdicts) > 200
    assert {name: said for name, said in verdicts.items() if said not in ("same bytes", "1e-6 same")} == {}


def test_a_record_tells_rounding_from_change(unchanged: ModuleType) -> None:
    """Fractions may be off by 1e-6, of themselves where they are large; all else must be equal."""
    before = unchanged.entry_of({"name": "a", "values": [0.5, -300.0]})

    def said(value: object) -> str:
        return str(unchanged.verdict(before, unchanged.entry_of(value)))

    assert said({"name": "a", "values": [0.5, -300.0]}) == "same bytes"
    assert said({"name": "a", "values": [0.5 + 9e-7, -300.0002]}) == "1e-6 same"
    assert said({"name": "a", "values": [0.5 + 3e-6, -300.0]}).startswith("1 of 2 numbers differ, the most by 3e-06")
    assert said({"name": "b", "values": [0.5, -300.0]}) == "differs in more than fractions"
    assert said({"name": "a", "values": [0.5]}) == "differs in more than fractions"
    assert said("a") == "differs in kind"
    assert unchanged.verdict(unchanged.entry_of("a"), unchanged.entry_of("b")) == "differs"
