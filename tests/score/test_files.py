"""Files of real tunes, opened again by pretty_midi and by music21's MusicXML reader: the same notes, the same times.

benchmarks/files.py does this on as many tunes of the books as one has patience for; here are some of each.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import music21
import pytest

from charlstm.score.midi import to_midi
from charlstm.score.notation import read_score, to_musicxml
from charlstm.tunes.abc import split_tunebook
from charlstm.tunes.parse.reader import read

CORPUS = Path(music21.__file__).parent / "corpus"
BOOKS = {"airdsAirs/book6.abc": (10, 90, 147, 172), "miscFolk/americanfifeopus.abc": (4, 32, 38),
         "oneills1850/0001-0050.abc": (7, 24, 31), "josquin/petiteCamusette.abc": (0, 4)}  # fmt: skip
OWN = (
    "X:1\nQ:1/4=60\nM:4/4\nL:1/8\nK:D\n|:D8-|[1 D4[Q:1/4=200]F4:|[2 (3DEF (5GABcd e3/7 f|\n& D8|]",
    "X:1\nM:6/8\nL:1/8\nK:Bb\nV:1\n{ga}B3 def|[Bd]6&F3 D3|\nV:2 bass-8\nB,6|B,3 F,3|\n",
    'X:1\nT:t\nM:3/4\nL:1/8\nK:Gm\n"Gm"G2 !fermata!B2 .d2|T^f6|!D.C.!g6|\nw:la la la * la',
)


def some() -> list[tuple[str, str]]:
    found = [(f"own {number}", text) for number, text in enumerate(OWN)]
    for name, numbers in BOOKS.items():
        tunes = split_tunebook((CORPUS / name).read_bytes().decode("latin-1"))
        found += [(f"{name} {number}", tunes[number]) for number in numbers]
    return found


@pytest.fixture(scope="module")
def files() -> ModuleType:
    folder = Path(__file__).resolve().parents[2] / "benchmarks"
    for name in ("agreement", "files"):
        spec = importlib.util.spec_from_file_location(name, folder / f"{name}.py")
        assert spec and spec.loader
        sys.modules[name] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("name", "text"), some(), ids=lambda value: value if len(value) < 60 else "")
def test_other_readers_find_the_same_notes(files: ModuleType, name: str, text: str):
    reading = read(text)
    assert files.midi_differs(reading) == ""
    assert files.musicxml_differs(reading) == ""


def test_the_comparison_sees_what_is_wrong(files: ModuleType, monkeypatch: pytest.MonkeyPatch):
    """The control: a comparison that is blind would find everything the same."""
    reading = read(OWN[0])
    monkeypatch.setattr(files, "to_midi", lambda score: to_midi(score, qpm=61))
    assert files.midi_differs(reading)
    monkeypatch.setattr(files, "to_midi", lambda score: to_midi(score, transpose=1))
    assert files.midi_differs(reading)
    monkeypatch.setattr(files, "to_musicxml", lambda score: to_musicxml(read_score(OWN[0].replace("F4", "G4"))))
    assert files.musicxml_differs(reading)
