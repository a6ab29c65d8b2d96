"""Laws of files: replaced whole or not at all, and any bytes read as the text they most likely are."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import pickle
import re
import zipfile
from pathlib import Path

import mido
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from safetensors.numpy import save

from charlstm.files import KINDS, decode_text, file_kind, file_stem, replacing, write_atomic


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "file.txt"
    write_atomic(path, "one\r\ntwo")
    write_atomic(path, b"three")
    assert path.read_bytes() == b"three"
    assert [p.name for p in path.parent.iterdir()] == ["file.txt"]


def test_what_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    write_atomic(path, "old")

    def fail() -> None:
        with replacing(path) as part:
            part.write_text("half")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_leftovers_of_a_killed_process_are_swept(tmp_path: Path) -> None:
    old, young = tmp_path / ".file.txt.aa.part", tmp_path / ".file.txt.bb.part"
    for left in (old, young):
        left.write_text("half")
    os.utime(old, (0, 0))
    write_atomic(tmp_path / "file.txt", "whole")
    assert not old.exists() and young.exists()


def test_a_file_has_the_rights_of_any_new_file(tmp_path: Path) -> None:
    write_atomic(tmp_path / "ours", "")
    (tmp_path / "plain").write_text("")
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_unicode_is_read_with_and_without_a_mark(encoding: str) -> None:
    text = "X:1\r\nT:Tá an fhuinneog ‘dúnta’\nK:D\nABc|"
    assert decode_text(text.encode(encoding)) == text


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252"])
def test_western_bytes_are_told_apart(encoding: str) -> None:
    text = "T:Polska från Värmland" + ("… “Näcken” – 1" if encoding == "cp1252" else "")
    assert decode_text(text.encode(encoding)) == text


@given(st.binary())
def test_any_bytes_have_a_text(data: bytes) -> None:
    assert isinstance(decode_text(data), str)


@given(st.text())
def test_utf_8_comes_back(text: str) -> None:
    if not any(mark in text[:2] for mark in "\ufeff\0") and "\0" not in text:
        assert decode_text(text.encode()) == text


def test_file_names_are_harmless() -> None:
    assert file_stem("../../<The> Bú\n") == "the-bú"
    assert file_stem("☃") == "tune"
    assert (
        file_stem("Ó Carolán’s Ærø, Nº 2.") == file_stem("O\u0301 Carola\u0301n’s Ærø, Nº 2.") == "ó-carolán-s-ærø-nº-2"
    )
    for title in ("CON", "nul.", " Lpt1 ", "Ж" * 80, 'a<>:"/\\|?*b', "Aux\0"):
        stem = file_stem(title)
        assert re.fullmatch(r"[\w-]+", stem) and len(stem.encode()) <= 60
        assert stem not in ("con", "nul", "lpt1", "aux")


def picture(form: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (2, 2)).save(file, form)
    return file.getvalue()


def archive(**files: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as zipped:
        for name, text in files.items():
            zipped.writestr(name.replace("__", "/"), text)
    return file.getvalue()


def midi() -> bytes:
    file = io.BytesIO()
    mido.MidiFile().save(file=file)
    return file.getvalue()


def table() -> bytes:
    file = io.StringIO()
    csv.writer(file).writerows([["tune_id", "setting_id", "name", "abc"], ["1", "2", "A, b", "|:abc|\ncde:|"]])
    return file.getvalue().encode()


TUNE = 'X:1\nT:One, two, three\nK:D\n["Am"ace]2 abc|\n'
XML = '<?xml version="1.0"?>\n<!DOCTYPE x>\n<score-partwise version="4.0"><part-list/></score-partwise>'


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("midi", midi()),
        ("midi", b"RIFF" + (len(midi()) + 12).to_bytes(4, "little") + b"RMIDdata" + b"\0\0\0\0" + midi()),
        ("musicxml", XML.encode()),
        ("musicxml", ("\ufeff" + XML).encode("utf-16-le")),
        ("musicxml", archive(**{"META-INF__container.xml": "<container/>", "score.xml": XML})),
        ("xml", b'<?xml version="1.0"?><svg/>'),
        ("html", b"<!DOCTYPE html><html><body>X:1</body></html>"),
        ("json", json.dumps([{"tune": "1", "abc": "|:abc|\ncde:|"}], indent=1).encode()),
        ("json", json.dumps({"a": [1, 2]}).encode("utf-8-sig")),
        ("csv", table()),
        *((form.lower(), picture(form)) for form in ("PNG", "JPEG", "GIF", "WebP")),
        ("pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"),
        ("wav", b"RIFF\x24\0\0\0WAVEfmt "),
        ("audio", b"OggS\0\x02"),
        ("zip", archive(**{"tune.abc": TUNE})),
        ("office", archive(**{"[Content_Types].xml": "<Types/>", "word__document.xml": "<w/>"})),
        ("pytorch", archive(**{"model__data.pkl": "x", "model__version": "3"})),
        ("gzip", gzip.compress(TUNE.encode(), mtime=0)),
        ("pickle", pickle.dumps({"a": 1})),
        ("safetensors", save({"weight": np.zeros(3, dtype=np.float32)})),
        ("sqlite", b"SQLite format 3\0\x10\0"),
        ("empty", b" \r\n\n"),
        ("binary", bytes(range(14, 120))),
        ("text", TUNE.encode()),
        ("text", TUNE.encode("utf-16")),
        ("text", TUNE.encode("utf-16-le")),
        ("text", b"Music from a, b, c\n\nX:1\nK:D\nabc|"),
        ("text", b'["Am"ace]2 [bdf]2|\nK:G\nabc|'),
        ("text", b"MZ is how it begins\nX:1\nK:D\nabc"),
        ("text", "X:1\nT:Für Élise\nK:Am\nabc|".encode("cp1252")),
    ],
)
def test_a_file_is_told_by_its_content(kind: str, data: bytes) -> None:
    assert file_kind(data) == kind
    assert kind in KINDS


def test_a_control_code_in_a_book_spoils_no_book() -> None:
    tune = b"X:1\nT:One\nK:D\n" + b"abc|" * 100
    assert file_kind(tune.replace(b"One", b"O\x01e")) == "text"
    assert file_kind(tune[:20] + b"\x01" * 20 + tune[20:]) == "binary"
    assert file_kind(b"no tune, \x01") == "binary"


@given(st.binary(max_size=300))
def test_any_bytes_are_some_kind_of_file(data: bytes) -> None:
    assert file_kind(data) in KINDS
