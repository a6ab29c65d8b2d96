"""Laws of proof-reading: a good tune has no remark, every fault is named at its place."""

from __future__ import annotations

import pytest

from charlstm.errors import NotationError
from charlstm.tunes.abc import body_tokens
from charlstm.tunes.edit.lint import MOST, proofread
from charlstm.tunes.parse.reader import read
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


@pytest.mark.parametrize("text", TUNES)
def test_a_stray_sign_is_named_at_its_place_wherever_it_stands(text: str) -> None:
    for note in (token for token in body_tokens(text) if token.kind == "note"):
        (remark,) = proofread(text[: note.start] + "@" + text[note.start :])
        assert remark.start == note.start
        assert "'@'" in remark.message


@pytest.mark.parametrize("text", ["", "X:1\nK:D\n", "%a comment", "<start>\n<end>", "T:x\nM:4/4\nK:C\n|||\n\n"])
def test_a_text_without_music_has_the_readers_error_and_no_other_remark(text: str) -> None:
    with pytest.raises(NotationError) as caught:
        read(text)
    (remark,) = proofread(text)
    assert (remark.line, remark.message) == (caught.value.line, caught.value.reason)
    assert 0 <= remark.start <= len(text)


@pytest.mark.parametrize("text", TUNES)
@pytest.mark.parametrize(("letter", "advice"), [("K", "K:D"), ("M", "M:4/4")])
def test_a_field_that_bars_or_notes_need_is_missed_once(text: str, letter: str, advice: str) -> None:
    remarks = proofread("".join(line for line in text.splitlines(keepends=True) if line[:2] != f"{letter}:"))
    assert [(r.line, r.column) for r in remarks if f"there is no {letter}: line" in r.message] == [(1, 1)]
    assert all(advice in r.message for r in remarks if "there is no" in r.message)


@pytest.mark.parametrize("meter", ["wrong", "4/", "0/4", "4/4/4"])
def test_a_meter_that_cannot_be_read_is_named_in_its_line(meter: str) -> None:
    remarks = proofread(f"X:1\nM:{meter}\nK:D\nabcd efga|]")
    assert {remark.line for remark in remarks} == {2}
    assert any(repr(meter) in remark.message for remark in remarks)
    assert proofread("X:1\nM:none\nK:D\nabcd efg|]") == []


def test_every_remark_is_within_the_text_and_they_are_bounded() -> None:
    text = "M:4/4\nL:1/8\nK:D\n" + "@abc|\n" * 300
    remarks = proofread(text)
    assert len(remarks) == MOST
    assert [r.start for r in remarks] == sorted(r.start for r in remarks)
    lines = text.split("\n")
    assert all(1 <= r.column <= len(lines[r.line - 1]) + 1 for r in remarks)
