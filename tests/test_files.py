"""Laws of files: replaced whole or not at all, and any bytes read as the text they most likely are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charlstm.files import decode_text, file_stem, replacing, write_atomic


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
    assert file_stem("../../<The> Bú\n") == "the-b"
    assert file_stem("☃") == "tune"
