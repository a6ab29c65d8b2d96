"""Laws of proof-reading: a good tune has no remark, every fault is named at its place."""

from __future__ import annotations

import pytest

from charlstm.tunes.corpus.sources import decode_text
from charlstm.tunes.edit.lint import MOST, proofread
from tests.conftest import TUNES


@pytest.mark.parametrize("text", TUNES)
def test_a_good_tune_has_no_remark(text: str) -> None:
    assert proofread(text) == []


def test_a_bar_that_does_not_fill_is_named_with_its_number_and_place() -> None:
    text = "X:1\nM:4/4\nL:1/8\nK:D\nabcd efga|\nabcd efg|abcd efgab|abcd efga|]"
    short, long = proofread(text)
    assert (short.line, short.column, short.start) == (6, 1, text.index("\nabcd efg|") + 1)
    assert short.message == "bar 2 holds 7/8, less than 8/8"
    assert (long.line, long.column) == (6, 10)
    assert "bar 3 holds 9/8, more than 8/8" in long.message


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("X:1\nM:4/4\nabcd efga|]", 1, "K:"),
        ("X:1\nK:D\nabcd efga|]", 1, "M:"),
        ("X:1\nM:wrong\nK:D\nabcd efga|]", 2, "no meter"),
        ("X:1\nK:D\n", None, "no"),
        ("", None, ""),
        ("X:1\nM:4/4\nL:1/8\nK:D\nabcd @ efga|]", 5, ""),
    ],
)
def test_what_is_missing_or_strange_is_said(text: str, line: int | None, said: str) -> None:
    remarks = proofread(text)
    assert any(said in remark.message and line in (None, remark.line) for remark in remarks)


def test_every_remark_is_within_the_text_and_they_are_bounded() -> None:
    text = "M:4/4\nL:1/8\nK:D\n" + "@abc|\n" * 300
    remarks = proofread(text)
    assert len(remarks) == MOST
    assert [r.start for r in remarks] == sorted(r.start for r in remarks)
    lines = text.split("\n")
    assert all(1 <= r.column <= len(lines[r.line - 1]) + 1 for r in remarks)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_encoding_and_line_end_is_read(encoding: str, end: str) -> None:
    assert decode_text(f"T:Föhn{end}K:D{end}".encode(encoding)) == "T:Föhn\nK:D\n"


def test_broken_bytes_are_text_too() -> None:
    assert decode_text(b"\xff\xfe\x00") != ""
    assert decode_text(bytes(range(256)))
