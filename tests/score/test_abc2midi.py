"""Another player's opinion: abc2midi plays the same notes at the same times (Debian package abcmidi).

benchmarks/agreement.py does this on 4,433 tunes; here are those that say most, so that a change is noticed at once.
"""

from __future__ import annotations

import importlib.util
import shutil
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.conftest import TUNES

pytestmark = pytest.mark.skipif(shutil.which("abc2midi") is None, reason="abc2midi is not installed (package abcmidi)")

HEADER = "X:1\nT:t\nM:4/4\nL:1/8\nK:"
BODIES = (
    "C\n|:C8|1 D8:|2 E8|]",
    "C\nG2|:C8|D6G2:|",
    "C\nC8|D8:|E8|F8:|",
    "C\n|:C8|[1 D8:|[2 E8||F8|G8||",
    "C\nC8||D8:|",
    "Bb\n^F2f2=F2F2|B4e4|",
    "C\n^F4-F4-|F4F4|",
    "Dmix\nA>B c<d (3efg (3:2:4abaf|A2>B c>>d e4|",
    "G\n[GB]4 [G4B2] [CE]3/2c/|",
    "Ador\n(c/B/A/)z x2 Z2|[K:D]f2[L:1/4]c[M:3/4]d|",
    "C\nA>|B A/ B// (5cdefg (2ab|",
)


@pytest.fixture(scope="module")
def agreement() -> ModuleType:
    path = Path(__file__).resolve().parents[2] / "benchmarks" / "agreement.py"
    spec = importlib.util.spec_from_file_location("agreement", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["agreement"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("text", [HEADER + body for body in BODIES] + ["X:1\n" + tune for tune in TUNES])
def test_abc2midi_plays_the_same(agreement: ModuleType, text: str, tmp_path: Path):
    assert agreement.compare("tune", text, tmp_path)[1] == "same"


def test_the_comparison_sees_a_wrong_note(agreement: ModuleType):
    """The control: a comparison that is blind would find everything the same."""
    notes = [(0.0, 60, 0.25), (0.25, 62, 0.25)]
    assert agreement.difference(notes, notes) == ("same", -1)
    assert agreement.difference(notes, [notes[0], (0.25, 63, 0.25)]) == ("pitch", 1)
    assert agreement.difference(notes, [notes[0], (0.3, 62, 0.25)]) == ("onset", 1)
    assert agreement.difference(notes, [notes[0], (0.25, 62, 0.2)]) == ("duration", 1)
    assert agreement.difference(notes, notes[:1])[0] == "count"
