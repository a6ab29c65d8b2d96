"""Laws of the ABC reader's ground: tokens cover the text, headers end where they should, lengths read back."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charlstm.errors import NotationError
from charlstm.tunes.abc import (
    default_unit,
    lex,
    parse_length,
    parse_meter,
    parse_note,
    parse_unit,
    split_header,
    split_tunebook,
    write_length,
)
from charlstm.tunes.tune import parse_tune


@given(st.text(alphabet="ABcd|:[]12(3{}>-\"'^,/z \n%\\K!é", max_size=60))
def test_tokens_cover_any_text(body):
    tokens = list(lex(body, start=7))
    assert "".join(token.text for token in tokens) == body
    assert [token.start for token in tokens] == [7 + sum(len(t.text) for t in tokens[:n]) for n in range(len(tokens))]


@pytest.mark.parametrize(
    ("body", "kinds"),
    [
        ("|1 A", ["bar_line", "ending", "space", "note"]),
        (":|2 A", ["bar_line", "ending", "space", "note"]),
        ("[1,3 A", ["ending", "space", "note"]),
        ("[CE]2", ["chord_open", "note", "note", "chord_close"]),
        ("[K:G]A", ["inline_field", "note"]),
        ("(3ABc (AB)", ["tuplet", "note", "note", "note", "space", "slur_open", "note", "note", "slur_close"]),
        ('"Am"A "^slow"B', ["chord_symbol", "note", "space", "annotation", "note"]),
        ("{/g}A!trill!B~c", ["grace_open", "note", "grace_close", "note", "decoration", "note", "decoration", "note"]),
        ("A>>B-|B", ["note", "broken", "note", "tie", "bar_line", "note"]),
        ("A:|\nB::c", ["note", "bar_line", "line_break", "note", "bar_line", "note"]),
        ("A\nK:D\nB", ["note", "line_break", "field", "line_break", "note"]),
        ("A\\\nB", ["note", "continuation", "note"]),
    ],
)
def test_kinds(body, kinds):
    assert [token.kind for token in lex(body)] == kinds


@pytest.mark.parametrize("line", ["|:", ":|", "::", "||", "|]", "[|", ":||:", "|", ":|]", ":|:"])
def test_a_run_of_bar_line_signs_is_one_token(line):
    assert [(t.kind, t.text) for t in lex(f"A{line}B")] == [("note", "A"), ("bar_line", line), ("note", "B")]


def test_parse_note():
    assert parse_note("^f'3/2") == ("^", "F", 6, Fraction(3, 2))
    assert parse_note("__C,,") == ("__", "C", 2, Fraction(1))
    with pytest.raises(NotationError):
        parse_note("z2")


@given(st.fractions(min_value=Fraction(1, 16), max_value=16, max_denominator=16))
def test_written_lengths_read_back(length):
    assert parse_length(write_length(length)) == length


def test_lengths_that_divide_by_nought_are_read():
    """music21 stops with ZeroDivisionError at `A/0`."""
    assert parse_length("/0") == 1


@pytest.mark.parametrize(
    ("value", "meter"),
    [
        ("6/8", Fraction(3, 4)),
        ("C", 1),
        ("C|", 1),
        ("2+3/8", Fraction(5, 8)),
        ("none", None),
        ("4/", None),
        (None, None),
    ],
)
def test_meters(value, meter):
    assert parse_meter(value) == meter


def test_units():
    assert parse_unit("1/8") == Fraction(1, 8)
    assert parse_unit("1/0") is None and parse_unit("x") is None
    assert default_unit(Fraction(1, 2)) == Fraction(1, 16) and default_unit(Fraction(3, 4)) == Fraction(1, 8)


def test_header_ends_after_the_key_and_knows_its_offsets():
    text = "X:1\nT: The Kesh % a jig\nK:G\nM:not a field of the header\nA|"
    header = split_header(text)
    assert [(f.letter, f.value) for f in header.fields] == [("X", "1"), ("T", "The Kesh"), ("K", "G")]
    assert text[header.fields[1].start : header.fields[1].end] == "T: The Kesh % a jig"
    assert text[header.body_start :].startswith("M:not")


def test_header_without_a_key_ends_at_the_music():
    assert split_header("M:3/4\nABc|").body_start == len("M:3/4\n")


def test_tune_reads_its_own_text_back():
    tune = parse_tune("<start>\nX: 3\r\nT:A tune\n%%comment\nM:6/8\nK:D\n|:ABc def:|\n<end>\n")
    assert parse_tune(tune.text) == tune
    assert tune.body == "|:ABc def:|" and tune.meter == Fraction(3, 4) and tune.unit == Fraction(1, 8)


def test_no_music_is_an_error_with_a_reason():
    with pytest.raises(NotationError, match="no music"):
        parse_tune("X:1\nK:G\n\n")


def test_tunebooks_part_at_x_or_at_the_start_mark():
    assert split_tunebook("% a book\n\nX:1\nK:G\nA|\n\nX:2\nK:D\nB|\n") == ["X:1\nK:G\nA|", "X:2\nK:D\nB|"]
    assert split_tunebook("<start>\nX:1\nK:G\nA|\n<end>\n<start>\nK:D\nB|\n<end>") == ["X:1\nK:G\nA|", "K:D\nB|"]
    assert split_tunebook("K:G\r\nA|\r\n") == ["K:G\nA|"]
    assert split_tunebook("\n\n") == []
